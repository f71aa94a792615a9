/**
 * The public types of floo-wasm, in one file. Implementations are elsewhere; nothing here runs.
 *
 * Ids are decimal strings with a brand, because the cloud's ids are unsigned 64-bit numbers that a
 * JavaScript number cannot hold. Where an id is asked for, a string, a bigint or a safe integer does.
 */

declare const brand: unique symbol;
type Branded<T, B extends string> = T & { readonly [brand]: B };

/** A user's id: a decimal string. */
export type UserId = Branded<string, "UserId">;
/** A group's id: a decimal string. */
export type GroupId = Branded<string, "GroupId">;
/** A message's id, given by the server; ascending in time within a conversation. */
export type MessageId = Branded<string, "MessageId">;
/** The id a device gives a message before the server has one; unique per device, ascending. */
export type ClientId = Branded<string, "ClientId">;

/** What is accepted where an id is asked for: decimal string, bigint, or integer up to 2^53 - 1. */
export type IdInput = string | bigint | number;

/** Milliseconds since the Unix epoch. */
export type Timestamp = number;

/**
 * Where the client stands:
 * `idle` nobody is logged in; `resolving` asking the cloud for servers and a token;
 * `connecting` opening the connection; `online` logged in; `reconnecting` lost, will come back by
 * itself; `kicked` the server ended the session for good; `closed` after `close()`.
 */
export type State = "idle" | "resolving" | "connecting" | "online" | "reconnecting" | "kicked" | "closed";

/** Whether old conversations are still being fetched, and how many are left. */
export interface SyncState {
  readonly phase: "catching-up" | "live";
  /** Conversations still being fetched. */
  readonly pending: number;
}

/** Where messages are kept: in the browser's database, only in memory, or by the host (mini-program). */
export type StorageKind = "indexeddb" | "memory" | "host";

/** Which part of the system an error comes from. */
export type ErrorDomain = "dns" | "http" | "frame" | "storage" | "argument" | "platform" | "rtc";

/** How a client is made. Everything but `appId` is optional. */
export interface ClientOptions {
  /** The application's id in the Lanying console; `floo-demo` on the local emulator. */
  appId: string;
  /**
   * Where the cloud is. `dns` is the whole URL of the DNS document, for the local emulator
   * `http://127.0.0.1:7700/v2/app_dns`. Default: the public Lanying cloud.
   */
  servers?: { dns: string } | { rest: string; socket: string };
  /** `memory` keeps nothing after the page is gone. Default: the platform's own storage. */
  storage?: "default" | "memory";
  /** Called with what the client has to say; never with message texts, passwords or tokens. */
  logger?: (level: "debug" | "info" | "warn" | "error", text: string) => void;
  /**
   * Asked for a token when `login()` was called without one, and when one has expired. It has 30 s;
   * what it throws ends the login with `SignInFailed`.
   */
  tokenProvider?: TokenProvider;
  /** A first login sends a random serial number like the former SDK instead of 0. Default: false. */
  legacyRandomSn?: boolean;
}

/** A token of the cloud, with the server's key for encrypted connections if there is one. */
export interface Token {
  userId: IdInput;
  token: string;
  publicKey?: string | null;
}

/**
 * Gets a token from the application's own server. `signal` aborts when nobody waits for it any more;
 * it is undefined where the platform has no `AbortController` (mini-programs).
 */
export type TokenProvider = (reason: "initial" | "expired", signal: AbortSignal | undefined) => Promise<Token> | Token;

/**
 * Ways to log in. `anonymous` makes an account for a visitor, who stays the same on this device until
 * `logout()`. Only a user id, or nothing: the token comes from the `tokenProvider`.
 */
export type Credentials =
  | { username: string; password: string }
  | { userId: IdInput; password: string }
  | { mobile: string; password: string }
  | Token
  | { anonymous: true }
  | { userId?: IdInput };

/** Options of every call that takes time. */
export interface CallOptions {
  /** Ends the wait with an error `Cancelled`. */
  signal?: AbortSignal;
  /** Milliseconds until the wait ends with `ServerTimeOut`. */
  timeout?: number;
}

