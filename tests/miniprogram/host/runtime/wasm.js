// WXWebAssembly as devices have it, which is less than the browser's WebAssembly.
import { neededFeatures } from "./wasm-scan.js";

/**
 * What each device refuses. `devtools` is a desktop Chromium and takes everything. `android` is Chrome 86,
 * the oldest that current base libraries support. `ios` is taken at its strictest: the first version of
 * the format and nothing else.
 */
const REFUSED = {
  devtools: [],
  android: ["reference-types", "multi-table", "simd", "atomics", "tail-call", "exceptions", "memory64", "multi-memory"],
  ios: [
    "multi-value",
    "reference-types",
    "multi-table",
    "bulk-memory",
    "sign-extension",
    "saturating-float-to-int",
    "simd",
    "atomics",
    "tail-call",
    "exceptions",
    "memory64",
    "multi-memory",
    "i64-interface",
  ],
};

/** Makes the object; `assets` are the files of the package, `fetchFile` reads one as an ArrayBuffer. */
export function createWXWebAssembly({ device, real, assets, fetchFile }) {
  const instantiate = async (path, imports) => {
    if (typeof path !== "string") {
      throw new TypeError("WXWebAssembly.instantiate: the first argument must be the path of a file in the package");
    }
    if (/^[a-z]+:/.test(path)) throw new Error("WXWebAssembly.instantiate: not support wxfile: or http: path");
    const file = path.replace(/^\//, "");
    if (!/\.wasm(\.br)?$/.test(file) || !assets.includes(file)) {
      throw new Error(`WXWebAssembly.instantiate: no wasm file at ${path}`);
    }
    const bytes = await fetchFile(file);
    const refused = neededFeatures(new Uint8Array(bytes)).filter((f) => REFUSED[device.profile].includes(f));
    if (refused.length > 0) throw new Error(`CompileError: invalid wasm file (needs ${refused.join(", ")})`);
    const { instance, module } = await real.WebAssembly.instantiate(bytes, imports ?? {});
    if (device.profile !== "ios") return { instance, module };
    const exports = {};
    for (const { name, kind } of real.WebAssembly.Module.exports(module)) {
      if (kind !== "global") exports[name] = instance.exports[name];
    }
    return { instance: { exports }, module: {} };
  };
  const { Memory, Table, Global } = real.WebAssembly;
  return { instantiate, Memory, Table, Global };
}
