const { section, t } = require("../../utils/i18n");
const { userCard } = require("../../utils/names");
const { openPage } = require("../../utils/navigate");
const { opening, showTab } = require("../../utils/page");

/** The user, and the ways to the profile and the settings. */
Page({
  data: { t: section("me"), me: null },

  onLoad() {
    return opening(this, "me", (client) => this.start(client));
  },

  onShow() {
    showTab(this, "me");
    if (this.client) this.update();
  },

  onUnload() {
    this.stops.end();
  },

  start(client) {
    const update = () => this.update();
    for (const event of ["state", "sync", "roster"]) this.stops.add(client.on(event, update));
    this.update();
  },

  update() {
    const client = this.client;
    if (client.session === null) return;
    const id = client.session.userId;
    const card = userCard(client, id);
    const fetching = client.state === "online" && client.sync.phase === "catching-up";
    this.setData({
      me: {
        id: id,
        name: card.name,
        avatar: card.avatar,
        idText: t("me.id", { id: id }),
        state: t("me.state." + (fetching ? "fetching" : client.state)),
        online: client.state === "online",
      },
    });
  },

  onProfile() {
    openPage("/pages/profile/profile");
  },

  onSettings() {
    openPage("/pages/settings/settings");
  },

  onReport() {
    openPage("/pages/report/report");
  },
});
