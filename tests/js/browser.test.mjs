// The life cycle of a page as signals.
import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { sources } from "./bundle.mjs";

const { browser, browserFiles } = await sources("js/platform/browser.ts", "js/platform/browser-files.ts");
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

describe("files without XMLHttpRequest", () => {
  const own = globalThis.fetch;
  afterEach(() => {
    globalThis.fetch = own;
  });
  const file = new File(["12345"], "a.txt");
  const what = { method: "POST", url: "http://h.test/", headers: {}, fields: {}, file, name: "a.txt" };

  test("an upload tells its beginning, and its end once it is taken", async () => {
    for (const [status, expected] of [
      [200, [0, 5]],
      [500, [0]],
    ]) {
      const told = [];
      globalThis.fetch = async () => new Response("", { status });
      await browserFiles.upload(
        what,
        (loaded, total) => told.push([loaded, total]),
        () => undefined,
      );
      assert.deepEqual(
        told,
        expected.map((loaded) => [loaded, 5]),
      );
    }
  });

  test("a download tells what has come", async () => {
    const told = [];
    globalThis.fetch = async () => new Response("12345", { headers: { "content-length": "5" } });
    const from = { url: "http://h.test/a", headers: {}, cache: false };
    const { file: got } = await browserFiles.download(
      from,
      (...it) => told.push(it),
      () => undefined,
    );
    assert.deepEqual([told.at(-1), got.size], [[5, 5], 5]);
  });
});
