const { local, retry } = require("../../utils/pictures");

/** A picture by its address or path; the cloud's own are fetched with the token first. */
Component({
  properties: {
    src: String,
    mode: { type: String, value: "aspectFill" },
    /** A small one will do. */
    thumbnail: Boolean,
  },
  data: { path: "" },
  observers: {
    src() {
      this.show();
    },
  },
  lifetimes: {
    detached() {
      this.gone = true;
      this.stopWaiting();
    },
  },
  methods: {
    async show() {
      const src = this.data.src;
      this.stopWaiting();
      const path = src === "" ? "" : await local(src, this.data.thumbnail);
      // Meanwhile it may have become another picture.
      if (src !== this.data.src || this.gone) return;
      if (path !== this.data.path) this.setData({ path: path });
      this.stopWaiting();
      if (path === src) this.stop = retry(src, () => this.show());
    },
    stopWaiting() {
      if (this.stop) this.stop();
      this.stop = null;
    },
  },
});
