/**
 * The contract between the wasm core and the facade. The core is one class; everything it has to say
 * comes through one `sink`, in order, a batch at a time. Plain values only: nothing has to be freed
 * but the engine itself.
 */

/**
 * A batch of rows of one type: two texts, and numbers, among them the lengths of their pieces in UTF-16 units.
 * Pieces with other characters than ASCII are in the second text, and their lengths negative.
 */
export type Tape = readonly [ascii: string, wide: string, numbers: Float64Array];

/** What the engine is made with. */
export interface EngineOptions {
  appId: string;
  /** URL of the DNS document; absent when `rest` and `socket` are given. */
  dns?: string;
  rest?: string;
  socket?: string;
  /** "Web" or "MiniProgram". */
  deviceInfo: string;
  /** Keep everything in memory. */
  memory: boolean;
  /** Tell senders that their messages have reached this device. */
  deliveryReceipts?: true;
  /** `token` events are answered with `provideToken`. */
  tokenProvider?: true;
  /** Messages can be found by their words. */
  search?: true;
  /** A first login sends a random serial, as the former SDK did. */
  legacyRandomSn?: true;
}

/** An error as the core reports it; what its number means is in `error-codes.ts` and `texts/en.ts`. */
export interface RawError {
  number: number;
  domain: string;
  /** What happened in particular; may be empty. */
  detail: string;
}

/** Kind of a conversation on the wire of this contract: 0 system, 1 user, 2 group. */
export type RawKind = 0 | 1 | 2;

/**
 * One thing the core has to say. `reply` settles the call with that number; the rest are events.
 * Tapes: see `tape.ts` for the fields.
 */
export type RawEvent =
  | ["reply", call: number, ok: true, value: unknown]
  | ["reply", call: number, ok: false, error: RawError]
  | ["state", from: string, to: string, error: RawError | undefined, retryAt: number | undefined]
  | ["messages", Tape]
  | ["sent", Tape]
  | ["failed", Tape]
  | ["conversations", Tape]
  | ["users", Tape]
  | ["groups", Tape]
  | ["updates", Tape]
  | ["removed", Tape]
  | ["notices", Tape]
  /** The tape holds one key: where. */
  | ["typing", Tape, from: string, active: boolean]
  /** The tape holds three lists of ids: who came, who left, who changed. */
  | ["members", group: string, Tape]
  /** Levels: 0 debug, 1 info, 2 warn, 3 error. The text has no secrets and no message bodies. */
  | ["log", level: number, text: string]
  | ["sync", pending: number]
  | ["storage", kind: string, error: RawError | undefined]
  | ["error", RawError]
  /** The last word: the core has trapped, and what was thrown. Nothing of it may be called any more. */
  | ["stopped", why: unknown]
  | ["token", reason: "initial" | "expired"];

/**
 * Commands and what their reply carries. A conversation is named by `kind` (`RawKind`) and `of`, its id; ids are
 * decimal texts. A field that is not listed is refused, and so is a value of another form, by the field's name.
 *
 * | name | parameters | value |
 * |---|---|---|
 * | `login` | `{username, password}`, `{userId, password}`, `{mobile, password}`, `{userId, token, publicKey?}`, `{anonymous: true}`, or `{userId?}` with a token provider | `{userId, deviceSn}` once online |
 * | `resume` | `{userId?}`, which account; the last one otherwise | `{userId, deviceSn}` or undefined, once local data is there; `deviceSn` is a number, 0 while the server has not given one |
 * | `logout` | `{}` | undefined |
 * | `adopt` | `{userId, token?, publicKey?, deviceGuid?, deviceSn?}` of another SDK on this device, while nobody is logged in; `deviceSn` a number | undefined once `resume` finds the login, if there was a token; the account's first login goes on as that device |
 * | `import` | `{kind, of, messages}`, each `{id, from, time, status?, editedAt?, type?, text?, attachment?, config?, ext?}`: texts but `status` (0 unread, 1 delivered, 2 read) and `type` | undefined once they are on this device; `conversations` follows, and nothing is told as new |
 * | `send` | `{id, kind, of, type?, text?, attachment?, config?, ext?, senderName?, qos?, priority?}` | undefined at once; `sent` or `failed` follows with that client id. `qos` 1 (at most once): undefined once it is written to the connection, and nothing follows |
 * | `resend` | `{id}` | undefined at once; goes on as `send` |
 * | `cancel` | `{id}` | undefined once it is out of the outbox |
 * | `operate` | `{kind, of, target, operation, text?, config?, ext?}`, `operation` is `recall`, `delete`, `unread`, `played`, `append`, `replace` or `patch` | undefined once the server has accepted; `patch` is this device's own, and done at once |
 * | `forget` | `{kind, of, target}` | undefined once the message is off this device |
 * | `insert` | `{kind, of, id, behind?, from, time, ...}` and content as for `send`: a message of the application's own behind another, the newest by default; `gone` takes one out | Tape of that message as it is, or was |
 * | `clear` | `{kind, of}` | undefined once its messages are off this device; its row stays |
 * | `frame` | `{frame}`, the JSON text of a frame in the form of `js/codec.ts` | undefined once it is written to the connection; answers are told as ever |
 * | `typing` | `{kind, of, active}` | undefined |
 * | `deleteConversation` | `{kind, of, everywhere?, id?}` | undefined once it is off this device; `id` from `nextId()` tells which unsent messages go too: those before |
 * | `receipts` | `{kind, of, target}` | Tape of four lists of ids: delivered, read, played, unread |
 * | `focus` | `{kind, of}` or `{}` for none | undefined |
 * | `notices` | `{}` | Tape of the kept notices, newest first |
 * | `dropNotices` | `{ids}` | Tape of those that are left |
 * | `messages` | `{kind, of, before?, after?, limit}` | Tape of messages, oldest first; without bounds the newest, pending ones last |
 * | `messageAt` | `{kind, of, time}` | id of the first message not older than that, or "0" |
 * | `find` | `{text?, kind?, of?, type?, from?, since?, until?, limit}`, all texts but `kind` and `limit` | `{messages: Tape, next: number}`, newest first; next 0 = nothing further |
 * | `findMore` | `{handle, limit}`, the `next` before | the same |
 * | `setLocal` | `{kind, of, draft?, extension?, pinned?, muted?}` | undefined |
 * | `wipe` | `{}` | undefined |
 * | `history` | `{kind, of, before?, after?, limit}` | `{messages: Tape, next: string}`; next "0" = nothing further |
 * | `conversations` | `{}` | Tape of conversations, most recent first |
 * | `users` | `{}` | Tape of users |
 * | `groups` | `{}` | Tape of groups |
 * | `markRead` | `{kind, of, upTo?, only?, here?}`; `here`: nobody is told | undefined |
 * | `api` | `{endpoint, params?, timeout?}`: a name of `services/table.rs`, JSON text of an object, milliseconds | JSON text |
 * | `cancelApi` | `{target}`, the number of a call of `api`, which then fails with `Cancelled` | undefined |
 * | `locate` | `{url}` of a file | JSON text of `{url, headers}` |
 * | `provideToken` | `{userId, token, publicKey?}` or `{error}`; within 30 s of a `token` event | undefined |
 */
