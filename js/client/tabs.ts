/**
 * Several pages with one account: one of them, the leader, runs the core; the others follow it.
 *
 * ```text
 * the core wants to open floo/<appId>/<uid>
 *    -> Web Lock of that name is free: this page leads, and answers the others on a BroadcastChannel of that name
 *    -> somebody has it: the core here is given up, and a `Follower` stands in for it; its calls go to the leader, and
 *       the leader's events come back. It queues for the lock, which browsers give up with the page that holds it:
 *       whoever gets it leads, takes the account up from the database, and repeats what was not answered.
 *    -> the leader is about to be frozen: it gives the lock up itself and follows, queueing from when it wakes
 * ```
 */
import type { Engine, RawEvent, Sink } from "../engine.js";
import { ErrorCode } from "../error-codes.js";
import { badArgument } from "../errors.js";
import type { Command } from "./calls.js";
import { type Asked, type RawStats, Remote, type Told, take } from "./remote.js";

/** What pages say to each other. */
type Post =
  | Asked
  | Told
  | { say: "hello"; from: string }
  /** A page leads from now on. */
  | { say: "leader" }
  /** The account was logged out. */
  | { say: "bye" };

/** The part of `navigator.locks` that is used. */
export interface Locks {
  request(
    name: string,
    options: { ifAvailable?: boolean; signal?: AbortSignal },
    held: (lock: unknown) => Promise<void> | undefined,
  ): Promise<unknown>;
}

/** What the platform has for several pages; nothing of it in Node and in mini-programs. */
export interface TabPlatform {
  readonly locks: Locks;
  channel(name: string): BroadcastChannel;
}

/** What the leader needs of its client. */
export interface Leading {
  /** Undefined while it is being made, also when this page has just got the lock and stops following. */
  engine(): Engine | undefined;
  /** What a page that joins has to know, besides the lists. */
  standing(): RawEvent[];
  /** Somebody has logged out, on any page. */
  ended(): void;
}

/** Ids that a follower has in hand, so that it can give one at once. */
export const IDS = 256;
/** Numbers of calls that come from other pages begin here. */
const FIRST_FOREIGN = 1_000_000_000;
/** How often a follower asks for a leader. */
const PATIENCE = 500;
/** What a page that joins asks for, and the event it arrives as. */
const LISTS = ["users", "groups", "conversations"] as const;

const isAccount = (name: string): boolean => /^floo\/.+\/\d+$/.test(name);

/** The pages of one client: whether it leads, and the others that follow. */
export class Tabs {
  /** The name of the account that another page has. */
  denied: string | undefined;
  private held: string | undefined;
  private release: (() => void) | undefined;
  private channel: BroadcastChannel | undefined;
  private last = FIRST_FOREIGN;
  /** Calls of other pages: what is done with their answers. */
  private readonly foreign = new Map<number, (reply: RawEvent & ["reply", ...unknown[]]) => void>();

  /** The numbers here of calls that other pages wait for, by page and number there. */
  private readonly numbers = new Map<string, number>();

  constructor(
    private readonly platform: TabPlatform,
    private readonly leading: Leading,
  ) {}

  /** The name of the account whose lock this page has. */
  get account(): string | undefined {
    return this.channel && this.held;
  }

  get leads(): boolean {
    return this.channel !== undefined;
  }

  /** Leave for the core to open a database. */
  readonly lock = async (name: string): Promise<boolean> => {
    if (!isAccount(name) || this.held === name) return true;
    this.leave();
    const granted = await new Promise<boolean>((answer) => {
      const held = (lock: unknown): Promise<void> | undefined => {
        answer(lock !== null);
        return lock === null ? undefined : this.keep(name);
      };
      this.platform.locks.request(name, { ifAvailable: true }, held).catch(() => answer(false));
    });
    if (granted) this.lead(name);
    else this.denied = name;
    return granted;
  };

  /** Queues for the lock that another page has; `granted` runs when it is this page's. The answer ends the wait. */
  queue(name: string, granted: () => void): () => void {
    const abort = new AbortController();
    const held = (): Promise<void> => {
      const kept = this.keep(name);
      this.lead(name);
      granted();
      return kept;
    };
    // Rejects only with the abort below.
    this.platform.locks.request(name, { signal: abort.signal }, held).catch(() => undefined);
    return () => abort.abort();
  }

  open(name: string): BroadcastChannel {
    return this.platform.channel(name);
  }

  /** This page leads, or its core is there by now: whoever hears it asks anew. */
  ready(): void {
    this.post({ say: "leader" });
  }

