/** Small things that pages share. */
const { errorText } = require("./text");

/** Shows an error for a moment. */
function showError(error) {
  wx.showToast({ title: errorText(error), icon: "none", duration: 3000 });
}

/** Shows a word of success for a moment. */
function showDone(title) {
  wx.showToast({ title: title, icon: "none" });
}

/** Puts a text on the clipboard; the phone says so itself. */
function copy(text) {
  return wx.setClipboardData({ data: text });
}

/** Offers one to six choices; resolves with the index of the chosen one, -1 when the sheet was closed. */
function choose(labels, why) {
  return new Promise((resolve) => {
    wx.showActionSheet({
      itemList: labels,
      ...(why ? { alertText: why } : {}),
      success: (answer) => resolve(answer.tapIndex),
      fail: () => resolve(-1),
    });
  });
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

module.exports = { showError, showDone, copy, choose, createStops, goToSignIn };
