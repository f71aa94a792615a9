/** What a message says or carries, from `describe`. A tap on something to be opened triggers `open`. */
Component({
  properties: {
    body: Object,
  },
  methods: {
    onOpen() {
      this.triggerEvent("open");
    },
  },
});
