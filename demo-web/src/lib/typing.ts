import { onScopeDispose } from "vue";

/** How long others believe it is less than twice as much, in milliseconds: said again this often while one types. */
const AGAIN = 4_000;

/** Tells the other side that the user types: at once, again while it goes on, and when it is over. */
export function useTyping(tell: (active: boolean) => void) {
  let said = 0;
  let idle = 0;

  function stopped(): void {
    clearTimeout(idle);
    if (said === 0) return;
    said = 0;
    tell(false);
  }

  onScopeDispose(stopped);
  return {
    stopped,
    typed(): void {
      clearTimeout(idle);
      idle = window.setTimeout(stopped, AGAIN);
      const now = Date.now();
      if (now - said < AGAIN) return;
      said = now;
      tell(true);
    },
  };
}
