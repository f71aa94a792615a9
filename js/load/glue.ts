/**
 * The one instance of the wasm core. Every loader ends here, so that all entries of the package share
 * an instance whichever of them loads first. Nothing happens when this module is imported.
 */
import * as glue from "#glue";
import type { Glue } from "../engine.js";

export type { Glue };

/** What the instance imports; the key is the glue's module name in the binary. */
type Imports = { "./floo_wasm_bg.js": WebAssembly.ModuleImports };

let shared: Promise<Glue> | undefined;

/**
 * The shared instance. `instantiate` runs for the first call only; when it fails the next call tries
 * again with its own.
 */
export function instantiateOnce(instantiate: (imports: Imports) => Promise<WebAssembly.Exports>): Promise<Glue> {
  shared ??= instantiate({ "./floo_wasm_bg.js": glue as unknown as WebAssembly.ModuleImports }).then(
    (exports) => {
      glue.__wbg_set_wasm(exports);
      const { __wbindgen_start: start } = exports;
      if (typeof start === "function") start();
      return glue as unknown as Glue;
    },
    (error: unknown) => {
      shared = undefined;
      throw error;
    },
  );
  return shared;
}
