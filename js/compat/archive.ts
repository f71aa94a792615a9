/** The last messages of each conversation, for getters that must answer at once. */
import { compareIds } from "../client/ids.js";
import type { CustomerMessage } from "./shapes.js";

/** As many as the former SDK kept of a conversation. */
export const KEPT = 100;

interface List {
  /** `KEPT`, and what pages of the past have added. */
  limit: number;
  messages: readonly CustomerMessage[];
}

/** Lists of messages by the name of their conversation. */
export class Archive {
  private readonly lists = new Map<string, List>();

  /**
   * Adds messages, ascending by id and each once: a later copy takes the place of an earlier one. `past` makes room
   * for them, so that one can page back further than there.
   */
  add(name: string, messages: readonly CustomerMessage[], past = false): void {
    const { limit, messages: before } = this.lists.get(name) ?? { limit: KEPT, messages: [] };
    const byId = new Map(before.map((message) => [message.id, message]));
    for (const message of messages) byId.set(message.id, message);
    const all = [...byId.values()].sort((a, b) => compareIds(a.id, b.id));
    const room = past ? Math.max(limit, all.length) : limit;
    this.lists.set(name, { limit: room, messages: all.slice(-room) });
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
