const { t } = require("../../utils/i18n");

/** A row of a list of people or conversations: avatar, title, one line below, time and a count of unread messages. */
Component({
  properties: {
    name: String,
    seed: String,
    avatar: String,
    note: String,
    /** Puts a red mark before the note: something could not be sent. */
    failed: Boolean,
    /** Said in red before the note. */
    mention: String,
    time: String,
    unread: Number,
    /** Unread messages make no noise. */
    muted: Boolean,
    pinned: Boolean,
    /** A word behind the name. */
    badge: String,
    /** `on`, `off` or empty: a mark of choice before it all. */
    check: String,
  },
  data: { unreadLabel: "" },
  observers: {
    unread(count) {
      const label = count > 0 ? t("cell.unread", { n: count }) : "";
      if (label !== this.data.unreadLabel) this.setData({ unreadLabel: label });
    },
  },
});
