const { localised } = require("../../utils/localised");

/** What a message says or carries, from `describe`. A tap on something to be opened triggers `open`. */
Component({
  behaviors: [localised("content")],
  properties: {
    body: Object,
  },
  methods: {
    onOpen() {
      this.triggerEvent("open");
    },
  },
});
