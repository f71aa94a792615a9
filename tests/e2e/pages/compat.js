// A vanilla page of the former SDK: one object, listeners that keep what they hear, and waits.
window.heard = [];

window.EVENTS = [
  "loginSuccess",
  "loginFail",
  "logout",
  "flooError",
  "imRostersGroupslistReady",
  "onRosterMessage",
  "onGroupMessage",
  "onSendingMessageStatusChanged",
  "onMessageRecalled",
  "onReceiveHistoryMsg",
  "onRosterMessageContentAppend",
  "onGroupListUpdate",
  "onGroupKicked",
];

/** Makes the object and listens. */
window.begin = (config) => {
  const im = new window.flooIM(Object.assign({ appid: "floo-demo", logLevel: "warn", reload: () => {} }, config));
  for (const event of window.EVENTS) {
    // The SDK tells listeners apart by their source text, so that one of another event must have another text.
    im.on(event, new Function("payload", `window.heard.push(["${event}", payload]);`));
  }
  window.im = im;
  return im;
};

/** Waits until something gives a value that counts as true. */
window.wait = async (what, look) => {
  const end = Date.now() + 30000;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > end)
      throw new Error(`waited in vain for ${what}; heard ${JSON.stringify(window.heard).slice(-2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
};

/** Waits for an event that fits; resolves to its payload. */
window.hear = async (event, fits = () => true) => {
  const found = () => window.heard.find(([name, payload]) => name === event && fits(payload));
  return (await window.wait(event, found))[1];
};

window.ready = typeof window.flooIM === "function";
