/** What a page and the worker that runs its core say to each other, besides what is asked of any core elsewhere. */
import type { EngineOptions } from "../engine.js";
import type { LoadFailure } from "../load/failure.js";
import type { Asked, RawStats, Told } from "./remote.js";

/** So many ids a page has in hand. */
export const IDS = 1024;

/** What the page sends to the worker itself; everything else goes through the port. `alive` is a lock's name. */
export interface Start {
  readonly floo: "start";
  readonly version: string;
  readonly port: MessagePort;
  readonly alive: string;
}

/** What the page says. Cores are named by `from`, as in `Asked`. */
export type Order =
  | Asked
  /** Make a core; `asks`: it asks for leave to open a database. */
  | { say: "make"; from: string; options: EngineOptions; asks: boolean }
  | { say: "leave"; ask: number; granted: boolean }
  | { say: "close"; from: string }
  /** The worker holds the locks of accounts, so that they end with the core whatever ends it. */
  | { say: "lock"; lock: number; name: string; wait: boolean }
  | { say: "unlock"; lock: number }
  | { say: "end" };

/** What the worker says. */
export type Word =
  | Told
  | { say: "ready" }
  /** There is no core; `failure` says why, if a loader knew. */
  | { say: "failed"; failure: LoadFailure | undefined; message: string }
  | { say: "open"; to: string; ask: number; name: string }
  | { say: "stats"; to: string; stats: RawStats }
  | { say: "locked"; lock: number; granted: boolean }
  /** A core threw what it does not throw on purpose. */
  | { say: "stopped"; message: string }
  | { say: "ended" };
