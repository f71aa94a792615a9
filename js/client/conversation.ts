/** One conversation: checks the arguments and asks the core. */
import type { Tape } from "../engine.js";
import { badArgument, badMessage } from "../errors.js";
import { readMessages, readReceipts } from "../tape.js";
import type { TransferOptions } from "./cloud-types.js";
import {
  checkContent,
  checkEdit,
  forwardedFiles,
  type RawContent,
  readdressed,
  type Source,
  sourceOf,
} from "./content.js";
import { following, MAX_ID, messageId, timestamp, userId } from "./ids.js";
import { parseJson } from "./json.js";
import type {
  CallOptions,
  ClientEvents,
  ClientId,
  Conversation,
  ConversationKey,
  IdInput,
  LocalContent,
  Message,
  MessageEdit,
  MessageId,
  MessageRef,
  ReadBy,
  Scope,
  SendContent,
  Timestamp,
  UserId,
} from "./types.js";

const PAGE = 50;
const LARGEST_PAGE = 200;

/** Kind of a conversation as the core counts them. */
export const RAW_KINDS = { system: 0, user: 1, group: 2 } as const;

/** One text for each conversation. */
export const nameOf = (key: ConversationKey): string => `${key.kind}:${key.id}`;

/** How the core wants a conversation named. */
export const place = (key: ConversationKey): { kind: number; of: string } => ({
  kind: RAW_KINDS[key.kind],
  of: key.id,
});

/** What a conversation needs from its client. */
export interface Core {
  call<T>(name: string, params: object, read: (value: unknown) => T, options?: CallOptions): Promise<T>;
  send(to: ConversationKey, content: RawContent, options?: CallOptions): Promise<Message>;
  /** Resolves with the message as the last change has left it; null when this device does not have it. */
  operate(
    of: ConversationKey,
    target: MessageId,
    params: { operation: string },
    options?: CallOptions,
  ): Promise<Message | null>;
  /** The next client id, and who is logged in. Throws `UserNotLogin`. */
  next(): { id: ClientId; me: UserId };
  /** While there is no core: resolves when there is one, with what is left of the options for the call of that name. */
  mended(what: string, options?: CallOptions): Promise<CallOptions> | undefined;
  /** Removes a conversation; what waits to be sent there ends. */
  remove(of: ConversationKey, everywhere: boolean, options?: CallOptions): Promise<void>;
  focus(of: ConversationKey, active: boolean): Promise<void>;
  /** Uploads the file of an attachment; resolves with what can be sent. */
  upload(to: ConversationKey, source: Source, options?: TransferOptions): Promise<SendContent>;
  /** Makes the addresses of files good for a conversation; resolves with the new ones by the old. */
  renew(to: ConversationKey, files: readonly string[], options?: CallOptions): Promise<Map<string, string>>;
  /** Changes of messages since this call. */
  updates(options?: { signal?: AbortSignal }): AsyncIterableIterator<ClientEvents["message:updated"]>;
  /** Tells the cloud, so that all devices know. */
  cloud(of: ConversationKey, mark: { pinned: boolean } | { muted: boolean }, options?: CallOptions): Promise<void>;
}

interface Page {
  kind: number;
  of: string;
  before?: MessageId;
  after?: MessageId;
  limit: number;
}

function page(
  key: ConversationKey,
  query: { before?: unknown; after?: unknown } | undefined,
  limit: unknown,
  name: string,
): Page {
  const size = limit === undefined ? PAGE : limit;
  if (typeof size !== "number" || !Number.isInteger(size) || size < 1 || size > LARGEST_PAGE) {
    throw badArgument(name, `an integer from 1 to ${LARGEST_PAGE}`);
  }
  const { before, after } = query ?? {};
  if (before !== undefined && after !== undefined) throw badArgument("after", "left out when there is a before");
  return {
    ...place(key),
    limit: size,
    ...(before === undefined ? {} : { before: messageId(before as IdInput, "before") }),
    ...(after === undefined ? {} : { after: messageId(after as IdInput, "after") }),
  };
}

const nothing = (): void => undefined;

/** Whether a text that comes bit by bit is there in full (xsync 5.8). */
function isFinished({ ext }: Message): boolean {
  const { ai } = (parseJson(ext) ?? {}) as { ai?: { finish?: unknown } | null };
  return ai?.finish === true;
}

/** True for all devices. */
function everywhere(scope: Scope | undefined): boolean {
  if (scope !== undefined && scope !== "device" && scope !== "account") {
    throw badArgument("options.scope", '"device" or "account"');
  }
  return scope !== "device";
}

/** What only concerns sending. */
const SENDING = ["qos", "push", "readReceiptsFrom"] as const;

/** Where a message of the application's own stands, for the core. */
function placeOf(message: Message, field: string): { id: string; behind?: string } {
  const [, behind = "", id = ""] = /^(\d+)\/(\d+)$/.exec(message?.status === "local" ? message.key : "") ?? [];
  if (id === "") throw badArgument(field, "a message that was inserted");
  return { id, behind };
}

