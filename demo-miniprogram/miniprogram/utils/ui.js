/** Small things that pages share. */
const { t } = require("./i18n");
const { errorText } = require("./error-text");
const { refusalOf } = require("./refusal");

/** Whether the user has closed a dialog of the platform: that is no error. */
function cancelled(failure) {
  return /:fail (cancel|.*\bcancel$)/.test((failure && failure.errMsg) || "");
}

/** A toast has two lines for its text; so many Latin letters fit them. */
const TOAST = 60;
const widthOf = (text) => text.replace(/[^ -~]/g, "aa").length;

/** A dialog about an error is open. */
let explaining = false;

/** Says something for which a toast is too small, one at a time. `leads` is a function of `wx` that is offered, or "". */
function explain(text, leads) {
  if (explaining) return console.warn(text);
  explaining = true;
  wx.showModal({
    title: "",
    content: text,
    showCancel: leads !== "",
    confirmText: t(leads === "" ? "common.ok" : "common.open"),
    cancelText: t("common.cancel"),
    success: (answer) => {
      if (answer.confirm && leads !== "") wx[leads]({ fail: showError });
    },
    complete: () => {
      explaining = false;
    },
  });
}

/** Shows an error for a moment; what the user or WeChat does not allow, with the way to where that is changed. */
function showError(error) {
  if (cancelled(error)) return;
  const refusal = refusalOf(error);
  if (refusal) explain(t(refusal.text), refusal.leads);
  else wx.showToast({ title: errorText(error), icon: "none", duration: 3000 });
}

/** The same for what the user has asked for, and looks at: all of the text is shown. */
function explainError(error) {
  const long = !cancelled(error) && !refusalOf(error) && widthOf(errorText(error)) > TOAST;
  if (long) explain(errorText(error), "");
  else showError(error);
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
  return new Promise((resolve, reject) => {
    wx.showActionSheet({
      itemList: labels,
      ...(why ? { alertText: why } : {}),
      success: (answer) => resolve(answer.tapIndex),
      fail: (failure) => (cancelled(failure) ? resolve(-1) : reject(failure)),
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

module.exports = { showError, explainError, showDone, copy, cancelled, choose, chooseOne, sure, ask, createStops };
