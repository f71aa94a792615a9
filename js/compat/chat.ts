/** Messages: sends, operations and history of the former SDK, and what happens to messages in its words. */
import type { FlooClient } from "../client/client.js";
import { checked, type RawContent } from "../client/content.js";
import { nameOf } from "../client/conversation.js";
import { TYPES } from "../client/details.js";
import { conversationKey, isId, messageId } from "../client/ids.js";
import { parseJson, toJson, Verbatim } from "../client/json.js";
import type {
  ClientId,
  Conversation,
  ConversationKey,
  FlooErrorShape,
  JsonObject,
  JsonValue,
  Message,
  MessageChange,
  MessageEdit,
  UserId,
} from "../client/types.js";
import { asFlooError, badArgument, badMessage } from "../errors.js";
import { isUntyped, type RawUpdate } from "../tape.js";
import { Archive, KEPT } from "./archive.js";
import type { Bus } from "./bus.js";
import { customerMessage, frameFailure, legacyId, rawMessage, reasonOf, xid } from "./convert.js";
import { Long } from "./long.js";
import { Parking } from "./parking.js";
import { Recents } from "./recents.js";
import { CallState, isSignal, reattributed, recordText } from "./rtc.js";
import type { CustomerMessage, Id, RawMeta, SendingStatus } from "./shapes.js";

interface Sendable {
  content: string;
  /** Default: `text`. */
  type?: string;
  /** Text only, as ever; objects must be made text before. */
  ext?: string;
  /** JSON text. */
  config?: string;
  /** As it goes over the wire: `{url, dName, fLen, width, height, ...}` or `{lat, lon, addr}`. Not for texts. */
  attachment?: object;
}

/** What `sendRosterMessage` takes. */
export interface RosterSend extends Sendable {
  uid: Id;
}

/** What `sendGroupMessage` takes. */
export interface GroupSend extends Sendable {
  gid: Id;
  /** 0 to 10. */
  priority?: number;
}

/** What `sendMentionMessage` takes. */
export interface MentionSend {
  gid: Id;
  txt: string;
  mentionAll?: boolean;
  mentionList?: readonly Id[];
  mentionedMessage?: string;
  pushMessage?: string;
  senderNickname?: string;
}

/** What `forwardMessage` takes: a message and where it goes. */
export interface Forward {
  uid?: Id;
  gid?: Id;
  message: CustomerMessage;
}

/** So many conversations are read before `loginSuccess`; the others when they are first asked for. */
const READ_AHEAD = 20;
/** The core gives pages of at most so many. */
const LARGEST_PAGE = 200;

/** Changes that have a number as operations, and the event of their own. */
const OPERATIONS: { readonly [change in MessageChange]?: readonly [type: number, event?: string] } = {
  read: [1],
  unread: [3, "onMessageCanceled"],
  delivered: [4],
  recall: [5, "onMessageRecalled"],
  delete: [6, "onMessageDeleted"],
  played: [7],
  append: [8, "MessageContentAppend"],
  replace: [9, "MessageReplace"],
};

const STATUSES = ["unread", "delivered", "read"] as const;

/** These are not kept, as ever: nobody shows them. */
const FLEETING = ["command", "forward"];

/** Whether it counts as unread for `me`. */
const isUnread = (copy: CustomerMessage, me: string): boolean =>
  copy.from !== me && copy.status !== 2 && !isSignal(copy);

/** An object out of what pages give as JSON text or as an object; undefined when it is none. */
const objectOf = (value: unknown): object | undefined => {
  const it = typeof value === "string" ? parseJson(value) : value;
  return typeof it === "object" && it !== null && !Array.isArray(it) ? it : undefined;
};

export class Chat {
  readonly recents: Recents;
  readonly calls = new CallState();
  readonly parking: Parking;
  private readonly archive = new Archive();
  /** Conversations that have been read from the device, or are being read. */
  private readonly filled = new Set<string>();
  /** Messages sent here whose fate has not been told yet. */
  private readonly sending = new Set<string>();
  /** How many messages of a conversation were told whose row has yet to come. */
  private readonly ahead = new Map<string, number>();
  /** Conversations that this page removes, with the ids as it gave them. */
  private readonly removing = new Map<string, Id>();

