const handover = require("../../utils/handover");
const { section, t } = require("../../utils/i18n");
const { contactRows } = require("../../utils/names");
const { goBack } = require("../../utils/navigate");
const { opening, showMore } = require("../../utils/page");
const { showDone, showError } = require("../../utils/ui");

/** Asks where the message that was handed over is to be sent again. */
Page({
  data: { t: section("forward"), ready: false, rows: [] },

  onLoad() {
    this.message = handover.take();
    return opening(this, "forward", (client) => this.start(client));
  },

  onUnload() {
    this.stops.end();
  },

  async start(client) {
    // Reached without a message only by an address from outside: then there is nothing to choose.
    if (this.message === null) return;
    const rows = client.conversations.snapshot
      .filter((info) => info.key.kind !== "system")
      .map((info) => ({ id: info.key.kind + ":" + info.key.id, name: info.title, avatar: info.avatar }));
    const known = new Set(rows.map((row) => row.id));
    const contacts = (await contactRows(client)).map((row) => ({ ...row, id: "user:" + row.id }));
    this.rows = rows.concat(contacts.filter((row) => !known.has(row.id)));
    this.setData({ ready: true });
    showMore(this, this.rows);
  },

  onReachBottom() {
    if (this.rows) showMore(this, this.rows);
  },

  async onChoose(event) {
    const parts = event.currentTarget.dataset.id.split(":");
    const message = this.message;
    if (message === null) return;
    this.message = null; // a second tap sends nothing
    goBack();
    try {
      await this.client.conversation({ kind: parts[0], id: parts[1] }).send({ forward: message });
      showDone(t("forward.done"));
    } catch (error) {
      showError(error);
    }
  },
});
