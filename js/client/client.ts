/**
 * The client: turns what the core says into events, snapshots and settled promises. Everything that
 * differs between platforms is in `Environment`.
 */
import type { Engine, EngineOptions, Glue, Host, RawError, RawEvent, Sink, Tape } from "../engine.js";
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
import type { LoadError } from "../load/failure.js";
import {
  type RawUpdate,
  readConversations,
  readGroups,
  readKeys,
  readLists,
  readMessages,
  readNotices,
  readUpdates,
  readUsers,
} from "../tape.js";
import { accountOf, appOf, pinsOf } from "./account.js";
import { Calls, checkSignal, type Waiter, waiter } from "./calls.js";
import { Api, type RawApi } from "./cloud.js";
import type { GroupHandle } from "./cloud-types.js";
import type { RawContent } from "./content.js";
import {
  ConversationHandle,
  type Core,
  type HistoryPage,
  nameOf,
  place,
  RAW_KINDS,
  readHistory,
} from "./conversation.js";
import { details, TYPES } from "./details.js";
import { Emitter } from "./emitter.js";
import { filesOf, type Transfers } from "./files.js";
import { groupOf, groupsOf } from "./groups.js";
import { compareIds, conversationKey, groupId, messageId, userId } from "./ids.js";
import { toJson } from "./json.js";
import { LEVELS, Logs } from "./logs.js";
import { NATIVE } from "./native.js";
import { checkCredentials, checkToken, engineOptions, unknownOptions } from "./options.js";
import { isEntry, take } from "./remote.js";
import { rosterOf } from "./roster.js";
import { searchOf } from "./search.js";
import { stream } from "./stream.js";
import { Follower, IDS, type TabPlatform, Tabs, userOf } from "./tabs.js";
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
  GroupId,
  IdInput,
  LogLevel,
  Message,
  MessageId,
  MessageOf,
  MessageType,
  Notice,
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
  /** Loads the core; called again after a failure. `stopped` hears of an end that no call meets: that of a worker. */
  load(stopped: (why: unknown) => void): Promise<Pick<Glue, "Engine">>;
  /** Ends what runs the cores, where that is not the page. */
  close?(): Promise<void>;
  /** Makes the host of a host build. */
  host?(log: Log): Promise<Host>;
  /** How several pages tell of each other; undefined where there are none. */
  tabs?(): TabPlatform | undefined;
  /** How files are moved. */
  transfers(): Transfers;
  /** Ends at once what could be frozen with a lock in its hands, a worker; `load` begins anew. */
  suspend?(): void;
  /** Reports `online`, `offline`, `foreground`, `background` until the returned function is called. */
  watch(signal: (name: string) => void): () => void;
}

/** The public events and those of our own. */
type Events = ClientEvents & { snapshot: undefined; update: RawUpdate };

/** A send that somebody waits for. */
interface Sending {
  readonly id: string;
  /** Where to; undefined when it is not known. */
  readonly of: ConversationKey | undefined;
  readonly waiter: Waiter<Message>;
}

/** A message that an operation is about, and what is known of it by now. */
interface Target {
  readonly of: string;
  readonly id: MessageId;
  message: Message | null;
}

const PUBLIC: Record<keyof ClientEvents, true> = {
  state: true,
  messages: true,
  message: true,
  "message:sent": true,
  "message:failed": true,
  "message:updated": true,
  receipt: true,
  "conversation:removed": true,
  typing: true,
  notice: true,
  "group:members": true,
  "unread:total": true,
  log: true,
  conversations: true,
  roster: true,
  groups: true,
  sync: true,
  storage: true,
  recovered: true,
  error: true,
};

/** So many traps in so short a time, in milliseconds, and no other core is tried. */
const MOST_TRAPS = 3;
const TRAPS_WITHIN = 60_000;
/** The most messages that the core gives at a time. */
const LONGEST_PAGE = 200;

const NO_STATS: Stats = { badFrames: 0, quarantined: 0, skipped: 0, badRows: 0, dropped: 0, indexRows: 0 };
const NO_CONVERSATIONS: readonly ConversationInfo[] = Object.freeze([]);

/** Pinned ones first, then the most recent; with equal times by id, so that the order is the same everywhere. */
const byRecency = (a: ConversationInfo, b: ConversationInfo): number =>
  Number(b.pinned) - Number(a.pinned) ||
  b.timestamp - a.timestamp ||
  compareIds(a.key.id, b.key.id) ||
  RAW_KINDS[a.key.kind] - RAW_KINDS[b.key.kind];

const sorted = (rows: Iterable<ConversationInfo>): readonly ConversationInfo[] =>
  Object.freeze([...rows].sort(byRecency));

const toConsole: Log = (level, text) => console[level](`floo: ${text}`);

const nothing = (): undefined => undefined;

const cancelled = (why: string): FlooError => failure("Cancelled", "platform", why);

const closed = (why: string): FlooError =>
  failure("Cancelled", "platform", why, "Make a new client with createClient().", undefined, false);

/** What an application can do when it no longer waits for a message: sending it again would double it. */
const WAITS =
  "It waits in the outbox and goes out when it can: wait for the event message:sent, or take it back with outbox.cancel().";

/** The same for an operation on a message. */
const OPERATES = "It is done when it can be all the same: wait for the event message:updated.";