  /**
   * `readers` tells who is to acknowledge messages in a group, if anybody; `entering` whether a login is under way, for
   * which sends wait.
   */
  constructor(
    private readonly client: FlooClient,
    private readonly bus: Bus,
    private readonly readers: (gid: string) => readonly string[],
    entering: () => boolean,
  ) {
    this.parking = new Parking(entering, (id, error) => this.failed(id, error));
    this.recents = new Recents(client, bus);
    client.on("messages", ({ messages }) => {
      for (const message of messages) this.deliver(message);
    });
    client.on("message:sent", ({ message }) => this.sent(message));
    client.on("message:failed", ({ message, error }) => message.clientId && this.failed(message.clientId, error));
    client.on("conversations", ({ changed }) => {
      bus.emit("recentlistUpdate");
      for (const { key, unread } of changed) {
        this.ahead.delete(nameOf(key));
        this.settle(key, unread);
      }
    });
    client.on("conversation:removed", ({ conversation }) => this.removed(conversation));
    client.on("typing", ({ conversation, user, active }) => {
      if (conversation.kind === "user") this.typed(user, active);
    });
    client.onUpdate((update) => this.updated(update));
  }

  user(id: Id): ConversationKey {
    return conversationKey(String(id) === "0" ? { kind: "system", id: "0" as UserId } : { user: id });
  }

  group(id: Id): ConversationKey {
    return conversationKey({ group: id });
  }

  /** For getters, which answer with nothing where there is no id: pages ask before they have one. */
  known(id: unknown, type: unknown): ConversationKey | null {
    return isId(id) || (type !== "group" && String(id) === "0") ? this.of(id as Id, type) : null;
  }

  /** For functions that take either: a group if that id is known as one. */
  either(id: Id): ConversationKey {
    const group = (key: ConversationKey): boolean => key.kind === "group" && key.id === String(id);
    const known = [...this.client.groupCards()].some((it) => it.id === String(id));
    return known || this.client.conversations.snapshot.some((row) => group(row.key)) ? this.group(id) : this.user(id);
  }

  of(id: Id, type: unknown): ConversationKey {
    return type === "group" ? this.group(id) : this.user(id);
  }

  unread(key: ConversationKey | null): number {
    if (key === null) return 0;
    const known = this.client.conversations.snapshot.find((row) => nameOf(row.key) === nameOf(key))?.unread ?? 0;
    if (!this.filled.has(nameOf(key))) return known + (this.ahead.get(nameOf(key)) ?? 0);
    const counted = this.archive.list(nameOf(key)).filter((copy) => isUnread(copy, this.me)).length;
    return counted < KEPT ? counted : Math.max(counted, known);
  }

  /** What is there at once. A conversation that was not read yet is, and `recentlistUpdate` tells when. */
  messages(key: ConversationKey | null): CustomerMessage[] {
    if (key === null) return [];
    if (this.client.session && !this.filled.has(nameOf(key))) {
      this.fill(key).then(
        () => this.bus.emit("recentlistUpdate"),
        (thrown: unknown) => this.client.complain("Messages could not be read", thrown),
      );
    }
    return this.archive.list(nameOf(key));
  }

  message(key: ConversationKey, mid: Id): CustomerMessage | undefined {
    return this.archive.find(nameOf(key), String(mid));
  }

  status(key: ConversationKey | null, mid: Id): (typeof STATUSES)[number] | undefined {
    const copy = key ? this.message(key, mid) : undefined;
    return copy && STATUSES[copy.status];
  }

  /** Only here, and without an event, as ever. */
  markUnread(key: ConversationKey, mid: Id): CustomerMessage | null {
    const copy = this.message(key, mid);
    return copy ? this.archive.replace(nameOf(key), { ...copy, status: 0 }) : null;
  }

