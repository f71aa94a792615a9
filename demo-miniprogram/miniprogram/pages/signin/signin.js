const config = require("../../config");
const session = require("../../utils/session");
const { errorText } = require("../../utils/text");

Page({
  data: {
    accounts: config.accounts.map((account) => account.username),
    username: "",
    password: "",
    dns: "",
    error: "",
    busy: false,
  },

  onLoad(query) {
    this.setData({ dns: session.server(), error: query.reason ? decodeURIComponent(query.reason) : "" });
    // The client may not have started at all; then this is the place to say so.
    session.ready().catch((error) => this.setData({ error: errorText(error) }));
  },

  onInput(event) {
    this.setData({ [event.currentTarget.dataset.field]: event.detail.value, error: "" });
  },

  onQuick(event) {
    const account = config.accounts[event.currentTarget.dataset.index];
    this.setData({ username: account.username, password: account.password });
    this.onSubmit();
  },

  async onSubmit() {
    if (this.data.busy) return;
    const username = this.data.username.trim();
    const missing =
      username === ""
        ? "your user name"
        : this.data.password === ""
          ? "your password"
          : this.data.dns.trim() === ""
            ? "the server"
            : "";
    if (missing !== "") {
      this.setData({ error: "Please enter " + missing + "." });
      return;
    }
    this.setData({ busy: true, error: "" });
    try {
      await session.signIn(this.data.dns.trim(), username, this.data.password);
    } catch (error) {
      this.setData({ busy: false, error: errorText(error) });
      return;
    }
    wx.reLaunch({ url: "/pages/conversations/conversations" });
  },
});