/** The handle that `client.conversation()` gives. */
export class ConversationHandle implements Conversation {
  constructor(
    private readonly core: Core,
    readonly key: ConversationKey,
  ) {}

  async send(content: SendContent, options?: TransferOptions): Promise<Message> {
    const source = sourceOf(content);
    const raw = source ? undefined : checkContent(content);
    const files = source ? [] : forwardedFiles(content);
    if (raw && files.length === 0) return this.core.send(this.key, raw, options);
    const begun = Date.now();
    const made = source
      ? await this.core.upload(this.key, source, options)
      : readdressed(content, await this.core.renew(this.key, files, options));
    const ready = checkContent(made);
    const { timeout } = options ?? {}; // for both together
    const rest = timeout === undefined ? {} : { timeout: Math.max(1, timeout - (Date.now() - begun)) };
    return this.core.send(this.key, ready, { ...options, ...rest });
  }

  async edit(message: MessageRef, changes: MessageEdit, options?: CallOptions): Promise<Message | null> {
    return this.operate("replace", message, options, checkEdit(changes));
  }

  async append(
    message: MessageRef,
    text: string,
    options?: Omit<MessageEdit, "text"> & CallOptions,
  ): Promise<Message | null> {
    const { config, ext } = options ?? {};
    const more = { ...(config === undefined ? {} : { config }), ...(ext === undefined ? {} : { ext }) };
    return this.operate("append", message, options, checkEdit({ text: text ?? "", ...more }));
  }

  async *growth(message: MessageRef, options?: { signal?: AbortSignal }): AsyncGenerator<Message, void> {
    const id = this.target(message);
    const updates = this.core.updates(options);
    try {
      let last = await this.message(id);
      if (last) yield last;
      while (!last || !isFinished(last)) {
        const { done, value } = await updates.next();
        if (done) return;
        const { message, change } = value;
        if (message.id !== id || nameOf(message.conversation) !== nameOf(this.key)) continue;
        if (change === "recall" || change === "delete") return;
        if (last && last.text === message.text && last.ext === message.ext) continue; // it was there already
        last = message;
        yield message;
      }
    } finally {
      await updates.return?.();
    }
  }

  async recall(message: MessageRef, options?: CallOptions): Promise<void> {
    await this.operate("recall", message, options);
  }

  async delete(message: MessageRef, options?: { scope?: Scope } & CallOptions): Promise<void> {
    const all = everywhere(options?.scope);
    if (typeof message === "object" && message?.status === "local") {
      if (all) throw badArgument("options.scope", '"device" for a message that was inserted');
      this.here(message, "message");
      const params = { ...place(this.key), ...placeOf(message, "message"), gone: true };
      await this.core.call("insert", params, nothing, options);
    } else if (all) await this.operate("delete", message, options);
    else await this.about("forget", message, nothing, options);
  }

  async markUnread(message: MessageRef, options?: CallOptions): Promise<void> {
    await this.operate("unread", message, options);
  }

  async markPlayed(message: MessageRef, options?: CallOptions): Promise<void> {
    await this.operate("played", message, options);
  }

  async markRead(which?: { upTo?: MessageRef; only?: MessageRef; scope?: Scope } & CallOptions): Promise<void> {
    const { upTo, only, scope } = which ?? {};
    const here = everywhere(scope) ? {} : { here: true };
    if (upTo !== undefined && only !== undefined) throw badArgument("only", "left out when there is an upTo");
    const params =
      only !== undefined
        ? { upTo: this.target(only, "only"), only: true }
        : upTo !== undefined
          ? { upTo: this.target(upTo, "upTo") }
          : {};
    await this.core.call("markRead", { ...place(this.key), ...params, ...here }, nothing, which);
  }

  async readBy(message: MessageRef, options?: CallOptions): Promise<ReadBy> {
    return this.about("receipts", message, (tape) => readReceipts(tape as Tape), options);
  }

  async typing(active = true): Promise<void> {
    await this.core.call("typing", { ...place(this.key), active: active === true }, nothing);
  }

  async remove(options?: { scope?: Scope } & CallOptions): Promise<void> {
    await this.core.remove(this.key, everywhere(options?.scope), options);
  }

  async clear(options?: CallOptions): Promise<void> {
    await this.core.call("clear", place(this.key), nothing, options);
  }

  async insert(
    content: LocalContent,
    options?: { from?: IdInput; timestamp?: Timestamp; after?: MessageRef; replace?: Message } & CallOptions,
  ): Promise<Message> {
    const odd = SENDING.find((name) => (content as SendContent | undefined)?.[name] !== undefined);
    if (odd) throw badMessage(odd, "left out: it is not sent");
    const raw = checkContent(content);
    const { from, timestamp: at, after, replace } = options ?? {};
    if (after !== undefined && replace !== undefined) throw badArgument("after", "left out when there is a replace");
    if (replace !== undefined) this.here(replace, "replace");
    const behind = after === undefined ? {} : { behind: this.target(after, "after") };
    const given = from === undefined ? undefined : userId(from, "from");
    const time = timestamp(at ?? Date.now(), "timestamp");
    const known = replace === undefined ? undefined : placeOf(replace, "replace");
    const mending = this.core.mended("insert", options);
    const rest = mending ? await mending : options;
    const { id, me } = this.core.next();
    const params = { ...place(this.key), id, ...behind, ...known, from: given ?? me, time, ...raw };
    return this.core.call("insert", params, (tape) => readMessages(tape as Tape)[0] as Message, rest);
  }

