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

  get(name: string, id: string): CustomerMessage | undefined {
    return this.list(name).find((message) => message.id === id);
  }

  remove(name: string, id: string): void {
    this.lists.set(
      name,
      this.list(name).filter((message) => message.id !== id),
    );
  }

  /** Sets the status of the messages that `which` picks. */
  mark(name: string, status: 0 | 2, which: (message: CustomerMessage) => boolean): void {
    const changed = this.list(name).filter(which);
    this.add(
      name,
      changed.map((message) => ({ ...message, status })),
    );
  }

  drop(name: string): void {
    this.lists.delete(name);
  }

  clear(): void {
    this.lists.clear();
  }
}
