// A core that traps, the real one: another takes its place, in the builds for browsers and for mini-programs.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import WebSocket from "ws";
import { startEmulator } from "../lib/emulator.mjs";
import { breakCore, instances } from "../lib/instances.mjs";
import { nodeClient, nodeWx } from "../lib/node-client.mjs";
import { built } from "../lib/paths.mjs";
import { until } from "../lib/until.mjs";

globalThis.WebSocket ??= WebSocket;

const AMBER = { username: "amber", password: "amber-demo" };
let emulator;
let ids;
before(async () => {
  emulator = await startEmulator();
  ids = await emulator.ids();
});
after(() => emulator.stop());

const options = () => ({ appId: "floo-demo", servers: { dns: emulator.dns }, logger: () => undefined });

/** What each build is, and what it keeps. */
const BUILDS = {
  "mini-program, kept on the device": () => nodeClient(options(), nodeWx()),
  "web, in memory": async () => {
    const { createClient } = await import(built("npm", "slim.js"));
    const wasm = await readFile(built("npm", "floo_wasm_bg.wasm"));
    return createClient({ ...options(), wasm, storage: "memory" });
  },
};

const sockets = async () => (await emulator.state()).sockets.length;
const next = (client, event) => new Promise((resolve) => client.on(event, resolve));

for (const [name, make] of Object.entries(BUILDS)) {
  test(`a trap: another core, the same login, one connection (${name})`, { timeout: 60_000 }, async () => {
    const client = await make();
    const errors = [];
    client.on("error", ({ error }) => errors.push(error.message));
    const { userId } = await client.login(AMBER);
    const chat = client.conversation({ user: ids.basil });
    await chat.send({ text: "before" });
    const made = instances.length;

    breakCore();
    const recovered = next(client, "recovered");
    // Both enter the broken core; the second meets the one that comes.
    await assert.rejects(chat.messages(), { name: "FlooError", code: "CoreStopped", retriable: true });
    const { reason, session } = await recovered;
    assert.deepEqual([reason.code, session.userId], ["CoreStopped", userId]);
    assert.equal(instances.length, made + 1, "made anew");
    await until("the connection", () => client.state === "online");

    assert.equal((await chat.send({ text: "after" })).status, "sent");
    const { value: page } = await chat.history()[Symbol.asyncIterator]().next();
    assert.deepEqual(page.map(({ text }) => text).slice(-2), ["before", "after"]);
    await until("the old connection to end", async () => (await sockets()) === 1);
    assert.deepEqual(errors, []);
    await client.close();
    await until("the connection to end", async () => (await sockets()) === 0);
  });

  test(`the third trap within a minute is the last (${name})`, { timeout: 60_000 }, async () => {
    const client = await make();
    await client.login(AMBER);
    for (let round = 0; round < 2; round++) {
      const recovered = next(client, "recovered");
      breakCore();
      await assert.rejects(client.conversations.list(), { code: "CoreStopped" });
      await recovered;
    }
    const closed = new Promise((resolve) => client.on("state", ({ to, error }) => to === "closed" && resolve(error)));
    breakCore();
    await assert.rejects(client.conversations.list(), { code: "CoreStopped", retriable: false });
    assert.equal((await closed).code, "CoreStopped");
    await assert.rejects(client.resume(), { code: "Cancelled" });
    await until("the connections to end", async () => (await sockets()) === 0);
  });
}

test("all clients of an instance get another, also when it is the server whose word has met the trap", async () => {
  const [amber, basil] = await Promise.all([BUILDS["web, in memory"](), BUILDS["web, in memory"]()]);
  await amber.login(AMBER);
  await basil.login({ username: "basil", password: "basil-demo" });
  const made = instances.length;
  const recovered = Promise.all([next(amber, "recovered"), next(basil, "recovered")]);
  breakCore();
  await emulator.admin("notice", { kind: "message", user: "amber", content: "hello" });
  await recovered;
  assert.equal(instances.length, made + 1, "one for both");
  await until("both to be online", () => amber.state === "online" && basil.state === "online");
  await Promise.all([amber.close(), basil.close()]);
});
