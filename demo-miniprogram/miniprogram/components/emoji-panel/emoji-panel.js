const { emoji } = require("../../utils/emoji");
const { localised } = require("../../utils/localised");

/** Emoji to choose from. Triggers `emoji` with the chosen one, and `backspace`. */
Component({
  behaviors: [localised("input")],
  data: { emoji: emoji },
  methods: {
    onChoose(event) {
      this.triggerEvent("emoji", { emoji: event.currentTarget.dataset.id });
    },
    onBackspace() {
      this.triggerEvent("backspace");
    },
  },
});
