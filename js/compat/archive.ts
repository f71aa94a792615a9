/** The last messages of each conversation, for getters that must answer at once. */
import { compareIds } from "../client/ids.js";
import type { CustomerMessage } from "./shapes.js";

/** As many as the former SDK kept of a conversation. */
export const KEPT = 100;

interface List {
  /** The past was asked for, so that nothing is dropped: a page that comes later would leave a hole behind it. */
  whole: boolean;
  messages: readonly CustomerMessage[];
}

const EMPTY: List = { whole: false, messages: [] };

/** Lists of messages by the name of their conversation. */
export class Archive {
  private readonly lists = new Map<string, List>();

  /** Adds messages, ascending by id and each once: a later copy takes the place of an earlier one. */
  add(name: string, messages: readonly CustomerMessage[]): void {
    const { whole, messages: before } = this.lists.get(name) ?? EMPTY;
    const all = merged(before, messages);
    this.lists.set(name, { whole, messages: whole ? all : all.slice(-KEPT) });
  }

  /** From now on a list keeps all it gets, for pages of the past to go on from. */
  keepAll(name: string): void {
    this.lists.set(name, { ...(this.lists.get(name) ?? EMPTY), whole: true });
  }

  /** A copy of a message, if it is here. */
  find(name: string, id: string): CustomerMessage | undefined {
    return this.list(name).find((message) => message.id === id);
  }

  /** Takes the place of a message, if it is here. Answers with the copy that it was given. */
  replace(name: string, message: CustomerMessage): CustomerMessage {
    if (this.find(name, message.id)) this.add(name, [message]);
    return message;
  }

  remove(name: string, id: string): void {
    const it = this.lists.get(name);
    if (it) it.messages = it.messages.filter((message) => message.id !== id);
  }

  removeAll(name: string): void {
    this.lists.delete(name);
  }

  /** Copies, as ever: changing them changes nothing here. */
  list(name: string): CustomerMessage[] {
    return (this.lists.get(name)?.messages ?? []).map((message) => ({ ...message }));
  }

  /** Marks everything in a conversation as read. */
  markRead(name: string): void {
    this.add(
      name,
      this.list(name).map((message) => ({ ...message, status: 2 })),
    );
  }

  clear(): void {
    this.lists.clear();
  }
}

function merged(before: readonly CustomerMessage[], more: readonly CustomerMessage[]): readonly CustomerMessage[] {
  const last = before[before.length - 1];
  const [one] = more;
  // The usual case: one that is newer than all.
  if (one && more.length === 1 && (!last || compareIds(last.id, one.id) < 0)) return [...before, one];
  const byId = new Map(before.map((message) => [message.id, message]));
  for (const message of more) byId.set(message.id, message);
  return [...byId.values()].sort((a, b) => compareIds(a.id, b.id));
}
