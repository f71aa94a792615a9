const { choice, section, setLanguage, t } = require("../../utils/i18n");
const { goToSignIn, startPage } = require("../../utils/navigate");
const { attempt, once, opening } = require("../../utils/page");
const { storageUse } = require("../../utils/report");
const session = require("../../utils/session");
const { chooseOne, sure, copy } = require("../../utils/ui");

const LANGUAGES = ["", "zh", "en"];

const nameOf = (language) => section("language")[language || "auto"];

/** The language, what is kept on this phone, and the way out. */
Page({
  data: { t: section("settings"), language: "", storage: "" },

  onLoad() {
    return opening(this, "settings", () => this.show());
  },

  onUnload() {
    this.stops.end();
  },

  async show() {
    this.setData({ language: nameOf(choice()), storage: await storageUse() });
  },

  onLanguage() {
    const entries = LANGUAGES.map((language) => ({ label: nameOf(language), run: () => this.speak(language) }));
    return once(this, () => chooseOne(entries, ""));
  },

  /** Changes the language; all pages are built anew in it. */
  speak(language) {
    setLanguage(language);
    return startPage("/pages/me/me");
  },

  onLog() {
    return attempt(() => copy(this.client.logs.export()));
  },

  onLogOut() {
    const entries = [
      { label: t("settings.keep"), run: () => this.logOut(false) },
      { label: t("settings.erase"), run: () => this.erase() },
    ];
    return once(this, () => chooseOne(entries, ""));
  },

  async erase() {
    if (await sure(t("settings.eraseQuestion"))) await this.logOut(true);
  },

  async logOut(erase) {
    await session.signOut(erase);
    await goToSignIn("");
  },
});
