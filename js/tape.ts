/**
 * Turns a tape of the core into plain objects: one object literal per type, whose order is the
 * order in which `src/bindings/view.rs` writes. Golden tests hold the two together.
 */

import { attachmentOf, configOf, ids, TYPES } from "./client/details.js";
import { parseJson } from "./client/json.js";
import type {
  ClientId,
  ConversationInfo,
  ConversationKey,
  FlooErrorShape,
  Group,
  GroupId,
  Mentioned,
  Message,
  MessageChange,
  MessageId,
  MessageOf,
  MessageStatus,
  MessageType,
  Notice,
  ReadBy,
  Timestamp,
  User,
  UserId,
} from "./client/types.js";
import type { Tape } from "./engine.js";
import { shapeOf } from "./errors.js";

/** A list of nobody, the same for all messages. */
const NOBODY: readonly UserId[] = Object.freeze([]);

/** Added to a kind: the id is the one before. */
const SAME = 4;
const KINDS = ["system", "user", "group"] as const;
const STATUSES: readonly MessageStatus[] = ["sending", "sent", "failed", "received", "local"];
const MENTIONED: readonly Mentioned[] = ["none", "me", "all"];
/** By number; the core says nothing of those that are missing. */
const CHANGES: ReadonlyArray<MessageChange | undefined> = [
  undefined,
  "read",
  undefined,
  "unread",
  "delivered",
  "recall",
  "delete",
  "played",
  "append",
  "replace",
  "status",
  "local",
];
const NOTICES: ReadonlyArray<readonly [kind: Notice["kind"], types: string] | undefined> = [
  undefined,
  undefined,
  [
    "group",
    "unknown presence absence created destroyed joined left applied apply-accepted apply-declined invited invite-accepted invite-declined kicked blocked unblocked owner-assigned admin-granted admin-revoked muted unmuted banned unbanned info-updated announcement-updated message-setting file-uploaded file-deleted file-updated",
  ],
  ["roster", "unknown added removed accepted declined blocked unblocked applied info-updated muted unmuted"],
  [
    "account",
    "unknown password-changed frozen removed kicked-by-same-device kicked-by-other-device info-updated device-login device-logout device-added device-removed cluster-changed dns-updated traffic-limit-exceeded",
  ],
];

/** Everything that the core tells about a change of a message; the legacy facade needs all of it. */
export interface RawUpdate {
  readonly change: MessageChange | "unknown";
  /** Where the message belongs; the best guess while it is unknown. */
  readonly conversation: ConversationKey;
  /** The message; null for one that is only in the outbox. */
  readonly target: MessageId | null;
  /** Who did it; null for this device. */
  readonly by: UserId | null;
  /** The operation's own id; null while it is not accepted. */
  readonly operation: MessageId | null;
  /** What was appended or replaced. */
  readonly text: string;
  /** The patches, as they are on the wire. */
  readonly config: string;
  readonly ext: string;
  /** Server time of the operation; 0 while it is not accepted. */
  readonly timestamp: Timestamp;
  /** As it is now, or was before it was taken away; null when this device does not have it. */
  readonly message: Message | null;
}

/** Reads a tape from its start, one value after the other. */
class Reader {
  /** The id of the last conversation. */
  private last = "0";
  private at = 0;
  private wideAt = 0;
  private index = 0;
  private readonly ascii: string;
  private readonly wide: string;
  private readonly numbers: Float64Array;

  constructor([ascii, wide, numbers]: Tape) {
    this.ascii = ascii;
    this.wide = wide;
    this.numbers = numbers;
  }

  string(): string {
    const length = this.number();
    if (length === 0) return "";
    if (length < 0) {
      const start = this.wideAt;
      this.wideAt -= length;
      return this.wide.substring(start, this.wideAt);
    }
    const start = this.at;
    this.at += length;
    return this.ascii.substring(start, this.at);
  }

  number(): number {
    return this.numbers[this.index++] ?? 0;
  }

  flag(): boolean {
    return this.number() === 1;
  }

  /** The name of a conversation, which is often the one before. */
  key(): ConversationKey {
    const kind = this.number();
    if (kind < SAME) this.last = this.string();
    return { kind: KINDS[kind % SAME] ?? "system", id: this.last } as ConversationKey;
  }

  /** As many values as a number says. */
  list(): UserId[] {
    return Array.from({ length: this.number() }, () => this.string() as UserId);
  }

  get done(): boolean {
    return this.index >= this.numbers.length;
  }
}

function all<T>(tape: Tape, one: (reader: Reader) => T): T[] {
  const reader = new Reader(tape);
  const rows: T[] = [];
  while (!reader.done) rows.push(one(reader));
  return rows;
}

const failure = (r: Reader): FlooErrorShape | null => {
  const number = r.number();
  if (number === 0) return null;
  return shapeOf({ number, domain: r.string(), detail: r.string() });
};

const orNull = <T extends string>(text: string): T | null => (text === "" ? null : (text as T));

