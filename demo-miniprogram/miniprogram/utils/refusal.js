/** What WeChat does not let the app do, and where the user can change that. */

/** By what WeChat writes into the failure: the text that says so, and the function of `wx` that leads to the place. */
const REFUSALS = [
  // It asks for the consent by itself, and once more at the next attempt.
  { pattern: /privacy permission is not authorized/, text: "refused.privacy", leads: "openPrivacyContract" },
  // Only who publishes the mini-program can do something about it.
  { pattern: /not declared in the privacy agreement/, text: "refused.undeclared", leads: "" },
  { pattern: /system permission den(y|ied)/, text: "refused.system", leads: "openAppAuthorizeSetting" },
  // Who has once said no is not asked again.
  { pattern: /auth(orize)? ?den(y|ied)|permission den(y|ied)/, text: "refused.setting", leads: "openSetting" },
];

/** `{ text, leads }` of a failure that is a refusal, else undefined. `leads` is "" where this WeChat cannot lead. */
function refusalOf(failure) {
  const said = (failure && (failure.errMsg || failure.message)) || "";
  const refusal = REFUSALS.find((one) => one.pattern.test(said));
  return (
    refusal && { text: refusal.text, leads: refusal.leads !== "" && wx.canIUse(refusal.leads) ? refusal.leads : "" }
  );
}

module.exports = { refusalOf };
