/**
 * The public types of floo-wasm, in one file. Implementations are elsewhere; nothing here runs.
 *
 * Ids are decimal strings with a brand, because the cloud's ids are unsigned 64-bit numbers that a
 * JavaScript number cannot hold. Where an id is asked for, a string, a bigint or a safe integer does.
 */

import type {
  Account,
  App,
  FileSource,
  Files,
  GroupHandle,
  Groups,
  Pins,
  Roster,
  TransferOptions,
} from "./cloud-types.js";

export type * from "./cloud-types.js";

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
  /** Called with what the client has to say; never with message texts, passwords or tokens. Default: the console. */
  logger?: (level: LogLevel, text: string) => void;
  /**
   * The lowest level that `logger` gets; `client.logs` keeps everything. Default: `debug` with a logger of your
   * own, else `warn`.
   */
  logLevel?: LogLevel | "off";
  /** Tell senders that their messages have reached this device. Default: false. */
  deliveryReceipts?: boolean;
  /**
   * Asked for a token when `login()` was called without one, and when one has expired. It has 30 s;
   * what it throws ends the login with `SignInFailed`.
   */
  tokenProvider?: TokenProvider;
  /** Keep an index, so that messages are found by their words. Default: true, false in mini-programs for want of space. */
  search?: boolean;
  /** A first login sends a random serial number like the former SDK instead of 0. Default: false. */
  legacyRandomSn?: boolean;
  /**
   * Run the core (WebAssembly, connection, storage) in a worker of its own, so that nothing it does keeps the page waiting.
   * The function gives a new `Worker` that runs `floo-wasm/worker`; it is called with the first call of the client:
   * `() => new Worker(new URL("floo-wasm/worker", import.meta.url), { type: "module" })`. The client ends it. When it
   * cannot be started calls reject with `WasmUnavailable` or `CspBlocked`; when it dies another is made, as
   * `recovered` tells (that somebody else has ended it is noticed where there are Web Locks). Not in mini-programs.
   */
  worker?: () => Worker;
}

