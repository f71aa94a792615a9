// The life cycle of a page as signals.
import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { sources } from "./bundle.mjs";

const { browser } = await sources("js/platform/browser.ts");
const names = ["self", "document", "navigator"];
const before = new Map(names.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));

function page({ onLine = true } = {}) {
  const made = { self: new EventTarget(), document: new EventTarget(), navigator: { onLine } };
  made.document.visibilityState = "visible";
  for (const name of names) {
    Object.defineProperty(globalThis, name, { value: made[name], configurable: true, writable: true });
  }
  const heard = [];
  const stop = browser(() => Promise.reject(new Error("not loaded here"))).watch((name) => heard.push(name));
  const fire = (target, type, fields = {}) => made[target].dispatchEvent(Object.assign(new Event(type), fields));
  const show = (state) => {
    made.document.visibilityState = state;
    fire("document", "visibilitychange");
  };
  return { heard, stop, fire, show };
}

afterEach(() => {
  for (const [name, descriptor] of before) {
    if (descriptor) Object.defineProperty(globalThis, name, descriptor);
    else delete globalThis[name];
  }
});

describe("the life cycle of a page", () => {
  test("the network comes and goes", () => {
    const { heard, fire } = page();
    fire("self", "offline");
    fire("self", "online");
    assert.deepEqual(heard, ["offline", "online"]);
  });

  test("a page that starts without a network says so", () => {
    assert.deepEqual(page({ onLine: false }).heard, ["offline"]);
  });

  test("a hidden tab still runs: only coming back is a signal", () => {
    const { heard, show } = page();
    show("hidden");
    show("visible");
    assert.deepEqual(heard, ["foreground"]);
  });

  test("freezing and the back/forward cache stop the page; an ordinary load is no return", () => {
    const { heard, fire } = page();
    fire("document", "freeze");
    fire("document", "resume");
    fire("self", "pagehide", { persisted: true });
    fire("self", "pageshow", { persisted: true });
    fire("self", "pagehide", { persisted: false });
    fire("self", "pageshow", { persisted: false });
    assert.deepEqual(heard, ["background", "foreground", "background", "foreground"]);
  });

  test("after the end nothing is heard", () => {
    const { heard, stop, fire, show } = page();
    stop();
    fire("self", "offline");
    fire("document", "freeze");
    show("visible");
    assert.deepEqual(heard, []);
  });
});
