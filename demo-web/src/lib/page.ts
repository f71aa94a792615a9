import { onScopeDispose, type Ref, readonly, ref } from "vue";

/** The current time in milliseconds, refreshed every `everyMs`. */
export function useNow(everyMs: number): Readonly<Ref<number>> {
  const now = ref(Date.now());
  const timer = setInterval(() => {
    now.value = Date.now();
  }, everyMs);
  onScopeDispose(() => clearInterval(timer));
  return readonly(now);
}

/** Whether the page can be seen. */
export function useVisible(): Readonly<Ref<boolean>> {
  const visible = ref(document.visibilityState === "visible");
  const follow = () => {
    visible.value = document.visibilityState === "visible";
  };
  document.addEventListener("visibilitychange", follow);
  onScopeDispose(() => document.removeEventListener("visibilitychange", follow));
  return readonly(visible);
}

/** True on a wide window with a mouse, where a text field may take the focus by itself. */
export function isDesktop(): boolean {
  return matchMedia("(min-width: 820px) and (hover: hover)").matches;
}

/**
 * Moves the focus among the buttons of a list with the arrow keys, Home and End. For `keydown` of the
 * list's element; the keys it uses go no further.
 */
export function moveFocus(event: KeyboardEvent): void {
  const list = event.currentTarget;
  if (!(list instanceof HTMLElement)) return;
  const buttons = [...list.querySelectorAll<HTMLElement>("button")];
  const at = buttons.indexOf(document.activeElement as HTMLElement);
  const next = {
    ArrowDown: buttons[at + 1],
    ArrowUp: buttons[at - 1],
    Home: buttons[0],
    End: buttons[buttons.length - 1],
  }[event.key];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
