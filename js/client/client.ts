/**
 * The client: turns what the core says into events, snapshots and settled promises. Everything that
 * differs between platforms is in `Environment`.
 */
import type { Engine, EngineOptions, Glue, Host, RawError, RawEvent, Tape } from "../engine.js";
import {
  asFlooError,
  badArgument,
  FlooError,
  failure,
  isRaw,
  isShape,
  notLoggedIn,
  shapeOf,
  textOf,
} from "../errors.js";
import type { LoadError } from "../load/glue.js";
import { readConversations, readGroups, readMessages, readUsers } from "../tape.js";
import { Calls, checkSignal, type Waiter, waiter } from "./calls.js";
import { ConversationHandle, type Core, RAW_KINDS } from "./conversation.js";
import { Emitter } from "./emitter.js";
import { compareIds, conversationKey, groupId, userId } from "./ids.js";
import { checkCredentials, checkToken, engineOptions } from "./options.js";
import type {
  CallOptions,
  Client,
  ClientEvents,
  ClientId,
  ClientOptions,
  Conversation,
  ConversationInfo,
  ConversationInput,
  ConversationKey,
  Credentials,
  Group,
  IdInput,
  Message,
  Session,
  State,
  Stats,
  StorageKind,
  SyncState,
  User,
  UserId,
} from "./types.js";

/** A logger that cannot be left out. */
export type Log = NonNullable<ClientOptions["logger"]>;

/** What a platform adds to the client. */
export interface Environment {
  /** "Web" or "MiniProgram", as the server gets to see it. */
  readonly deviceInfo: string;
  /** Where messages are kept unless the application asks for memory. */
  readonly storage: StorageKind;
  /** Loads the wasm module; called again after a failure. */
  load(): Promise<Glue>;
  /** Makes the host of a host build. */
  host?(log: Log): Promise<Host>;
  /** Reports `online`, `offline`, `foreground`, `background` until the returned function is called. */
  watch(signal: (name: string) => void): () => void;
}

/** The public events and one of our own. */
type Events = ClientEvents & { snapshot: undefined };

const PUBLIC: Record<keyof ClientEvents, true> = {
  state: true,
  messages: true,
  message: true,
  "message:sent": true,
  "message:failed": true,
  conversations: true,
  roster: true,
  groups: true,
  sync: true,
  storage: true,
  error: true,
};

const NO_STATS: Stats = { badFrames: 0, quarantined: 0, skipped: 0, badRows: 0 };
const NO_CONVERSATIONS: readonly ConversationInfo[] = Object.freeze([]);

const nameOf = (key: ConversationKey): string => `${key.kind}:${key.id}`;

/** The most recent first; with equal times by id, so that the order is the same everywhere. */
const byRecency = (a: ConversationInfo, b: ConversationInfo): number =>
  b.timestamp - a.timestamp || compareIds(a.key.id, b.key.id) || RAW_KINDS[a.key.kind] - RAW_KINDS[b.key.kind];

const sorted = (rows: Iterable<ConversationInfo>): readonly ConversationInfo[] =>
  Object.freeze([...rows].sort(byRecency));

/** What an application hears that gives no logger: trouble only. */
const toConsole: Log = (level, text) => {
  if (level === "error" || level === "warn") console[level](`floo: ${text}`);
};

/** The implementation of `Client`; what `Client` does not have is for the legacy facade. */
export class FlooClient implements Client {
  state: State = "idle";
  sync: SyncState = { phase: "live", pending: 0 };
  storage: StorageKind;
  session: Session | null = null;
  readonly conversations: Client["conversations"];
  readonly roster: Client["roster"];
  readonly groups: Client["groups"];

  private readonly options: EngineOptions;
  private readonly logger: Log;
  private readonly calls = new Calls();
  private readonly outbox = new Map<string, Waiter<Message>>();
  private readonly emitter: Emitter<Events>;
  private readonly core: Core;
  private readonly users = new Map<string, User>();
  private readonly joined = new Map<string, Group>();
  private rows: readonly ConversationInfo[] = NO_CONVERSATIONS;
  private loading: Promise<Engine> | undefined;
  private engine: Engine | undefined;
  private queue: RawEvent[] = [];
  private flushing = false;
  private unwatch: (() => void) | undefined;
  private lastStats = NO_STATS;
  private readonly tokenProvider: ClientOptions["tokenProvider"];
  /** Ends the call of the token provider that is under way. */
  private stopProvider: (() => void) | undefined;