  /** Lets others lead. */
  leave(): void {
    this.channel?.close();
    this.channel = undefined;
    this.foreign.clear();
    this.numbers.clear();
    this.held = undefined;
    this.release?.();
    this.release = undefined;
  }

  /** Tells the others that the account was logged out. */
  bye(): void {
    this.post({ say: "bye" });
    this.leave();
  }

  /** Takes out what is for others, and tells them what is for all. */
  outgoing(batch: RawEvent[]): RawEvent[] {
    if (!this.channel) return batch;
    const rest = batch.filter((event) => {
      const answer = event[0] === "reply" ? this.foreign.get(event[1]) : undefined;
      if (!answer) return true;
      this.foreign.delete(event[1] as number);
      // Later, because answers may ask the core, which is still speaking.
      void Promise.resolve().then(() => answer(event as RawEvent & ["reply", ...unknown[]]));
      return false;
    });
    const told = rest.filter(([name]) => name !== "reply" && name !== "token" && name !== "log");
    if (told.length > 0) this.post({ say: "events", batch: told });
    return rest;
  }

  private keep(name: string): Promise<void> {
    this.held = name;
    return new Promise((release) => {
      this.release = release;
    });
  }

  private lead(name: string): void {
    this.denied = undefined;
    this.channel = this.platform.channel(name);
    this.channel.onmessage = ({ data }: MessageEvent<Post>) => this.heard(data);
    this.ready();
  }

  private post(what: Post): void {
    this.channel?.postMessage(what);
  }

  private heard(post: Post): void {
    const engine = this.leading.engine();
    if (!engine) return; // it is being made: followers ask again
    switch (post.say) {
      case "hello":
        this.welcome(engine, post.from);
        return;
      case "ids":
        void this.give(engine, post.from);
        return;
      case "signal":
        engine.signal(post.name);
        return;
      case "call": {
        const { from, call, name } = post;
        const key = (number: number): string => `${from} ${number}`;
        // The only call that names another: by the number that it has there.
        const target = (): number => this.numbers.get(key((post.params as { target: number }).target)) ?? 0;
        const params = name === "cancelApi" ? { target: target() } : post.params;
        this.numbers.set(key(call), this.last + 1);
        this.ask(engine, name, params, ([, , ok, value]) => {
          this.numbers.delete(key(call));
          this.post({ say: "events", to: from, batch: [["reply", call, ok, value] as RawEvent] });
          if (ok && (name === "logout" || name === "wipe")) this.leading.ended();
        });
        return;
      }
      default: // what followers hear
    }
  }

  private ask(
    engine: Engine,
    name: string,
    params: object,
    answer: (reply: RawEvent & ["reply", ...unknown[]]) => void,
  ): void {
    this.last += 1;
    this.foreign.set(this.last, answer);
    engine.command(this.last, name, params);
  }

  /** Everything that a page has to know to show what this one shows; in the end that it is complete. */
  private welcome(engine: Engine, to: string): void {
    this.post({ say: "events", to, batch: this.leading.standing() });
    for (const name of LISTS) {
      this.ask(engine, name, {}, ([, , ok, value]) => {
        if (ok) this.post({ say: "events", to, batch: [[name, value] as RawEvent] });
        // Nobody is logged in yet: it asks again.
        if (ok && name === "conversations") void this.give(engine, to);
      });
    }
  }

  private async give(engine: Engine, to: string): Promise<void> {
    this.post({ say: "welcome", to, ids: engine.ids ? await engine.ids() : take(engine, IDS) });
  }
}

/** Whether a call may be repeated when nobody knows whether it was carried out. */
const repeatable = (name: string, params: object): boolean =>
  name !== "api" &&
  name !== "frame" &&
  (name !== "operate" || (params as { operation?: string }).operation !== "append");

/** Stands in for the core while another page leads. */
export class Follower extends Remote {
  private readonly channel: BroadcastChannel;
  private readonly open = new Map<number, Command>();
  private attached = false;
  private detached = false;
  private timer: ReturnType<typeof setInterval> | undefined;
  private stopQueueing: (() => void) | undefined;

  /** `joined` runs whenever a leader has told everything; `promoted` when this page leads; `ended` after a logout. */
  constructor(
    private readonly tabs: Tabs,
    private readonly name: string,
    private readonly sink: Sink,
    private readonly on: { joined(): void; promoted(): void; ended(): void },
  ) {
    super(Math.random().toString(36).slice(2), IDS);
    this.channel = tabs.open(name);
    this.channel.onmessage = ({ data }: MessageEvent<Post>) => this.heard(data);
    this.wake();
  }

