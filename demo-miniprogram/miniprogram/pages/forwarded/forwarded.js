const { describe, forwardedName } = require("../../utils/content");
const handover = require("../../utils/handover");
const { open } = require("../../utils/open");
const player = require("../../utils/player");
const session = require("../../utils/session");
const { chatTime } = require("../../utils/text");
const { showError } = require("../../utils/ui");

/** Shows the messages of a merged forward. What they say of themselves is the word of whoever forwarded them. */
Page({
  data: { rows: [] },

  onLoad() {
    this.messages = handover.take() || [];
    const now = Date.now();
    const nameOf = (id) => {
      const user = session.current().roster.get(id);
      return { name: user === null ? id : user.displayName };
    };
    this.setData({
      rows: this.messages.map((message, key) => ({
        key,
        name: forwardedName(message, nameOf),
        seed: "user:" + (message.from || message.senderName),
        time: message.timestamp > 0 ? chatTime(message.timestamp, now) : "",
        body: describe(message, nameOf),
      })),
    });
  },

  onUnload() {
    player.stop();
  },

  onOpen(event) {
    open(this.messages[event.currentTarget.dataset.index]).catch(showError);
  },
});
