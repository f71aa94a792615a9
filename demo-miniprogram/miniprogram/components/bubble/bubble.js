/** One message with its avatar. A tap on the mark of a failed one triggers `failure`. */
Component({
  properties: {
    text: String,
    mine: Boolean,
    /** `sending`, `sent`, `failed` or `received`. */
    status: String,
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
  },
});