export interface Engine {
  /** Starts a command; the reply comes through the sink, never before this returns. */
  command(call: number, name: string, params: object): void;
  /** The next client message id, decimal, ascending, below 2^53. Needs a logged-in account. */
  nextId(): string;
  /** Where the core runs in a worker: a number of ids for somebody else to give, none when nobody is logged in. */
  ids?(): Promise<string[]>;
  /** `online`, `offline`, `foreground` or `background`. */
  signal(name: string): void;
  stats(): {
    badFrames: number;
    quarantined: number;
    skipped: number;
    badRows: number;
    dropped: number;
    indexRows: number;
  };
  /** Closes socket, timers and store. */
  close(): void;
  free(): void;
}

/** What the cloud's HTTP API is called with. */
export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** What a host (a mini-program platform) hands in. The browser build has all of it built in. */
export interface Host {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Unpredictable bytes; throws when none are to be had. Never a weak source. */
  randomBytes(n: number): Uint8Array;
  /** Calls back once; the answer cancels. */
  setTimer(ms: number, callback: () => void): () => void;
  /**
   * Opens a socket. Late callbacks after `close()` must not come. `data` is one binary message;
   * anything else is reported as `onClose`. `send` throws when the socket cannot take it.
   */
  connect(
    url: string,
    on: { open(): void; message(data: Uint8Array): void; close(reason: string): void },
  ): { send(data: Uint8Array): void; close(): void };
  /** Rejects only when no answer came (the reason's `message` is shown to developers). */
  request(request: {
    method: Method;
    url: string;
    headers: Record<string, string>;
    body: string | undefined;
  }): Promise<{ status: number; body: string }>;
  /** Opens a store by name; see `HostStore`. */
  openStore(name: string): Promise<HostStore>;
  /**
   * Closes all sockets and stores without a word, because the core that has opened them is gone. Resolves when nothing
   * writes to the stores any more.
   */
  abandon(): Promise<void>;
}

/** An ordered table of bytes. Keys compare bytewise. */
export interface HostStore {
  /**
   * All writes or none; a missing value deletes the row, or with `until` all rows from `key` up to that
   * key, which stays. Such clearings come first, whatever their place. Rejects with an `Error` whose
   * `name` is `QuotaExceededError` when full.
   */
  apply(
    writes: Array<[table: number, key: Uint8Array, value: Uint8Array | undefined, until?: Uint8Array | undefined]>,
  ): Promise<void>;
  /** Rows with `from <= key < to`, ascending or descending, at most `limit`. */
  range(
    table: number,
    from: Uint8Array,
    to: Uint8Array,
    limit: number,
    descending: boolean,
  ): Promise<Array<[key: Uint8Array, value: Uint8Array]>>;
  close(): void;
}

/** Takes what the core has to say, a batch in order. Called inside a wasm call: it must only queue. */
export type Sink = (batch: RawEvent[]) => void;

/** What a loader of the wasm module gives, as far as this package needs it. */
export interface Glue {
  /**
   * The host build asks for its host. The browser build takes a function instead that gives leave to open a database,
   * by name; without one it opens what it wants.
   */
  Engine: new (
    options: EngineOptions,
    sink: Sink,
    host?: Host | ((name: string) => Promise<boolean>),
  ) => Engine;
  /** One frame as JSON text; throws an `Error` that names what is wrong where. */
  codecDecode(bytes: Uint8Array, direction: string): string;
  /** The frame of a JSON text; throws an `Error` that names what is wrong where. */
  codecEncode(json: string): Uint8Array;
}
