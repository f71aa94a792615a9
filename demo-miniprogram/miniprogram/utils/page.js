/** What pages have in common: their texts, the client, and what ends with them. */
const { section, t } = require("./i18n");
const session = require("./session");
const { errorText } = require("./error-text");
const { goToSignIn } = require("./navigate");
const { createStops, explainError, showError } = require("./ui");

/** Gives a page its title, and the texts of its section as `t` if another language was chosen since it was loaded. */
function localise(page, name) {
  const texts = section(name);
  if (JSON.stringify(page.data.t) !== JSON.stringify(texts)) page.setData({ t: texts });
  wx.setNavigationBarTitle({ title: t(name + ".title") });
}

/**
 * The beginning of every page behind the sign-in: `start(client)` is called once somebody is signed in; without that the
 * sign-in page opens. `page.stops` collects what `onUnload` has to end.
 */
async function opening(page, name, start) {
  page.stops = createStops();
  localise(page, name);
  let who;
  try {
    who = await session.ready();
  } catch (error) {
    goToSignIn(errorText(error));
    return;
  }
  if (who === null) {
    goToSignIn("");
    return;
  }
  page.client = session.current();
  try {
    await start(page.client);
  } catch (error) {
    showError(error);
  }
}

/** Marks a page as the one in front in the bar of tabs. */
function showTab(page, name) {
  const bar = page.getTabBar();
  if (bar) bar.select(name);
}

/** Runs what a tap asks for; what goes wrong is shown. Resolves with whether it went well. */
async function attempt(action) {
  try {
    await action();
    return true;
  } catch (error) {
    explainError(error);
    return false;
  }
}

/** The same, but not while another such action of the page runs: a second tap does nothing. */
async function once(page, action) {
  if (page.busy) return false;
  page.busy = true;
  const well = await attempt(action);
  page.busy = false;
  return well;
}

/** Rows that a long list shows at first, and so many more each time its end is reached. */
const PAGE_SIZE = 50;

/** Shows the next of all rows. */
function showMore(page, all) {
  const from = page.data.rows.length;
  const change = {};
  all.slice(from, from + PAGE_SIZE).forEach((row, index) => {
    change["rows[" + (from + index) + "]"] = row;
  });
  page.setData(change);
}

module.exports = { localise, opening, showTab, attempt, once, PAGE_SIZE, showMore };
