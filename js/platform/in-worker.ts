/**
 * The page's half of a client whose core runs in a worker: core and locks there, the rest of the client here. Listeners,
 * token providers, signals and files never leave the page.
 */
import type { Environment } from "../client/client.js";
import { type RawStats, Remote } from "../client/remote.js";
import { type Locks, tabPlatform } from "../client/tabs.js";
import { IDS, type Order, type Start, type Word } from "../client/worker-words.js";
import type { EngineOptions, Host, Sink } from "../engine.js";
import { badArgument, type FlooError, failure, isShape, textOf } from "../errors.js";
import { LoadError } from "../load/failure.js";
import { VERSION } from "../version.js";

/** The longest wait for a worker's first word: a script that is not the package's says nothing at all. */
const PATIENCE = 60_000;
/** The longest wait for its last. */
const GOODBYE = 1000;

type Made = Awaited<ReturnType<Environment["load"]>>;

const cannotStart = (why: string, cause?: unknown, retriable = false): FlooError =>
  failure(
    "WasmUnavailable",
    "platform",
    `The worker could not be started: ${why}`,
    "Check that options.worker gives a new Worker that runs floo-wasm/worker, that the page's own origin serves its script, and that worker-src of the page's Content-Security-Policy allows it.",
    cause,
    retriable,
  );

const random = (): string => Math.random().toString(36).slice(2);

/** A core in a worker. */
class WorkerEngine extends Remote {
  private last: RawStats = { badFrames: 0, quarantined: 0, skipped: 0, badRows: 0, dropped: 0, indexRows: 0 };
  private readonly wanted: Array<(ids: string[]) => void> = [];

  constructor(
    protected readonly post: (what: Order) => void,
    options: EngineOptions,
    private readonly sink: Sink,
    private readonly leave: ((name: string) => Promise<boolean>) | undefined,
  ) {
    super(random(), IDS);
    post({ say: "make", from: this.me, options, asks: leave !== undefined });
  }

  get name(): string {
    return this.me;
  }

  /** As the core last told. */
  stats(): RawStats {
    return this.last;
  }

  ids(): Promise<string[]> {
    return new Promise((take) => {
      this.wanted.push(take);
      this.post({ say: "ids", from: this.me });
    });
  }

  close(): void {
    this.post({ say: "close", from: this.me });
  }

  heard(word: Word): void {
    switch (word.say) {
      case "events":
        this.sink(word.batch);
        return;
      case "stats":
        this.last = word.stats;
        return;
      case "welcome": {
        const want = word.fresh ? undefined : this.wanted.shift();
        if (want) want(word.ids);
        else this.keep(word.ids, word.fresh === true);
        return;
      }
      case "open":
        void this.leave?.(word.name).then((granted) => this.post({ say: "leave", ask: word.ask, granted }));
        return;
      default: // not for a core
    }
  }
}

/** The worker of a client, from its first call to its end. */
class Thread implements Locks {
  private worker: Worker | undefined;
  private port: MessagePort | undefined;
  private loading: Promise<Made> | undefined;
  private readonly engines = new Map<string, WorkerEngine>();
  private readonly locks = new Map<number, (granted: boolean) => void>();
  private lastLock = 0;
  private ready = false;
  /** Takes why there is no core, or no longer. */
  private fail: (error: unknown) => void = () => undefined;
  private said: () => void = () => undefined;

  constructor(private readonly give: () => Worker) {}

  /** Starts the worker unless it runs; `stopped` is called when it comes to an end by itself. */
  load(stopped: (why: unknown) => void): Promise<Made> {
    this.loading ??= new Promise<void>((ready, reject) => {
      const timer = setTimeout(() => this.fail(cannotStart("it does not answer; is it floo-wasm/worker?")), PATIENCE);
      this.said = () => {
        clearTimeout(timer);
        ready();
      };
      this.fail = (error) => {
        clearTimeout(timer);
        const report = this.ready ? stopped : reject;
        this.stop();
        report(error);
      };
      try {
        this.open();
      } catch (thrown) {
        this.fail(isShape(thrown) ? thrown : cannotStart(textOf(thrown), thrown));
      }
    }).then(
      () => this.glue(),
      (error: unknown) => {
        this.loading = undefined; // the next call tries again
        throw error;
      },
    );
    return this.loading;
  }