  constructor(
    options: ClientOptions,
    private readonly environment: Environment,
  ) {
    this.options = engineOptions(options, environment.deviceInfo);
    this.logger = options.logger ?? toConsole;
    this.tokenProvider = options.tokenProvider;
    this.storage = this.options.memory ? "memory" : environment.storage;
    this.emitter = new Emitter((event, thrown) => this.listenerThrew(event, thrown));
    this.core = {
      call: (name, params, read, callOptions) => this.call(name, params, read, callOptions),
      send: (to, text, ext, callOptions) => this.send(to, text, ext, callOptions),
    };
    const client = this;
    this.conversations = {
      list: () => this.call("conversations", {}, (tape) => sorted(readConversations(tape as Tape))),
      get snapshot() {
        return client.rows;
      },
      subscribe: (listener) => {
        if (typeof listener !== "function") throw badArgument("listener", "a function");
        return this.emitter.on("snapshot", () => listener());
      },
    };
    this.roster = {
      list: async () => (await this.call("users", {}, (tape) => this.keepUsers(tape))).filter((user) => user.isContact),
      get: (id) => this.users.get(userId(id, "id")) ?? null,
    };
    this.groups = {
      list: () => this.call("groups", {}, (tape) => this.keepGroups(tape)),
      get: (id: IdInput) => this.joined.get(groupId(id, "id")) ?? null,
    };
  }

  async login(credentials?: Credentials, options?: CallOptions): Promise<Session> {
    return this.run("login", checkCredentials(credentials, !!this.tokenProvider), sessionOf, options);
  }

  async resume(options?: CallOptions): Promise<Session | null> {
    return this.run("resume", {}, (value) => (value ? sessionOf(value) : null), options);
  }

  async logout(options?: CallOptions): Promise<void> {
    await this.run("logout", {}, () => this.forget(), options);
  }

  async close(): Promise<void> {
    if (this.state === "closed") return;
    const engine = this.engine;
    this.end(failure("Cancelled", "platform", "The client was closed."), null);
    engine?.close();
    engine?.free();
  }

  on<K extends keyof ClientEvents>(
    event: K,
    listener: (payload: ClientEvents[K]) => void,
    options?: { signal?: AbortSignal },
  ): () => void {
    if (PUBLIC[event] !== true) throw badArgument("event", `one of ${Object.keys(PUBLIC).join(", ")}`);
    if (typeof listener !== "function") throw badArgument("listener", "a function");
    return this.emitter.on(event, listener as (payload: Events[K]) => void, checkSignal(options?.signal));
  }

  conversation(of: ConversationInput): Conversation {
    return new ConversationHandle(this.core, conversationKey(of));
  }

  stats(): Stats {
    const { engine } = this;
    if (engine) this.lastStats = this.guard(() => engine.stats());
    return { ...this.lastStats };
  }

  /** Loads the core without asking it for anything. */
  async ready(): Promise<void> {
    await this.start();
  }

  /** The cards of all users this device knows, contacts or not. */
  cards(): IterableIterator<User> {
    return this.users.values();
  }

  /** The cards of all groups this device knows. */
  groupCards(): IterableIterator<Group> {
    return this.joined.values();
  }

  /** Reports trouble that no call reports, with what was being done. */
  complain(doing: string, thrown: unknown): void {
    this.report(asFlooError(thrown, "GeneralError", doing));
  }

  /** The next client id, at once. Throws `UserNotLogin` when nobody is logged in. */
  allocate(): ClientId {
    const { engine } = this;
    if (!engine || !this.session) throw notLoggedIn();
    return this.guard(() => engine.nextId()) as ClientId;
  }

  /**
   * Sends under an id from `allocate()`, what `checkContent` has passed. Rejects with the reason of a refusal.
   */
  post(
    id: ClientId,
    to: ConversationKey,
    text: string,
    ext: string | undefined,
    options?: CallOptions,
  ): Promise<Message> {
    const wait = waiter<Message>("send", options);
    this.outbox.set(id, wait);
    const done = (): void => {
      this.outbox.delete(id);
    };
    wait.promise.then(done, done);
    const params = { id, kind: RAW_KINDS[to.kind], to: to.id, text, ...(ext === undefined ? {} : { ext }) };
    this.call("send", params, () => undefined).catch((error: FlooError) => wait.reject(error));
    return wait.promise;
  }

  private async send(
    to: ConversationKey,
    text: string,
    ext: string | undefined,
    options?: CallOptions,
  ): Promise<Message> {
    // Cancelled before it began: nothing is to be sent.
    if (options?.signal?.aborted) return waiter<Message>("send", options).promise;
    return this.post(this.allocate(), to, text, ext, options);
  }

  /** A call that needs somebody to be logged in. */
  private async call<T>(name: string, params: object, read: (value: unknown) => T, options?: CallOptions): Promise<T> {
    if (!this.session && this.state !== "closed") throw notLoggedIn();
    return this.run(name, params, read, options);
  }

