/** A behavior for components with texts: gives them those of a section as `t`. */
const { language, section } = require("./i18n");

function localised(name) {
  /** What is in the data from the first moment; a language that was chosen since replaces it. */
  const spoken = language();
  return Behavior({
    data: { t: section(name) },
    lifetimes: {
      attached() {
        if (language() !== spoken) this.setData({ t: section(name) });
      },
    },
  });
}

module.exports = { localised };
