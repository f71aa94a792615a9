App({
  onShow() {
    this.shown = (this.shown || 0) + 1;
  },
});
