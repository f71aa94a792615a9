/** What the user sends and does to messages. Answers come as events, as ever. */
import type { FlooClient } from "../client/client.js";
import { checkContent, checked, type RawContent } from "../client/content.js";
import { nameOf } from "../client/conversation.js";
import { TYPES } from "../client/details.js";
import { parseJson, toJson } from "../client/json.js";
import type { ClientId, Conversation, ConversationKey, FlooErrorShape, Message } from "../client/types.js";
import { asFlooError, badArgument, badMessage, type FlooError } from "../errors.js";
import type { Archive } from "./archive.js";
import type { Bus } from "./bus.js";
import { frameFailure } from "./convert.js";
import type { Places } from "./places.js";
import type { CustomerMessage, SendingStatus } from "./shapes.js";

type Id = number | string;

interface Sendable {
  /** Default: `text`. */
  type?: string;
  content?: string;
  /** Text only, as ever; objects must be made text before. */
  ext?: string;
  /** JSON text. */
  config?: string;
  /** As it goes on the wire: `{url, dName, fLen, width, height, duration}` or `{lat, lon, addr}`. */
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
  mentionList?: Id[];
  mentionedMessage?: string;
  pushMessage?: string;
  senderNickname?: string;
}

/** What `forwardMessage` takes: one of the receivers, and a message as events give it. */
export interface Forward {
  uid?: Id;
  gid?: Id;
  message: Pick<CustomerMessage, "content" | "type" | "attach">;
}

function text(value: unknown, field: "ext" | "config"): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") throw badMessage(field, "a text");
  return checked(value, field);
}

function contentOf(message: Sendable & { priority?: number }): RawContent {
  if (typeof message !== "object" || message === null) throw badArgument("message", "an object");
  const { content, attachment, priority } = message;
  const type = TYPES.indexOf((message.type ?? "text") as (typeof TYPES)[number]);
  if (type < 0) throw badMessage("type", `one of ${TYPES.join(", ")}`);
  // Only texts must say something.
  const raw = type === 0 ? checkContent({ text: content ?? "" }) : { type, text: checked(content ?? "", "text") };
  const config = text(message.config, "config");
  const ext = text(message.ext, "ext");
  if (config !== undefined) raw.config = config;
  if (ext !== undefined) raw.ext = ext;
  if (type !== 0 && attachment !== undefined && attachment !== null) {
    if (typeof attachment !== "object") throw badMessage("attachment", "an object");
    raw.attachment = checked(toJson(attachment), "attachment");
  }
  if (priority) {
    if (!Number.isInteger(priority) || priority < 0 || priority > 10) {
      throw badMessage("priority", "an integer from 0 to 10");
    }
    raw.priority = priority;
  }
  return raw;
}

export class Outgoing {
  /** Messages sent here whose fate has not been told yet. */
  private readonly sending = new Set<string>();

  constructor(
    private readonly client: FlooClient,
    private readonly bus: Bus,
    private readonly archive: Archive,
    private readonly places: Places,
    /** The members who are to tell that they have read a message in that group. */
    private readonly receiptsFrom: (group: string) => string[],
  ) {}

  roster(message: RosterSend): number {
    const raw = contentOf(message);
    return this.send(message.uid, this.places.user(message.uid), raw);
  }

  group(message: GroupSend): number {
    const raw = contentOf(message);
    const key = this.places.group(message.gid);
    const members = raw.config === undefined ? this.receiptsFrom(key.id) : [];
    if (members.length > 0) raw.config = checked(`{"groupMemberList":[${members.join()}]}`, "config");
    return this.send(message.gid, key, raw);
  }

  mention(message: MentionSend): number {
    if (typeof message !== "object" || message === null) throw badArgument("message", "an object");
    const { mentionAll, mentionList, mentionedMessage, pushMessage, senderNickname } = message;
    const raw = checkContent({
      text: message.txt,
      config: { mentionAll: mentionAll === true, mentionedMessage, pushMessage, senderNickname },
      mentions: mentionList ?? [],
    });
    return this.send(message.gid, this.places.group(message.gid), raw);
  }