/** How much an entry of the log matters. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** One entry of the log. Its text has no message bodies, passwords or tokens. */
export interface LogEntry {
  readonly time: Timestamp;
  readonly level: LogLevel;
  readonly text: string;
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

/**
 * `sending` until the server has it, then `sent`; `failed` when it was refused; `received` from others; `local` when the
 * application has put it in (`Conversation.insert`), so that only this device has it.
 */
export type MessageStatus = "sending" | "sent" | "failed" | "received" | "local";

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

/** What JSON can hold. Integers beyond 2^53 - 1 are decimal strings. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
/** An object of JSON. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

/** A picture, video or file that came. What the sender has not told is "" or 0. */
export interface MediaAttachment {
  readonly type: "image" | "video" | "file";
  /** Begins with http:// or https://. */
  readonly url: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Begins with http:// or https://, or is empty. */
  readonly thumbnailUrl: string;
  /** Seconds. */
  readonly duration: number;
  /** The whole object as it was sent. */
  readonly raw: JsonObject;
}

/** A sound that came. What the sender has not told is "" or 0. */
export interface AudioAttachment {
  readonly type: "audio";
  /** Begins with http:// or https://. */
  readonly url: string;
  readonly name: string;
  /** Seconds. */
  readonly duration: number;
  /** Bytes. */
  readonly size: number;
  readonly raw: JsonObject;
}

/** A place that came, in degrees. */
export interface LocationAttachment {
  readonly type: "location";
  readonly latitude: number;
  readonly longitude: number;
  readonly address: string;
  readonly raw: JsonObject;
}

/** Messages that were forwarded together. */
export interface ForwardAttachment {
  readonly type: "forward";
  readonly messages: readonly ForwardedMessage[];
  readonly raw: JsonObject;
}

/** An attachment of a kind of message that has none by itself. */
export interface OtherAttachment {
  readonly type: "other";
  readonly raw: JsonObject;
}

/** What comes with a message besides its text. */
export type Attachment = MediaAttachment | AudioAttachment | LocationAttachment | ForwardAttachment | OtherAttachment;

/** A message inside a merged forward. It says of itself what its forwarder says: nothing of it is verified. */
export interface ForwardedMessage {
  readonly id: MessageId | null;
  readonly from: UserId | null;
  readonly senderName: string;
  readonly type: MessageType;
  readonly text: string;
  readonly attachment: Attachment | null;
  readonly ext: string;
  readonly timestamp: Timestamp;
}

/** Whom a message calls on: `me` the logged-in user among others, `all` everybody, else `none`. */
export type Mentioned = "none" | "me" | "all";

/** One message. A snapshot: it does not change when the message does. */
export interface Message {
  /** The server's id; null until the server has accepted the message, and for those of status `local`. */
  readonly id: MessageId | null;
  /** Stable from the first moment: use it as the key of a list row. */
  readonly key: string;
  /** The id this device gave it; null for messages that this device did not send or put in. */
  readonly clientId: ClientId | null;
  readonly conversation: ConversationKey;
  readonly from: UserId;
  /** The sender's name as the message carries it; empty when it carries none. */
  readonly senderName: string;
  /** True when the logged-in user sent it, from any device. */
  readonly outgoing: boolean;
  readonly type: MessageType;
  /** Edits applied. */
  readonly text: string;
  /** Null when there is none, or when it cannot be used; then `attachmentText` has what was sent. */
  readonly attachment: Attachment | null;
  /** The attachment as it was sent; empty when there is none. */
  readonly attachmentText: string;
  /** What the SDKs tell each other: mentions, push options. Null when there is none, or it is not readable. */
  readonly config: JsonObject | null;
  /** The config as it is on the wire, edits applied; empty when there is none. */
  readonly configText: string;
  /** Whom the message calls on by id. */
  readonly mentions: readonly UserId[];
  /** Everybody in the group is called on. */
  readonly mentionAll: boolean;
  /** Whether it calls on the logged-in user. */
  readonly mentioned: Mentioned;
  /** The members of the group who are to tell that they have read it. */
  readonly readReceiptsFrom: readonly UserId[];
  /** The application's own text, as sent, edits applied; empty when there is none. */
  readonly ext: string;
  /** In large groups: 0 none, up to 10. */
  readonly priority: number;
  /** Server time; local time until the server has accepted it. */
  readonly timestamp: Timestamp;
  /** Server time of the last edit; 0 when it was never edited. */
  readonly editedAt: Timestamp;
  readonly status: MessageStatus;
  /** Of an own message to a user: one of their devices has it. */
  readonly delivered: boolean;
  /** Of an own message to a user: they have read it. Of a message from others: the logged-in user has. */
  readonly read: boolean;
  /** Its sound or video was played: by the other side, or by the logged-in user. */
  readonly played: boolean;
  /** Something is laid over it on this device; see `Conversation.patch`. */
  readonly patched: boolean;
  /** Why it failed; null otherwise. */
  readonly error: FlooErrorShape | null;
}

/** What a message of the application's own can carry: all but what only concerns sending. */
export type LocalContent = MessageContent & Omit<MessageOptions, "qos" | "push" | "readReceiptsFrom">;

/** A message, or the id the server gave it. */
export type MessageRef = Message | IdInput;

/** A picture to be sent. Numbers that are not given are sent as 0. */
export interface ImageInput {
  /** Begins with http:// or https://. */
  url: string;
  name?: string;
  /** Bytes. */
  size?: number;
  /** Pixels. */
  width?: number;
  height?: number;
  thumbnailUrl?: string;
}
/** A video to be sent. */
export interface VideoInput extends ImageInput {
  /** Seconds. */
  duration?: number;
}
/** A file to be sent. */
export type FileInput = Omit<ImageInput, "thumbnailUrl">;
/** A sound to be sent. */
export interface AudioInput {
  /** Begins with http:// or https://. */
  url: string;
  name?: string;
  /** Seconds. */
  duration?: number;
  /** Bytes. */
  size?: number;
}
/** A place to be sent, in degrees. */
export interface LocationInput {
  latitude: number;
  longitude: number;
  address?: string;
}

/** What the receivers' devices show of a message while the application is not in front (xsync 5.8). */
export interface PushOptions {
  title?: string;
  /** The text; else the server makes one of the message. */
  message?: string;
  /** The text for those whom the message calls on. */
  mentionedMessage?: string;
  silent?: boolean;
  badge?: number;
  noPush?: boolean;
  /** For the vendors' channels: a text, or an object. */
  ios?: string | object;
  android?: string | object;
  titleLocKey?: string;
  titleLocArgs?: readonly string[];
  messageLocKey?: string;
  messageLocArgs?: readonly string[];
  /** Milliseconds since the epoch: shown not before and not after. */
  showBeginTime?: number;
  showEndTime?: number;
}

/** What every message can carry besides its content. */
export interface MessageOptions {
  /** The application's own; an object is sent as its JSON text. At most 16 KiB in UTF-8. */
  ext?: string | object;
  /** Whom in the group it calls on. */
  mentions?: readonly IdInput[] | "all";
  push?: PushOptions;
  /** The members of the group who are to tell that they have read it. */
  readReceiptsFrom?: readonly IdInput[];
  /** More keys for the config; bigints are sent as numbers. Together at most 16 KiB in UTF-8. */
  config?: object;
  /** The sender's name for receivers that do not know it. At most 256 bytes in UTF-8. */
  senderName?: string;
  /** Default `atLeastOnce`. `atMostOnce` is sent now or never, is not kept, and rejects while offline. */
  qos?: "atLeastOnce" | "atMostOnce" | "exactlyOnce";
  /** For large groups, 0 to 10. */
  priority?: number;
}

/**
 * An attachment by its address, or with the file itself as `source`: that is uploaded first, and gives name and size
 * unless they are given.
 */
export type Uploadable<T extends { url: string }> =
  | (T & { source?: never })
  | (Omit<T, "url"> & { source: FileSource; url?: never });

/** Whom and what a message is about: exactly one of these. `text` goes along with an attachment as its caption. */
export type MessageContent =
  | { text: string }
  | { image: Uploadable<ImageInput>; text?: string }
  | { audio: Uploadable<AudioInput>; text?: string }
  | { video: Uploadable<VideoInput>; text?: string }
  | { file: Uploadable<FileInput>; text?: string }
  | { location: LocationInput; text?: string }
  /** For the application on the other side: not shown, not counted. */
  | { command: string }
  /** One message again: its type, text and attachment, not its ext and config. */
  | { forward: Message }
  /** Several messages as one; `text` is what applications show that cannot read it. */
  | { forwards: readonly Message[]; text?: string }
  /** Signals of a call; what they say is in `config`. */
  | { rtc: string };

/** What is sent. */
export type SendContent = MessageContent & MessageOptions;

/** What an edit replaces; what is not given stays. `config` and `ext` objects are merged key by key. */
export interface MessageEdit {
  /** Not empty. */
  text?: string;
  config?: object;
  ext?: string | object;
}

/** From where something is taken: from this device only, or from all devices of the account. */
export type Scope = "device" | "account";

/** Who has a message of the logged-in user. Ids ascending. */
export interface ReadBy {
  /** Whose devices have it. */
  readonly delivered: readonly UserId[];
  readonly read: readonly UserId[];
  readonly played: readonly UserId[];
  /** Who was asked to tell (`readReceiptsFrom`) and has not. */
  readonly unread: readonly UserId[];
}

/**
 * What happened to a message. `recall`: taken back by its author or an administrator; `delete`: removed from the
 * devices of the logged-in user; `status`: sent again, or an edit was undone because the server refused it; `local`:
 * put in by the application, or changed by it on this device only.
 */
export type MessageChange =
  | "append"
  | "replace"
  | "recall"
  | "delete"
  | "read"
  | "unread"
  | "delivered"
  | "played"
  | "status"
  | "local";

/** What notices are about, by their kind. `unknown` is what newer servers tell. */
export interface NoticeTypes {
  group:
    | "presence"
    | "absence"
    | "created"
    | "destroyed"
    | "joined"
    | "left"
    | "applied"
    | "apply-accepted"
    | "apply-declined"
    | "invited"
    | "invite-accepted"
    | "invite-declined"
    | "kicked"
    | "blocked"
    | "unblocked"
    | "owner-assigned"
    | "admin-granted"
    | "admin-revoked"
    | "muted"
    | "unmuted"
    | "banned"
    | "unbanned"
    | "info-updated"
    | "announcement-updated"
    | "message-setting"
    | "file-uploaded"
    | "file-deleted"
    | "file-updated"
    | "unknown";
  roster:
    | "added"
    | "removed"
    | "accepted"
    | "declined"
    | "blocked"
    | "unblocked"
    | "applied"
    | "info-updated"
    | "muted"
    | "unmuted"
    | "unknown";
  account:
    | "password-changed"
    | "frozen"
    | "removed"
    | "kicked-by-same-device"
    | "kicked-by-other-device"
    | "info-updated"
    | "device-login"
    | "device-logout"
    | "device-added"
    | "device-removed"
    | "cluster-changed"
    | "dns-updated"
    | "traffic-limit-exceeded"
    | "unknown";
  unknown: "unknown";
}

/** What the server tells about groups, contacts and the account; `kind` decides what `type` can be. */
export type Notice = { [K in keyof NoticeTypes]: NoticeOf<K> }[keyof NoticeTypes];

/** A notice of one kind. */
export interface NoticeOf<K extends keyof NoticeTypes> {
  readonly id: MessageId;
  readonly kind: K;
  readonly type: NoticeTypes[K];
  /** Its number in the protocol. */
  readonly typeNumber: number;
  /** The group; null for other kinds. */
  readonly group: GroupId | null;
  /** Who acted or, for joins, applications and answers, whom it is about. */
  readonly from: UserId;
  /** Whom it concerns. */
  readonly to: readonly UserId[];
  /** A reason, a JSON text or a number of minutes, as the server gave it. */
  readonly content: string;
  readonly timestamp: Timestamp;
  /** It asks for an answer or tells of an end, and stays in `client.notices` until it is dismissed or answered. */
  readonly kept: boolean;
}

/** A row of the conversation list. A snapshot. */
export interface ConversationInfo {
  readonly key: ConversationKey;
  /** What to show: the user's display name or the group's name; the id until it is known. */
  readonly title: string;
  readonly avatar: string;
  /**
   * Messages from others that were not read, on any device, of those that the cloud has sent this device. It sends a new
   * device the last ones of a conversation only; older ones come with `history` and do not count.
   */
  readonly unread: number;
  /** Whether an unread message calls on the logged-in user. */
  readonly mention: Mentioned;
  readonly lastMessage: Message | null;
  /** Time of the last message, also of one that was cleared; 0 when there was none. */
  readonly timestamp: Timestamp;
  /** What the user has begun to write on this device; empty for nothing. */
  readonly draft: string;
  /** A text of the application's own, kept on this device. */
  readonly extension: string;
  /** It stands above all others. */
  readonly pinned: boolean;
  /** It makes no noise, and is left out of the total of unread messages. */
  readonly muted: boolean;
}

/** What is looked for on this device; everything given has to fit. At least one of the first three, or a conversation. */
export interface SearchQuery {
  /**
   * Words, all of which have to be there: beginnings of words, in any case and width; Chinese, Japanese and Korean
   * anywhere. Names of files count as their text. Nothing is found by signs alone, as emoji are.
   */
  text?: string;
  type?: MessageType;
  /** By this user. */
  from?: IdInput;
  conversation?: ConversationInput;
  /** Not older than this. */
  since?: Timestamp;
  /** Older than this. */
  until?: Timestamp;
  /** 1 to 200; default 50. */
  pageSize?: number;
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
  /** What the server knows this device by; 0 while it has not said so, and on a page that has just joined another. */
  readonly deviceSn: number;
}

/** Everything that can be listened to, with what listeners get. */
export interface ClientEvents {
  /** The connection's state changed. `retryAt` says when the next attempt is planned. */
  state: { from: State; to: State; error: FlooErrorShape | null; retryAt: Timestamp | null };
  /**
   * New messages, oldest first, each once: durable already, never history, never what this device sent. Own messages of
   * other devices are among them, with `outgoing`; a first login brings up to 20 of each conversation that were there before.
   */
  messages: { messages: readonly Message[] };
  /** One new message: the same as `messages`, one at a time. */
  message: { message: Message };
  /** A message of this device was accepted by the server. */
  "message:sent": { message: Message };
  /** A message of this device was refused. */
  "message:failed": { message: Message; error: FlooErrorShape };
  /**
   * A message changed, on this device or elsewhere; `message` is what it is now, or was before it was taken away.
   * `by` is who did it, the own id for an accepted operation of the logged-in user, null for what only this device knows
   * of; `appended` is the text that was added. `pending`: an operation of the
   * logged-in user that the server has not accepted; it comes again when it has, and as `status` when it is undone.
   */
  "message:updated": {
    message: Message;
    change: MessageChange;
    by: UserId | null;
    pending: boolean;
    appended?: string;
  };
  /** Somebody has received, read or played a message of the logged-in user. In groups this is all there is of it. */
  receipt: {
    conversation: ConversationKey;
    messageId: MessageId;
    by: UserId;
    change: "delivered" | "read" | "played";
  };
  /** A conversation and its messages were removed, here or on another device, or with the group. */
  "conversation:removed": { conversation: ConversationKey };
  /** Somebody is typing or has stopped; it ends by itself when nothing more is heard. */
  typing: { conversation: ConversationKey; user: UserId; active: boolean };
  /** The server told something about groups, contacts or the account; its effects are done already. */
  notice: Notice;
  /** Members of a group came, left or changed. */
  "group:members": {
    group: GroupId;
    joined: readonly UserId[];
    left: readonly UserId[];
    changed: readonly UserId[];
  };
  /** The number of unread messages in all conversations that are not muted changed. */
  "unread:total": { count: number };
  /** A new entry of `client.logs`. */
  log: LogEntry;
  /** Rows of the conversation list that are new or changed. */
  conversations: { changed: readonly ConversationInfo[] };
  /** The contact list or a user's card changed. */
  roster: { users: readonly User[] };
  /** The list of groups or a group's card changed. */
  groups: { groups: readonly Group[] };
  sync: SyncState;
  /** Storage had to fall back, or holds something unreadable. */
  storage: { kind: StorageKind; error: FlooErrorShape | null };
  /**
   * The core has stopped, by an error of its own or for want of memory, and another has taken its place: the account was
   * taken up again from this device, and the connection comes back by itself. Calls that were under way have failed with
   * `CoreStopped`; messages in the outbox wait there and go out. `reason` says why, `session` who is logged in now: null
   * when nobody was, or when nothing was kept to go on with (`storage: "memory"` and no way to log in again). What is
   * shown should be read anew. The third time within a minute closes the client instead.
   */
  recovered: { reason: FlooErrorShape; session: Session | null };
  /** Trouble that no call reports: an unreadable frame, a broken row, a listener that threw. */
  error: { error: FlooErrorShape };
}

/** One side of a chat. Obtained with `client.conversation(...)`; holds no data of its own. */
export interface Conversation {
  readonly key: ConversationKey;
  /**
   * Sends a message. Resolves with the accepted message; rejects with the reason of a refusal. While
   * offline the message waits in the outbox, survives a reload and goes out with the same id.
   * Aborting ends the wait, not the sending; see `client.outbox`.
   *
   * An attachment with a `source` is uploaded before, with `onProgress` telling how far it is. Until that is done there
   * is no message: aborting ends the upload, and what fails rejects and leaves nothing behind.
   * Errors: `MessageInvalid` naming the field, `UserNotLogin`; of uploads those of `client.files.upload`.
   */
  send(content: SendContent, options?: TransferOptions): Promise<Message>;
  /**
   * The operations below settle with the server's answer, and wait for it while offline. They show at once, as
   * `message:updated`, and are undone when they are refused.
   *
   * Replaces text, config or ext of an own message. Resolves with what has become of it; null when this device does
   * not have it.
   */
  edit(message: MessageRef, changes: MessageEdit, options?: CallOptions): Promise<Message | null>;
  /** Adds text to the end of an own message: for texts that come bit by bit. */
  append(
    message: MessageRef,
    text: string,
    options?: { config?: object; ext?: string | object } & CallOptions,
  ): Promise<Message | null>;
  /**
   * A message that grows, as the answer of an assistant does: how it is now, then what each `append` or edit makes of
   * it. Ends behind what says in its `ext` that it is the last, `{"ai": {"finish": true}}` (xsync 5.8); when the message
   * is recalled or deleted; with the signal, the loop and the client.
   */
  growth(message: MessageRef, options?: { signal?: AbortSignal }): AsyncIterable<Message>;
  /** Takes a message back, for everybody. */
  recall(message: MessageRef, options?: CallOptions): Promise<void>;
  /** Removes a message, from all devices of the account unless `scope` says otherwise. */
  delete(message: MessageRef, options?: { scope?: Scope } & CallOptions): Promise<void>;
  /** Marks a message of somebody else unread again, on all devices. */
  markUnread(message: MessageRef, options?: CallOptions): Promise<void>;
  /** Tells the author that the sound or video of a message was played. */
  markPlayed(message: MessageRef, options?: CallOptions): Promise<void>;
  /**
   * Marks everything read, or what is up to a message, or that one only: on all devices, and for who waits for it. On the
   * devices also what this one does not have; authors hear of what this one has, from `history` too.
   * `scope: "device"`: nobody hears of it. A later call without it tells the account's other devices; who waits for a
   * receipt of what was read that way gets none.
   */
  markRead(which?: { upTo?: MessageRef; only?: MessageRef; scope?: Scope } & CallOptions): Promise<void>;
  /** Who has received, read and played an own message. */
  readBy(message: MessageRef, options?: CallOptions): Promise<ReadBy>;
  /** Tells the other side that the user is typing, or has stopped. While offline nobody hears it. */
  typing(active?: boolean): Promise<void>;
  /**
   * Removes the conversation with its messages, from all devices of the account unless `scope` says otherwise. Then
   * `history` does not show them again, on any device that has heard of it; one that first logs in later may not have.
   * `scope: "device"`: nothing comes back by itself, but `history` brings it again.
   */
  remove(options?: { scope?: Scope } & CallOptions): Promise<void>;
  /**
   * Takes all its messages off this device, those that were refused too, while its row stays, in its place, with draft
   * and the like. Nobody hears of it; what is unread counts as read here. Messages that wait to be sent still go out. The
   * others do not come back by themselves; `history` brings them again.
   */
  clear(options?: CallOptions): Promise<void>;
  /**
   * Puts a message of the application's own into the conversation on this device: a welcome, a hint, an import. It is
   * never sent and never unread; `messages` and searches have it. Its status is `local`, its id null, and `clientId` and
   * `key` are its own. It stands behind the message `after`, or the newest that is here, whatever its `timestamp` says; several
   * behind the same in the order they came. `messages` has it along with the one before it, not counted by `limit`.
   * `replace` is one of them to be replaced, in its place. `from` is the logged-in user unless given.
   * It goes by `delete` with `scope: "device"`, `clear` or `remove`. Resolves with the message as it is then.
   * Errors: `MessageInvalid` naming the field; `StorageQuota` when the store is full, also where room is made then.
   */
  insert(
    content: LocalContent,
    options?: { from?: IdInput; timestamp?: Timestamp; after?: MessageRef; replace?: Message } & CallOptions,
  ): Promise<Message>;
  /**
   * Lays changes over a message on this device only: its text is shown instead, `config` and `ext` are merged key by key.
   * They stay over whatever its author makes of it later (`editedAt` tells), until other changes take their place or
   * `null` takes them away; they go when the message does. Searches go by what is underneath. Resolves with what is
   * shown then; null when this device does not have it.
   */
  patch(message: MessageRef, changes: MessageEdit | null, options?: CallOptions): Promise<Message | null>;
  /** How many messages `messages` has on this device, all pages together. */
  count(): Promise<number>;
  /** The user looks at this conversation: it is fetched before all others. One at a time. */
  focus(): Promise<void>;
  /** The user looks away. Does nothing when another conversation has the focus. */
  blur(): Promise<void>;
  /**
   * Messages kept on this device, oldest first: the newest, those still being sent included; or those next before or
   * after one. `local` ones come along with the message they stand behind; to go on from a page take the first, or last,
   * that has an id.
   */
  messages(query?: { before?: MessageId; after?: MessageId; limit?: number }): Promise<readonly Message[]>;
  /** One message, if this device has it. */
  message(id: IdInput): Promise<Message | null>;
  /** The first message on this device that is not older than a time; null when all are. */
  messageAt(time: Timestamp): Promise<MessageId | null>;
  /** Keeps what the user has begun to write; empty for nothing. At most 64 KiB in UTF-8. */
  setDraft(text: string): Promise<void>;
  /** Keeps a text of the application's own on this device. At most 64 KiB in UTF-8. */
  setExtension(text: string): Promise<void>;
  /**
   * Puts it above all others, on all devices: the cloud keeps it, and other devices see it when they log in. The same as
   * `conversations.pin` and `unpin`.
   */
  setPinned(pinned: boolean, options?: CallOptions): Promise<void>;
  /**
   * No notifications of it, by the cloud to no device; its unread messages are left out of the total. On all devices, at
   * once. The same as `roster.setMuted` of a contact and `update({ msgMuteMode })` of a group.
   */
  setMuted(muted: boolean, options?: CallOptions): Promise<void>;
  /**
   * Pages towards the past, each oldest first; with `after` towards the present. Online from the server (and kept),
   * offline from this device. Ends when there is nothing further.
   */
  history(
    query?: { before?: MessageId; after?: MessageId; pageSize?: number } & CallOptions,
  ): AsyncIterable<readonly Message[]>;
}

/** A chat client. Any number of them may live in one page. */
export interface Client {
  readonly state: State;
  readonly sync: SyncState;
  readonly storage: StorageKind;
  /** Who is logged in; null before, after a logout and when the server has ended the session. */
  readonly session: Session | null;
  /**
   * Logs in; resolves when online. Rejects with `UserAuthFailed`, `UserNotExist`, `ServerDNSFetchFailed`, ...,
   * after 60 s with `SignInTimeout`; nobody is logged in then. Without credentials: by the `tokenProvider`. A `signal` or
   * `timeout` only ends the waiting: the login may still come through, and `state` tells.
   */
  login(credentials?: Credentials, options?: CallOptions): Promise<Session>;
  /**
   * Takes up the last login of this device, if there is one. Resolves as soon as the local data can
   * be read, also without a network; the connection follows by itself. Null when nobody was logged in.
   */
  resume(options?: CallOptions): Promise<Session | null>;
  /** Logs out and forgets the token; the messages stay on this device. */
  logout(options?: CallOptions): Promise<void>;
  /** Logs out and erases everything of the account from this device. */
  wipe(options?: CallOptions): Promise<void>;
  /** Ends the connection and frees everything; the client cannot be used afterwards. */
  close(): Promise<void>;
  /** Adds a listener; the answer removes it, and so does the signal. */
  on<K extends keyof ClientEvents>(
    event: K,
    listener: (payload: ClientEvents[K]) => void,
    options?: { signal?: AbortSignal },
  ): () => void;
  /**
   * The same events for `for await`; those since this call. Ends with the signal, the loop or the client.
   */
  events<K extends keyof ClientEvents>(event: K, options?: { signal?: AbortSignal }): AsyncIterable<ClientEvents[K]>;
  conversation(of: ConversationInput): Conversation;
  /** Messages of this device that the server has not accepted. */
  readonly outbox: {
    /** Sends a failed message again, under the same id; settles as `send` does. */
    resend(message: Message | ClientId, options?: CallOptions): Promise<Message>;
    /**
     * Takes a message back that has failed or surely was not sent: written without a connection, also before the page was
     * loaded again, and not gone out since. Its `send` rejects with `Cancelled`. `ArgumentInvalid`: the server may have it
     * already, or there is none.
     */
    cancel(message: Message | ClientId, options?: CallOptions): Promise<void>;
  };
  /** What the server told and somebody has yet to see: invitations, applications, ends. */
  readonly notices: {
    /** The newest first. */
    list(options?: CallOptions): Promise<readonly Notice[]>;
    /** Forgets notices. Resolves with those that are left. */
    dismiss(notices: readonly (Notice | IdInput)[], options?: CallOptions): Promise<readonly Notice[]>;
  };
  /** What happened lately, for bug reports: without message bodies, passwords and tokens. */
  readonly logs: {
    /** The last 1,000 entries, oldest first. */
    readonly entries: readonly LogEntry[];
    /** The same as text, a line each. */
    export(): string;
  };
  readonly conversations: Pins & {
    /** All conversations, or those with unread messages only, the most recent first. */
    list(options?: { unreadOnly?: boolean }): Promise<readonly ConversationInfo[]>;
    /** The same without waiting; the same array until something changes. */
    readonly snapshot: readonly ConversationInfo[];
    /** Unread messages in all conversations that are not muted. */
    readonly unread: number;
    /** Calls back after each change; the answer stops it. */
    subscribe(listener: () => void): () => void;
  };
  readonly account: Account;
  readonly app: App;
  readonly files: Files;
  readonly roster: Roster;
  readonly groups: Groups;
  readonly search: {
    /**
     * Searches the messages on this device, newest first, a page after the other. Errors: `ArgumentInvalid` where there
     * is no index (mini-programs, `search: false`) and no conversation is given.
     */
    messages(query: SearchQuery, options?: CallOptions): AsyncIterable<readonly Message[]>;
  };
  /** One group, whether the logged-in user is a member or not. */
  group(id: IdInput): GroupHandle;
  /**
   * Calls an endpoint of the HTTP API by the name the previous SDK gave it, with the parameters and the answer as the
   * cloud names them: for what the modules do not cover. Ids in answers are decimal strings; a page of a list is
   * `{items, cursor}`. Errors: `ArgumentInvalid` naming the parameter, `Unsupported`, and what the cloud says.
   */
  api<T = JsonValue>(endpoint: string, params?: object, options?: CallOptions): Promise<T>;
  /**
   * What the SDKs for phones and desktops can do and this one cannot: each rejects with `Unsupported`, and its message
   * says why.
   */
  readonly native: { readonly [feature in NativeFeature]: (...args: readonly unknown[]) => Promise<never> };
  /** What was dropped or skipped since the client was made: for diagnostics, all counts. */
  stats(): Stats;
}

/** Features of phones and desktops: calls with their rooms, push that a phone receives, what belongs to its system. */
export type NativeFeature =
  | "call"
  | "groupCall"
  | "joinRoom"
  | "manageRoom"
  | "startPush"
  | "sendPush"
  | "pushMessages"
  | "geofence"
  | "runInBackground"
  | "clearNotifications";

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
  /** Messages that were dropped from this device to make room; the server still has them. */
  readonly dropped: number;
  /** About how many rows the search index of the account has on this device: at most 402 for a message. */
  readonly indexRows: number;
}
