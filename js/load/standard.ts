/** Instantiating with the standard `WebAssembly` object, for browsers and Node. */
import { LoadError } from "./failure.js";
import { type Glue, instantiateOnce, type Sockets } from "./glue.js";

/** The smallest module there is: an engine that refuses it refuses all. WebKit compiles it, and refuses an instance. */
const EMPTY_MODULE = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

async function runs(bytes: BufferSource): Promise<boolean> {
  try {
    await WebAssembly.instantiate(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Compiled once: what it was made from may be gone when another instance is needed. */
let compiled: WebAssembly.Module | undefined;

/** Sockets that can be closed when the instance that has opened them cannot do it any more. */
function sockets(): Sockets {
  const open = new Set<WebSocket>();
  // Called with `new`, which gives what it answers. The platform's is looked up late: in Node it may be put there.
  function Socket(url: string): WebSocket {
    const made = new WebSocket(url);
    open.add(made);
    made.addEventListener("close", () => open.delete(made));
    // `close` tells as much. Node's sockets are emitters, of which an error that nobody hears ends the process.
    made.addEventListener("error", () => undefined);
    return made;
  }
  const end = (): void => {
    for (const it of open) {
      it.onopen = it.onmessage = it.onerror = it.onclose = null;
      it.close();
    }
  };
  return { WebSocket: Socket, end };
}

/** The shared instance, made from the module or bytes that `source` gives if there is none yet. */
export function instantiate(source: () => Promise<BufferSource | WebAssembly.Module> | BufferSource): Promise<Glue> {
  return instantiateOnce(async (imports) => {
    if (typeof WebAssembly !== "object") {
      throw new LoadError("missing", "this engine has no WebAssembly");
    }
    const code = compiled ?? (await source());
    try {
      const made: WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource = await WebAssembly.instantiate(
        code as BufferSource,
        imports,
      );
      if ("exports" in made) {
        compiled = code as WebAssembly.Module;
        return (made as WebAssembly.Instance).exports;
      }
      compiled = made.module;
      return made.instance.exports;
    } catch (cause) {
      if (await runs(EMPTY_MODULE)) {
        throw new LoadError("invalid", `the WebAssembly module was refused: ${String(cause)}`, cause);
      }
      throw new LoadError(
        "blocked",
        "WebAssembly is blocked: the page's Content-Security-Policy needs 'wasm-unsafe-eval' in script-src",
        cause,
      );
    }
  }, sockets());
}
