const { choosePicture } = require("../../utils/choosers");
const { section, t } = require("../../utils/i18n");
const { attempt, opening } = require("../../utils/page");
const { ask, cancelled, copy, showDone } = require("../../utils/ui");

/** The user's own profile. */
Page({
  data: { t: section("profile"), profile: null },

  onLoad() {
    return opening(this, "profile", () => this.read());
  },

  onUnload() {
    this.stops.end();
  },

  async read() {
    const profile = await this.client.account.profile();
    this.setData({
      profile: {
        id: profile.userId,
        username: profile.username,
        nickName: profile.nickName || "",
        avatar: profile.avatar || "",
        about: profile.description || "",
      },
    });
  },

  async save(action) {
    const well = await attempt(async () => {
      await action();
      await this.read();
    });
    if (well) showDone(t("profile.saved"));
  },

  async onAvatar() {
    const path = await choosePicture().catch((error) => {
      if (!cancelled(error)) throw error;
      return "";
    });
    if (path !== "") await this.save(() => this.client.files.uploadAvatar({ path: path }));
  },

  async onName() {
    const name = await ask(t("profile.name"), this.data.profile.nickName, "");
    if (name !== null && name !== "") await this.save(() => this.client.account.updateProfile({ nickName: name }));
  },

  async onAbout() {
    const about = await ask(t("profile.about"), this.data.profile.about, "");
    if (about !== null) await this.save(() => this.client.account.updateProfile({ description: about }));
  },

  onCopyId() {
    return attempt(() => copy(this.data.profile.id));
  },
});
