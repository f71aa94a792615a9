const { localised } = require("../../utils/localised");

/** The line to write in. Triggers `draft` while typing and `send` when something is to be sent. */
Component({
  behaviors: [localised("input")],
  properties: {
    value: String,
  },
  methods: {
    onInput(event) {
      this.triggerEvent("draft", { value: event.detail.value });
    },
    onSend() {
      if (this.data.value.trim() !== "") this.triggerEvent("send");
    },
  },
});