/** What the application calls that which has another name in the core. */
const CALLED: Record<string, string> = {
  conversations: "conversations.list",
  users: "roster.list",
  groups: "groups.list",
  notices: "notices.list",
  dropNotices: "notices.dismiss",
  cancel: "outbox.cancel",
  resend: "outbox.resend",
  deleteConversation: "remove",
  forget: "delete",
  replace: "edit",
  played: "markPlayed",
  unread: "markUnread",
  find: "search.messages",
  findMore: "search.messages",
  locate: "finding the file's address",
};

/** The implementation of `Client`; what `Client` does not have is for the legacy facade. */
export class FlooClient implements Client {
  /** Vue leaves it as it is: a proxy of it would be another object than the one that the core speaks to. */
  readonly __v_skip = true;
  state: State = "idle";
  sync: SyncState = { phase: "live", pending: 0 };
  storage: StorageKind;
  session: Session | null = null;
  readonly conversations: Client["conversations"];
  readonly account: Client["account"];
  readonly app: Client["app"];
  readonly files: Client["files"];
  readonly search: Client["search"];
  readonly roster: Client["roster"];
  readonly groups: Client["groups"];
  readonly outbox: Client["outbox"];
  readonly notices: Client["notices"];
  readonly logs: Logs;
  readonly native = NATIVE;

