/**
 * Turns a tape of the core into plain objects: one object literal per type, whose order is the
 * order in which `src/bindings/view.rs` writes. Golden tests hold the two together.
 */

import type {
  ClientId,
  ConversationInfo,
  ConversationKey,
  FlooErrorShape,
  Group,
  GroupId,
  Message,
  MessageId,
  MessageStatus,
  MessageType,
  User,
  UserId,
} from "./client/types.js";
import type { Tape } from "./engine.js";
import { shapeOf } from "./errors.js";

const KINDS = ["system", "user", "group"] as const;
const STATUSES: readonly MessageStatus[] = ["sending", "sent", "failed", "received"];
const TYPES: readonly MessageType[] = [
  "text",
  "image",
  "audio",
  "video",
  "file",
  "location",
  "command",
  "forward",
  "rtc",
];

/** Reads a tape from its start, one value after the other. */
class Reader {
  private at = 0;
  private piece = 0;
  private index = 0;
  constructor(private readonly tape: Tape) {}

  string(): string {
    const end = this.at + (this.tape.lengths[this.piece++] ?? 0);
    const text = this.tape.text.substring(this.at, end);
    this.at = end;
    return text;
  }

  number(): number {
    return this.tape.numbers[this.index++] ?? 0;
  }

  get done(): boolean {
    return this.index >= this.tape.numbers.length;
  }
}

function all<T>(tape: Tape, one: (reader: Reader) => T): T[] {
  const reader = new Reader(tape);
  const rows: T[] = [];
  while (!reader.done) rows.push(one(reader));
  return rows;
}

const key = (r: Reader): ConversationKey =>
  ({ kind: KINDS[r.number()] ?? "system", id: r.string() }) as ConversationKey;

const failure = (r: Reader): FlooErrorShape | null => {
  const number = r.number();
  if (number === 0) return null;
  return shapeOf({ number, domain: r.string(), detail: r.string() });
};

const orNull = <T extends string>(text: string): T | null => (text === "" ? null : (text as T));

const message = (r: Reader): Message => ({
  conversation: key(r),
  id: orNull<MessageId>(r.string()),
  key: r.string(),
  clientId: orNull<ClientId>(r.string()),
  from: r.string() as UserId,
  outgoing: r.number() === 1,
  type: TYPES[r.number()] ?? "unknown",
  text: r.string(),
  ext: r.string(),
  timestamp: r.number(),
  status: STATUSES[r.number()] ?? "received",
  error: failure(r),
});

const conversation = (r: Reader): ConversationInfo => ({
  key: key(r),
  title: r.string(),
  avatar: r.string(),
  unread: r.number(),
  timestamp: r.number(),
  lastMessage: r.number() === 1 ? message(r) : null,
});

const user = (r: Reader): User => ({
  id: r.string() as UserId,
  username: r.string(),
  displayName: r.string(),
  nickname: r.string(),
  alias: r.string(),
  avatar: r.string(),
  isContact: r.number() === 1,
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
