/**
 * One message with its avatar. Triggers `hold` for a long press, `open` for a tap on what can be opened and `failure`
 * for a tap on the mark of a failed one.
 */
Component({
  properties: {
    /** From `describe`. */
    body: Object,
    mine: Boolean,
    edited: Boolean,
    /** `sending`, `sent`, `delivered`, `read`, `failed` or `received`. */
    mark: String,
    /** The sender's name; shown when `named`. */
    name: String,
    named: Boolean,
    seed: String,
    avatar: String,
  },
  methods: {
    onMark() {
      this.triggerEvent("failure");
    },
    onHold() {
      this.triggerEvent("hold");
    },
    onOpen() {
      this.triggerEvent("open");
    },
  },
});
