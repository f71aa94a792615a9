// The line that applications of floo-web 3.x have, and what they do next.
import flooim, { flooim as named } from "floo-wasm/compat";

const query = new URLSearchParams(location.search);
const im = flooim({ appid: "floo-demo", dnsServer: query.get("dns"), logLevel: "warn" });
const same = named === flooim && new flooim({ appid: "floo-demo", dnsServer: query.get("dns") }) === im;
const answered = new Promise((resolve) => {
  im.on("onRosterMessage", ({ from, content }) => {
    if (String(from) === query.get("to") && content.includes(query.get("text"))) resolve();
  });
});
im.on({
  loginSuccess: () => im.sysManage.sendRosterMessage({ uid: Number(query.get("to")), content: query.get("text") }),
  loginFail: (error) => {
    window.outcome = { error };
  },
  onSendingMessageStatusChanged: async ({ status, message }) => {
    if (status === "sending") return;
    await answered;
    window.outcome = {
      ...(same ? {} : { error: "the named export, the default one and `new` have to give the same object" }),
      userId: String(im.userManage.getUid()),
      status,
      text: message.content,
      storage: im.client.storage,
    };
  },
});
im.login({ name: "amber", password: "amber-demo" });
