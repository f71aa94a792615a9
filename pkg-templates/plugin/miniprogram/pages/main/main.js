Page({
  data: { signedIn: false, username: "amber", password: "amber-demo" },

  async onLoad() {
    try {
      const session = await getApp().client.resume();
      this.setData({ signedIn: session !== null });
    } catch (error) {
      this.say(error);
    }
  },

  say(error) {
    wx.showToast({ title: error.message, icon: "none" });
  },

  onInput(event) {
    this.setData({ [event.currentTarget.dataset.name]: event.detail.value });
  },

  async onSubmit() {
    try {
      await getApp().client.login({ username: this.data.username, password: this.data.password });
      this.setData({ signedIn: true });
    } catch (error) {
      this.say(error);
    }
  },

  onOpen(event) {
    const { kind, id, title } = event.detail;
    wx.navigateTo({ url: `/pages/chat/chat?kind=${kind}&id=${id}&title=${encodeURIComponent(title)}` });
  },

  onFailure(event) {
    this.say(event.detail.error);
  },
});