  /** Whether it is this page's turn: the core that takes over is under way. */
  get promoted(): boolean {
    return this.detached;
  }

  get sleeps(): boolean {
    return !this.stopQueueing && !this.detached;
  }

  /** Queues for the lock. A frozen page must not: it would be given the lock and do nothing with it. */
  wake(): void {
    if (!this.sleeps) return;
    this.stopQueueing = this.tabs.queue(this.name, () => {
      this.detach();
      this.on.promoted();
    });
    this.attached = false; // whoever led may be gone
    this.hello();
    this.timer = setInterval(() => this.hello(), PATIENCE);
  }

  /** Leaves the queue until `wake()`. */
  sleep(): void {
    this.stopQueueing?.();
    this.stopQueueing = undefined;
    clearInterval(this.timer);
  }

  override command(call: number, name: string, params: object): void {
    this.open.set(call, { name, params });
    if (this.attached) super.command(call, name, params);
  }

  override signal(name: string): void {
    // That this page is hidden or sleeps says nothing of the others.
    if (name === "online" || name === "foreground") super.signal(name);
  }

  stats(): RawStats {
    return { badFrames: 0, quarantined: 0, skipped: 0, badRows: 0, dropped: 0, indexRows: 0 }; // those of the page that leads are its own
  }

  close(): void {
    this.stopQueueing?.();
    this.detach();
  }

  /** Asks what a core of this page has not answered; what may not be repeated fails. `ids` are good until another leads. */
  inherit(calls: Iterable<[number, Command]>, ids: readonly string[]): void {
    this.keep(ids, true);
    for (const [call, asked] of calls) this.open.set(call, asked);
    const rest = this.unanswered();
    this.open.clear();
    for (const [call, asked] of rest) this.open.set(call, asked);
  }

  /** What was not answered goes to another engine; what may not be repeated fails. */
  handOver(engine: Engine): void {
    for (const [call, { name, params }] of this.unanswered()) engine.command(call, name, params);
    this.open.clear();
  }

  private unanswered(): [number, Command][] {
    const lost: RawEvent[] = [];
    const rest = [...this.open].filter(([call, { name, params }]) => {
      if (repeatable(name, params)) return true;
      const detail = "the page that was asked is gone, and nobody knows whether it was done";
      lost.push(["reply", call, false, { number: ErrorCode.ServerTimeOut, domain: "platform", detail }]);
      return false;
    });
    if (lost.length > 0) this.sink(lost);
    return rest;
  }

  private detach(): void {
    this.detached = true;
    clearInterval(this.timer);
    this.channel.onmessage = null;
    this.channel.close();
    this.attached = false;
  }

  private hello(): void {
    if (!this.attached) this.post({ say: "hello", from: this.me });
  }

  protected post(what: Post): void {
    // While this page takes over there is nobody to speak to; calls are kept.
    if (!this.detached) this.channel.postMessage(what);
  }

  private heard(post: Post): void {
    switch (post.say) {
      case "leader":
        this.attached = false;
        this.hello();
        return;
      case "welcome":
        if (post.to === this.me) this.welcomed(post.ids);
        return;
      case "events":
        if (post.to !== undefined && post.to !== this.me) return;
        for (const event of post.batch) if (event[0] === "reply") this.open.delete(event[1]);
        this.sink(post.batch);
        return;
      case "bye":
        this.close();
        this.on.ended();
        return;
      default: // what the leader hears
    }
  }

  private welcomed(ids: string[]): void {
    const before = this.attached;
    this.attached = true;
    this.keep(ids, !before); // another leader has other ids
    if (before) return;
    const rest = this.unanswered();
    this.open.clear();
    for (const [call, { name, params }] of rest) this.command(call, name, params);
    this.on.joined();
  }
}

/** The platform's locks and channels, where it has both. */
export function tabPlatform(): TabPlatform | undefined {
  const locks = typeof navigator === "undefined" ? undefined : (navigator as { locks?: Locks }).locks;
  if (!locks || typeof BroadcastChannel === "undefined") return undefined;
  return { locks, channel: (name) => new BroadcastChannel(name) };
}

/** The user's id in the name of an account's database. */
export function userOf(name: string): string {
  const id = name.slice(name.lastIndexOf("/") + 1);
  if (!isAccount(name)) throw badArgument("name", "that of an account's database");
  return id;
}
