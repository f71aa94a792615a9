/** Hands an object from a page to the one that it opens: addresses of pages carry only texts. */
let given = null;

module.exports = {
  give(value) {
    given = value;
  },
  /** What was given, once; null when there is nothing. */
  take() {
    const value = given;
    given = null;
    return value;
  },
};