  private readonly cloud: Api;
  private readonly options: EngineOptions;
  private logger: Log;
  private readonly lowest: number;
  private readonly calls = new Calls();
  private readonly sends = new Set<Sending>();
  private readonly targets = new Set<Target>();
  private readonly emitter: Emitter<Events>;
  private readonly core: Core;
  private readonly users = new Map<string, User>();
  private readonly joined = new Map<string, Group>();
  private rows: readonly ConversationInfo[] = NO_CONVERSATIONS;
  private unread = 0;
  private focused: ConversationKey | undefined;
  private loading: Promise<Engine> | undefined;
  private engine: Engine | undefined;
  private readonly tabs: Tabs | undefined;
  /** The core that is about to take the place of another page's. */
  private successor: Engine | undefined;
  /** Ends when another core has taken up what one that has stopped had. */
  private mending: Promise<unknown> | undefined;
  /** When cores have stopped of late, and what was made of the last time. */
  private traps: number[] = [];
  private trap: { readonly thrown: unknown; readonly error: FlooError } | undefined;
  /** What the account was logged in with, while nothing else could bring it back. */
  private entered: object | undefined;
  private host: Host | undefined;
  /** A login or resume that waits for the page that leads, and whether for it to be online. */
  private joining: { call: number; online: boolean } | undefined;
  private resuming: Promise<Session | null> | undefined;
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
    this.lowest = LEVELS.indexOf(options.logLevel ?? (options.logger ? "debug" : "warn"));
    this.logs = new Logs(() => `floo-wasm on ${environment.deviceInfo}, app ${options.appId}: ${this.state}`);
    this.tokenProvider = options.tokenProvider;
    const pages = this.options.memory ? undefined : environment.tabs?.();
    this.tabs =
      pages &&
      new Tabs(pages, {
        // One that follows has no ids of its own, and nothing that it could answer.
        engine: () => (this.engine instanceof Follower ? undefined : this.engine),
        standing: () => [
          ["state", "idle", this.state, undefined, undefined],
          ["storage", this.storage, undefined],
          ["sync", this.sync.pending],
        ],
        ended: () => this.loggedOut(),
      });
    this.storage = this.options.memory ? "memory" : environment.storage;
    this.emitter = new Emitter((event, thrown) => this.listenerThrew(event, thrown));
    this.core = {
      call: (name, params, read, callOptions) => this.call(name, params, read, callOptions),
      send: (to, content, callOptions) => this.send(to, content, callOptions),
      operate: (of, target, params, callOptions) => this.operate(of, target, params, callOptions),
      remove: (of, everywhere, callOptions) => this.remove(of, everywhere, callOptions),
      upload: async (to, { kind, file, name, at }, transfer) => {
        const own = name || environment.transfers().check(file).name;
        const { url } = await this.files.upload(file, to, { ...transfer, kind, name: own });
        return at(url, own);
      },
      renew: async (to, files, callOptions) => {
        const moved = new Map<string, string>();
        for (const url of files) {
          const { headers } = await this.locate(url, callOptions);
          if (Object.keys(headers).length === 0) continue; // somebody else's, who signs for nobody
          moved.set(url, (await this.files.forward(url, to, callOptions)).url);
        }
        return moved;
      },
      updates: (signal) => this.events("message:updated", signal),
      next: () => ({ id: this.allocate(), me: this.session?.userId ?? ("" as UserId) }),
      mended: (what, callOptions) => this.mended(what, callOptions),
      focus: (of, active) => this.focus(of, active),
      cloud: (of, mark, callOptions) => this.mark(of, mark, callOptions),
    };
    const client = this;
    const raw: RawApi = (endpoint, params, callOptions) => this.api(endpoint, params, callOptions);
    const api = new Api(raw, () => {
      if (!this.session) throw notLoggedIn();
      return this.session.userId;
    });
    this.cloud = api;
    this.account = accountOf(api);
    this.app = appOf(api, this.options.appId, options.servers);
    this.search = searchOf((name, params, read, callOptions) => this.call(name, params, read, callOptions));
    this.files = filesOf({
      api,
      raw,
      locate: (url, callOptions) => this.locate(url, callOptions),
      transfers: () => environment.transfers(),
      threw: (thrown) => this.listenerThrew("onProgress", thrown),
    });
    this.conversations = {
      ...pinsOf(api),
      list: async (given) => {
        const { unreadOnly = false } = given ?? {};
        if (typeof unreadOnly !== "boolean") throw badArgument("unreadOnly", "true or false");
        const rows = await this.call("conversations", {}, (tape) => sorted(readConversations(tape as Tape)));
        return unreadOnly ? rows.filter(({ unread }) => unread > 0) : rows;
      },
      get snapshot() {
        return client.rows;
      },
      get unread() {
        return client.unread;
      },
      subscribe: (listener) => {
        if (typeof listener !== "function") throw badArgument("listener", "a function");
        return this.emitter.on("snapshot", () => listener());
      },
    };
    this.roster = {
      ...rosterOf(api),
      list: async () => (await this.call("users", {}, (tape) => this.keepUsers(tape))).filter((user) => user.isContact),
      get: (id) => this.users.get(userId(id, "id")) ?? null,
    };
    this.groups = {
      ...groupsOf(api),
      list: () => this.call("groups", {}, (tape) => this.keepGroups(tape)),
      get: (id: IdInput) => this.joined.get(groupId(id, "id")) ?? null,
      find: async (name) => {
        if (typeof name !== "string" || name.trim() === "") throw badArgument("name", "a text that is not empty");
        const wanted = name.trim().toLowerCase();
        return (await this.groups.list()).filter((group) => group.name.toLowerCase().includes(wanted));
      },
    };
    const notices = (tape: unknown): Notice[] => readNotices(tape as Tape);
    this.outbox = {
      resend: async (message, callOptions) => {
        const id = clientId(message);
        const of = typeof message === "object" ? message.conversation : undefined;
        return this.expect("resend", { id }, of, nothing, callOptions);
      },
      cancel: async (message, callOptions) => this.call("cancel", { id: clientId(message) }, nothing, callOptions),
    };
    this.notices = {
      list: (callOptions) => this.call("notices", {}, notices, callOptions),
      dismiss: async (given, callOptions) => {
        if (!Array.isArray(given)) throw badArgument("notices", "an array of notices or ids");
        const ids = given.map((it, index) => messageId(it?.id ?? it, `notices[${index}]`));
        return this.call("dropNotices", { ids }, notices, callOptions);
      },
    };
    for (const name of unknownOptions(options))
      this.log("warn", `createClient: options.${name} is not known and does nothing`);
  }

  async login(credentials?: Credentials, options?: CallOptions): Promise<Session> {
    const checked = checkCredentials(credentials, !!this.tokenProvider);
    this.logs.hide([checked["password"], checked["token"]]);
    const session = await this.run("login", checked, sessionOf, options);
    // A visitor would come back as another one.
    if (this.storage === "memory" && checked["anonymous"] === undefined) this.entered = checked;
    return session;
  }

  async resume(options?: CallOptions): Promise<Session | null> {
    const wait = waiter<Session | null>("resume", options);
    if (wait.done) return wait.promise;
    // One for all who ask meanwhile: effects of a view may run twice.
    if (!this.resuming) {
      const over = (): void => {
        this.resuming = undefined;
      };
      this.resuming = this.run("resume", {}, (value) => (value ? sessionOf(value) : null));
      this.resuming.then(over, over);
    }
    this.resuming.then(wait.resolve, wait.reject);
    return wait.promise;
  }

  async logout(options?: CallOptions): Promise<void> {
    await this.run("logout", {}, () => this.loggedOut(), options);
  }

  async wipe(options?: CallOptions): Promise<void> {
    await this.call("wipe", {}, () => this.loggedOut(), options);
  }

  async close(): Promise<void> {
    if (this.state === "closed") return;
    const engine = this.engine ?? this.successor;
    this.end(closed("The client was closed."), null);
    engine?.close();
    engine?.free();
    // Another page may have the account when nothing of it is open here.
    this.tabs?.leave();
    await this.environment.close?.();
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

  events<K extends keyof ClientEvents>(
    event: K,
    options?: { signal?: AbortSignal },
  ): AsyncIterableIterator<ClientEvents[K]> {
    const signal = checkSignal(options?.signal);
    return stream<ClientEvents[K]>((push, end) => {
      const stop = this.on(event, push);
      const stopState = this.emitter.on("state", ({ to }) => {
        if (to === "closed") end();
      });
      signal?.addEventListener("abort", end);
      if (signal?.aborted || this.state === "closed") void Promise.resolve().then(end);
      return () => {
        stop();
        stopState();
        signal?.removeEventListener("abort", end);
      };
    });
  }

  conversation(of: ConversationInput): Conversation {
    return new ConversationHandle(this.core, conversationKey(of));
  }

  group(id: IdInput): GroupHandle {
    return groupOf(this.cloud, id);
  }

  stats(): Stats {
    const { engine } = this;
    if (engine) this.lastStats = this.guard(() => engine.stats());
    return { ...this.lastStats };
  }

  /** Hands over the login and the device of another SDK; see `adopt` in `js/engine.ts`. */
  async adopt(login: { userId: string; token?: string; publicKey: string; deviceGuid: string; deviceSn: number }) {
    this.logs.hide([login.token]);
    await this.run("adopt", login, nothing);
  }

  /** Hands over messages of another SDK; see `import` in `js/engine.ts`. */
  async importPast(of: ConversationKey, messages: readonly object[]): Promise<void> {
    await this.call("import", { ...place(of), messages }, nothing);
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
    this.report(asFlooError(thrown, "GeneralError", doing), doing);
  }

  /** One page of the past, `before` a message or the newest, with the id to go on from; "0" when there is no more. */
  page(of: ConversationKey, before: MessageId | undefined, limit: number): Promise<HistoryPage> {
    const from = before === undefined ? {} : { before };
    return this.call("history", { ...place(of), ...from, limit }, readHistory);
  }

  /** The address of a file for this session, and the headers that its host wants, the token's among them. */
  locate(url: string, options?: CallOptions): Promise<{ url: string; headers: Record<string, string> }> {
    return this.run("locate", { url }, (text) => JSON.parse(text as string), options);
  }

  /** Writes a frame to the connection, in the form of `encodeFrame` in `floo-wasm/codec`. */
  async emitFrame(frame: object): Promise<void> {
    await this.call("frame", { frame: toJson(frame) }, nothing);
  }

  /** Hears of every change of a message in full, also of messages that this device does not have. */
  onUpdate(listener: (update: RawUpdate) => void): () => void {
    return this.emitter.on("update", listener);
  }

  /**
   * The next client id, at once. Throws `UserNotLogin` when nobody is logged in, `CoreStopped` while there is no core to
   * give it, `Cancelled` after the end.
   */
  allocate(): ClientId {
    const { engine } = this;
    if (this.state === "closed") throw closed("The client is closed.");
    if (!this.session) throw notLoggedIn();
    if (!engine) throw this.trap?.error ?? notLoggedIn();
    return this.guard(() => engine.nextId()) as ClientId;
  }

  /** Sends under an id from `allocate()`, what `checkContent` has passed. Rejects with the reason of a refusal. */
  post(id: ClientId, to: ConversationKey, content: RawContent, options?: CallOptions): Promise<Message> {
    const me = this.session?.userId ?? ("" as UserId);
    // Nothing more is heard of a message that is sent at most once.
    const sent = (): Message | undefined => (content.qos === 1 ? unkept(id, me, to, content) : undefined);
    return this.expect("send", { id, ...place(to), ...content }, to, sent, options);
  }

  private async send(to: ConversationKey, content: RawContent, options?: CallOptions): Promise<Message> {
    const mending = this.mended("send", options);
    const rest = mending ? await mending : options;
    return this.post(this.allocate(), to, content, rest);
  }

  /**
   * While another core takes over, here or in another page: resolves when it has, with the options and the time that is
   * left. Ids come from it.
   */
  private mended(what: string, options: CallOptions = {}): Promise<CallOptions> | undefined {
    if (!this.session || !this.mending) return undefined;
    const wait = waiter<CallOptions>(what, options);
    const begun = Date.now();
    const left = (): CallOptions =>
      options.timeout === undefined
        ? options
        : { ...options, timeout: Math.max(1, options.timeout + begun - Date.now()) };
    this.mending.then(() => wait.resolve(left()), wait.reject);
    return wait.promise;
  }

  /**
   * Calls an endpoint of the HTTP API by its name in `services/table.rs`. Ids in `params` may be texts, numbers or
   * bigints; in the answer they are decimal text. Errors: `ArgumentInvalid` naming the parameter, what the cloud says.
   */
  async api<T>(endpoint: string, params: object = {}, options?: CallOptions): Promise<T> {
    const timeout = options?.timeout === undefined ? {} : { timeout: Math.ceil(options.timeout) };
    const what = { endpoint, params: toJson(params), ...timeout };
    return this.run("api", what, (text) => JSON.parse(text as string) as T, options, endpoint);
  }

  /** A call after which the fate of a message is waited for, unless `read` knows it at once. */
  private expect(
    name: string,
    params: { id: string; qos?: number },
    of: ConversationKey | undefined,
    read: () => Message | undefined,
    options?: CallOptions,
  ): Promise<Message> {
    const kept = params.qos !== 1;
    const sending: Sending = { id: params.id, of, waiter: waiter<Message>(name, options, kept ? WAITS : undefined) };
    const { promise } = sending.waiter;
    if (sending.waiter.done) return promise; // cancelled before it began: nothing is to be sent
    this.sends.add(sending);
    const done = (): void => {
      this.sends.delete(sending);
    };
    promise.then(done, done);
    this.call(name, params, read).then(
      (message) => message && sending.waiter.resolve(message),
      (error: FlooError) => sending.waiter.reject(error),
    );
    return promise;
  }

  private settle(message: Message, act: (waiter: Waiter<Message>) => void): void {
    for (const { id, waiter: wait } of [...this.sends]) if (id === message.clientId) act(wait);
  }

  private async operate(
    of: ConversationKey,
    id: MessageId,
    params: { operation: string },
    options?: CallOptions,
  ): Promise<Message | null> {
    const target: Target = { of: nameOf(of), id, message: null };
    this.targets.add(target);
    try {
      await this.call("operate", { ...place(of), target: id, ...params }, nothing, options, params.operation);
      return target.message;
    } finally {
      this.targets.delete(target);
    }
  }

  private async remove(of: ConversationKey, everywhere: boolean, options?: CallOptions): Promise<void> {
    const waiting = [...this.sends].filter((it) => it.of && nameOf(it.of) === nameOf(of));
    const removed = (): void => {
      for (const it of waiting) it.waiter.reject(cancelled("The conversation was removed."));
    };
    // Of the same ids as messages, which tell what was written before and after.
    const id = this.session && this.engine ? { id: this.allocate() } : {};
    await this.call("deleteConversation", { ...place(of), everywhere, ...id }, removed, options);
  }

  private async mark(
    of: ConversationKey,
    mark: { pinned: boolean } | { muted: boolean },
    options?: CallOptions,
  ): Promise<void> {
    if ("pinned" in mark) await this.conversations[mark.pinned ? "pin" : "unpin"](of, options);
    else if (of.kind === "group") await this.group(of.id).update({ msgMuteMode: mark.muted ? 1 : 0 }, options);
    else if (of.kind === "user") await this.roster.setMuted(of.id, mark.muted, options);
  }

  private async focus(of: ConversationKey, active: boolean): Promise<void> {
    // Views may look away only after the next one has looked.
    if (!active && (!this.focused || nameOf(this.focused) !== nameOf(of))) return;
    this.focused = active ? of : undefined;
    await this.call("focus", active ? place(of) : {}, nothing);
  }

  /** A call that needs somebody to be logged in. */
  private async call<T>(
    name: string,
    params: object,
    read: (value: unknown) => T,
    options?: CallOptions,
    what = name,
  ): Promise<T> {
    if (!this.session && this.state !== "closed") throw notLoggedIn();
    return this.run(name, params, read, options, what);
  }

  private async run<T>(
    name: string,
    params: object,
    read: (value: unknown) => T,
    options?: CallOptions,
    inner = name,
  ): Promise<T> {
    const what = CALLED[inner] ?? inner;
    const goesOn = name === "operate" ? OPERATES : undefined;
    const { call, waiter: wait } = this.calls.start(what, read, options, { name, params }, goesOn);
    wait.promise.then(
      () => this.log("debug", `${what} -> done`),
      (error: FlooError) => {
        this.log("info", `${what} -> ${error.code}`);
        // Nobody waits for the answer: neither should the core.
        if (name === "api" && this.engine && this.calls.name(call))
          this.run("cancelApi", { target: call }, nothing).catch(nothing);
      },
    );
    if (wait.done) return wait.promise;
    const give = (engine: Engine): void => {
      if (wait.done) {
        this.calls.withdraw(call);
        return;
      }
      if (name === "login" || name === "resume") this.unwatch ??= this.environment.watch((it) => this.signal(it));
      this.guard(() => engine.command(call, name, params));
    };
    const refuse = (thrown: unknown): void => this.calls.withdraw(call, asFlooError(thrown, "GeneralError", what));
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
    if (this.state === "closed") return Promise.reject(closed("The client is closed."));
    this.loading ??= this.load().catch((thrown: unknown) => {
      this.loading = undefined;
      throw loadError(thrown);
    });
    return this.loading;
  }

  private async load(): Promise<Engine> {
    this.engine = await this.anotherCore();
    return this.engine;
  }

  private async anotherCore(): Promise<Engine> {
    const glue = await this.environment.load((why) => this.lost(why));
    this.host = await this.environment.host?.((level, text) => this.log(level, text));
    if (this.state === "closed") throw closed("The client was closed.");
    return this.make(glue, this.host);
  }

  private make(glue: Pick<Glue, "Engine">, host?: Host): Engine {
    const { tabs } = this;
    // Late words of a core that was given up are of no interest.
    let made: Engine | undefined;
    const sink: Sink = (batch) => {
      if (made !== undefined && this.engine !== made && this.successor !== made) return;
      const [first] = batch;
      if (first?.[0] === "stopped") this.lost(first[1]);
      else this.fromCore(batch);
    };
    made = new glue.Engine(this.options, sink, host ?? tabs?.lock);
    return made;
  }

  /** What the core of this page says, before it goes its way. */
  private fromCore(batch: RawEvent[]): void {
    const { tabs } = this;
    if (tabs?.denied === undefined) {
      this.receive(tabs ? tabs.outgoing(batch) : batch);
      return;
    }
    // Another page has the account. The core ends its attempt now, and whoever waits for it joins that page.
    const failed = batch.find((event) => event[0] === "reply" && isEntry(this.calls.name(event[1])));
    if (failed?.[0] !== "reply") return;
    const [, call] = failed;
    this.joining = { call, online: this.calls.name(call) === "login" };
    void Promise.resolve().then(() => this.follow(tabs.denied ?? ""));
  }

  /** Another page leads: from now on this one follows. */
  private follow(name: string): Follower | undefined {
    const { tabs } = this;
    if (!tabs || name === "" || this.state === "closed") return undefined;
    const engine = this.engine ?? this.successor;
    this.successor = undefined;
    tabs.denied = undefined;
    const follower: Follower = new Follower(tabs, name, (batch) => this.receive(batch), {
      joined: () => {
        this.session = { userId: userOf(name) as UserId, deviceSn: 0 };
        if (this.joining && (!this.joining.online || this.state === "online")) this.join();
      },
      promoted: () => void this.promote(name, follower),
      ended: () => {
        if (this.engine !== follower) return;
        if (this.state !== "kicked") this.loggedOut();
        else this.engine = this.loading = undefined;
      },
    });
    this.engine = follower;
    this.loading = Promise.resolve(follower);
    engine?.close();
    engine?.free();
    return follower;
  }

  /** The page is about to be frozen: another should lead meanwhile. What the core here has not answered is asked again. */
  private standAside(): void {
    const { tabs, engine } = this;
    const name = tabs?.account;
    if (!tabs || !engine || name === undefined || !this.session) return;
    // Whoever wakes can send at once, before the page that leads by then has said anything.
    const ids = take(engine, IDS);
    this.follow(name)?.inherit(this.calls.unanswered(), ids);
    tabs.leave();
  }

  private join(): void {
    const { joining, session } = this;
    if (!joining || !session) return; // the page that leads has yet to tell who it is
    this.joining = undefined;
    this.calls.succeed(joining.call, session);
  }

  /** The page that led is gone, and it is this one's turn. */
  private async promote(name: string, follower: Follower): Promise<void> {
    try {
      const glue = await this.environment.load((why) => this.lost(why));
      if (this.engine !== follower) return;
      const made = this.make(glue);
      this.successor = made;
      const { call, waiter: wait } = this.calls.start("resume", (value) => value);
      made.command(call, "resume", { userId: userOf(name) });
      const session = await wait.promise;
      this.successor = undefined;
      this.engine = made;
      this.loading = Promise.resolve(made);
      if (!session) this.loggedOut();
      follower.handOver(made);
      this.tabs?.ready();
      if (this.joining && !this.joining.online) this.join();
    } catch (thrown) {
      if (this.engine !== follower) return; // the core has stopped meanwhile, and another is under way
      this.successor = undefined;
      this.report(asFlooError(thrown, "GeneralError", "Taking over from another page"));
      this.loggedOut();
    }
  }

  /** Nobody is logged in any more, on no page. */
  private loggedOut(): void {
    this.forget();
    if (this.engine instanceof Follower) {
      this.engine.close();
      this.engine = undefined;
      this.loading = undefined;
    }
    if (this.tabs?.leads) this.tabs.bye();
    this.standAt("idle");
  }

  private standAt(to: State, error: FlooError | null = null): void {
    const from = this.state;
    if (from === to || from === "closed") return;
    this.state = to;
    this.emitter.emit("state", { from, to, error, retryAt: null });
  }

  /** Calls the core. What it throws on purpose has a code; anything else means that it is gone. */
  private guard<T>(act: () => T): T {
    try {
      return act();
    } catch (thrown) {
      if (isRaw(thrown) || isShape(thrown)) throw asFlooError(thrown, "GeneralError", "the core");
      throw this.lost(thrown);
    }
  }

  /** The core is gone. Another takes its place, unless that has happened too often of late. */
  private lost(thrown: unknown): FlooError {
    // Told twice: by the core itself, and by the call that it has ended.
    if (this.trap && this.trap.thrown === thrown) return this.trap.error;
    const now = Date.now();
    this.traps = [...this.traps.filter((at) => at > now - TRAPS_WITHIN), now];
    const final = this.traps.length >= MOST_TRAPS;
    const error = failure(
      "CoreStopped",
      "platform",
      `The core has stopped: ${textOf(thrown)}`,
      final ? "Make a new client; what was kept on the device is still there." : undefined,
      thrown,
      !final,
    );
    this.trap = { thrown, error };
    this.log("error", error.message);
    if (this.state === "closed") return error;
    if (final) this.giveUp(error);
    else this.replace(error);
    return error;
  }

  /** The client goes with its core. */
  private giveUp(error: FlooError): void {
    this.end(error, error);
    this.tabs?.leave();
    void this.host?.abandon();
    void this.environment.close?.();
  }

  /** Gets another core. This may be inside a call of the old one, so that nobody may hear of it yet. */
  private replace(error: FlooError): void {
    const { engine } = this;
    if (engine instanceof Follower && !engine.promoted) {
      // In a worker; the account is with another page. What was lost is this page's place in the queue for it.
      engine.sleep();
      this.wake(engine);
      return;
    }
    this.engine = this.successor = undefined;
    const loading: Promise<Engine> = Promise.resolve()
      .then(() => this.rebuild(error))
      .catch((thrown: unknown): Promise<Engine> => {
        if (this.trap?.error !== error && this.loading && this.loading !== loading) return this.loading;
        const failed = loadError(thrown);
        if (this.state !== "closed") this.giveUp(failed);
        throw failed;
      });
    this.loading = this.mending = loading;
    const mended = (): void => {
      if (this.mending === loading) this.mending = undefined;
    };
    loading.then(mended, mended); // whoever waits for a core hears of a failure
  }

  /** A follower whose worker was ended queues again, from another one. */
  private wake(follower: Follower): void {
    this.environment
      .load((why) => this.lost(why))
      .then(
        () => follower.wake(),
        (thrown) => {
          if (this.state !== "closed") this.giveUp(loadError(thrown));
        },
      );
  }

  /** Takes up with another core what the one before has left. */
  private async rebuild(error: FlooError): Promise<Engine> {
    const { session, focused, entered } = this;
    this.stopProvider?.();
    this.joining = undefined;
    this.calls.failAll(error);
    this.standAt(session ? "reconnecting" : "idle", error);
    // Other pages are served by another core from now on, of this page or of theirs.
    this.tabs?.leave();
    await this.host?.abandon();
    const made = await this.anotherCore();
    this.successor = made;
    const ask = (name: string, params: object): Promise<unknown> => {
      const { call, waiter: wait } = this.calls.start(name, (value) => value);
      made.command(call, name, params);
      return wait.promise;
    };
    if (session) {
      let restored = await ask("resume", { userId: session.userId });
      if (!restored && entered) {
        restored = await ask("login", entered).catch((thrown: FlooError) => {
          if (this.trap?.error !== error) throw thrown;
          this.report(thrown);
        });
      }
      if (!restored) this.session = null;
    }
    // As a follower of another page, which has got the account meanwhile, the client has its engine already.
    const engine = this.engine ?? made;
    if (this.successor === made) this.successor = undefined;
    this.engine = engine;
    this.loading = Promise.resolve(engine);
    if (session && !this.session) {
      for (const it of [...this.sends]) it.waiter.reject(error);
      this.loggedOut();
    } else if (session) {
      this.entered = entered;
      if (focused) await this.focus(focused, true);
      await this.reconsider(error);
    }
    this.emitter.emit("recovered", { reason: error, session: this.session });
    return engine;
  }

  /** Settles the sends whose end was not told any more. Those in the outbox go on waiting. */
  private async reconsider(error: FlooError): Promise<void> {
    const waiting = [...this.sends];
    const places = new Map(waiting.flatMap(({ of }) => (of ? [[nameOf(of), of] as const] : [])));
    for (const [name, of] of places) {
      const messages = await this.call("messages", { ...place(of), limit: LONGEST_PAGE }, (tape) =>
        readMessages(tape as Tape),
      );
      for (const { id, of: to, waiter: wait } of waiting) {
        if (!to || nameOf(to) !== name) continue;
        const message = messages.find(({ clientId }) => clientId === id);
        if (message?.status === "sent") wait.resolve(message);
        else if (message?.status !== "sending") wait.reject(message?.error ? new FlooError(message.error) : error);
      }
    }
    for (const { of, waiter: wait } of waiting) if (!of) wait.reject(error);
  }

  private signal(name: string): void {
    if (name === "background") this.standAside();
    const { engine } = this;
    if (!engine) return;
    if (engine instanceof Follower && name === "background") {
      engine.sleep();
      this.environment.suspend?.();
    } else if (engine instanceof Follower && name === "foreground" && engine.sleeps) {
      this.wake(engine);
    }
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
      case "state": {
        // As another page tells it, or a core that takes over, it may be what is known already.
        if (event[2] === this.state && !event[3] && event[4] === undefined) return;
        const from = this.state;
        this.state = event[2] as State;
        if (this.state === "online" && this.joining) this.join();
        if ((this.state === "idle" || this.state === "kicked") && this.tabs?.leads) this.tabs.bye();
        this.log("info", `${event[1]} -> ${event[2]}${event[3] ? `: ${shapeOf(event[3]).code}` : ""}`);
        if (this.state === "idle" || this.state === "kicked") this.stopProvider?.();
        if (this.state === "kicked") this.session = null;
        this.emitter.emit("state", {
          from,
          to: this.state,
          error: orNull(event[3]),
          retryAt: event[4] ?? null,
        });
        return;
      }
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
          this.settle(message, (wait) => wait.resolve(message));
        }
        return;
      case "failed":
        for (const message of readMessages(event[1])) {
          const error = new FlooError(
            message.error ?? failure("ServerUnknownError", "frame", "The message was refused."),
          );
          this.emitter.emit("message:failed", { message, error });
          this.settle(message, (wait) => wait.reject(error));
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
      case "updates":
        for (const update of readUpdates(event[1])) this.updated(update);
        return;
      case "removed":
        for (const conversation of readKeys(event[1])) {
          this.replaceRows(this.rows.filter((row) => nameOf(row.key) !== nameOf(conversation)));
          this.emitter.emit("conversation:removed", { conversation });
        }
        return;
      case "typing":
        for (const conversation of readKeys(event[1])) {
          this.emitter.emit("typing", { conversation, user: event[2] as UserId, active: event[3] });
        }
        return;
      case "notices":
        for (const notice of readNotices(event[1])) this.emitter.emit("notice", notice);
        return;
      case "members": {
        const [joined = [], left = [], changed = []] = readLists(event[2]);
        this.emitter.emit("group:members", { group: event[1] as GroupId, joined, left, changed });
        return;
      }
      case "log":
        this.log((LEVELS[event[1]] ?? "debug") as LogLevel, event[2]);
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

  private updated(update: RawUpdate): void {
    const { change, conversation, target, by, message } = update;
    for (const it of this.targets) {
      if (message && it.id === target && it.of === nameOf(conversation)) it.message = message;
    }
    if (change === "delete" && message && target === null) {
      this.settle(message, (wait) => wait.reject(cancelled("The message was cancelled before it was sent.")));
    }
    this.emitter.emit("update", update);
    if (change === "unknown") return;
    const receipt = change === "delivered" || change === "read" || change === "played";
    if (receipt && target && by && by !== this.session?.userId) {
      this.emitter.emit("receipt", { conversation, messageId: target, by, change });
    }
    if (!message) return;
    const appended = change === "append" ? { appended: update.text } : {};
    const pending = by !== null && update.operation === null;
    this.emitter.emit("message:updated", { message, change, by, pending, ...appended });
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
      const checked = checkToken(await this.tokenProvider?.(reason, abort?.signal), "token");
      this.logs.hide([checked["token"]]);
      answer = checked;
    } catch (thrown) {
      answer = { error: textOf(thrown) };
    }
    if (!wanted) return;
    this.stopProvider = undefined;
    // The core refuses one that comes too late: that is in the log, and the login has failed and says so itself.
    this.run("provideToken", answer, nothing).catch(nothing);
  }

  private keepUsers(tape: unknown): User[] {
    const users = readUsers(tape as Tape);
    for (const user of users) this.users.set(user.id, user);
    return users;
  }

  /** All groups of the user: one that is not there was left. */
  private keepGroups(tape: unknown): Group[] {
    const groups = readGroups(tape as Tape);
    this.joined.clear();
    for (const group of groups) this.joined.set(group.id, group);
    return groups;
  }

  private replaceRows(rows: Iterable<ConversationInfo>): void {
    this.rows = sorted(rows);
    const before = this.unread;
    this.unread = this.rows.reduce((sum, row) => sum + (row.muted ? 0 : row.unread), 0);
    this.emitter.emit("snapshot", undefined);
    if (this.unread !== before) this.emitter.emit("unread:total", { count: this.unread });
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
    this.entered = undefined;
    this.focused = undefined;
    const why = "Logged out while the message was waiting; it stays in the outbox.";
    const reason = failure("Cancelled", "platform", why, WAITS, undefined, false);
    for (const it of [...this.sends]) it.waiter.reject(reason);
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
    for (const it of [...this.sends]) it.waiter.reject(reason);
    this.log("info", `${from} -> closed`);
    this.emitter.emit("state", { from, to: "closed", error, retryAt: null });
  }

  /** `doing` stands in the log for a text that an application may have had a part in. */
  private report(error: FlooError, doing = error.message): void {
    this.log("warn", `${error.code}: ${doing}`, error.message);
    this.emitter.emit("error", { error });
  }

  private listenerThrew(event: keyof Events | "onProgress", thrown: unknown): void {
    const doing = `A listener of "${event === "snapshot" ? "conversations.subscribe" : event}" threw`;
    const error = failure("GeneralError", "platform", `${doing}: ${textOf(thrown)}`, undefined, thrown);
    // A listener that throws at every entry of the log must not make one.
    if (event === "log") this.tell("error", error.message);
    else this.log("error", doing, error.message);
    // A listener of `error` that throws is only logged, or this would never end.
    if (event !== "error") this.emitter.emit("error", { error });
  }

  /** `full`, for the application's own logger, may have words of the application. */
  private log(level: LogLevel, text: string, full?: string): void {
    const entry = this.logs.add(level, text);
    this.tell(level, full ?? entry.text);
    // Later: this may be inside a call of the core.
    void Promise.resolve().then(() => this.emitter.emit("log", entry));
  }

  private tell(level: LogLevel, text: string): void {
    if (LEVELS.indexOf(level) < this.lowest) return;
    const broken = (thrown: unknown): void => {
      if (this.logger === nothing) return;
      this.logger = nothing; // or it would be told of its own failure
      const why = `options.logger threw and is not called any more: ${textOf(thrown)}`;
      const error = failure("GeneralError", "platform", why, undefined, thrown);
      // Later: this may be inside a call of the core.
      void Promise.resolve().then(() => this.emitter.emit("error", { error }));
    };
    try {
      const answer: unknown = this.logger(level, text);
      if (answer instanceof Promise) answer.catch(broken);
    } catch (thrown) {
      broken(thrown);
    }
  }
}

