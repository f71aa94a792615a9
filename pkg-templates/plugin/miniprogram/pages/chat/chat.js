Page({
  data: { kind: "", id: "" },

  onLoad(query) {
    wx.setNavigationBarTitle({ title: decodeURIComponent(query.title) });
    this.setData({ kind: query.kind, id: query.id });
  },

  onFailure(event) {
    wx.showToast({ title: event.detail.error.message, icon: "none" });
  },
});
