/** Instantiating with the standard `WebAssembly` object, for browsers and Node. */
import { LoadError } from "./failure.js";
import { type Glue, instantiateOnce } from "./glue.js";

/** The smallest module there is: an engine that refuses it refuses to compile at all. */
const EMPTY_MODULE = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

async function compiles(bytes: BufferSource): Promise<boolean> {
  try {
    await WebAssembly.compile(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The shared instance, made from the module or bytes that `source` gives if there is none yet. */
export function instantiate(source: () => Promise<BufferSource | WebAssembly.Module> | BufferSource): Promise<Glue> {
  return instantiateOnce(async (imports) => {
    if (typeof WebAssembly !== "object") {
      throw new LoadError("missing", "this engine has no WebAssembly");
    }
    const code = await source();
    try {
      const made: WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource = await WebAssembly.instantiate(
        code as BufferSource,
        imports,
      );
      return "exports" in made ? (made as WebAssembly.Instance).exports : made.instance.exports;
    } catch (cause) {
      if (await compiles(EMPTY_MODULE)) {
        throw new LoadError("invalid", `the WebAssembly module was refused: ${String(cause)}`, cause);
      }
      throw new LoadError(
        "blocked",
        "WebAssembly is blocked: the page's Content-Security-Policy needs 'wasm-unsafe-eval' in script-src",
        cause,
      );
    }
  });
}
