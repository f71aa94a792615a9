// The developer's page: served, alive, and able to make things go wrong.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { init } from "floo-wasm/codec";
import { By } from "selenium-webdriver";
import { browser } from "../lib/browser.mjs";
import { startEmulator } from "../lib/emulator.mjs";
import { until } from "../lib/until.mjs";
import { login, RawWire, text } from "./wire.mjs";

await init();

/** The frames of the stream, as they come. */
async function watch(emulator, { after: number, headers } = {}) {
  const stop = new AbortController();
  const query = number === undefined ? "" : `?after=${number}`;
  const answer = await fetch(`${emulator.url}/admin/api/frames${query}`, { signal: stop.signal, headers });
  assert.equal(answer.headers.get("content-type"), "text/event-stream");
  const seen = [];
  const done = (async () => {
    let rest = "";
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      const events = (rest + chunk).split("\n\n");
      rest = events.pop();
      seen.push(...events.map((event) => JSON.parse(/^data: (.*)$/m.exec(event)[1])));
    }
  })();
  const ended = done.catch((error) => {
    if (error.name !== "AbortError") throw error;
  });
  return { seen, ended, stop: () => stop.abort() };
}

describe("the stream of frames", () => {
  let emulator;
  before(async () => {
    emulator = await startEmulator();
  });
  after(() => emulator.stop());

  test("says who, which way, what and how large, and nothing of what is inside", async () => {
    const [amber, basil] = [await login(emulator.url, "amber"), await login(emulator.url, "basil")];
    const live = await watch(emulator);
    const wire = await RawWire.open(emulator.url);
    const { xid } = await wire.provision({ ...amber, guid: "watched" });
    await emulator.faults({ action: "drop_ack" });
    wire.say({ command: 1, payload: { "@type": "SyncUL", meta: text(1, xid, basil.uid, "for nobody's eyes") } });
    await emulator.faultsDone();
    await wire.unread();
    await until("the frames", () => live.seen.length >= 6);
    const told = live.seen.map(({ down, kind, messages }) => `${down ? "down" : "up"} ${kind} ${messages}`);
    assert.deepEqual(told, [
      "up provision 1",
      "down provision 1",
      "up send 1",
      "down ack 0",
      "up unread 1",
      "down unread 1",
    ]);
    assert.ok(live.seen.every(({ socket, at }) => socket === live.seen[0].socket && at > 0));
    const send = live.seen[2];
    assert.deepEqual([String(send.user), String(send.conversation)], [amber.uid, basil.uid]);
    assert.ok(send.bytes > 20);
    const all = JSON.stringify(live.seen);
    assert.ok(!all.includes("eyes") && !all.includes(amber.token));
    // Who comes later sees the last ones; who comes back only what is new.
    const late = await watch(emulator, { after: 4 });
    await until("the past", () => late.seen.length === 2);
    const back = await watch(emulator, { headers: { "last-event-id": "5" } });
    await until("the rest", () => back.seen.length === 1);
    for (const { stop } of [live, late, back]) stop();
    await Promise.all([live.ended, late.ended, back.ended]);
    wire.close();
  });

  test("what is asked in a wrong way is refused", async () => {
    const answer = await fetch(`${emulator.url}/admin/api/frames?after=x`);
    assert.equal(answer.status, 400);
    assert.match((await answer.json()).message, /^after:/);
  });

  test("ends when the server stops, at once", async () => {
    const live = await watch(emulator);
    const start = performance.now();
    await emulator.stop();
    await live.ended;
    assert.ok(performance.now() - start < 1500);
    await emulator.start();
  });
});

describe("the page", () => {
  let emulator;
  let chromium;
  before(async () => {
    emulator = await startEmulator();
    chromium = await browser("chromium");
    await chromium.driver.get(`${emulator.url}/admin`);
  });
  after(async () => {
    await chromium?.end();
    await emulator.stop();
  });

  const shown = async (id) => (await chromium.driver.findElement(By.id(id))).getText();
  /** Presses a button, which may be replaced by its like at any time. */
  const press = (label) =>
    until(
      `the button ${label}`,
      async () => {
        await (await chromium.driver.findElement(By.xpath(`//button[text()="${label}"]`))).click();
        return true;
      },
      { forgive: ({ name }) => name === "StaleElementReferenceError" },
    );
  const rules = async () =>
    (await emulator.state()).faults.rules.filter(({ left }) => left > 0).map(({ rule }) => rule);

  test("is served for this server only", async () => {
    const answer = await fetch(`${emulator.url}/admin`);
    assert.equal(answer.headers.get("content-type"), "text/html; charset=utf-8");
    assert.equal(answer.headers.get("x-frame-options"), "DENY");
    assert.match(answer.headers.get("content-security-policy"), /default-src 'self'/);
  });

  test("shows users, groups, sockets and frames", async () => {
    await until("the users", async () => /basil/.test(await shown("users")));
    assert.match(await shown("groups"), /Team/);
    assert.match(await shown("sockets"), /Nobody/);
    const amber = await login(emulator.url, "amber");
    const wire = await RawWire.open(emulator.url);
    await wire.provision({ ...amber, guid: "page" });
    await wire.unread();
    await until("the frames", async () => /to client amber unread/.test(await shown("frames")));
    await until("the socket", async () => /amber 1 Web/.test(await shown("sockets")));
    wire.close();
    await until("the socket to go", async () => /Nobody/.test(await shown("sockets")));
  });

  test("switches faults on and off", async () => {
    await press("Lose acks");
    await until("one rule", async () => (await rules()).length === 1);
    await press("2 s late");
    await until("two rules", async () => (await rules()).length === 2);
    assert.deepEqual(
      (await rules()).map(({ action }) => action),
      ["drop_ack", { type: "delay", ms: 2000 }],
    );
    const pressed = () => chromium.driver.findElements(By.css('#presets button[aria-pressed="true"]'));
    await until("the buttons", async () => (await pressed()).length === 2);
    await press("Lose acks");
    await until("one rule again", async () => (await rules()).length === 1);
    await press("End");
    await until("no rule", async () => (await rules()).length === 0);
    await until("no button", async () => (await pressed()).length === 0);
  });

  test("turns the switches of the application", async () => {
    await (await chromium.driver.findElement(By.id("switch-friends_only"))).click();
    await until("the switch", async () => (await emulator.state()).app.friends_only);
    assert.equal(await shown("problem"), "");
  });

  test("has nothing to say to the console", async () => {
    assert.equal(await chromium.output(), "");
  });
});