  async patch(message: MessageRef, changes: MessageEdit | null, options?: CallOptions): Promise<Message | null> {
    return this.operate("patch", message, options, changes === null ? {} : checkEdit(changes));
  }

  async count(): Promise<number> {
    let count = 0;
    let before: MessageId | undefined;
    for (;;) {
      const page = await this.messages({ limit: LARGEST_PAGE, ...(before === undefined ? {} : { before }) });
      const given = page.filter(({ id }) => id !== null);
      count += page.length;
      if (given.length < LARGEST_PAGE) return count;
      before = given[0]?.id ?? undefined;
    }
  }

  focus(): Promise<void> {
    return this.core.focus(this.key, true);
  }

  blur(): Promise<void> {
    return this.core.focus(this.key, false);
  }

  async messages(query?: { before?: MessageId; after?: MessageId; limit?: number }): Promise<readonly Message[]> {
    const params = page(this.key, query, query?.limit, "limit");
    return this.core.call("messages", params, (tape) => readMessages(tape as Tape));
  }

  async message(id: IdInput): Promise<Message | null> {
    const wanted = messageId(id, "id");
    const params = { ...place(this.key), before: following(wanted), limit: 1 };
    if (wanted === MAX_ID) return null; // no server gives it, and there is none behind it
    const [found] = await this.core.call("messages", params, (tape) => readMessages(tape as Tape));
    return found?.id === wanted ? found : null;
  }

  async messageAt(time: Timestamp): Promise<MessageId | null> {
    const params = { ...place(this.key), time: timestamp(time, "time") };
    return this.core.call("messageAt", params, (id) => (id === "0" ? null : (id as MessageId)));
  }

  async setDraft(text: string): Promise<void> {
    if (typeof text !== "string") throw badArgument("text", "a text");
    await this.core.call("setLocal", { ...place(this.key), draft: text }, nothing);
  }

  async setExtension(text: string): Promise<void> {
    if (typeof text !== "string") throw badArgument("text", "a text");
    await this.core.call("setLocal", { ...place(this.key), extension: text }, nothing);
  }

  async setPinned(pinned: boolean, options?: CallOptions): Promise<void> {
    if (typeof pinned !== "boolean") throw badArgument("pinned", "true or false");
    await this.core.cloud(this.key, { pinned }, options);
    await this.core.call("setLocal", { ...place(this.key), pinned }, nothing);
  }

  async setMuted(muted: boolean, options?: CallOptions): Promise<void> {
    if (typeof muted !== "boolean") throw badArgument("muted", "true or false");
    await this.core.cloud(this.key, { muted }, options);
    await this.core.call("setLocal", { ...place(this.key), muted }, nothing);
  }

  history(
    query?: { before?: MessageId; after?: MessageId; pageSize?: number } & CallOptions,
  ): AsyncIterable<readonly Message[]> {
    return this.pages(page(this.key, query, query?.pageSize, "pageSize"), query);
  }

  private async *pages(params: Page, options?: CallOptions): AsyncGenerator<readonly Message[], void> {
    const towards = params.after === undefined ? "before" : "after";
    for (;;) {
      const { messages, next } = await this.core.call("history", params, readHistory, options);
      if (messages.length > 0) yield messages;
      // A server that does not move on would keep us here for ever.
      if (next === "0" || next === "" || next === params[towards]) return;
      params = { ...params, [towards]: next as MessageId };
    }
  }

  /** The id of a message of this conversation. */
  private target(message: MessageRef, field = "message"): MessageId {
    if (typeof message !== "object" || message === null) return messageId(message, field);
    const { id } = message;
    if (!id) throw badArgument(field, "a message that the server has");
    this.here(message, field);
    return messageId(id, field);
  }

  private here({ conversation }: Message, field: string): void {
    if (conversation && nameOf(conversation) !== nameOf(this.key)) {
      throw badArgument(field, "a message of this conversation");
    }
  }

  private operate(
    operation: string,
    message: MessageRef,
    options: CallOptions | undefined,
    params?: object,
  ): Promise<Message | null> {
    return this.core.operate(this.key, this.target(message), { operation, ...params }, options);
  }

  private about<T>(
    name: string,
    message: MessageRef,
    read: (value: unknown) => T,
    options: CallOptions | undefined,
  ): Promise<T> {
    return this.core.call(name, { ...place(this.key), target: this.target(message) }, read, options);
  }
}

/** A page of the past, and the id to go on from: "0" when there is nothing further. */
export interface HistoryPage {
  readonly messages: readonly Message[];
  readonly next: string;
}

/** Reads a page as the core gives it. */
export function readHistory(value: unknown): HistoryPage {
  const { messages, next } = value as { messages: Tape; next: string };
  return { messages: readMessages(messages), next };
}
