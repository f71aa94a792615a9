// A mouse that touches: the platform's developer tools give touch events for it, as components expect them.
import { elementOf } from "./longpress.js";

/** What a touch event tells of one finger. */
const finger = ({ pageX, pageY, clientX, clientY }) => ({ identifier: 0, pageX, pageY, clientX, clientY });

/** Dispatches `touchstart`, `touchmove` and `touchend` for the main button of a mouse. */
export function touchWithMouse(screen, { Event }) {
  let target = null;
  const dispatch = (type, original, touches) => {
    const extraFields = { touches, changedTouches: [finger(original)] };
    const options = { bubbles: true, composed: true, originalEvent: original, extraFields };
    Event.dispatchEvent(target, new Event(type, {}, options));
  };
  const listen = (name, act) =>
    screen.addEventListener(name, (event) => event.pointerType === "mouse" && act(event), { capture: true });
  listen("pointerdown", (event) => {
    target = event.button === 0 ? elementOf(event.target) : null;
    if (target !== null) dispatch("touchstart", event, [finger(event)]);
  });
  listen("pointermove", (event) => {
    if (target !== null) dispatch("touchmove", event, [finger(event)]);
  });
  const end = (type) => (event) => {
    if (target !== null) dispatch(type, event, []);
    target = null;
  };
  listen("pointerup", end("touchend"));
  listen("pointercancel", end("touchcancel"));
}
