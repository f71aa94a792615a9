/**
 * The one instance of the wasm core. Every loader ends here, so that all entries of the package share
 * an instance whichever of them loads first. Nothing happens when this module is imported.
 */
import * as glue from "#glue";
import type { Glue } from "../engine.js";

export type { Glue };

/**
 * Why the core could not be loaded.
 *
 * - `missing`: the host has no WebAssembly (old engine, Lockdown Mode).
 * - `blocked`: it has, and forbids compiling: the Content Security Policy lacks `'wasm-unsafe-eval'`.
 * - `network`: the binary could not be fetched.
 * - `invalid`: what was loaded is not the binary, or this engine cannot run it.
 */
export type LoadFailure = "missing" | "blocked" | "network" | "invalid";

/** A failed load; recognise it with `loadFailure`. `cause` is what the host threw, if anything. */
export class LoadError extends Error {
  override readonly name = "LoadError";
  readonly failure: LoadFailure;
  override readonly cause: unknown;

  constructor(failure: LoadFailure, message: string, cause?: unknown) {
    super(message);
    this.failure = failure;
    this.cause = cause;
  }
}

const FAILURES: readonly string[] = ["missing", "blocked", "network", "invalid"] satisfies LoadFailure[];

/** The reason of a failed load, or undefined for any other value. */
export function loadFailure(error: unknown): LoadFailure | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { name, failure } = error as Partial<LoadError>;
  return name === "LoadError" && FAILURES.includes(String(failure)) ? failure : undefined;
}

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