/** Messages that the server has not said to be of a user or of a group: few, so that none has a field for it. */
const UNTYPED = new WeakSet<Message>();

/** Whether a message of a tape is of the type `NORMAL`, which says nothing of its conversation. */
export const isUntyped = (message: Message): boolean => UNTYPED.has(message);

// One literal without spreads: engines make such objects several times faster.
const message = (r: Reader): Message => {
  const conversation = r.key();
  const id = orNull<MessageId>(r.string());
  const clientId = orNull<ClientId>(r.string());
  const from = r.string() as UserId;
  const flags = r.number();
  const type = TYPES[r.number()] ?? "unknown";
  const text = r.string();
  const attachmentText = r.string();
  const configText = r.string();
  const config = configText === "" ? null : configOf(configText);
  const made: MessageOf<MessageType> = {
    conversation,
    id,
    key: clientId ?? id ?? "0",
    clientId,
    from,
    outgoing: (flags & 1) !== 0,
    type,
    text,
    attachment: attachmentText === "" ? null : attachmentOf(type, parseJson(attachmentText)),
    attachmentText,
    config,
    configText,
    mentions: config === null ? NOBODY : ids(config["mentionList"]),
    mentionAll: config !== null && config["mentionAll"] === true,
    readReceiptsFrom: config === null ? NOBODY : ids(config["groupMemberList"]),
    ext: r.string(),
    senderName: r.string(),
    priority: r.number(),
    timestamp: r.number(),
    editedAt: r.number(),
    status: STATUSES[r.number()] ?? "received",
    delivered: (flags & 2) !== 0,
    read: (flags & 4) !== 0,
    played: (flags & 8) !== 0,
    patched: (flags & 32) !== 0,
    mentioned: MENTIONED[r.number()] ?? "none",
    error: failure(r),
  };
  const whole = made as Message; // `attachmentOf` goes by the type
  if ((flags & 16) !== 0) UNTYPED.add(whole);
  // What the core says of it is where it stands.
  return whole.status === "local" ? { ...whole, id: null, key: `${id ?? 0}/${clientId}` } : whole;
};

const maybeMessage = (r: Reader): Message | null => (r.flag() ? message(r) : null);

const conversation = (r: Reader): ConversationInfo => ({
  key: r.key(),
  title: r.string(),
  avatar: r.string(),
  unread: r.number(),
  mention: MENTIONED[r.number()] ?? "none",
  timestamp: r.number(),
  lastMessage: maybeMessage(r),
  draft: r.string(),
  extension: r.string(),
  pinned: r.flag(),
  muted: r.flag(),
});

const update = (r: Reader): RawUpdate => ({
  change: CHANGES[r.number()] ?? "unknown",
  conversation: r.key(),
  target: orNull<MessageId>(r.string()),
  by: orNull<UserId>(r.string()),
  operation: orNull<MessageId>(r.string()),
  text: r.string(),
  config: r.string(),
  ext: r.string(),
  timestamp: r.number(),
  message: maybeMessage(r),
});

const notice = (r: Reader): Notice => {
  const id = r.string() as MessageId;
  const [kind, types] = NOTICES[r.number()] ?? ["unknown", ""];
  const typeNumber = r.number();
  return {
    id,
    kind,
    type: types.split(" ")[typeNumber] || "unknown",
    typeNumber,
    group: orNull<GroupId>(r.string()),
    from: r.string() as UserId,
    to: r.list(),
    content: r.string(),
    timestamp: r.number(),
    kept: r.flag(),
  } as Notice;
};

const user = (r: Reader): User => ({
  id: r.string() as UserId,
  username: r.string(),
  displayName: r.string(),
  nickname: r.string(),
  alias: r.string(),
  avatar: r.string(),
  isContact: r.flag(),
});

const group = (r: Reader): Group => ({
  id: r.string() as GroupId,
  name: r.string(),
  avatar: r.string(),
  ownerId: r.string() as UserId,
  memberCount: r.number(),
});

/** Messages of a tape. */
export const readMessages = (tape: Tape): Message[] => all(tape, message);
/** Conversations of a tape. */
export const readConversations = (tape: Tape): ConversationInfo[] => all(tape, conversation);
/** Users of a tape. */
export const readUsers = (tape: Tape): User[] => all(tape, user);
/** Groups of a tape. */
export const readGroups = (tape: Tape): Group[] => all(tape, group);
/** Changes of messages of a tape. */
export const readUpdates = (tape: Tape): RawUpdate[] => all(tape, update);
/** Notices of a tape. */
export const readNotices = (tape: Tape): Notice[] => all(tape, notice);
/** Names of conversations of a tape. */
export const readKeys = (tape: Tape): ConversationKey[] => all(tape, (r) => r.key());
/** Lists of ids of a tape. */
export const readLists = (tape: Tape): UserId[][] => all(tape, (r) => r.list());
/** Who has a message. */
export function readReceipts(tape: Tape): ReadBy {
  const [delivered = [], read = [], played = [], unread = []] = readLists(tape);
  return { delivered, read, played, unread };
}
