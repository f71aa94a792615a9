// Pages with one account, over channels and locks that a test holds: what the one that leads makes of the calls of others,
// and what all of them can do while another takes over.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sources } from "./bundle.mjs";
import { FakeCore, messagesTape, raw, until } from "./fake-engine.mjs";

const { FlooClient, Tabs } = await sources("js/client/client.ts", "js/client/tabs.ts");
const NAME = "floo/app/7";

/** The one lock of an account, as browsers give it: to whoever has waited longest. */
function oneLock() {
  let taken = false;
  const waiting = [];
  return {
    async request(_, { ifAvailable, signal }, held) {
      if (taken && ifAvailable) return held(null);
      if (taken) {
        await new Promise((go, stop) => {
          waiting.push(go);
          signal.addEventListener("abort", () => {
            const at = waiting.indexOf(go);
            if (at >= 0) waiting.splice(at, 1);
            stop(signal.reason);
          });
        });
      }
      taken = true;
      await held({});
      taken = waiting.length > 0;
      waiting.shift()?.();
    },
  };
}

/** A page with the account. The ids that its cores give begin with `first`, which tells them from those of others. */
function page(t, locks, first) {
  const core = new FakeCore();
  const enter = async (_, engine) => {
    engine.id = first * 1000;
    if (!(await engine.leave(NAME))) throw raw("DbOperationFailed", "platform");
    return { userId: "7", deviceSn: 1 };
  };
  Object.assign(core.answers, { login: enter, resume: enter });
  const { environment } = core;
  const made = { core, gate: undefined, heard: [] };
  const load = async () => {
    await made.gate;
    return environment.load();
  };
  const channel = (name) => {
    const opened = new BroadcastChannel(name);
    opened.addEventListener("message", ({ data }) => made.heard.push(data));
    return opened;
  };
  made.client = new FlooClient(
    { appId: "app", logger: () => undefined },
    { ...environment, load, tabs: () => ({ locks, channel }) },
  );
  t.after(() => made.client.close());
  return made;
}

/** Ids that a page can give at once, by whose core they are. */
const givers = ({ client }) => new Set(Array.from({ length: 20 }, () => Math.floor(Number(client.allocate()) / 1000)));

/** A page that leads, its core, and the channel of another page. */
async function leading() {
  const channels = new Set();
  const channel = () => {
    const made = { onmessage: null, postMessage: (data) => deliver(made, data), close: () => channels.delete(made) };
    channels.add(made);
    return made;
  };
  const deliver = (from, data) => {
    for (const to of channels) if (to !== from) to.onmessage?.({ data: structuredClone(data) });
  };
  const commands = [];
  const engine = { command: (...what) => commands.push(what), nextId: () => "1", signal: () => {} };
  const locks = { request: (_, __, held) => Promise.resolve(held({})) };
  const tabs = new Tabs({ locks, channel }, { engine: () => engine, standing: () => [], ended: () => {} });
  assert.equal(await tabs.lock(NAME), true);
  const other = channel();
  const heard = [];
  other.onmessage = ({ data }) => heard.push(data);
  return { tabs, commands, other, heard };
}

test("a call that another page gives up is that one here, not the own call of the same number", async () => {
  const { tabs, commands, other, heard } = await leading();
  const ask = (from, call, name, params) => other.postMessage({ say: "call", from, call, name, params });
  ask("f", 7, "api", { endpoint: "userProfile" });
  ask("g", 7, "api", { endpoint: "groupInfo" });
  ask("f", 8, "cancelApi", { target: 7 });
  ask("f", 9, "cancelApi", { target: 77 });
  const [first, second, cancel, unknown] = commands;
  assert.notEqual(first[0], second[0]);
  assert.deepEqual([cancel[1], cancel[2].target], ["cancelApi", first[0]]);
  assert.equal(unknown[2].target, 0, "nobody's");
  assert.deepEqual(
    tabs.outgoing([
      ["reply", second[0], true, "{}"],
      ["sync", 1],
    ]),
    [["sync", 1]],
  );
  await Promise.resolve();
  assert.deepEqual(heard.at(-1), { say: "events", to: "g", batch: [["reply", 7, true, "{}"]] });
});

test("while a page takes over from one whose core has stopped it gives nobody ids; sends wait for them", async (t) => {
  const locks = oneLock();
  const [first, second, third] = [1, 10, 100].map((n) => page(t, locks, n));
  await first.client.login({ username: "amber", password: "amber-demo" });
  for (const { client } of [second, third]) await client.resume();
  for (const it of [first, second, third]) assert.deepEqual(givers(it), new Set([1]));

  let open;
  second.gate = new Promise((resolve) => {
    open = resolve;
  });
  const recovered = new Promise((resolve) => first.client.on("recovered", resolve));
  second.heard.length = 0;
  first.core.answers.conversations = "trap";
  await assert.rejects(first.client.conversations.list(), { code: "CoreStopped" });
  assert.throws(() => first.client.allocate(), { code: "CoreStopped", retriable: true });
  const sent = first.client.conversation({ user: "2" }).send({ text: "meanwhile" });
  // The two that will follow have asked the page that is about to lead and is not ready.
  await until(() => new Set(second.heard.filter(({ say }) => say === "hello").map(({ from }) => from)).size === 2);
  open();
  await recovered;

  const sends = () => second.core.commands.filter(([name]) => name === "send").map(([, params]) => params);
  await until(() => sends().length === 1);
  const [{ id, text }] = sends();
  assert.equal(text, "meanwhile");
  second.core.engine.say(["sent", messagesTape({ id: "1", clientId: id, outgoing: true, status: "sent" })]);
  assert.equal((await sent).status, "sent");
  await until(() => givers(third).has(10));
  for (const it of [first, second, third]) assert.deepEqual(givers(it), new Set([10]));
});

test("a page that has stood aside for its sleep can send as soon as it wakes", async (t) => {
  const locks = oneLock();
  const [first, second] = [1, 10].map((n) => page(t, locks, n));
  await first.client.login({ username: "amber", password: "amber-demo" });
  await second.client.resume();
  first.core.emitSignal("background");
  first.core.emitSignal("foreground");
  assert.deepEqual(givers(first), new Set([1]));
  await until(() => givers(first).has(10));
});
