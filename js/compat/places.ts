/** Conversations by the ids that pages give. */
import type { FlooClient } from "../client/client.js";
import { conversationKey, isId } from "../client/ids.js";
import type { ConversationKey } from "../client/types.js";

type Id = number | string;

export class Places {
  constructor(private readonly client: FlooClient) {}

  user(id: Id): ConversationKey {
    return String(id) === "0"
      ? conversationKey({ kind: "system", id: "0" } as ConversationKey)
      : conversationKey({ user: id });
  }

  group(id: Id): ConversationKey {
    return conversationKey({ group: id });
  }

  of(id: Id, isGroup: unknown): ConversationKey {
    return isGroup ? this.group(id) : this.user(id);
  }

  /** For getters, which answer with nothing where there is no conversation; pages ask before they have an id. */
  known(id: unknown, isGroup: unknown): ConversationKey | null {
    return isId(id) || (!isGroup && String(id) === "0") ? this.of(id as Id, isGroup) : null;
  }

  /** For functions that are told an id and not of what: a group if one of that id is known here, else a user. */
  find(id: Id): ConversationKey {
    const text = String(id);
    const listed = this.client.conversations.snapshot.some((row) => row.key.kind === "group" && row.key.id === text);
    return listed || this.isGroup(text) ? this.group(id) : this.user(id);
  }

  private isGroup(id: string): boolean {
    for (const group of this.client.groupCards()) if (group.id === id) return true;
    return false;
  }
}
