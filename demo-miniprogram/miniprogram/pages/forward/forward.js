const handover = require("../../utils/handover");
const session = require("../../utils/session");
const { showDone, showError } = require("../../utils/ui");

/** Asks where the message that was handed over is to be sent again. */
Page({
  data: { rows: [] },

  onLoad() {
    this.message = handover.take();
    // Reached without a message only by an address from outside: then there is nothing to choose.
    if (this.message === null) return;
    const rows = session.current().conversations.snapshot.filter((info) => info.key.kind !== "system");
    this.setData({
      rows: rows.map((info) => ({ id: info.key.kind + ":" + info.key.id, name: info.title, avatar: info.avatar })),
    });
  },

  async onChoose(event) {
    const parts = event.currentTarget.dataset.id.split(":");
    const message = this.message;
    if (message === null) return;
    this.message = null; // a second tap sends nothing
    wx.navigateBack();
    try {
      await session.current().conversation({ kind: parts[0], id: parts[1] }).send({ forward: message });
      showDone("Forwarded");
    } catch (error) {
      showError(error);
    }
  },
});
