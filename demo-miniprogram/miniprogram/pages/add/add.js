const { section, t } = require("../../utils/i18n");
const { itemName } = require("../../utils/names");
const { openPage } = require("../../utils/navigate");
const { opening } = require("../../utils/page");
const { showError } = require("../../utils/ui");

/** Finds somebody by user name or id. */
Page({
  data: { t: section("add"), text: "", own: "", found: null, nobody: false },

  onLoad() {
    return opening(this, "add", (client) => {
      this.setData({ own: t("add.own", { id: client.session.userId }) });
    });
  },

  onUnload() {
    this.stops.end();
  },

  onLook(event) {
    this.setData({ text: event.detail.value, nobody: false, found: null });
    if (event.detail.done) this.search();
  },

  /** Somebody with that name, else with that id; null for nobody. */
  async find(text) {
    const roster = this.client.roster;
    const orNobody = (error) => {
      if (error.code !== "UserNotExist") throw error;
      return null;
    };
    const named = await roster.fetchByName(text).catch(orNobody);
    if (named !== null || !/^\d+$/.test(text)) return named;
    return roster.fetch(text).catch(orNobody);
  },

  async search() {
    const text = this.data.text.trim();
    if (text === "") return;
    try {
      const item = await this.find(text);
      if (this.data.text.trim() !== text) return; // meanwhile something else is looked for
      const found = item && { id: item.userId, name: itemName(item), avatar: item.avatar || "", note: item.username };
      this.setData({ found: found, nobody: found === null });
    } catch (error) {
      showError(error);
    }
  },

  onOpen() {
    openPage("/pages/contact/contact?id=" + this.data.found.id);
  },
});
