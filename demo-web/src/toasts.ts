/** Short lines that come and go by themselves: what an action came to, and who joined or left. */
import { shallowRef } from "vue";
import { asFlooError, errorText } from "./lib/errors.js";

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly kind: "info" | "error";
}

/** How long each kind stays, in milliseconds: errors tell what to do, which takes longer to read. */
const LASTS = { info: 5_000, error: 10_000 } as const;
/** More would cover the chat; the oldest go first. */
const MOST = 4;

export type Toasts = ReturnType<typeof createToasts>;

export function createToasts() {
  const list = shallowRef<readonly Toast[]>([]);
  let next = 1;

  function drop(id: number): void {
    list.value = list.value.filter((toast) => toast.id !== id);
  }

  function show(text: string, kind: Toast["kind"]): void {
    const id = next++;
    list.value = [...list.value, { id, text, kind }].slice(-MOST);
    setTimeout(() => drop(id), LASTS[kind]);
  }

  return {
    list,
    drop,
    say: (text: string) => show(text, "info"),
    /** Shows what was thrown. What was cancelled was meant to end, and needs no words. */
    fail(thrown: unknown): void {
      const error = asFlooError(thrown);
      if (error.code !== "Cancelled") show(errorText(error), "error");
    },
  };
}
