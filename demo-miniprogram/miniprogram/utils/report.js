/** What this phone gives an app: for bug reports from phones that nobody here has. */
const config = require("../config");
const { fileSize } = require("./content");
const { t } = require("./i18n");

const KIB = 1024;

/** What is asked of the platform, as it is called. */
const FUNCTIONS = [
  "connectSocket",
  "request",
  "uploadFile",
  "downloadFile",
  "getRandomValues",
  "getFileSystemManager",
  "getRecorderManager",
  "createInnerAudioContext",
  "chooseMedia",
  "chooseMessageFile",
  "chooseLocation",
  "openDocument",
  "createWorker",
];

/** What engines differ in, with whether it is here. `typeof` takes names that do not exist. */
const globals = () => ({
  WXWebAssembly: typeof WXWebAssembly,
  BigInt: typeof BigInt,
  TextEncoder: typeof TextEncoder,
  WeakRef: typeof WeakRef,
  FinalizationRegistry: typeof FinalizationRegistry,
  queueMicrotask: typeof queueMicrotask,
  AbortController: typeof AbortController,
});

const isThere = (there) => t(there ? "report.present" : "report.absent");

/** How much of its storage the app has used, for people. */
async function storageUse() {
  const info = await wx.getStorageInfo();
  const used = fileSize(info.currentSize * KIB) || "0 KB";
  return t("settings.used", { used: used, limit: fileSize(info.limitSize * KIB) });
}

/** Whether random numbers come, and that they are not all the same. */
async function randomness() {
  try {
    const bytes = new Uint8Array((await wx.getRandomValues({ length: 16 })).randomValues);
    return isThere(bytes.length === 16 && bytes.some((byte) => byte !== bytes[0]));
  } catch (error) {
    return t("report.failed", { reason: error.errMsg || error.message });
  }
}

/** What the client dropped or skipped, as `badFrames 1, skipped 2`. */
function counts(client) {
  const stats = client.stats();
  const parts = Object.keys(stats).filter((name) => name !== "indexRows" && stats[name] > 0);
  return parts.map((name) => name + " " + stats[name]).join(", ") || t("report.nothing");
}

/** The report as `{ label, value }`, one a line. */
async function report(client) {
  const device = wx.getDeviceInfo();
  const app = wx.getAppBaseInfo();
  const [network, storage, random] = await Promise.all([wx.getNetworkType(), storageUse(), randomness()]);
  const files = wx.getFileSystemManager ? wx.getFileSystemManager() : null;
  const present = globals();
  const lines = [
    [t("report.device"), device.brand + " " + device.model],
    [t("report.system"), device.platform + ", " + device.system],
    [t("report.wechat"), app.version + ", " + app.language],
    [t("report.library"), app.SDKVersion],
    [t("report.sdk"), config.sdkVersion],
    [t("report.state"), client.state],
    [t("report.network"), network.networkType],
    [t("report.storageKind"), client.storage],
    [t("report.storageUse"), storage],
    [t("report.counts"), counts(client)],
    [t("report.random"), random],
    [t("report.files"), isThere(files !== null && typeof files.readFile === "function")],
  ];
  return lines
    .concat(Object.keys(present).map((name) => [name, isThere(present[name] !== "undefined")]))
    .concat(FUNCTIONS.map((name) => ["wx." + name, isThere(wx.canIUse(name))]))
    .map((line) => ({ label: line[0], value: line[1] || t("report.unknown") }));
}

module.exports = { report, storageUse };
