import { ref } from "vue";
import type { Store } from "../store.js";

/**
 * Does what the user asks for, one thing at a time: what is pressed meanwhile does nothing. `act` resolves with whether it
 * was done; what goes wrong is shown. `after` follows what was done. Nothing need be disabled, which would take the focus off it.
 */
export function useAct(store: Store, after?: () => Promise<void>) {
  const busy = ref(false);

  async function act(action: () => Promise<unknown>): Promise<boolean> {
    if (busy.value) return false;
    busy.value = true;
    const done = await store.attempt(action);
    if (done && after) await store.attempt(after);
    busy.value = false;
    return done;
  }

  return { busy, act };
}
