// Clients in Node: the mini-program package over a `wx` made of fetch, ws and memory.
import { webcrypto } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { brotliDecompressSync } from "node:zlib";
import WebSocket from "ws";
import { built } from "./paths.mjs";

const PACKAGE = built("npm", "miniprogram_dist");

globalThis.WXWebAssembly ??= {
  instantiate: async (path, imports) => WebAssembly.instantiate(brotliDecompressSync(await readFile(path)), imports),
};

function connectSocket({ url }) {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  return {
    send: ({ data }) => socket.send(data),
    close: ({ code }) => socket.close(code),
    onOpen: (listener) => socket.on("open", listener),
    onMessage: (listener) => socket.on("message", (data, binary) => listener({ data: binary ? data : String(data) })),
    onError: (listener) => socket.on("error", (error) => listener({ errMsg: error.message })),
    onClose: (listener) => socket.on("close", (code, reason) => listener({ code, reason: String(reason) })),
  };
}

function request({ url, method, header, data, success, fail }) {
  fetch(url, { method, headers: header, body: data })
    .then(async (answer) => success({ statusCode: answer.status, data: await answer.text() }))
    .catch((error) => fail({ errMsg: String(error.cause ?? error) }));
}

/** The part of `wx` that the package needs. `storage` may be shared by clients that come one after the other. */
export function nodeWx(storage = new Map()) {
  const nothing = () => {};
  return {
    connectSocket,
    request,
    getRandomValues: ({ length, success }) =>
      success({ randomValues: webcrypto.getRandomValues(new Uint8Array(length)).buffer }),
    getStorage: ({ key, success, fail }) =>
      storage.has(key) ? success({ data: storage.get(key) }) : fail({ errMsg: "getStorage:fail data not found" }),
    setStorage: ({ key, data, success }) => success(storage.set(key, data)),
    removeStorage: ({ key, success }) => success(storage.delete(key)),
    onAppShow: nothing,
    offAppShow: nothing,
    onAppHide: nothing,
    offAppHide: nothing,
    onNetworkStatusChange: nothing,
    offNetworkStatusChange: nothing,
  };
}

const load = createRequire(import.meta.url);

/** A client; `options` go on to `createClient`. */
export function nodeClient(options, platform = nodeWx()) {
  const { createClient } = load(`${PACKAGE}/index.js`);
  return createClient({ wasmPath: `${PACKAGE}/floo_wasm_bg.wasm.br`, platform, ...options });
}

/** A legacy object; `config` goes on to `flooim`. Each call makes another one, as each page has its own copy of the package. */
export function nodeFlooim(config, platform = nodeWx()) {
  for (const file of Object.keys(load.cache)) if (file.startsWith(PACKAGE)) delete load.cache[file];
  const flooim = load(`${PACKAGE}/compat.js`); // the module is the function
  return flooim({ wasmPath: `${PACKAGE}/floo_wasm_bg.wasm.br`, platform, ...config });
}
