const { choosePicture } = require("../../utils/choosers");
const { section, t } = require("../../utils/i18n");
const { attempt, once, opening } = require("../../utils/page");
const { ask, copy, showDone } = require("../../utils/ui");

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

  /** Lets the user choose something new, null for nothing, and saves it. */
  change(choose, save) {
    return once(this, async () => {
      const wanted = await choose();
      if (wanted === null) return;
      await save(wanted);
      await this.read();
      showDone(t("profile.saved"));
    });
  },

  onAvatar() {
    return this.change(choosePicture, (path) => this.client.files.uploadAvatar({ path: path }));
  },

  onName() {
    return this.change(
      async () => (await ask(t("profile.name"), this.data.profile.nickName, "")) || null,
      (name) => this.client.account.updateProfile({ nickName: name }),
    );
  },

  onAbout() {
    return this.change(
      () => ask(t("profile.about"), this.data.profile.about, ""),
      (about) => this.client.account.updateProfile({ description: about }),
    );
  },

  onCopyId() {
    return attempt(() => copy(this.data.profile.id));
  },
});