  /** Marks a conversation read, or one message; `given` is the id as the page had it, and as the event gives it back. */
  read(key: ConversationKey, given: Id, mid?: Id): void {
    const copy = mid === undefined ? undefined : this.message(key, mid);
    if (copy?.status === 2) return;
    const only = mid === undefined ? {} : { only: messageId(mid, "mid") };
    if (mid === undefined) this.archive.markRead(nameOf(key));
    else if (copy) this.archive.replace(nameOf(key), { ...copy, status: 2 });
    this.client
      .conversation(key)
      .markRead(only)
      .catch((thrown: unknown) => this.client.complain("The conversation could not be marked read", thrown));
    this.bus.emit("onUnreadChange", given);
  }

  sendRoster(message: RosterSend): number {
    return this.send(message, message?.uid, (id) => this.user(id));
  }

  sendGroup(message: GroupSend): number {
    return this.send(message, message?.gid, (id) => this.group(id));
  }

  sendMention({ gid, txt, ...mention }: MentionSend): number {
    const list = mention.mentionList?.map((id) => new Verbatim((conversationKey({ user: id }) as { id: string }).id));
    return this.sendGroup({ gid, content: txt, config: toJson({ ...mention, mentionList: list }) });
  }

  sendRtc(message: RosterSend): number {
    return this.sendRoster({ ...message, type: "rtc" });
  }

  /** A message again, to somebody else; undefined for one with a file, whose address has to be asked for first. */
  forward({ uid, gid, message }: Forward): number | undefined {
    if (typeof message !== "object" || message === null) throw badArgument("message", "a message");
    const { content, type = "text", attach } = message;
    const to = gid === undefined ? { user: uid as Id } : { group: gid };
    const key = conversationKey(to);
    const send = (attachment: object | undefined): number => {
      const made = { content, type, ...(attachment ? { attachment } : {}) };
      return gid === undefined ? this.sendRoster({ ...made, uid: uid as Id }) : this.sendGroup({ ...made, gid });
    };
    const url = attach?.["url"];
    if (typeof url !== "string" || !/sign=/.test(url)) return send(attach);
    this.client.files
      .forward(url, key)
      .then((moved) => send({ ...attach, url: moved.url }))
      .catch((thrown: unknown) => this.failed("0", asFlooError(thrown, "GeneralError", "forwardMessage")));
    return undefined;
  }

  typing(uid: Id, status: unknown): number {
    if (status !== "typing" && status !== "nothing") throw badArgument("status", '"typing" or "nothing"');
    const chat = this.client.conversation(this.user(uid));
    if (this.parking.open()) return Number(this.parking.allocate()); // nobody is there to hear it
    const mid = Number(this.client.allocate());
    chat
      .typing(status === "typing")
      .catch((thrown: unknown) => this.client.complain("Typing could not be told", thrown));
    return mid;
  }

  /** Writes a frame of the page's own to the connection, now or never; who has made it knows what comes of it. */
  emitFrame(frame: unknown): void {
    if (typeof frame !== "object" || frame === null) throw badArgument("frame", "an object");
    this.client
      .emitFrame(frame)
      .catch((thrown: unknown) => this.failed("0", asFlooError(thrown, "GeneralError", "sendMessage")));
  }

  recall(key: ConversationKey, mid: Id): void {
    this.operate(key, (chat) => chat.recall(mid));
  }

  delete(key: ConversationKey, mid: Id): void {
    this.operate(key, (chat) => chat.delete(mid));
  }

  cancelRead(key: ConversationKey, mid: Id): void {
    this.operate(key, (chat) => chat.markUnread(mid));
  }

  append(key: ConversationKey, mid: Id, content: string): void {
    this.operate(key, (chat) => chat.append(mid, content));
  }

  /** Does nothing when there is nothing to replace, as ever. */
  replace(key: ConversationKey, mid: Id, content?: string, config?: unknown, ext?: unknown): void {
    const changes: MessageEdit = {};
    const patch = objectOf(config);
    if (config && !patch) throw badMessage("config", "an object or its JSON text");
    if (content) changes.text = content;
    if (patch) changes.config = patch;
    if (ext) changes.ext = ext as string | object;
    if (Object.keys(changes).length > 0) this.operate(key, (chat) => chat.edit(mid, changes));
  }

