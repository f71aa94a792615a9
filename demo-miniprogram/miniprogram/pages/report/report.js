const { section } = require("../../utils/i18n");
const { attempt, opening } = require("../../utils/page");
const { report } = require("../../utils/report");
const { copy } = require("../../utils/ui");

/** What this phone gives an app, to be read and copied. */
Page({
  data: { t: section("report"), lines: [] },

  onLoad() {
    return opening(this, "report", async (client) => this.setData({ lines: await report(client) }));
  },

  onUnload() {
    this.stops.end();
  },

  onCopy() {
    return attempt(() => copy(this.data.lines.map((line) => line.label + ": " + line.value).join("\n")));
  },
});
