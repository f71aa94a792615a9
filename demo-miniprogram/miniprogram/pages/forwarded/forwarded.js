const { section } = require("../../utils/i18n");
const { describe, forwardedName } = require("../../utils/content");
const handover = require("../../utils/handover");
const { userCard } = require("../../utils/names");
const { opening } = require("../../utils/page");
const { open } = require("../../utils/open");
const player = require("../../utils/player");
const { chatTime } = require("../../utils/text");
const { showError } = require("../../utils/ui");

/** Shows the messages of a merged forward. What they say of themselves is the word of whoever forwarded them. */
Page({
  data: { t: section("forwarded"), ready: false, rows: [] },

  onLoad() {
    this.messages = handover.take() || [];
    return opening(this, "forwarded", (client) => this.show(client));
  },

  show(client) {
    const now = Date.now();
    const nameOf = (id) => userCard(client, id);
    this.setData({
      ready: true,
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
    this.stops.end();
  },

  onOpen(event) {
    open(this.messages[event.currentTarget.dataset.index]).catch(showError);
  },
});