  /** Pages back from `sid`; every message of the page comes as an event, then where to go on from. */
  history(key: ConversationKey, sid: unknown, amount: unknown): void {
    const from = String(sid ?? 0);
    const before = /^0?$/.test(from) ? undefined : messageId(from, "sid");
    const limit = Math.min(Math.max(Math.floor(Number(amount)) || 1, 1), LARGEST_PAGE);
    this.archive.keepAll(nameOf(key));
    this.client.page(key, before, limit).then(
      ({ messages, next }) => {
        // All at once, or a full list would drop what comes last before it is looked at.
        const kept = messages.filter((it) => it.id !== null && !FLEETING.includes(it.type));
        this.archive.add(
          nameOf(key),
          kept.map((it) => this.copy(it, { isHistory: true })),
        );
        for (const message of messages) this.deliver(message, true);
        this.bus.emit("onReceiveHistoryMsg", { next: /^0?$/.test(next) ? 0 : new Long(next) });
      },
      (thrown: unknown) => this.failed("0", asFlooError(thrown, "GeneralError", "requireHistoryMessage")),
    );
  }

  /** Removes a conversation, from all devices unless told otherwise. */
  deleteConversation(id: Id, everywhere = true): void {
    const key = this.either(id);
    this.removing.set(nameOf(key), id);
    this.client
      .conversation(key)
      .remove({ scope: everywhere ? "account" : "device" })
      .catch((thrown: unknown) => {
        this.removing.delete(nameOf(key));
        this.failed("0", asFlooError(thrown, "GeneralError", "deleteConversation"));
      });
  }

  /** Reads what getters have to answer at once. */
  async fillAll(): Promise<void> {
    const rows = this.client.conversations.snapshot.slice(0, READ_AHEAD);
    await Promise.all(rows.map((row) => this.fill(row.key)));
  }

  clear(): void {
    this.archive.clear();
    this.filled.clear();
    this.ahead.clear();
    this.recents.clear();
    this.calls.active = false;
  }

  private get me(): string {
    return this.client.session?.userId ?? "";
  }

  private tell(status: SendingStatus): void {
    this.bus.emit("onSendingMessageStatusChanged", status);
  }

  private copy(message: Message, more?: Partial<CustomerMessage>): CustomerMessage {
    const copy = customerMessage(message, this.me, more);
    const text = message.type === "rtc" ? recordText(message, this.me) : undefined;
    return text === undefined ? copy : reattributed({ ...copy, content: text });
  }

  private content(message: Sendable & { priority?: number }, key: ConversationKey): RawContent {
    const { type = "text", content, ext, config, attachment, priority } = message;
    const number = (TYPES as readonly string[]).indexOf(type);
    if (number < 0) throw badMessage("type", `one of ${TYPES.join(", ")}`);
    if (number === 0 && !content) throw badMessage("content", "a text that is not empty");
    const raw: RawContent = { type: number, text: checked(content ?? "", "text") };
    if (attachment && number > 0) raw.attachment = checked(toJson(attachment), "attachment");
    if (ext !== undefined) raw.ext = checked(ext, "ext");
    const readers = key.kind === "group" ? this.readers(key.id) : [];
    const given = config === undefined || config === null ? undefined : checked(config, "config");
    if (readers.length > 0) {
      const own = objectOf(given);
      const list = readers.map((id) => new Verbatim(id));
      raw.config = checked(toJson({ ...own, groupMemberList: list }), "config");
    } else if (given) raw.config = given;
    if (priority) raw.priority = Math.min(Math.max(Math.floor(priority), 0), 10);
    return raw;
  }

