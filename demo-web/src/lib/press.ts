import { onScopeDispose } from "vue";

/** How long a finger rests until it is a long press, in milliseconds. */
const LONG = 450;
/** Pixels a finger may wander meanwhile. */
const SLACK = 10;

/** Listeners for an element whose long press, by a finger or a pen, means something; for `v-on`. */
export function useLongPress(pressed: () => void) {
  let timer = 0;
  let from = { x: 0, y: 0 };
  const stop = () => clearTimeout(timer);
  onScopeDispose(stop);
  return {
    pointerdown(event: PointerEvent): void {
      stop();
      if (event.pointerType === "mouse") return;
      from = { x: event.clientX, y: event.clientY };
      timer = window.setTimeout(pressed, LONG);
    },
    pointermove(event: PointerEvent): void {
      if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > SLACK) stop();
    },
    pointerup: stop,
    pointercancel: stop,
  };
}
