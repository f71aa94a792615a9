/** Loads the wasm in a WeChat mini-program, where code must come from a file of the code package. */
import { LoadError } from "./failure.js";
import { type Glue, instantiateOnce } from "./glue.js";

export { type LoadFailure, loadFailure } from "./failure.js";
export type { Glue } from "./glue.js";

/** Where "build npm" of the WeChat tools puts the file in the main package. */
export const DEFAULT_PATH = "/miniprogram_npm/floo-wasm/floo_wasm_bg.wasm.br";

// The typings promise an Instance, clients have been seen to answer with `{instance, module}`.
type Answer = WebAssembly.Instance | { instance: WebAssembly.Instance };

declare const WXWebAssembly: { instantiate(path: string, imports: object): Promise<Answer> } | undefined;

/**
 * The shared instance of the core, from `path` (absolute, from the root of the code package or
 * plugin). Rejects with a `LoadError`; a later call tries again.
 */
export function load(path: string = DEFAULT_PATH): Promise<Glue> {
  return instantiateOnce(async (imports) => {
    if (typeof WXWebAssembly !== "object") {
      throw new LoadError("missing", "WXWebAssembly is missing: WeChat base library 2.14.0 or later is needed");
    }
    const host = WXWebAssembly;
    const attempt = async () => {
      const made = await host.instantiate(path, imports);
      return "instance" in made ? made.instance.exports : made.exports;
    };
    try {
      // Sporadic failures were reported on iOS where the same call succeeds a moment later.
      return await attempt().catch(attempt);
    } catch (cause) {
      throw new LoadError("invalid", `${path} could not be instantiated: ${String(cause)}`, cause);
    }
  });
}
