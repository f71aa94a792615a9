/** A row of a list: avatar, title, one line below, time and a count of unread messages. */
Component({
  properties: {
    name: String,
    seed: String,
    avatar: String,
    note: String,
    /** Puts a red mark before the note: something could not be sent. */
    failed: Boolean,
    /** Said in red before the note: an unread message calls on the user. */
    mention: String,
    time: String,
    unread: Number,
  },
});
