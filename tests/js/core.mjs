// The built core in Node, and well-formed commands to it.
import { readFile } from "node:fs/promises";

const dist = new URL("../../dist/wasm/web/", import.meta.url);

export const OPTIONS = {
  appId: "app",
  deviceInfo: "Web",
  memory: true,
  dns: "http://127.0.0.1:9/dns",
  deliveryReceipts: false,
};

let loading;

/** The glue of the browser build, with its one instance. */
export const core = () => (loading ??= load());

async function load() {
  const glue = await import(new URL("floo_wasm_bg.js", dist));
  const bytes = await readFile(new URL("floo_wasm_bg.wasm", dist));
  const { instance } = await WebAssembly.instantiate(bytes, { "./floo_wasm_bg.js": glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start?.();
  return glue;
}

export const PLACE = { kind: 1, of: "2" };
export const OPERATE = { ...PLACE, target: "5" };

/** Commands as they should be, for somebody logged in. */
export const COMMANDS = [
  [
    "send",
    {
      id: "1",
      ...PLACE,
      type: 0,
      text: "x",
      attachment: "",
      config: "{}",
      ext: "",
      senderName: "",
      qos: 0,
      priority: 1,
    },
  ],
  ["send", { id: "1", ...PLACE, text: "x", ext: undefined }],
  ["resend", { id: "1" }],
  ["cancel", { id: "18446744073709551615" }],
  ...["recall", "delete", "unread", "played"].map((operation) => ["operate", { ...OPERATE, operation }]),
  ["operate", { ...OPERATE, operation: "append", text: "x", config: "{}", ext: "e" }],
  ["operate", { ...OPERATE, operation: "replace", text: "x" }],
  ["forget", { ...PLACE, target: "5" }],
  ["typing", { ...PLACE, active: true }],
  ["deleteConversation", { ...PLACE, everywhere: true, id: "5" }],
  ["receipts", { ...PLACE, target: "5" }],
  ["focus", PLACE],
  ["focus", {}],
  ["notices", {}],
  ["dropNotices", { ids: ["1", "2"] }],
  ["messages", { kind: 0, of: "0", limit: 5 }],
  ["history", { ...PLACE, before: "7", limit: 5 }],
  ["history", { ...PLACE, after: "7", limit: 5 }],
  ["conversations", {}],
  ["users", {}],
  ["groups", {}],
  ["markRead", PLACE],
  ["markRead", { kind: 2, of: "9", upTo: "5", only: true }],
  ["import", { ...PLACE, messages: [] }],
  ["import", { ...PLACE, messages: [{ id: "5", from: "2", time: "1", status: 2, editedAt: "0", type: 4, text: "x" }] }],
];
