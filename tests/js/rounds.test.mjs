// A thousand logins and logouts in one process: memory, listeners, timers and connections come back to what they were.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import WebSocket from "ws";
import { startEmulator } from "../lib/emulator.mjs";
import { instances } from "../lib/instances.mjs";
import { built } from "../lib/paths.mjs";
import { until } from "../lib/until.mjs";

const ROUNDS = 1000;
/** What is used for the first time has been by then. */
const WARM = 100;

/** Sockets that are open, and the listeners on them. */
const open = new Set();
globalThis.WebSocket = class extends WebSocket {
  constructor(...what) {
    super(...what);
    open.add(this);
    this.on("close", () => open.delete(this));
  }
};
const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

let emulator;
before(async () => {
  emulator = await startEmulator();
  await emulator.admin("app", { http_rate: 1_000_000 });
});
after(() => emulator.stop());

test(`${ROUNDS} logins and logouts leave nothing behind`, { timeout: 240_000 }, async () => {
  const { createClient } = await import(built("npm", "slim.js"));
  const wasm = await readFile(built("npm", "floo_wasm_bg.wasm"));
  const options = { appId: "floo-demo", servers: { dns: emulator.dns }, wasm, storage: "memory", logger: () => {} };
  const one = createClient(options);
  /** Every other round is of the one client, the rest are of clients that are made and closed. */
  const round = async (number) => {
    const client = number % 2 ? one : createClient(options);
    await client.login({ username: "amber", password: "amber-demo" });
    await client.conversations.list();
    await client.logout();
    if (client !== one) await client.close();
  };
  const measure = async () => {
    await until("the connections to end", async () => open.size === 0 && (await emulator.state()).sockets.length === 0);
    const { sockets, push_tokens } = (await emulator.state()).counts;
    return {
      instances: instances.length,
      memory: instances.at(-1).memory.buffer.byteLength,
      sockets,
      push_tokens,
      timers: timers(),
    };
  };
  let warm;
  for (let number = 1; number <= ROUNDS; number++) {
    await round(number);
    if (number === WARM) warm = await measure();
  }
  const end = await measure();
  assert.ok(end.memory <= warm.memory, `the core's memory grew from ${warm.memory} to ${end.memory} bytes`);
  assert.deepEqual({ ...end, memory: 0, timers: 0 }, { ...warm, memory: 0, timers: 0 });
  assert.ok(end.timers <= warm.timers, `${warm.timers} timers became ${end.timers}`);
  await one.close();
});