  private async run<T>(name: string, params: object, read: (value: unknown) => T, options?: CallOptions): Promise<T> {
    const { call, waiter: wait } = this.calls.start(name, read, options);
    if (wait.done) return wait.promise;
    const give = (engine: Engine): void => {
      if (wait.done) {
        this.calls.withdraw(call);
        return;
      }
      if (name === "login" || name === "resume") this.unwatch ??= this.environment.watch((it) => this.signal(it));
      this.guard(() => engine.command(call, name, params));
    };
    const refuse = (thrown: unknown): void => this.calls.withdraw(call, asFlooError(thrown, "GeneralError", name));
    // At once when the core is there, so that calls go out in the order in which they were made.
    if (this.engine) {
      try {
        give(this.engine);
      } catch (thrown) {
        refuse(thrown);
      }
    } else this.start().then(give).catch(refuse);
    return wait.promise;
  }

  private start(): Promise<Engine> {
    if (this.state === "closed") return Promise.reject(failure("Cancelled", "platform", "The client is closed."));
    this.loading ??= this.load().catch((thrown: unknown) => {
      this.loading = undefined;
      throw loadError(thrown);
    });
    return this.loading;
  }

  private async load(): Promise<Engine> {
    const glue = await this.environment.load();
    const host = await this.environment.host?.((level, text) => this.log(level, text));
    if (this.state === "closed") throw failure("Cancelled", "platform", "The client was closed.");
    this.engine = new glue.Engine(this.options, (batch) => this.receive(batch), host);
    return this.engine;
  }

  /** Calls the core. What it throws on purpose has a code; anything else means that it is gone. */
  private guard<T>(act: () => T): T {
    try {
      return act();
    } catch (thrown) {
      if (isRaw(thrown) || isShape(thrown)) throw asFlooError(thrown, "GeneralError", "the core");
      const error = failure(
        "GeneralError",
        "platform",
        `The core has stopped: ${textOf(thrown)}`,
        "Make a new client; what was kept on the device is still there.",
        thrown,
      );
      this.log("error", error.message);
      this.end(error, error);
      throw error;
    }
  }

  private signal(name: string): void {
    const { engine } = this;
    if (!engine) return;
    try {
      this.guard(() => engine.signal(name));
    } catch (thrown) {
      this.report(thrown as FlooError);
    }
  }

  /** The sink: inside a wasm call, so that nothing but queueing may happen here. */
  private receive(batch: RawEvent[]): void {
    if (this.state === "closed") return;
    for (const event of batch) {
      // Known before the listeners of the same batch run, which may come before the reply.
      if (event[0] === "reply" && event[2] && event[3] && isEntry(this.calls.name(event[1]))) {
        this.session = sessionOf(event[3]);
      }
      this.queue.push(event);
    }
    if (this.flushing) return;
    this.flushing = true;
    void Promise.resolve().then(() => this.flush());
  }

  private flush(): void {
    for (let event = this.queue.shift(); event; event = this.queue.shift()) {
      try {
        this.take(event);
      } catch (thrown) {
        this.report(asFlooError(thrown, "GeneralError", `The event "${event[0]}" could not be read`));
      }
    }
    this.flushing = false;
  }

  private take(event: RawEvent): void {
    switch (event[0]) {
      case "reply":
        if (event[2]) this.calls.succeed(event[1], event[3]);
        else this.calls.fail(event[1], event[3]);
        return;
      case "state":
        this.state = event[2] as State;
        if (this.state === "idle" || this.state === "kicked") this.stopProvider?.();
        this.emitter.emit("state", {
          from: event[1] as State,
          to: this.state,
          error: orNull(event[3]),
          retryAt: event[4] ?? null,
        });
        return;
      case "messages": {
        const messages = readMessages(event[1]);
        if (messages.length === 0) return;
        this.emitter.emit("messages", { messages });
        for (const message of messages) this.emitter.emit("message", { message });
        return;
      }
      case "sent":
        for (const message of readMessages(event[1])) {
          this.emitter.emit("message:sent", { message });
          this.outbox.get(message.clientId ?? "")?.resolve(message);
        }
        return;
      case "failed":
        for (const message of readMessages(event[1])) {
          const error = new FlooError(
            message.error ?? failure("ServerUnknownError", "frame", "The message was refused."),
          );
          this.emitter.emit("message:failed", { message, error });
          this.outbox.get(message.clientId ?? "")?.reject(error);
        }
        return;
      case "conversations":
        this.mergeRows(readConversations(event[1]));
        return;
      case "users":
        this.emitter.emit("roster", { users: this.keepUsers(event[1]) });
        return;
      case "groups":
        this.emitter.emit("groups", { groups: this.keepGroups(event[1]) });
        return;
      case "sync":
        this.sync = { phase: event[1] > 0 ? "catching-up" : "live", pending: event[1] };
        this.emitter.emit("sync", this.sync);
        return;
      case "storage":
        this.storage = event[1] as StorageKind;
        this.emitter.emit("storage", { kind: this.storage, error: orNull(event[2]) });
        return;
      case "error":
        this.report(new FlooError(shapeOf(event[1])));
        return;
      case "token":
        void this.provideToken(event[1]);
        return;
      default:
        this.log("warn", `The core said something this version does not know: ${String((event as unknown[])[0])}`);
    }
  }

