// The package in Node as docs/guide/node.md has it, with the sockets of `ws`.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { startEmulator } from "../lib/emulator.mjs";
import { built } from "../lib/paths.mjs";
import { until } from "../lib/until.mjs";

const AMBER = { username: "amber", password: "amber-demo" };

async function make(dns) {
  const { createClient } = await import(built("npm", "slim.js"));
  const wasm = await readFile(built("npm", "floo_wasm_bg.wasm"));
  return createClient({ appId: "floo-demo", servers: { dns }, storage: "memory", wasm, logger: () => undefined });
}

test("without a WebSocket a login says so at once", async () => {
  const { WebSocket: own } = globalThis;
  delete globalThis.WebSocket;
  try {
    const client = await make("http://127.0.0.1:1/v2/app_dns");
    await assert.rejects(client.login(AMBER), { code: "Unsupported", message: /no WebSocket/, remediation: /ws/ });
    await client.close();
  } finally {
    if (own) globalThis.WebSocket = own;
  }
});

test("a server that goes away ends no process", { timeout: 60_000 }, async () => {
  const { WebSocket } = await import("ws");
  globalThis.WebSocket = WebSocket;
  const emulator = await startEmulator();
  const client = await make(emulator.dns);
  try {
    await client.login(AMBER);
    let tries = 0;
    client.on("state", ({ to }) => {
      if (to === "reconnecting") tries += 1;
    });
    await emulator.stop();
    await until("a try that fails", () => tries > 1);
  } finally {
    await client.close(); // perhaps in the middle of connecting
  }
});

test("what an async listener throws is an error event", { timeout: 60_000 }, async () => {
  const { WebSocket } = await import("ws");
  globalThis.WebSocket = WebSocket;
  const emulator = await startEmulator();
  const client = await make(emulator.dns);
  try {
    const told = new Promise((resolve) => client.on("error", ({ error }) => resolve(error)));
    client.on("sync", async () => {
      throw new Error("of the application");
    });
    await client.login(AMBER);
    assert.match(String((await told).cause), /of the application/);
  } finally {
    await client.close();
    await emulator.stop();
  }
});