  private send(message: Sendable, to: Id, resolve: (id: Id) => ConversationKey): number {
    if (typeof message !== "object" || message === null) throw badArgument("message", "an object");
    const key = resolve(to);
    const raw = this.content(message, key);
    const parked = this.parking.open();
    const id = parked ? this.parking.allocate() : this.client.allocate();
    const mid = Number(id);
    const attach = raw.attachment === undefined ? undefined : (parseJson(raw.attachment) as JsonObject);
    const config = objectOf(raw.config) as JsonObject | undefined;
    const copy: CustomerMessage = {
      id,
      from: this.me,
      to: key.id,
      content: raw.text,
      type: TYPES[raw.type],
      ext: message.ext,
      status: 0,
      timestamp: String(Date.now()),
      toType: key.kind === "group" ? "group" : "roster",
      is_system: false,
      isHistory: false,
      isNative: false,
      isPlayed: false,
      editTimestamp: "0",
      ...(attach ? { attach } : {}),
      ...(config ? { config } : {}),
    };
    this.sending.add(id);
    this.tell({ status: "sending", uid: to, mid, message: copy });
    const post = (): void => {
      this.client.post(id, key, raw).catch((error: FlooErrorShape) => {
        // A wait that ended says nothing of the message: it is in the outbox. What the server refuses
        // comes as an event; here is what never got that far.
        if (error.code !== "Cancelled" && this.sending.has(id)) this.failed(id, error);
      });
    };
    if (parked) this.parking.add(id, post);
    else post();
    return mid;
  }

  private operate(key: ConversationKey, act: (chat: Conversation) => Promise<unknown>): void {
    act(this.client.conversation(key)).catch((thrown: unknown) =>
      this.failed("0", asFlooError(thrown, "GeneralError", "an operation")),
    );
  }

  /** A message came, live or with a page of the past. */
  private deliver(message: Message, isHistory = false): void {
    const { conversation: key } = message;
    const copy = this.copy(message, { isHistory });
    const name = nameOf(key);
    if (isUntyped(message)) this.bus.emit("messageNormal", rawMessage(message, copy.to));
    if (!isHistory && !FLEETING.includes(message.type)) {
      this.archive.add(name, [copy]);
      if (isUnread(copy, this.me)) this.ahead.set(name, (this.ahead.get(name) ?? 0) + 1);
    }
    if (key.kind === "group") {
      if (message.mentions.includes(this.me as UserId)) {
        if (!isHistory) this.recents.mentioned(key);
        this.bus.emit("onMentionMessage", copy);
      }
      this.bus.emit("onGroupMessage", copy);
      return;
    }
    if (message.type === "rtc") {
      if (!isHistory) this.signal(message);
      this.bus.emit("onRosterRTCMessage", copy);
    } else this.bus.emit("onUnreadChange", key.id);
    this.bus.emit("onRosterMessage", copy);
  }

  private sent(message: Message): void {
    this.sending.delete(message.clientId ?? "");
    const copy = this.copy(message);
    if (!FLEETING.includes(message.type)) this.archive.add(nameOf(message.conversation), [copy]);
    if (message.type === "rtc" && copy.toType === "roster") {
      this.signal(message);
      this.bus.emit("onRosterRTCMessage", { ...copy, isNative: true });
    }
    this.bus.emit(copy.toType === "group" ? "onGroupMessage" : "onRosterMessage", copy);
    this.tell({ status: "sent", mid: Number(message.clientId), message: copy });
  }

  private failed(id: ClientId | "0", error: FlooErrorShape): void {
    this.sending.delete(id);
    const code = frameFailure(error).status;
    const reason = reasonOf(error);
    this.tell({
      status: "failed",
      mid: Number(id),
      message: { status: { code, reason }, client_mid: id },
      errorCode: code,
      errorReason: reason,
    });
  }

  /** Keeps the state of a call, and writes its record. */
  private signal(message: Message): void {
    const record = this.calls.take({ ...message, content: message.text }, message.outgoing, this.me);
    if (!record) return;
    try {
      this.sendRtc({ uid: message.conversation.id, content: record.content, config: toJson(record.config) });
    } catch (thrown) {
      this.client.complain("The record of a call could not be sent", thrown);
    }
  }

  private typed(from: string, active: boolean): void {
    const ext = JSON.stringify({ input_status: active ? "typing" : "nothing" });
    this.bus.emit("onInputStatusMessage", { ext, from, to: this.me });
    const blank = { id: "0", content: "", type: "text", status: 0, isHistory: false, isNative: false } as const;
    const rest = { toType: "roster", is_system: false, isPlayed: false, editTimestamp: "0" } as const;
    const timestamp = String(Date.now());
    this.bus.emit("onRosterMessage", { ...blank, from, to: this.me, ext, timestamp, ...rest });
  }

