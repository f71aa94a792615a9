/** Searching the messages on this device. */
import type { Tape } from "../engine.js";
import { badArgument } from "../errors.js";
import { readMessages } from "../tape.js";
import { place } from "./conversation.js";
import { TYPES } from "./details.js";
import { conversationKey, timestamp, userId } from "./ids.js";
import type { CallOptions, Client, Message, MessageType, SearchQuery } from "./types.js";

const PAGE = 50;
const LARGEST_PAGE = 200;

type Call = <T>(name: string, params: object, read: (value: unknown) => T, options?: CallOptions) => Promise<T>;

interface Page {
  readonly messages: Message[];
  /** To go on with; 0 at the end. */
  readonly next: number;
}

const read = (value: unknown): Page => {
  const { messages, next } = value as { messages: Tape; next: number };
  return { messages: readMessages(messages), next };
};

function params(query: SearchQuery): { limit: number } & Record<string, unknown> {
  if (typeof query !== "object" || query === null) throw badArgument("query", "an object");
  const { text, type, from, conversation, since, until, pageSize: limit = PAGE } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_PAGE) {
    throw badArgument("pageSize", `an integer from 1 to ${LARGEST_PAGE}`);
  }
  if (text !== undefined && typeof text !== "string") throw badArgument("text", "a text");
  const number = type === undefined ? -1 : (TYPES as readonly MessageType[]).indexOf(type);
  if (type !== undefined && number < 0) throw badArgument("type", `one of ${TYPES.join(", ")}`);
  return {
    limit,
    ...(text === undefined ? {} : { text }),
    ...(type === undefined ? {} : { type: String(number) }),
    ...(from === undefined ? {} : { from: userId(from, "from") }),
    ...(conversation === undefined ? {} : place(conversationKey(conversation))),
    ...(since === undefined ? {} : { since: timestamp(since, "since") }),
    ...(until === undefined ? {} : { until: timestamp(until, "until") }),
  };
}

/** See `Client.search`. */
export const searchOf = (call: Call): Client["search"] => ({
  messages: (query, options) => {
    const { limit, ...filter } = params(query);
    return (async function* () {
      let page = await call("find", { ...filter, limit }, read, options);
      for (;;) {
        if (page.messages.length > 0) yield page.messages;
        if (page.next === 0) return;
        page = await call("findMore", { handle: page.next, limit }, read, options);
      }
    })();
  },
});
