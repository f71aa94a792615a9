// What a page that leads makes of the calls of others, over channels and locks that a test holds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sources } from "./bundle.mjs";

const { Tabs } = await sources("js/client/tabs.ts");
const NAME = "floo/app/7";

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
