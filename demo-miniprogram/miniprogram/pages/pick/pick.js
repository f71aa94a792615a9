const handover = require("../../utils/handover");
const { section, t } = require("../../utils/i18n");
const { once, opening, showMore } = require("../../utils/page");

/** Chooses people. What is handed over: `{ rows, done(ids) }`. `done` may open another page in place of this one. */
Page({
  data: { t: section("pick"), rows: [], doneText: "" },

  onLoad() {
    const given = handover.take() || { rows: [], done: () => undefined };
    this.done = given.done;
    this.chosen = new Set();
    this.rows = given.rows.map((row) => ({ ...row, check: "off" }));
    return opening(this, "pick", () => {
      this.setData({ doneText: t("pick.done") });
      showMore(this, this.rows);
    });
  },

  onReachBottom() {
    showMore(this, this.rows);
  },

  onUnload() {
    this.stops.end();
  },

  onChoose(event) {
    const id = event.currentTarget.dataset.id;
    const index = this.data.rows.findIndex((row) => row.id === id);
    if (!this.chosen.delete(id)) this.chosen.add(id);
    const count = this.chosen.size;
    this.setData({
      ["rows[" + index + "].check"]: this.chosen.has(id) ? "on" : "off",
      doneText: count === 0 ? t("pick.done") : t("pick.doneCount", { n: count }),
    });
  },

  onDone() {
    return once(this, async () => {
      if (this.chosen.size > 0) await this.done(Array.from(this.chosen));
    });
  },
});
