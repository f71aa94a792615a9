/** Errors for people. */
const { errorRemediation, errorText: errorWords } = require("floo-wasm");
const { language } = require("./i18n");

/** What an error means and what can be done about it. In English with the particulars, which the SDK has in no other. */
function errorText(error) {
  const code = error && error.number;
  const translated = language() !== "en" && code ? errorWords(error, language()) : "";
  const message = translated || (error && (error.message || error.errMsg)) || String(error);
  const advice = translated ? errorRemediation(error, language()) : error && error.remediation;
  if (!advice) return message;
  return translated ? message + advice : message.replace(/[^.!?]$/, "$&.") + " " + advice;
}

module.exports = { errorText };
