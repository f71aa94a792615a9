import type { ConversationKey } from "floo-wasm";
import { onScopeDispose, type ShallowRef, shallowRef } from "vue";
import { keyText, parseKey } from "./keys.js";

export interface Selection {
  readonly selected: Readonly<ShallowRef<ConversationKey | null>>;
  open(key: ConversationKey): void;
  /** Back to the list. */
  close(): void;
}

/**
 * Which chat is open, kept in the address (`#/user:4096`), so that a reload opens it again and a
 * phone's back gesture returns to the list.
 */
export function useSelection(): Selection {
  const read = () => parseKey(location.hash.replace(/^#\//, ""));
  const selected = shallowRef(read());
  const follow = () => {
    selected.value = read();
  };
  addEventListener("popstate", follow);
  addEventListener("hashchange", follow);
  onScopeDispose(() => {
    removeEventListener("popstate", follow);
    removeEventListener("hashchange", follow);
  });

  return {
    selected,
    open(key) {
      const address = `#/${keyText(key)}`;
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
