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

type Act = (...args: unknown[]) => unknown;

/** What leads into one instance. Nothing does any more after its first trap, of which `trapped` hears. */
class Gate {
  private over: { readonly why: unknown } | undefined;
  private depth = 0;

  constructor(private readonly trapped: (why: unknown) => void) {}

  /** What the platform calls back: timers, sockets, promises. The engines tell of a trap, so the page need not hear. */
  readonly enter = (act: Act, ...args: unknown[]): unknown => {
    if (this.over) return undefined;
    try {
      return act(...args);
    } catch (thrown) {
      // Whatever of the instance is under way has to unwind as well.
      if (this.over && this.depth === 0) return undefined;
      throw thrown;
    }
  };

  /** The instance's exports, for its glue. */
  exports(exports: WebAssembly.Exports): WebAssembly.Exports {
    const all: WebAssembly.Exports = {};
    for (const [name, it] of Object.entries(exports)) {
      all[name] = typeof it === "function" ? this.guard(name, it as Act) : it;
    }
    return all;
  }

  private guard(name: string, act: Act): Act {
    // What frees and allocates does nothing afterwards; callers have to hear of it.
    const call = name.startsWith("engine_") || name.startsWith("codec");
    return (...args) => {
      if (this.over) {
        if (call) throw this.over.why;
        return undefined;
      }
      this.depth++;
      try {
        return act(...args);
      } catch (thrown) {
        if (!this.over && isTrap(thrown)) {
          this.over = { why: thrown };
          this.trapped(thrown);
        }
        throw thrown;
      } finally {
        this.depth--;
      }
    };
  }
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
  /** Engines and whom they speak to. */
  const live = new Map<unknown, Sink>();
  const gate = new Gate((why) => {
    if (shared === made) shared = undefined;
    sockets?.end();
    for (const sink of live.values()) sink([["stopped", why]]);
    live.clear();
  });
  const glue = makeGlue(sockets?.WebSocket, gate.enter);
  const made: Promise<Glue> = instantiate({ "./floo_wasm_bg.js": glue }).then(
    (exports) => {
      glue.__wbg_set_wasm(gate.exports(exports));
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
