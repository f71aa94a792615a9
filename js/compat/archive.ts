/** The last messages of each conversation, for getters that must answer at once. */
import { compareIds } from "../client/ids.js";
import type { CustomerMessage } from "./shapes.js";

/** As many as the former SDK kept of a conversation. */
export const KEPT = 100;

/** Lists of messages by the name of their conversation. */
export class Archive {
  private readonly lists = new Map<string, CustomerMessage[]>();

  /** Adds messages, ascending by id and each once: a later copy takes the place of an earlier one. */
  add(name: string, messages: readonly CustomerMessage[]): void {
    const byId = new Map((this.lists.get(name) ?? []).map((message) => [message.id, message]));
    for (const message of messages) byId.set(message.id, message);
    this.lists.set(name, [...byId.values()].sort((a, b) => compareIds(a.id, b.id)).slice(-KEPT));
  }

  /** Copies, as ever: changing them changes nothing here. */
  list(name: string): CustomerMessage[] {
    return (this.lists.get(name) ?? []).map((message) => ({ ...message }));
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
