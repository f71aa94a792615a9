// The server is killed in the middle of its work, again and again: what it acknowledged is there
// afterwards, exactly once, and what it did not may be sent again.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { init } from "floo-wasm/codec";
import { startEmulator } from "../lib/emulator.mjs";
import { login, RawWire, text } from "./wire.mjs";

const ROUNDS = 6;
/** Messages on their way at a time. */
const AHEAD = 32;
const SEED = 20_260_101;

await init();

/** The same numbers every time: from 0 to below 1. */
function random(seed) {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** All messages of a conversation, oldest first. */
async function history(wire, uid) {
  const metas = [];
  for (let key = "0"; ; ) {
    const page = await wire.sync({ xid: { uid }, key, is_full_sync: true, full_sync_num: 200 });
    metas.push(...(page.metas ?? []));
    if (!page.next_key) return metas.reverse();
    key = page.next_key;
  }
}

test("what was acknowledged survives kill -9, exactly once", async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), "floo-kill-"));
  const emulator = await startEmulator({ data: path.join(folder, "demo.sqlite") });
  t.after(async () => {
    await emulator.kill();
    await rm(folder, { recursive: true, force: true });
  });
  const draw = random(SEED);
  const [amber, basil] = [await login(emulator.url, "amber"), await login(emulator.url, "basil")];
  /** Client id to server id. */
  const acknowledged = new Map();
  const unanswered = new Map();
  let next = 1;

  for (let round = 0; round < ROUNDS; round += 1) {
    const wire = await RawWire.open(emulator.url);
    const { xid } = await wire.provision({ ...amber, guid: "killed" });
    const send = (id, meta) => {
      unanswered.set(id, meta);
      wire.say({ command: 1, payload: { "@type": "SyncUL", meta } });
    };
    // First what the last server did not answer, in the same bytes.
    for (const [id, meta] of [...unanswered]) send(id, meta);
    const killed = pause(100 + draw() * 400).then(() => emulator.kill());
    for (;;) {
      try {
        while (unanswered.size < AHEAD) {
          const id = String(next++);
          send(id, text(id, xid, basil.uid, `message ${id}`));
        }
        const { payload } = await wire.next(({ payload: p }) => p?.client_mid, "an ack");
        assert.equal(payload.status.code, 1, JSON.stringify(payload));
        acknowledged.set(payload.client_mid, payload.server_mid);
        unanswered.delete(payload.client_mid);
      } catch (error) {
        if (!wire.closed) throw error;
        break;
      }
    }
    await killed;
    await emulator.start();
  }

  assert.ok(acknowledged.size > ROUNDS * AHEAD, `only ${acknowledged.size} messages were acknowledged`);
  const wire = await RawWire.open(emulator.url);
  await wire.provision({ ...amber, guid: "killed" });
  for (const uid of [basil.uid, amber.uid]) {
    const reader = uid === basil.uid ? wire : await RawWire.open(emulator.url);
    if (reader !== wire) await reader.provision({ ...basil, guid: "reader" });
    const seen = (await history(reader, uid)).filter(({ payload }) => payload.content.startsWith("message "));
    const ids = new Map(seen.map(({ id, payload }) => [payload.content.slice(8), id]));
    assert.equal(ids.size, seen.length, "nothing is there twice");
    for (const [client, server] of acknowledged) assert.equal(ids.get(client), server, `message ${client}`);
    const others = [...ids.keys()].filter((id) => !acknowledged.has(id));
    assert.ok(
      others.every((id) => unanswered.has(id)),
      "nothing else is there",
    );
    reader.close();
  }
  t.diagnostic(`${acknowledged.size} messages acknowledged in ${ROUNDS} lives`);
});
