/** Small things that pages share. */
const { errorText } = require("./text");

/** Shows an error for a moment. */
function showError(error) {
  wx.showToast({ title: errorText(error), icon: "none", duration: 3000 });
}

/** Collects functions that end something; `end()` calls them all. */
function createStops() {
  let stops = [];
  return {
    add(stop) {
      stops.push(stop);
    },
    end() {
      for (const stop of stops) stop();
      stops = [];
    },
  };
}

/** Opens the sign-in page in place of all others. */
function goToSignIn(reason) {
  wx.reLaunch({ url: "/pages/signin/signin" + (reason ? "?reason=" + encodeURIComponent(reason) : "") });
}

module.exports = { showError, createStops, goToSignIn };