  /** Asks the application for a token and hands on what it gives, or why it gives none. */
  private async provideToken(reason: "initial" | "expired"): Promise<void> {
    this.stopProvider?.();
    const abort = typeof AbortController === "undefined" ? undefined : new AbortController();
    let wanted = true;
    const stop = (): void => {
      wanted = false;
      abort?.abort();
    };
    this.stopProvider = stop;
    let answer: object;
    try {
      answer = checkToken(await this.tokenProvider?.(reason, abort?.signal), "token");
    } catch (thrown) {
      answer = { error: textOf(thrown) };
    }
    if (!wanted) return;
    this.stopProvider = undefined;
    // The core refuses one that comes too late; the login has failed then, and says so itself.
    this.run("provideToken", answer, () => undefined).catch((error: FlooError) => this.log("warn", error.message));
  }

  private keepUsers(tape: unknown): User[] {
    const users = readUsers(tape as Tape);
    for (const user of users) this.users.set(user.id, user);
    return users;
  }

  private keepGroups(tape: unknown): Group[] {
    const groups = readGroups(tape as Tape);
    for (const group of groups) this.joined.set(group.id, group);
    return groups;
  }

  private replaceRows(rows: Iterable<ConversationInfo>): void {
    this.rows = sorted(rows);
    this.emitter.emit("snapshot", undefined);
  }

  private mergeRows(changed: readonly ConversationInfo[]): void {
    if (changed.length === 0) return;
    const rows = new Map(this.rows.map((row) => [nameOf(row.key), row]));
    for (const row of changed) rows.set(nameOf(row.key), row);
    this.replaceRows(rows.values());
    this.emitter.emit("conversations", { changed });
  }

  private forget(): void {
    this.session = null;
    const reason = failure(
      "Cancelled",
      "platform",
      "Logged out while the message was waiting; it stays in the outbox.",
    );
    for (const wait of [...this.outbox.values()]) wait.reject(reason);
    this.users.clear();
    this.joined.clear();
    if (this.rows.length > 0) this.replaceRows([]);
  }

  /** The end of the client: by `close()`, or because the core is gone. */
  private end(reason: FlooError, error: FlooError | null): void {
    if (this.state === "closed") return;
    const from = this.state;
    this.state = "closed";
    this.engine = undefined;
    this.queue = [];
    this.unwatch?.();
    this.stopProvider?.();
    this.calls.failAll(reason);
    for (const wait of [...this.outbox.values()]) wait.reject(reason);
    this.emitter.emit("state", { from, to: "closed", error, retryAt: null });
  }

  private report(error: FlooError): void {
    this.log("warn", `${error.code}: ${error.message}`);
    this.emitter.emit("error", { error });
  }

  private listenerThrew(event: keyof Events, thrown: unknown): void {
    const error = failure(
      "GeneralError",
      "platform",
      `A listener of "${event}" threw: ${textOf(thrown)}`,
      undefined,
      thrown,
    );
    this.log("error", error.message);
    // A listener of `error` that throws is only logged, or this would never end.
    if (event !== "error") this.emitter.emit("error", { error });
  }

  private log(level: Parameters<Log>[0], text: string): void {
    try {
      this.logger(level, text);
    } catch (thrown) {
      // The application's logger is broken: it must hear of that, but not in the middle of our work.
      void Promise.reject(thrown);
    }
  }
}

/** Why there is no core, from what a loader or a host threw. Loaders say it in `failure`. */
function loadError(thrown: unknown): FlooError {
  const { name, failure: why } = (thrown ?? {}) as Partial<LoadError>;
  if (name !== "LoadError") return asFlooError(thrown, "WasmUnavailable", "The core could not be started");
  const message = `The core could not be loaded: ${textOf(thrown)}`;
  const code = why === "blocked" ? "CspBlocked" : "WasmUnavailable";
  return failure(code, "platform", message, undefined, thrown, why === "network");
}

const isEntry = (name: string | undefined): boolean => name === "login" || name === "resume";

const sessionOf = (value: unknown): Session => ({ userId: (value as { userId: UserId }).userId });

const orNull = (error: RawError | undefined): FlooError | null => (error ? new FlooError(shapeOf(error)) : null);
