// The line that applications of floo-web 3.x have, and what they do next.
import flooim, { flooim as named } from "floo-wasm/compat";

const query = new URLSearchParams(location.search);
const im = flooim({ appid: "floo-demo", dnsServer: query.get("dns"), logLevel: "warn" });
const same = named === flooim && new flooim({ appid: "floo-demo", dnsServer: query.get("dns") }) === im;
im.on({
  loginSuccess: () => im.sysManage.sendRosterMessage({ uid: Number(query.get("to")), content: query.get("text") }),
  loginFail: (error) => {
    window.outcome = { error };
  },
  onSendingMessageStatusChanged: ({ status, message }) => {
    if (status === "sending") return;
    const { storage } = im.client;
    window.outcome = { userId: String(im.userManage.getUid()), status, text: message.content, storage, same };
  },
});
im.login({ name: "amber", password: "amber-demo" });