/** A user as the cloud describes them. Absent texts are empty. */
export interface User {
  readonly id: UserId;
  readonly username: string;
  /** What to show: alias, else nickname, else user name. */
  readonly displayName: string;
  readonly nickname: string;
  readonly alias: string;
  readonly avatar: string;
  /** True when the user is in the contact list. */
  readonly isContact: boolean;
}

/** A group that the logged-in user is a member of. */
export interface Group {
  readonly id: GroupId;
  readonly name: string;
  readonly avatar: string;
  readonly ownerId: UserId;
  readonly memberCount: number;
}

/** Names a conversation: with a user, in a group, or the system's own (`id` "0"). */
export type ConversationKey =
  | { readonly kind: "user"; readonly id: UserId }
  | { readonly kind: "group"; readonly id: GroupId }
  | { readonly kind: "system"; readonly id: UserId };

/** What is accepted where a conversation is asked for. */
export type ConversationInput = { user: IdInput } | { group: IdInput } | ConversationKey;

/** `sending` until the server has it, then `sent`; `failed` when it was refused; `received` from others. */
export type MessageStatus = "sending" | "sent" | "failed" | "received";

/** The kind of a message's content. Unknown numbers of newer versions appear as `unknown`. */
export type MessageType =
  | "text"
  | "image"
  | "audio"
  | "video"
  | "file"
  | "location"
  | "command"
  | "forward"
  | "rtc"
  | "unknown";

/** One message. A snapshot: it does not change when the message does. */
export interface Message {
  /** The server's id; null until the server has accepted the message. */
  readonly id: MessageId | null;
  /** Stable from the first moment: use it as the key of a list row. */
  readonly key: string;
  /** The id this device gave it; null for messages that this device did not send. */
  readonly clientId: ClientId | null;
  readonly conversation: ConversationKey;
  readonly from: UserId;
  /** True when the logged-in user sent it, from any device. */
  readonly outgoing: boolean;
  readonly type: MessageType;
  readonly text: string;
  /** The application's own text, as sent; empty when there is none. */
  readonly ext: string;
  /** Server time; local time until the server has accepted it. */
  readonly timestamp: Timestamp;
  readonly status: MessageStatus;
  /** Why it failed; null otherwise. */
  readonly error: FlooErrorShape | null;
}

/** A row of the conversation list. A snapshot. */
export interface ConversationInfo {
  readonly key: ConversationKey;
  /** What to show: the user's display name or the group's name; the id until it is known. */
  readonly title: string;
  readonly avatar: string;
  /** Messages from others since the last `markRead()`. */
  readonly unread: number;
  readonly lastMessage: Message | null;
  /** Time of the last message; 0 when there is none. */
  readonly timestamp: Timestamp;
}

/** The fields of every error of this package. */
export interface FlooErrorShape {
  /** For example `UserAuthFailed`; the list is `ErrorCode`. */
  readonly code: string;
  /** The number that all Lanying SDKs give it. */
  readonly number: number;
  /** Which part of the system it comes from. */
  readonly domain: ErrorDomain;
  /**
   * What went wrong, in English, with the particulars that are known: a field, the server's own words, or the
   * server's number where `code` has no equivalent. Never a password, a token or a message. For people in other
   * languages see `errorText`.
   */
  readonly message: string;
  /** True when the same call may work later without a change by the caller. */
  readonly retriable: boolean;
  /** What a developer or user can do about it, in English; empty when there is nothing to say. See `errorRemediation`. */
  readonly remediation: string;
}

/** The account that is logged in. */
export interface Session {
  readonly userId: UserId;
}

/** Everything that can be listened to, with what listeners get. */
export interface ClientEvents {
  /** The connection's state changed. `retryAt` says when the next attempt is planned. */
  state: { from: State; to: State; error: FlooErrorShape | null; retryAt: Timestamp | null };
  /** New messages, oldest first, each once: durable already, never history, never own echoes. */
  messages: { messages: readonly Message[] };
  /** One new message: the same as `messages`, one at a time. */
  message: { message: Message };
  /** A message of this device was accepted by the server. */
  "message:sent": { message: Message };
  /** A message of this device was refused. */
  "message:failed": { message: Message; error: FlooErrorShape };
  /** Rows of the conversation list that are new or changed. */
  conversations: { changed: readonly ConversationInfo[] };
  /** The contact list or a user's card changed. */
  roster: { users: readonly User[] };
  /** The list of groups or a group's card changed. */
  groups: { groups: readonly Group[] };
  sync: SyncState;
  /** Storage had to fall back, or holds something unreadable. */
  storage: { kind: StorageKind; error: FlooErrorShape | null };
  /** Trouble that no call reports: an unreadable frame, a broken row, a listener that threw. */
  error: { error: FlooErrorShape };
}

