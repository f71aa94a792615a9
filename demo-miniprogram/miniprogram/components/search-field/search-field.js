/** A line to look for something. Triggers `look` with what is written: after each letter, and at once for the key of the keyboard. */
Component({
  properties: {
    value: String,
    placeholder: String,
    focus: Boolean,
  },
  methods: {
    onInput(event) {
      this.triggerEvent("look", { value: event.detail.value, done: false });
    },
    onConfirm(event) {
      this.triggerEvent("look", { value: event.detail.value, done: true });
    },
  },
});
