// The `longpress` event, which glass-easel leaves to the platform.

/** How long the platform waits. */
const HOLD_MS = 350;
/** A finger that moves further does something else. */
const STILL_PX = 10;

/** The closest element of glass-easel around a node of the document, or null. */
export function elementOf(node) {
  for (let at = node; at !== null; at = at.parentNode) if (at.__wxElement) return at.__wxElement;
  return null;
}

/**
 * Watches the pointer and dispatches `longpress`. Answers a function that says whether the `tap` of the present touch
 * is to be dropped: the platform gives none after a long press that somebody listened to.
 */
export function watchLongpress(screen, { Event }) {
  let timer;
  let start = null;
  let taken = false;

  const fire = (target) => {
    const detail = { x: start.clientX, y: start.clientY };
    const event = new Event("longpress", detail, { bubbles: true, composed: true, originalEvent: start });
    const call = event.callListener;
    event.callListener = (element, ...rest) => {
      if (element._$eventTarget.listeners.longpress) taken = true;
      return call.call(event, element, ...rest);
    };
    Event.dispatchEvent(target, event);
  };
  const cancel = () => clearTimeout(timer);

  const listen = (name, act) => screen.addEventListener(name, act, { capture: true });
  listen("pointerdown", (event) => {
    cancel();
    taken = false;
    start = event;
    const target = elementOf(event.target);
    if (target !== null) timer = setTimeout(fire, HOLD_MS, target);
  });
  listen("pointermove", (event) => {
    if (start === null) return;
    const far = Math.max(Math.abs(event.clientX - start.clientX), Math.abs(event.clientY - start.clientY));
    if (far > STILL_PX) cancel();
  });
  for (const name of ["pointerup", "pointercancel", "scroll"]) listen(name, cancel);
  // A browser's own menu would come up at the same time.
  listen("contextmenu", (event) => event.preventDefault());
  return () => taken;
}