  /** The id of the new message. A file gets an address for its new readers first. */
  forward(it: Forward): number {
    if (typeof it?.message !== "object" || it.message === null) throw badArgument("message", "a message");
    const { type, content, attach } = it.message;
    const raw = contentOf({ type: type ?? "text", content, ...(attach ? { attachment: attach as object } : {}) });
    const to = it.uid ?? it.gid;
    const key = it.uid === undefined ? this.places.group(it.gid as Id) : this.places.user(it.uid);
    const url = (attach as { url?: unknown } | undefined)?.url;
    if (typeof url !== "string" || !/[?&](?:file_)?sign=/.test(url)) return this.send(to as Id, key, raw);
    return this.send(to as Id, key, raw, async () => {
      const made = await this.client.files.forward(url, key);
      return { ...raw, attachment: toJson({ ...(attach as object), url: made.url }) };
    });
  }

  typing(uid: Id, status: string): number {
    if (status !== "typing" && status !== "nothing") throw badArgument("status", '"typing" or "nothing"');
    const id = this.client.allocate();
    const failed = (thrown: unknown): void => this.client.complain("The typing state was not sent", thrown);
    this.client
      .conversation(this.places.user(uid))
      .typing(status === "typing")
      .catch(failed);
    return Number(id);
  }

  /** Starts an operation on messages; a refusal is told like that of a send, without the number of one. */
  operate(key: ConversationKey, act: (conversation: Conversation) => Promise<unknown>): void {
    act(this.client.conversation(key)).catch((thrown: unknown) => {
      const error = asFlooError(thrown, "GeneralError", "operation");
      if (error.code !== "Cancelled") this.tellFailure("0", error);
    });
  }

  /** The server has taken a message. */
  sent(message: Message, copy: CustomerMessage): void {
    this.sending.delete(message.clientId ?? "");
    this.tell({ status: "sent", mid: Number(message.clientId), message: copy });
  }

  failed(id: ClientId | null, error: FlooErrorShape): void {
    if (id === null) return;
    this.sending.delete(id);
    this.tellFailure(id, error);
  }

  private send(to: Id, key: ConversationKey, raw: RawContent, prepare?: () => Promise<RawContent>): number {
    const id = this.client.allocate();
    const mid = Number(id);
    const group = key.kind === "group";
    const config = raw.config === undefined ? undefined : parseJson(raw.config);
    const copy: CustomerMessage = {
      id,
      from: this.client.session?.userId ?? "",
      to: key.id,
      content: raw.text,
      type: TYPES[raw.type],
      ext: raw.ext,
      status: 0,
      timestamp: String(Date.now()),
      toType: group ? "group" : "roster",
      is_system: false,
      isHistory: false,
      isNative: raw.type === TYPES.indexOf("rtc"),
      isPlayed: false,
      editTimestamp: "0",
      ...(raw.attachment === undefined ? {} : { attach: parseJson(raw.attachment) }),
      ...(config === undefined ? {} : { config }),
    };
    this.sending.add(id);
    this.tell({ status: "sending", uid: to, mid, message: copy });
    const go = async (): Promise<void> => {
      await this.client.post(id, key, prepare ? await prepare() : raw);
    };
    go().catch((thrown: unknown) => {
      const error: FlooError = asFlooError(thrown, "GeneralError", "send");
      // A wait that ended says nothing of the message: it is in the outbox. What the server refuses
      // comes as an event; here is what never got that far.
      if (error.code !== "Cancelled" && this.sending.has(id)) this.failed(id, error);
    });
    return mid;
  }

  private tellFailure(id: string, error: FlooErrorShape): void {
    const code = frameFailure(error).status;
    this.tell({
      status: "failed",
      mid: Number(id),
      message: { status: { code, reason: error.message }, client_mid: id },
      errorCode: code,
      errorReason: error.message,
    });
  }

  private tell(status: SendingStatus): void {
    this.bus.emit("onSendingMessageStatusChanged", status);
  }

  /** What `getMessageStatus` says. */
  status(key: ConversationKey | null, mid: Id): "unread" | "delivered" | "read" | undefined {
    const found = key && this.archive.get(nameOf(key), String(mid));
    return found ? (["unread", "delivered", "read"] as const)[found.status] : undefined;
  }

  /** Marks a message unread in what the getters give, and nowhere else. */
  markUnread(key: ConversationKey, mid: Id): CustomerMessage | null {
    this.archive.mark(nameOf(key), 0, (message) => message.id === String(mid));
    return this.archive.get(nameOf(key), String(mid)) ?? null;
  }
}
