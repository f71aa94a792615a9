/** From page to page. What WeChat refuses is shown: nothing here rejects. */
const { showError } = require("./ui");

/** WeChat keeps so many pages and refuses one more. */
const MOST = 10;

/** A page is being opened. */
let opening = false;

async function go(how, options) {
  try {
    await wx[how](options);
  } catch (error) {
    showError(error);
  }
}

/**
 * Opens a page over the others, or in place of the one in front when there are no more to be had. While it opens, a
 * second tap does nothing.
 */
async function openPage(url) {
  if (opening) return;
  opening = true;
  await go(getCurrentPages().length < MOST ? "navigateTo" : "redirectTo", { url: url });
  opening = false;
}

/** Opens a page in place of all others. */
const startPage = (url) => go("reLaunch", { url: url });

/** Shows a page of the tab bar. */
const showPage = (url) => go("switchTab", { url: url });

const goBack = () => go("navigateBack", {});

/** Opens the sign-in page in place of all others; `reason` is said there. */
function goToSignIn(reason) {
  return startPage("/pages/signin/signin" + (reason ? "?reason=" + encodeURIComponent(reason) : ""));
}

module.exports = { openPage, startPage, showPage, goBack, goToSignIn };
