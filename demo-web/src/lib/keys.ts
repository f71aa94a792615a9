import type { ConversationKey, IdInput, MessageId } from "floo-wasm";

const KINDS: readonly ConversationKey["kind"][] = ["user", "group", "system"];

/** One text for a conversation, for example `user:4096`: what the list, the address bar and drafts use. */
export function keyText(key: ConversationKey): string {
  return `${key.kind}:${key.id}`;
}

/** The conversation that a text of `keyText` names; null for anything else. */
export function parseKey(text: string): ConversationKey | null {
  const [kind, id, ...rest] = text.split(":");
  const known = KINDS.find((one) => one === kind);
  if (!known || rest.length > 0 || !id || !/^\d{1,20}$/.test(id)) return null;
  return { kind: known, id } as ConversationKey;
}

/** The id of a message; null for a text that is none. */
export function parseId(text: string): MessageId | null {
  return /^\d{1,20}$/.test(text) ? (text as MessageId) : null;
}

/** True when both name the same conversation. */
export function sameKey(a: ConversationKey | null, b: ConversationKey | null): boolean {
  return a !== null && b !== null && a.kind === b.kind && a.id === b.id;
}

/** Orders two ids by their numeric value: decimal strings of any length, without leading zeros. */
export function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** A key for a user's or a group's own chat. */
export function keyOf(kind: "user" | "group", id: IdInput): ConversationKey {
  return { kind, id: String(id) } as ConversationKey;
}
