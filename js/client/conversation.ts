/** One conversation: checks the arguments and asks the core. */
import type { Tape } from "../engine.js";
import { badArgument, badMessage } from "../errors.js";
import { readMessages } from "../tape.js";
import { messageId } from "./ids.js";
import type { CallOptions, Conversation, ConversationKey, Message, MessageId } from "./types.js";

const TEXT_LIMIT = 64 * 1024;
const EXT_LIMIT = 16 * 1024;
const PAGE = 50;
const LARGEST_PAGE = 200;

/** Kind of a conversation as the core counts them. */
export const RAW_KINDS = { system: 0, user: 1, group: 2 } as const;

/** What a conversation needs from its client. */
export interface Core {
  call<T>(name: string, params: object, read: (value: unknown) => T, options?: CallOptions): Promise<T>;
  send(to: ConversationKey, text: string, ext: string | undefined, options?: CallOptions): Promise<Message>;
}

/** Length in UTF-8, without a `TextEncoder`, which mini-programs lack. */
function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // Two units of a pair take four bytes; a lone one is replaced by a character of three.
    const pair = unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00;
    bytes += unit < 0x800 ? 1 : 2;
    if (pair) i++;
  }
  return bytes;
}

const tooLong = (text: string, limit: number): boolean => text.length > limit || utf8Length(text) > limit;

/** Checks what is to be sent; throws `MessageInvalid` naming the field. */
export function checkContent(content: { text: string; ext?: string }): { text: string; ext: string | undefined } {
  if (typeof content !== "object" || content === null) throw badArgument("content", "an object with a text");
  const { text, ext } = content;
  if (typeof text !== "string" || text === "") throw badMessage("text", "a text that is not empty");
  if (tooLong(text, TEXT_LIMIT)) throw badMessage("text", "at most 64 KiB in UTF-8");
  if (ext !== undefined && typeof ext !== "string") throw badMessage("ext", "a text");
  if (ext !== undefined && tooLong(ext, EXT_LIMIT)) throw badMessage("ext", "at most 16 KiB in UTF-8");
  return { text, ext };
}

interface Page {
  kind: number;
  id: string;
  before?: MessageId;
  limit: number;
}

function page(key: ConversationKey, before: unknown, limit: unknown, name: string): Page {
  const size = limit === undefined ? PAGE : limit;
  if (typeof size !== "number" || !Number.isInteger(size) || size < 1 || size > LARGEST_PAGE) {
    throw badArgument(name, `an integer from 1 to ${LARGEST_PAGE}`);
  }
  const to = { kind: RAW_KINDS[key.kind], id: key.id, limit: size };
  return before === undefined ? to : { ...to, before: messageId(before as string, "before") };
}

/** The handle that `client.conversation()` gives. */
export class ConversationHandle implements Conversation {
  constructor(
    private readonly core: Core,
    readonly key: ConversationKey,
  ) {}

  async send(content: { text: string; ext?: string }, options?: CallOptions): Promise<Message> {
    const { text, ext } = checkContent(content);
    return this.core.send(this.key, text, ext, options);
  }

  async messages(query?: { before?: MessageId; limit?: number }): Promise<readonly Message[]> {
    const params = page(this.key, query?.before, query?.limit, "limit");
    return this.core.call("messages", params, (tape) => readMessages(tape as Tape));
  }

  history(query?: { before?: MessageId; pageSize?: number } & CallOptions): AsyncIterable<readonly Message[]> {
    return this.pages(page(this.key, query?.before, query?.pageSize, "pageSize"), query);
  }

  private async *pages(params: Page, options?: CallOptions): AsyncGenerator<readonly Message[], void> {
    for (;;) {
      const { messages, next } = await this.core.call("history", params, readHistory, options);
      if (messages.length > 0) yield messages;
      // A server that does not move on would keep us here for ever.
      if (next === "0" || next === "" || next === params.before) return;
      params = { ...params, before: next as MessageId };
    }
  }

  async markRead(): Promise<void> {
    await this.core.call("markRead", { kind: RAW_KINDS[this.key.kind], id: this.key.id }, () => undefined);
  }
}

function readHistory(value: unknown): { messages: readonly Message[]; next: string } {
  const { messages, next } = value as { messages: Tape; next: string };
  return { messages: readMessages(messages), next };
}