  private updated(update: RawUpdate): void {
    const { change, conversation, target, by, operation, message } = update;
    const [type, event] = (change === "unknown" ? undefined : OPERATIONS[change]) ?? [];
    if (!target) return;
    const name = nameOf(conversation);
    const gone = change === "recall" || change === "delete";
    const edit = change === "append" || change === "replace";
    // An own operation comes twice: as it is asked for, and when the server has accepted it.
    const applied = operation !== null || by === null;
    let copy: CustomerMessage | undefined;
    if (message && !gone) {
      const before = this.archive.find(name, target)?.content ?? "";
      copy = this.archive.replace(name, this.copy(message, edit ? edits(update, before) : {}));
    }
    if (gone && applied) this.archive.remove(name, target);
    const silent = change === "read" && by === this.me; // `read()` has told it
    if (type === undefined || !applied || silent) return;
    if (!edit || copy) {
      const uid = conversation.id;
      if (edit) this.bus.emit(`on${conversation.kind === "group" ? "Group" : "Roster"}${event}`, copy);
      else if (event) this.bus.emit(event, { uid: change === "delete" ? legacyId(uid) : uid, mid: target });
      this.bus.emit("onMessageStatusChanged", { uid, mid: target });
      this.bus.emit("onUnreadChange", uid);
    }
    this.bus.emit("onActionMessage", this.rawOperation(update, type));
  }

  private rawOperation(update: RawUpdate, type: number): RawMeta {
    const { conversation, target, by, operation, text, config, ext, timestamp } = update;
    const toMe = conversation.kind !== "group" && by !== this.me && by !== null;
    return {
      id: new Long(operation ?? "0"),
      from: xid(by ?? this.me),
      to: xid(toMe ? this.me : conversation.id),
      timestamp: new Long(String(timestamp)),
      ns: 1,
      payload: {
        type: 1,
        content: text,
        ctype: type > 7 ? 0 : 6,
        operation: { type, mid: new Long(target ?? "0"), xid: xid(conversation.id) },
        config,
        ext,
      },
    };
  }

  private removed(key: ConversationKey): void {
    const name = nameOf(key);
    const given = this.removing.get(name);
    this.removing.delete(name);
    this.archive.removeAll(name);
    this.recents.remove(key);
    const desc =
      given === undefined
        ? { id: legacyId(key.id), source: "other_operation" }
        : { id: given, source: "user_operation" };
    this.bus.emit("flooNotice", { category: "conversation_deleted", desc });
  }

  /** Another device, or the other facade, has read something: the newest `unread` are what is left. */
  private settle(key: ConversationKey, unread: number): void {
    const name = nameOf(key);
    const list = this.archive.list(name).filter((copy) => isUnread(copy, this.me));
    const done = list.slice(0, Math.max(list.length - unread, 0));
    if (done.length === 0) return;
    this.archive.add(
      name,
      done.map((copy) => ({ ...copy, status: 2 })),
    );
    this.bus.emit("onUnreadChange", key.id);
  }

  private async fill(key: ConversationKey): Promise<void> {
    const name = nameOf(key);
    this.filled.add(name);
    try {
      const stored = await this.client.conversation(key).messages({ limit: KEPT });
      const kept = stored.filter((it) => it.id !== null && !FLEETING.includes(it.type));
      this.archive.add(
        name,
        kept.map((it) => this.copy(it)),
      );
    } catch (thrown) {
      this.filled.delete(name);
      throw thrown;
    }
  }
}

/** What an edit leaves in the message, whose text was `before`. */
function edits({ change, text, config, ext }: RawUpdate, before: string): Partial<CustomerMessage> {
  const name = change === "append" ? "append" : "replace";
  const patch: JsonValue | undefined = config === "" ? undefined : parseJson(config);
  return {
    ...(text === "" ? {} : { appendedContent: name === "append" ? text : text.slice(before.length) }),
    ...(patch ? { [`${name}Config`]: patch } : {}),
    ...(ext === "" ? {} : { [`${name}Ext`]: ext }),
  };
}
