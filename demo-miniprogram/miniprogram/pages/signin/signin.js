const config = require("../../config");
const { section, t } = require("../../utils/i18n");
const { startPage } = require("../../utils/navigate");
const { localise } = require("../../utils/page");
const session = require("../../utils/session");
const { errorText } = require("../../utils/error-text");

Page({
  data: {
    t: section("signin"),
    accounts: config.accounts.map((account) => account.username),
    username: "",
    password: "",
    dns: "",
    error: "",
    busy: false,
    /** Makes an account instead of using one. */
    registering: false,
  },

  onLoad(query) {
    localise(this, "signin");
    this.setData({ dns: session.server(), error: query.reason ? decodeURIComponent(query.reason) : "" });
    // The client may not have started at all; then this is the place to say so.
    session.ready().catch((error) => this.setData({ error: errorText(error) }));
  },

  onInput(event) {
    this.setData({ [event.currentTarget.dataset.field]: event.detail.value, error: "" });
  },

  onQuick(event) {
    if (this.data.busy) return;
    const account = config.accounts[event.currentTarget.dataset.index];
    this.setData({ username: account.username, password: account.password, registering: false });
    this.onSubmit();
  },

  /** Between signing in and making an account. */
  onTurn() {
    const registering = !this.data.registering;
    this.setData({ registering: registering, error: "" });
    wx.setNavigationBarTitle({ title: section("signin")[registering ? "registerTitle" : "title"] });
  },

  /** What is missing in the form, in words; empty when nothing is. */
  missing() {
    if (this.data.username.trim() === "") return t("signin.noName");
    if (this.data.password === "") return t("signin.noPassword");
    return this.data.dns.trim() === "" ? t("signin.noServer") : "";
  },

  async onSubmit() {
    if (this.data.busy) return;
    const missing = this.missing();
    if (missing !== "") {
      this.setData({ error: missing });
      return;
    }
    this.setData({ busy: true, error: "" });
    const enter = this.data.registering ? session.register : session.signIn;
    try {
      await enter(this.data.dns.trim(), this.data.username.trim(), this.data.password);
    } catch (error) {
      this.setData({ busy: false, error: errorText(error) });
      return;
    }
    startPage("/pages/conversations/conversations");
  },
});
