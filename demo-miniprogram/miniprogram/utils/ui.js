/** Small things that pages share. */
const { t } = require("./i18n");
const { errorText } = require("./error-text");

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

/** Whether the user has closed a dialog of the platform: that is no error. */
function cancelled(failure) {
  return /:fail (cancel|.*\bcancel$)/.test((failure && failure.errMsg) || "");
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

/** Offers `{ label, run }`, at most six, and runs the chosen one. */
async function chooseOne(entries, why) {
  const labels = entries.map((entry) => entry.label);
  const index = await choose(labels, why);
  if (index >= 0) await entries[index].run();
}

/** Asks a question; resolves with true for yes. */
async function sure(question) {
  const words = { confirmText: t("common.ok"), cancelText: t("common.cancel") };
  const answer = await wx.showModal({ title: "", content: question, ...words });
  return answer.confirm;
}

/** Asks for a line of text; resolves with it, trimmed, or with null when the user gave up. */
async function ask(title, value, placeholder) {
  const answer = await wx.showModal({
    title: title,
    content: value,
    editable: true,
    placeholderText: placeholder || "",
    confirmText: t("common.ok"),
    cancelText: t("common.cancel"),
  });
  return answer.confirm ? (answer.content || "").trim() : null;
}

/** Collects functions that end something; `end()` calls them all, and from then on each new one at once. */
function createStops() {
  let stops = [];
  let over = false;
  return {
    add(stop) {
      if (over) stop();
      else stops.push(stop);
    },
    end() {
      over = true;
      for (const stop of stops) stop();
      stops = [];
    },
  };
}

/** Opens the sign-in page in place of all others; `reason` is said there. */
function goToSignIn(reason) {
  wx.reLaunch({ url: "/pages/signin/signin" + (reason ? "?reason=" + encodeURIComponent(reason) : "") });
}

module.exports = { showError, showDone, copy, cancelled, choose, chooseOne, sure, ask, createStops, goToSignIn };
