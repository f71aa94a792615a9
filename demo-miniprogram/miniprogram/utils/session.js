/** The one client of the app, and who is signed in. */
const { createClient } = require("floo-wasm");
const config = require("../config");
const { t } = require("./i18n");
const { errorText } = require("./error-text");
const { goToSignIn } = require("./navigate");
const { showError } = require("./ui");

const DNS_KEY = "floo-demo/dns";

let client = null;
let address = "";
let resumed = null;

/** Trouble of the phone's storage concerns the user; the rest is for developers, who have the log. */
function complain(error) {
  if (error.domain === "storage") showError(error);
}

/** Whether the page in front is for those who are not signed in. */
function atSignIn() {
  const pages = getCurrentPages();
  return pages.length > 0 && pages[pages.length - 1].route === "pages/signin/signin";
}

/** Somebody else has ended the session, or the client: there is nothing to show any more. */
function onState(made, change) {
  if (made !== client || (change.to !== "kicked" && change.to !== "closed") || atSignIn()) return;
  goToSignIn(change.error === null ? t("signin.signedOut") : errorText(change.error));
}

/** Makes the client for a server address; a client for another address is closed first. */
async function open(dns) {
  if (client !== null && dns === address) return client;
  const old = client;
  client = null;
  if (old !== null) await old.close();
  const made = createClient({
    appId: config.appId,
    servers: { dns: dns },
    // Others see that their messages have arrived here.
    deliveryReceipts: true,
    // The whole log is in `client.logs`; the console gets what a developer looks for first.
    logLevel: "info",
    logger: (level, text) => console.info("[floo " + level + "] " + text),
  });
  made.on("error", (event) => complain(event.error));
  made.on("state", (change) => onState(made, change));
  client = made;
  address = dns;
  return made;
}

/** A launch parameter as text; one that is not well encoded is as good as none. */
function decoded(parameter) {
  try {
    return decodeURIComponent(parameter || "");
  } catch (error) {
    console.warn("The launch parameter `dns` is not well encoded: " + error.message);
    return "";
  }
}

/**
 * Starts the app: opens the client and resumes the last login. `dns`, a launch parameter, overrides the saved server;
 * but anybody can make a link that names one: only the server of the last login is to have its token.
 */
function launch(dns) {
  const known = wx.getStorageSync(DNS_KEY) || config.dns;
  address = decoded(dns) || known;
  const resumes = address === known;
  resumed = open(address).then((opened) => (resumes ? opened.resume() : null));
  // Whoever opens a page asks for the outcome again; this only keeps it from counting as unhandled.
  resumed.catch((error) => console.warn("The last login could not be resumed: " + error.message));
}

/** Resolves with the session that was resumed, or null; rejects when the client could not start. */
function ready() {
  return client !== null && client.session !== null ? Promise.resolve(client.session) : resumed;
}

/** The client; only after `ready()` or `signIn()` has resolved. */
function current() {
  return client;
}

/** The client for an address, once that of the launch is done; its failure was reported by `launch`. */
async function clientFor(dns) {
  await resumed.then(
    () => undefined,
    () => undefined,
  );
  return open(dns);
}

/** Signs in at the server with that address, and remembers the address. */
async function signIn(dns, username, password) {
  const opened = await clientFor(dns);
  await opened.login({ username: username, password: password });
  wx.setStorage({
    key: DNS_KEY,
    data: dns,
    fail: (error) => console.warn("The server's address could not be saved: " + error.errMsg),
  });
}

/** Makes an account and signs in with it. */
async function register(dns, username, password) {
  const opened = await clientFor(dns);
  await opened.account.register({ username: username, password: password });
  await signIn(dns, username, password);
}

/** Signs out; the messages stay on this phone unless they are to be erased. */
async function signOut(erase) {
  if (erase) await client.wipe();
  else await client.logout();
  resumed = Promise.resolve(null);
}

/** The server address in use. */
function server() {
  return address;
}

module.exports = { launch, ready, current, signIn, register, signOut, server };
