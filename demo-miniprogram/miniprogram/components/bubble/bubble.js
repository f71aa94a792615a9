const { localised } = require("../../utils/localised");

/**
 * One message with its avatar. Triggers `hold` for a long press, `open` for a tap on what can be opened, `failure` for a
 * tap on the mark of one that failed or is being uploaded, and `person` for a tap on the avatar.
 */
Component({
  behaviors: [localised("bubble")],
  properties: {
    /** From `describe`. */
    body: Object,
    mine: Boolean,
    edited: Boolean,
    /** `uploading`, `sending`, `sent`, `delivered`, `read`, `failed` or `received`. */
    mark: String,
    /** How far an upload is, for example `40%`. */
    progress: String,
    /** The sender's name; shown when `named`. */
    name: String,
    named: Boolean,
    seed: String,
    avatar: String,
    /** A voice message that nobody has listened to. */
    unplayed: Boolean,
    /** It was searched for. */
    found: Boolean,
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
    onPerson() {
      this.triggerEvent("person");
    },
  },
});
