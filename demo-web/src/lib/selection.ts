import type { ConversationKey, MessageId } from "floo-wasm";
import { onScopeDispose, type ShallowRef, shallowRef } from "vue";
import { keyText, parseId, parseKey } from "./keys.js";

export interface Selection {
  readonly selected: Readonly<ShallowRef<ConversationKey | null>>;
  /** The message that the chat is opened at; null for its end. */
  readonly at: Readonly<ShallowRef<MessageId | null>>;
  /** Counts how often a chat was opened at a message: the same one may be asked for again. */
  readonly jumps: Readonly<ShallowRef<number>>;
  open(key: ConversationKey, at?: MessageId): void;
  /** Back to the list. */
  close(): void;
}

/**
 * Which chat is open, kept in the address (`#/user:4096`, and `#/user:4096/12` at a message), so that a reload opens it
 * again and a phone's back gesture returns to the list.
 */
export function useSelection(): Selection {
  const selected = shallowRef<ConversationKey | null>(null);
  const at = shallowRef<MessageId | null>(null);
  const jumps = shallowRef(0);
  const follow = () => {
    const [, chat = "", message = ""] = location.hash.split("/");
    selected.value = parseKey(chat);
    at.value = parseId(message);
  };
  follow();
  addEventListener("popstate", follow);
  addEventListener("hashchange", follow);
  onScopeDispose(() => {
    removeEventListener("popstate", follow);
    removeEventListener("hashchange", follow);
  });

  return {
    selected,
    at,
    jumps,
    open(key, message) {
      if (message !== undefined) jumps.value += 1;
      const address = `#/${keyText(key)}${message === undefined ? "" : `/${message}`}`;
      // One step of history for "a chat is open", however many are opened after each other.
      if (selected.value) history.replaceState(history.state, "", address);
      else history.pushState({ fromList: true }, "", address);
      follow();
    },
    close() {
      const state: unknown = history.state;
      if (typeof state === "object" && state !== null && "fromList" in state) {
        history.back();
      } else {
        history.replaceState(null, "", location.pathname + location.search);
        follow();
      }
    },
  };
}
