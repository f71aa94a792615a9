/** Loads the wasm from where the application says. */
import { LoadError } from "./failure.js";
import type { Glue } from "./glue.js";
import { instantiate } from "./standard.js";

export { type LoadFailure, loadFailure } from "./failure.js";
export type { Glue } from "./glue.js";

/** Where the binary comes from: its address, an answer that carries it, its bytes, or a compiled module. */
export type WasmSource = string | URL | Response | ArrayBuffer | ArrayBufferView | WebAssembly.Module;

// Values may come from another realm (an iframe, a test runner), where instanceof fails.
const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

async function bytesOf(answer: Response): Promise<ArrayBuffer> {
  if (!answer.ok) throw new LoadError("network", `${answer.url} answered with status ${answer.status}`);
  let bytes: ArrayBuffer;
  try {
    bytes = await answer.arrayBuffer();
  } catch (cause) {
    throw new LoadError("network", `the answer of ${answer.url} could not be read: ${String(cause)}`, cause);
  }
  return bytes;
}

async function fetchBytes(address: string): Promise<ArrayBuffer> {
  let answer: Response;
  try {
    answer = await fetch(address, { credentials: "same-origin" });
  } catch (cause) {
    throw new LoadError("network", `${address} could not be fetched: ${String(cause)}`, cause);
  }
  return bytesOf(answer);
}

/** Many servers answer an unknown path with a web page and status 200. */
function checkMagic(bytes: ArrayBuffer | ArrayBufferView): BufferSource {
  const view = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
  if ([0, 0x61, 0x73, 0x6d].some((byte, at) => view[at] !== byte)) {
    throw new LoadError("invalid", "what was loaded is not a WebAssembly binary; check its address");
  }
  return view as BufferSource;
}

async function resolve(source: WasmSource): Promise<BufferSource | WebAssembly.Module> {
  if (typeof source === "string") return checkMagic(await fetchBytes(source));
  if (ArrayBuffer.isView(source)) return checkMagic(source);
  switch (tagOf(source)) {
    case "ArrayBuffer":
    case "SharedArrayBuffer":
      return checkMagic(source as ArrayBuffer);
    case "URL":
      return checkMagic(await fetchBytes((source as URL).href));
    case "Response":
      return checkMagic(await bytesOf(source as Response));
    case "WebAssembly.Module":
      return source as WebAssembly.Module;
    default:
      throw new LoadError("invalid", "wasm: expected a URL, Response, ArrayBuffer, typed array or WebAssembly.Module");
  }
}

/**
 * The shared instance of the core, made from `source` unless there is one already. The server's MIME
 * type does not matter. Rejects with a `LoadError`; a later call tries again.
 */
export function load(source: WasmSource | Promise<WasmSource>): Promise<Glue> {
  return instantiate(async () => resolve(await source));
}