  /** Ends the worker: in order, unless it has not begun or does not answer. */
  async close(): Promise<void> {
    if (this.ready) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, GOODBYE);
        this.said = this.fail = () => {
          clearTimeout(timer);
          resolve();
        };
        this.say({ say: "end" });
      });
      this.stop();
    } else if (this.worker) this.fail(failure("Cancelled", "platform", "The client was closed."));
  }

  /** As that of the platform, but it is the worker that has the lock. */
  request(...[name, { ifAvailable = false, signal }, held]: Parameters<Locks["request"]>): Promise<void> {
    const lock = ++this.lastLock;
    return new Promise((resolve) => {
      const release = (): void => {
        this.locks.delete(lock);
        this.say({ say: "unlock", lock });
        resolve();
      };
      this.locks.set(lock, (granted) => void Promise.resolve(held(granted ? name : null)).then(release));
      signal?.addEventListener("abort", release);
      this.say({ say: "lock", lock, name, wait: !ifAvailable });
    });
  }

  private open(): void {
    const worker = this.give() as Worker | null | undefined;
    if (typeof worker?.postMessage !== "function" || typeof worker.terminate !== "function") {
      throw badArgument("options.worker", "a function that gives a Worker");
    }
    this.worker = worker;
    worker.addEventListener("error", (event) => {
      event.preventDefault(); // the client tells of it
      if (this.worker !== worker) return;
      // Browsers do not say why they have not run a script.
      const { message } = event as Partial<ErrorEvent>;
      const why = message || "its script was not found, or is forbidden";
      this.fail(this.ready ? new Error(message) : cannotStart(why, event, !message));
    });
    const { port1, port2 } = new MessageChannel();
    const start: Start = { floo: "start", version: VERSION, port: port2, alive: `floo/worker/${random()}` };
    this.port = port1;
    port1.onmessage = ({ data }: MessageEvent<Word>) => {
      // Firefox still delivers what was under way when the port was closed: it is not about the next worker.
      if (this.port !== port1) return;
      if (data.say === "ready") {
        this.ready = true;
        this.watch(start.alive);
        this.said();
      } else this.heard(data);
    };
    worker.postMessage(start, [port2]);
  }

  /** No event tells that a worker was ended, but its locks are free then. Without locks it is not noticed. */
  private watch(alive: string): void {
    const { worker } = this;
    const free = (): undefined => {
      if (this.worker === worker) this.fail(new Error("the worker was ended"));
    };
    tabPlatform()?.locks.request(alive, {}, free).catch(free);
  }

  private glue(): Made {
    const { engines } = this;
    const say = (what: Order): void => this.say(what);
    return {
      Engine: class extends WorkerEngine {
        constructor(options: EngineOptions, sink: Sink, leave?: Host | ((name: string) => Promise<boolean>)) {
          super(say, options, sink, typeof leave === "function" ? leave : undefined);
          engines.set(this.name, this);
        }
      },
    };
  }

  private say(what: Order): void {
    if (what.say === "close") this.engines.delete(what.from);
    this.port?.postMessage(what);
  }

  private heard(word: Word): void {
    switch (word.say) {
      case "failed":
        this.fail(word.failure ? new LoadError(word.failure, word.message) : cannotStart(word.message));
        return;
      case "locked":
        this.locks.get(word.lock)?.(word.granted);
        return;
      case "stopped":
        this.fail(new Error(word.message));
        return;
      case "ended":
        this.said();
        return;
      default:
        if ("to" in word && word.to !== undefined) this.engines.get(word.to)?.heard(word);
    }
  }

  /** Ends the worker at once: when it is frozen with the page, it hears nothing. Its locks are free then. */
  stop(): void {
    this.worker?.terminate();
    this.port?.close();
    this.worker = this.port = this.loading = undefined;
    this.ready = false;
    this.engines.clear();
    this.locks.clear();
  }
}

/** What an environment has of its own when the core runs in the worker that `give` gives. */
export function inWorker(give: () => Worker): Pick<Environment, "load" | "tabs" | "close" | "suspend"> {
  const thread = new Thread(give);
  return {
    load: (stopped) => thread.load(stopped),
    tabs: () => {
      const platform = tabPlatform();
      return platform && { locks: thread, channel: platform.channel };
    },
    close: () => thread.close(),
    suspend: () => thread.stop(),
  };
}
