/** The language of the app and its texts: what the user has chosen, else what the phone speaks. */
const TABLES = { en: require("../i18n/en"), zh: require("../i18n/zh") };

const KEY = "floo-demo/language";
/** For phones that speak neither. */
const DEFAULT = "en";

/** `en`, `zh` or, as long as it has not been read, null. */
let current = null;

/** What the user has chosen: `en`, `zh`, or "" to follow the phone. */
function choice() {
  const stored = wx.getStorageSync(KEY);
  return TABLES[stored] ? stored : "";
}

/** `zh_CN`, `zh_TW` and the like are Chinese. */
function ofPhone() {
  const spoken = String(wx.getAppBaseInfo().language || "").slice(0, 2);
  return TABLES[spoken] ? spoken : DEFAULT;
}

function language() {
  if (current === null) current = choice() || ofPhone();
  return current;
}

/** Chooses a language, "" for the phone's. What is on the screen has to be built anew. */
function setLanguage(wanted) {
  wx.setStorageSync(KEY, wanted);
  current = null;
}

/** The texts of one section, for the data of a page or component. */
function section(name) {
  return TABLES[language()][name];
}

/**
 * The text at `section.key` with its places filled in, for example `t("chat.unseen", { n: 3 })`. Throws for a text that
 * is not in the table: a slip of the programmer.
 */
function t(path, values) {
  const text = path.split(".").reduce((at, key) => at && at[key], TABLES[language()]);
  if (typeof text !== "string") throw new Error("There is no text " + path + ".");
  if (!values) return text;
  const forms = text.split("|");
  const form = forms.length > 1 && values.n !== 1 ? forms[1] : forms[0];
  return form.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

module.exports = { choice, language, setLanguage, section, t };
