// The `wx` object of the host.
import { makeApi } from "./wx-call.js";
import { createChoosers } from "./wx-choose.js";
import { createFiles } from "./wx-files.js";
import { createMedia } from "./wx-media.js";
import { createNetwork } from "./wx-network.js";
import { createRecorder } from "./wx-record.js";
import { createUi } from "./wx-ui.js";

/** Chromium's own limit for one call of getRandomValues. */
const RANDOM_STEP = 65536;

function system(context, appId, launch) {
  const { device, real } = context;
  const platform = { devtools: "devtools", android: "android", ios: "ios" }[device.profile];
  const window = () => ({
    windowWidth: document.getElementById("screen").clientWidth,
    windowHeight: document.getElementById("screen").clientHeight,
    pixelRatio: devicePixelRatio,
    statusBarHeight: 0,
  });
  const app = () => ({
    SDKVersion: "3.7.0",
    version: "8.0.50",
    language: device.language,
    theme: matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light",
    host: { env: "WeChat" },
  });
  const hardware = { platform, system: platform, brand: "simulated", model: "simulated" };
  return {
    env: { USER_DATA_PATH: "wxfile://usr" },
    getSystemInfoSync: () => ({ ...hardware, ...window(), ...app() }),
    getAppBaseInfo: app,
    getDeviceInfo: () => ({ ...hardware }),
    getWindowInfo: window,
    getAccountInfoSync: () => ({ miniProgram: { appId, envVersion: "develop", version: "" } }),
    getLaunchOptionsSync: () => launch,
    getEnterOptionsSync: () => launch,
    getRandomValues: makeApi(context, "getRandomValues", ({ length }, ok, fail) => {
      if (!Number.isInteger(length) || length < 1 || length > device.limits.random) {
        fail("parameter error: length out of range");
        return;
      }
      const bytes = new real.Uint8Array(length);
      for (let i = 0; i < length; i += RANDOM_STEP) real.crypto.getRandomValues(bytes.subarray(i, i + RANDOM_STEP));
      setTimeout(() => ok({ randomValues: bytes.buffer }));
    }),
    arrayBufferToBase64: (buffer) => {
      let text = "";
      for (const byte of new Uint8Array(buffer)) text += String.fromCharCode(byte);
      return btoa(text);
    },
    base64ToArrayBuffer: (text) => real.Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer,
  };
}

function lifecycle({ device }) {
  return {
    onAppShow: (f) => device.on("show", f),
    offAppShow: (f) => device.off("show", f),
    onAppHide: (f) => device.on("hide", f),
    offAppHide: (f) => device.off("hide", f),
    onError: (f) => device.on("apperror", f),
    offError: (f) => device.off("apperror", f),
    onMemoryWarning: (f) => device.on("memory", f),
    offMemoryWarning: (f) => device.off("memory", f),
  };
}

/** What the platform keeps from plugins, by its documentation. */
const NOT_FOR_PLUGINS = [
  "getRandomValues",
  "onAppShow",
  "offAppShow",
  "onAppHide",
  "offAppHide",
  "onError",
  "offError",
  "onMemoryWarning",
  "offMemoryWarning",
  "canIUse",
  "getStorageInfo",
  "getStorageInfoSync",
  "clearStorageSync",
];

/**
 * Makes the `wx` of the app, and `forPlugin`, which makes that of a plugin with a storage of its own. What this host
 * does not have is `undefined` and written to the log as `missing-api`.
 */
export function createWx(context, { appId, pages, screen, storage, files, privateInfos, launch }) {
  const watched = (api) =>
    new Proxy(api, {
      get(target, name) {
        if (typeof name === "string" && !(name in target)) context.device.log("missing-api", `wx.${name}`);
        return target[name];
      },
    });
  const api = {
    ...system(context, appId, launch),
    ...lifecycle(context),
    ...createNetwork(context),
    ...createUi(context, pages, screen),
    ...createMedia(context, screen, files),
    ...createChoosers(context, { screen, files, privateInfos }),
    ...createRecorder(context, files),
    ...createFiles(context, screen, files),
    ...storage,
    canIUse: (name) => name.split(".")[0] in api,
  };
  const forPlugin = (own) => {
    const left = { ...api, ...own };
    for (const name of NOT_FOR_PLUGINS) delete left[name];
    return watched(left);
  };
  return { wx: watched(api), forPlugin };
}
