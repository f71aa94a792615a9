/**
 * The line to write in. Triggers `draft` while typing, `send` when something is to be sent, and `cancel` when an edit
 * is given up.
 */
Component({
  properties: {
    value: String,
    /** What is written replaces a message. */
    editing: Boolean,
  },
  methods: {
    onInput(event) {
      this.triggerEvent("draft", { value: event.detail.value });
    },
    onCancel() {
      this.triggerEvent("cancel");
    },
    onSend() {
      if (this.data.value.trim() !== "") this.triggerEvent("send");
    },
  },
});
