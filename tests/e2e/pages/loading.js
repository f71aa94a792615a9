// Both ways to have the core. The page has no inline script and no import map: a strict policy forbids them.
import { createClient } from "/npm/index.js";
import { createClient as createSlim } from "/npm/slim.js";

/** Logs in with the core from `wasm`, or with the one inside; resolves to the user's id. */
async function enter(dns, wasm) {
  const options = { appId: "floo-demo", servers: { dns }, storage: "memory", logLevel: "off" };
  const client = wasm === null ? createClient(options) : createSlim({ ...options, wasm });
  try {
    return (await client.login({ username: "amber", password: "amber-demo" }, { timeout: 30_000 })).userId;
  } finally {
    await client.close();
  }
}

window.sdk = { enter };
window.ready = true;
