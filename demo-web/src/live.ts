/**
 * What is true only while the page is open, and is kept nowhere: who is typing, which messages were
 * taken back before the user's eyes, and who was seen joining or leaving groups.
 */
import type { Client, ClientEvents, ConversationKey, Message, UserId } from "floo-wasm";
import { type ShallowRef, shallowRef } from "vue";
import { keyText } from "./lib/keys.js";

/** A message that was taken back: where it stood, without what it said. */
export interface Recall {
  readonly message: Message;
  /** Null for the logged-in user on this device. */
  readonly by: UserId | null;
}

/** By the message's key. */
export type Recalls = Readonly<ShallowRef<ReadonlyMap<string, Recall>>>;

const NOBODY: readonly UserId[] = [];

export function createLive() {
  const typing = shallowRef<ReadonlyMap<string, readonly UserId[]>>(new Map());
  const recalls = shallowRef<ReadonlyMap<string, Recall>>(new Map());
  /** Whether somebody is in a group, by `group/user`, as far as it was seen to change. */
  const membership = shallowRef<ReadonlyMap<string, boolean>>(new Map());

  function typed({ conversation, user, active }: ClientEvents["typing"]): void {
    const key = keyText(conversation);
    const others = (typing.value.get(key) ?? NOBODY).filter((id) => id !== user);
    typing.value = new Map(typing.value).set(key, active ? [...others, user] : others);
  }

  function updated({ message, change, by }: ClientEvents["message:updated"]): void {
    if (change === "recall") {
      const empty = { ...message, text: "", attachment: null, attachmentText: "", ext: "" };
      recalls.value = new Map(recalls.value).set(message.key, { message: empty, by });
    } else if (change === "status" && recalls.value.has(message.key)) {
      // The server has refused to take it back.
      const left = new Map(recalls.value);
      left.delete(message.key);
      recalls.value = left;
    }
  }

  function moved({ group, joined, left }: ClientEvents["group:members"]): void {
    const now = new Map(membership.value);
    for (const id of joined) now.set(`${group}/${id}`, true);
    for (const id of left) now.set(`${group}/${id}`, false);
    membership.value = now;
  }

  function forget(): void {
    typing.value = new Map();
    recalls.value = new Map();
    membership.value = new Map();
  }

  return {
    recalls: recalls as Recalls,
    forget,
    follow(client: Client, until: { signal: AbortSignal }): void {
      client.on("typing", typed, until);
      client.on("message:updated", updated, until);
      client.on("group:members", moved, until);
    },
    /** Who is typing in a conversation. */
    typingIn: (key: ConversationKey) => typing.value.get(keyText(key)) ?? NOBODY,
    /** True when the user was seen joining the group, false when leaving it; undefined when neither. */
    memberOf: (group: string, user: string) => membership.value.get(`${group}/${user}`),
    /** Those who were seen joining a group. */
    joinedIn(group: string): string[] {
      const found: string[] = [];
      for (const [key, inside] of membership.value) {
        if (inside && key.startsWith(`${group}/`)) found.push(key.slice(group.length + 1));
      }
      return found;
    },
  };
}