/** One side of a chat. Obtained with `client.conversation(...)`; holds no data of its own. */
export interface Conversation {
  readonly key: ConversationKey;
  /**
   * Sends a text. Resolves with the accepted message; rejects with the reason of a refusal. While
   * offline the message waits in the outbox, survives a reload and goes out with the same id.
   * Aborting ends the wait, not the sending.
   * Errors: `MessageInvalid` for an empty text or one over 64 KiB in UTF-8, `UserNotLogin`.
   */
  send(content: { text: string; ext?: string }, options?: CallOptions): Promise<Message>;
  /** The newest messages kept on this device, oldest first, those still being sent included. */
  messages(query?: { before?: MessageId; limit?: number }): Promise<readonly Message[]>;
  /**
   * Pages towards the past, each oldest first. Online from the server (and kept), offline from this
   * device. Ends when there is nothing older.
   */
  history(query?: { before?: MessageId; pageSize?: number } & CallOptions): AsyncIterable<readonly Message[]>;
  /** Sets the unread count of this device to zero. */
  markRead(): Promise<void>;
}

/** A chat client. Any number of them may live in one page. */
export interface Client {
  readonly state: State;
  readonly sync: SyncState;
  readonly storage: StorageKind;
  /** Who is logged in; null before. */
  readonly session: Session | null;
  /**
   * Logs in; resolves when online. Rejects with `UserAuthFailed`, `UserNotExist`, `ServerDNSFetchFailed`, ...,
   * after 60 s with `SignInTimeout`; nobody is logged in then. Without credentials: by the `tokenProvider`.
   */
  login(credentials?: Credentials, options?: CallOptions): Promise<Session>;
  /**
   * Takes up the last login of this device, if there is one. Resolves as soon as the local data can
   * be read, also without a network; the connection follows by itself. Null when nobody was logged in.
   */
  resume(options?: CallOptions): Promise<Session | null>;
  /** Logs out and forgets the token; the messages stay on this device. */
  logout(options?: CallOptions): Promise<void>;
  /** Ends the connection and frees everything; the client cannot be used afterwards. */
  close(): Promise<void>;
  /** Adds a listener; the answer removes it, and so does the signal. */
  on<K extends keyof ClientEvents>(
    event: K,
    listener: (payload: ClientEvents[K]) => void,
    options?: { signal?: AbortSignal },
  ): () => void;
  conversation(of: ConversationInput): Conversation;
  readonly conversations: {
    /** All conversations, the most recent first. */
    list(): Promise<readonly ConversationInfo[]>;
    /** The same without waiting; the same array until something changes. */
    readonly snapshot: readonly ConversationInfo[];
    /** Calls back after each change; the answer stops it. */
    subscribe(listener: () => void): () => void;
  };
  readonly roster: {
    /** The contacts of the logged-in user. */
    list(): Promise<readonly User[]>;
    /** A user's card if this device has it. */
    get(id: IdInput): User | null;
  };
  readonly groups: {
    /** The groups of the logged-in user. */
    list(): Promise<readonly Group[]>;
    get(id: IdInput): Group | null;
  };
  /** What was dropped or skipped since the client was made: for diagnostics, all counts. */
  stats(): Stats;
}

/** Counts for diagnostics. */
export interface Stats {
  /** Frames that could not be decoded. */
  readonly badFrames: number;
  /** Messages that were set aside because they were unusable. */
  readonly quarantined: number;
  /** Commands, namespaces or notices of a kind this version does not handle. */
  readonly skipped: number;
  /** Rows of the store that could not be read. */
  readonly badRows: number;
}