/** A message that was sent and is not kept. */
function unkept(id: ClientId, from: UserId, conversation: ConversationKey, content: RawContent): Message {
  const type = TYPES[content.type] ?? "unknown";
  const made: MessageOf<MessageType> = {
    conversation,
    id: null,
    key: id,
    clientId: id,
    from,
    outgoing: true,
    type,
    text: content.text,
    ...details(type, content.attachment ?? "", content.config ?? ""),
    ext: content.ext ?? "",
    senderName: content.senderName ?? "",
    priority: content.priority ?? 0,
    timestamp: Date.now(),
    editedAt: 0,
    status: "sent",
    delivered: false,
    read: false,
    played: false,
    patched: false,
    mentioned: "none",
    error: null,
  };
  return made as Message; // `details` goes by the type
}

/** The client id of a message, or one that was given as such. */
function clientId(message: Message | ClientId): ClientId {
  const id = typeof message === "object" && message !== null ? message.clientId : message;
  if (id === null) throw badArgument("message", "a message that this device has sent");
  return messageId(id, "message") as string as ClientId;
}

/** Why there is no core, from what a loader or a host threw. Loaders say it in `failure`. */
function loadError(thrown: unknown): FlooError {
  const { name, failure: why } = (thrown ?? {}) as Partial<LoadError>;
  if (name !== "LoadError") return asFlooError(thrown, "WasmUnavailable", "The core could not be started");
  const message = `The core could not be loaded: ${textOf(thrown)}`;
  const code = why === "blocked" ? "CspBlocked" : "WasmUnavailable";
  return failure(code, "platform", message, undefined, thrown, why === "network");
}

const sessionOf = (value: unknown): Session => {
  const { userId, deviceSn } = value as Session;
  return { userId, deviceSn };
};

const orNull = (error: RawError | undefined): FlooError | null => (error ? new FlooError(shapeOf(error)) : null);
