// The realm of the app's code: an own global object without what a mini-program does not have.

/** Globals of a browser that no mini-program has. */
const ABSENT = [
  "fetch",
  "Request",
  "Response",
  "Headers",
  "XMLHttpRequest",
  "WebSocket",
  "WebSocketStream",
  "WebTransport",
  "EventSource",
  "TextEncoder",
  "TextDecoder",
  "TextEncoderStream",
  "TextDecoderStream",
  "crypto",
  "Crypto",
  "CryptoKey",
  "SubtleCrypto",
  "performance",
  "Performance",
  "structuredClone",
  "URL",
  "URLSearchParams",
  "URLPattern",
  "Blob",
  "File",
  "FileReader",
  "FormData",
  "AbortController",
  "AbortSignal",
  "MessageChannel",
  "MessagePort",
  "BroadcastChannel",
  "Worker",
  "SharedWorker",
  "indexedDB",
  "caches",
  "localStorage",
  "sessionStorage",
  "atob",
  "btoa",
  "WebAssembly",
  "requestAnimationFrame",
  "cancelAnimationFrame",
  "requestIdleCallback",
  "Image",
  "Audio",
  "DOMException",
  "Event",
  "EventTarget",
  "CustomEvent",
  "ReadableStream",
  "WritableStream",
  "TransformStream",
  "CompressionStream",
  "DecompressionStream",
  "scheduler",
  "navigator",
  "postMessage",
  "reportError",
  "locks",
  "importScripts",
  "Notification",
  "createImageBitmap",
  "self",
  "frames",
  "parent",
  "history",
  "screen",
];
/** Globals that a desktop has and phones do not, or not all of them. */
const ABSENT_ON_PHONES = ["queueMicrotask", "FinalizationRegistry", "WeakRef", "SharedArrayBuffer", "Atomics"];
/** Newer than the engines of current base libraries (iOS 14, Chrome 86). */
const NEWER_METHODS = [
  ["Array", ["at", "findLast", "findLastIndex", "toSorted", "toReversed", "with", "toSpliced"]],
  ["String", ["at", "replaceAll", "isWellFormed", "toWellFormed"]],
  ["Uint8Array", ["toBase64", "toHex"]],
];

function loadScript(realm, source) {
  return new Promise((resolve, reject) => {
    const script = realm.document.createElement("script");
    script.src = source;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`cannot load ${source}`));
    realm.document.head.append(script);
  });
}

/** Timers of the app: they do not fire while it is suspended. */
function holdTimers(realm, device) {
  for (const name of ["setTimeout", "setInterval"]) {
    const original = realm[name].bind(realm);
    realm[name] = (callback, ms, ...rest) => original(() => device.deliver(() => callback(...rest)), ms);
  }
}

/**
 * Makes the realm, loads the app's modules into it (without running any) and takes away what does not
 * belong. `ids` are those of the app ("") and of its plugins. Answers the realm, their module tables and the originals that the host needs for itself.
 */
export async function createRealm(device, ids) {
  const frame = document.createElement("iframe");
  frame.hidden = true;
  // Its policy allows no eval: a mini-program has none.
  frame.src = "./logic.html";
  await new Promise((resolve) => {
    frame.onload = resolve;
    document.body.append(frame);
  });
  const realm = frame.contentWindow;
  const kept = [
    "fetch",
    "WebSocket",
    "AbortController",
    "XMLHttpRequest",
    "URLSearchParams",
    "crypto",
    "WebAssembly",
    "Promise",
    "Object",
    "Array",
    "Uint8Array",
    "ArrayBuffer",
    "Error",
  ];
  const real = Object.fromEntries(kept.map((name) => [name, realm[name]]));
  real.fetch = realm.fetch.bind(realm);

  const modules = new Map(ids.map((id) => [id, new Map()]));
  realm.__define = (id, path, body) => modules.get(id).set(path, { body, module: null });
  for (const id of ids) await loadScript(realm, `./code${id}.js`);
  delete realm.__define;

  realm.addEventListener("error", (e) => device.log("error", e.error ?? e.message));
  realm.addEventListener("unhandledrejection", (e) => device.log("unhandledrejection", e.reason));
  realm.console.error = (...parts) => device.log("console.error", ...parts);
  realm.console.warn = (...parts) => device.log("console.warn", ...parts);
  for (const name of ["log", "info", "debug"]) realm.console[name] = (...parts) => device.log("log", ...parts);
  holdTimers(realm, device);

  const gone = device.profile === "devtools" ? ABSENT : [...ABSENT, ...ABSENT_ON_PHONES];
  for (const name of gone) delete realm[name];
  if (device.profile !== "devtools") {
    for (const [type, methods] of NEWER_METHODS) for (const method of methods) delete realm[type].prototype[method];
  }
  return { realm, modules, real };
}
