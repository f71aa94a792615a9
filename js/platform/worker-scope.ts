/** The worker's half of a client whose core runs in a worker: cores and locks, as the page asks for them. */
import { isEntry, take } from "../client/remote.js";
import { tabPlatform } from "../client/tabs.js";
import { IDS, type Order, type Start, type Word } from "../client/worker-words.js";
import type { Engine, Glue, RawError, RawEvent } from "../engine.js";
import { isRaw, textOf } from "../errors.js";
import { loadFailure } from "../load/failure.js";
import { VERSION } from "../version.js";

/** The part of a worker's global scope that is used. */
export type Scope = Pick<EventTarget, "addEventListener">;

type Tell = (word: Word) => void;

/** A core, or why there is none. */
interface Core {
  engine: Engine | undefined;
  refusal: RawError | undefined;
  /** Calls that log somebody in. */
  readonly entries: Set<number>;
}

/** What one page has here. */
class Served {
  private readonly cores = new Map<string, Core>();
  private readonly asked = new Map<number, (granted: boolean) => void>();
  /** What gives a lock back, or ends the wait for it. */
  private readonly locks = new Map<number, () => void>();
  private lastAsk = 0;

  constructor(
    private readonly glue: Pick<Glue, "Engine">,
    private readonly tell: Tell,
  ) {}

  heard(order: Order): void {
    switch (order.say) {
      case "make":
        this.make(order);
        return;
      case "call": {
        const { from, call, name, params } = order;
        const core = this.cores.get(from);
        if (isEntry(name)) core?.entries.add(call);
        if (core?.refusal) this.tell({ say: "events", to: from, batch: [["reply", call, false, core.refusal]] });
        this.act(() => core?.engine?.command(call, name, params));
        return;
      }
      case "signal":
        this.act(() => this.cores.get(order.from)?.engine?.signal(order.name));
        return;
      case "ids": {
        const engine = this.cores.get(order.from)?.engine;
        this.tell({ say: "welcome", to: order.from, ids: engine ? take(engine, IDS) : [] });
        return;
      }
      case "leave":
        this.asked.get(order.ask)?.(order.granted);
        this.asked.delete(order.ask);
        return;
      case "close":
        this.close(order.from);
        return;
      case "lock":
        this.lock(order);
        return;
      case "unlock":
        this.unlock(order.lock);
        return;
      case "end":
        for (const name of [...this.cores.keys()]) this.close(name);
        for (const lock of [...this.locks.keys()]) this.unlock(lock);
        this.tell({ say: "ended" });
        return;
      default: // of a page of another version, and those are refused
    }
  }

  private make({ from, options, asks }: Order & { say: "make" }): void {
    const core: Core = { engine: undefined, refusal: undefined, entries: new Set() };
    this.cores.set(from, core);
    const leave = (name: string): Promise<boolean> =>
      new Promise((granted) => {
        this.asked.set(++this.lastAsk, granted);
        this.tell({ say: "open", to: from, ask: this.lastAsk, name });
      });
    let said: RawEvent[] = [];
    let told = "";
    const flush = (): void => {
      const batch = said;
      said = [];
      const { engine } = core;
      if (!engine || !this.cores.has(from)) return;
      const entered = ([name, call, ok, value]: RawEvent): boolean =>
        name === "reply" && core.entries.delete(call) && ok === true && value !== undefined;
      // Ahead of the news, so that whoever hears it can send.
      if (batch.filter(entered).length > 0) {
        this.tell({ say: "welcome", to: from, ids: take(engine, IDS), fresh: true });
      }
      this.act(() => {
        const stats = engine.stats();
        if (told !== JSON.stringify(stats)) this.tell({ say: "stats", to: from, stats });
        told = JSON.stringify(stats);
      });
      this.tell({ say: "events", to: from, batch });
    };
    // Later, because the core is still speaking, and has to be asked.
    const sink = (batch: RawEvent[]): void => {
      if (said.length === 0) void Promise.resolve().then(flush);
      said.push(...batch);
    };
    this.act(
      () => {
        core.engine = new this.glue.Engine(options, sink, asks ? leave : undefined);
      },
      (error) => {
        core.refusal = error;
      },
    );
  }

  private close(name: string): void {
    const engine = this.cores.get(name)?.engine;
    this.cores.delete(name);
    this.act(() => {
      engine?.close();
      engine?.free();
    });
  }

  /** What a core throws on purpose is `refused`; anything else means that it is gone. */
  private act(work: () => void, refused?: (error: RawError) => void): void {
    try {
      work();
    } catch (thrown) {
      if (refused && isRaw(thrown)) refused(thrown);
      else this.tell({ say: "stopped", message: textOf(thrown) });
    }
  }

  private lock({ lock, name, wait }: Order & { say: "lock" }): void {
    const abort = new AbortController();
    this.locks.set(lock, () => abort.abort());
    const answer = (granted: boolean): void => this.tell({ say: "locked", lock, granted });
    const held = (got: unknown): Promise<void> | undefined => {
      if (got === null || abort.signal.aborted) {
        answer(false);
        return undefined;
      }
      const kept = new Promise<void>((release) => this.locks.set(lock, release));
      answer(true);
      return kept;
    };
    const locks = tabPlatform()?.locks;
    const how = wait ? { signal: abort.signal } : { ifAvailable: true };
    // Rejects when the wait was ended, and nobody is interested then, or when the browser gives no locks.
    if (locks) locks.request(name, how, held).catch(() => answer(false));
    else answer(false);
  }

  private unlock(lock: number): void {
    this.locks.get(lock)?.();
    this.locks.delete(lock);
  }
}

async function begin(
  scope: Scope,
  { version, port, alive }: Start,
  load: () => Promise<Pick<Glue, "Engine">>,
): Promise<void> {
  const tell: Tell = (word) => port.postMessage(word);
  if (version !== VERSION) {
    const message = `it is of floo-wasm ${VERSION}, and the page is of ${version}`;
    tell({ say: "failed", failure: undefined, message });
    return;
  }
  try {
    const served = new Served(await load(), tell);
    // Other exceptions reach the page by themselves. Of promises only those of a trap are the core's.
    scope.addEventListener("unhandledrejection", (event) => {
      const { reason } = event as PromiseRejectionEvent;
      if ((reason as Error | undefined)?.name === "RuntimeError") tell({ say: "stopped", message: textOf(reason) });
    });
    // Held as long as this worker lives: the page waits for it, because nothing else says that a worker was ended.
    const forever = (): Promise<void> => {
      port.onmessage = ({ data }: MessageEvent<Order>) => served.heard(data);
      tell({ say: "ready" });
      return new Promise(() => undefined);
    };
    const locks = tabPlatform()?.locks;
    if (locks) locks.request(alive, {}, forever).catch(forever);
    else void forever();
  } catch (thrown) {
    tell({ say: "failed", failure: loadFailure(thrown), message: textOf(thrown) });
  }
}

/** Waits for a page that starts this worker. Other messages are not touched. */
export function serve(scope: Scope, load: () => Promise<Pick<Glue, "Engine">>): void {
  scope.addEventListener("message", (event) => {
    const start = (event as MessageEvent<Partial<Start> | undefined>).data;
    if (start?.floo === "start") void begin(scope, start as Start, load);
  });
}
