/**
 * The one instance of the wasm core. Every loader ends here, so that all entries of the package share
 * an instance whichever of them loads first. Nothing happens when this module is imported.
 *
 * An instance that has trapped is never entered again: its memory may be in any state. Its engines say `stopped`, its
 * sockets are closed, and who loads next gets another instance, which has glue of its own.
 */
import { makeGlue } from "#glue";
import type { EngineOptions, Glue, Host, Sink } from "../engine.js";

export type { Glue };

/** What the instance imports; the key is the glue's module name in the binary. */
type Imports = { "./floo_wasm_bg.js": WebAssembly.ModuleImports };

/** Sockets of one instance, where it opens them itself. */
export interface Sockets {
  /** Takes the place of the platform's. */
  readonly WebSocket: unknown;
  /** Closes all of them. */
  end(): void;
}

let shared: Promise<Glue> | undefined;

/** What engines throw when WebAssembly cannot go on: a trap, or a stack that is too deep. */
const isTrap = (thrown: unknown): boolean =>
  ["RuntimeError", "RangeError", "InternalError"].includes(String((thrown as Partial<Error> | undefined)?.name));

/** What callers have to hear of; the rest are timers, promises and helpers that nobody waits for. */
const isCall = (name: string): boolean => name.startsWith("engine_") || name.startsWith("codec");

/** The exports, none of which runs after the first trap. `trapped` hears of that one. */
function guarded(exports: WebAssembly.Exports, trapped: (why: unknown) => void): WebAssembly.Exports {
  let over: { readonly why: unknown } | undefined;
  let depth = 0;
  const guard =
    (name: string, act: (...args: unknown[]) => unknown) =>
    (...args: unknown[]): unknown => {
      if (over) {
        if (isCall(name)) throw over.why;
        return undefined;
      }
      depth++;
      try {
        return act(...args);
      } catch (thrown) {
        if (!over && isTrap(thrown)) {
          over = { why: thrown };
          trapped(thrown);
        }
        // The engines have told of it: a timer of theirs need not tell the page as well.
        if (over && depth === 1 && !isCall(name)) return undefined;
        throw thrown;
      } finally {
        depth--;
      }
    };
  const entries = Object.entries(exports).map(([name, it]): [string, WebAssembly.ExportValue] => [
    name,
    typeof it === "function" ? guard(name, it as (...args: unknown[]) => unknown) : it,
  ]);
  const all: WebAssembly.Exports = {};
  for (const [name, it] of entries) all[name] = it;
  return all;
}

/**
 * The shared instance. `instantiate` runs for the first call only; when it fails, or its instance has trapped, the next
 * call tries again with its own.
 */
export function instantiateOnce(
  instantiate: (imports: Imports) => Promise<WebAssembly.Exports>,
  sockets?: Sockets,
): Promise<Glue> {
  if (shared) return shared;
  const glue = makeGlue(sockets?.WebSocket);
  /** Engines and whom they speak to. */
  const live = new Map<unknown, Sink>();
  const made: Promise<Glue> = instantiate({ "./floo_wasm_bg.js": glue }).then(
    (exports) => {
      const trapped = (why: unknown): void => {
        if (shared === made) shared = undefined;
        sockets?.end();
        for (const sink of live.values()) sink([["stopped", why]]);
        live.clear();
      };
      glue.__wbg_set_wasm(guarded(exports, trapped));
      const { __wbindgen_start: start } = exports;
      if (typeof start === "function") start();
      class Engine extends glue.Engine {
        constructor(options: EngineOptions, sink: Sink, host?: Host | ((name: string) => Promise<boolean>)) {
          super(options, sink, host);
          live.set(this, sink);
        }
        override free(): void {
          live.delete(this);
          super.free();
        }
      }
      return Object.assign(glue, { Engine }) as unknown as Glue;
    },
    (error: unknown) => {
      if (shared === made) shared = undefined;
      throw error;
    },
  );
  shared = made;
  return made;
}
