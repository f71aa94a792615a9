const { colour, initial } = require("../../utils/text");

/** A picture of somebody, or the first letter of the name on a colour that goes with the id. */
Component({
  properties: {
    name: String,
    /** What the colour is made from. */
    seed: String,
    src: String,
    /** "small", "large" or "". */
    size: String,
  },
  data: { letter: "", background: "" },
  observers: {
    "name, seed": function (name, seed) {
      this.setData({ letter: initial(name), background: colour(seed) });
    },
  },
});
