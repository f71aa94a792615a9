/** The one client of the app, and who is signed in. */
const { createClient } = require("floo-wasm");
const config = require("../config");
const { showError } = require("./ui");

const DNS_KEY = "floo-demo/dns";

let client = null;
let address = "";
let resumed = null;

/** Trouble of the phone's storage concerns the user; the rest is for developers, who have the log. */
function complain(error) {
  if (error.domain === "storage") showError(error);
}

/** Makes the client for a server address; a client for another address is closed first. */
function open(dns) {
  if (client !== null && dns === address) return Promise.resolve(client);
  const old = client;
  client = null;
  const closed = old === null ? Promise.resolve() : old.close();
  return closed.then(() => {
    client = createClient({
      appId: config.appId,
      servers: { dns: dns },
      // Others see that their messages have arrived here.
      deliveryReceipts: true,
      // The whole log is in `client.logs`; the console gets what a developer looks for first.
      logLevel: "info",
      logger: (level, text) => console.info("[floo " + level + "] " + text),
    });
    client.on("error", (event) => complain(event.error));
    address = dns;
    return client;
  });
}

/** Starts the app: opens the client and resumes the last login. `dns` may be empty. */
function launch(dns) {
  address = dns || wx.getStorageSync(DNS_KEY) || config.dns;
  const first = address;
  resumed = open(first).then((opened) => opened.resume());
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

/** Signs in at the server with that address, and remembers the address. */
function signIn(dns, username, password) {
  // The client of the launch may still be resuming; its failure was reported by `launch`.
  return resumed
    .then(
      () => undefined,
      () => undefined,
    )
    .then(() => open(dns))
    .then((opened) => opened.login({ username: username, password: password }))
    .then((session) => {
      wx.setStorageSync(DNS_KEY, dns);
      return session;
    });
}

/** Signs out; the messages stay on this phone. */
function signOut() {
  return client.logout().then(() => {
    resumed = Promise.resolve(null);
  });
}

/** The server address in use. */
function server() {
  return address;
}

module.exports = { launch, ready, current, signIn, signOut, server };
