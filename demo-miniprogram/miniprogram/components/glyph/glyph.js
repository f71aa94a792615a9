/** A small picture in the colour of the text around it, by the name of its class in `glyph.wxss`. */
Component({
  properties: {
    name: String,
    /** Its width and height in rpx. */
    size: { type: Number, value: 48 },
  },
});
