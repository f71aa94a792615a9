const { local } = require("../../utils/pictures");

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
    async src(src) {
      const path = src === "" ? "" : await local(src, this.data.thumbnail);
      // Meanwhile it may have become another picture.
      if (src === this.data.src && path !== this.data.path) this.setData({ path: path });
    },
  },
});
