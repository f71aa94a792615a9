// The wasm that mini-programs get, as it is shipped: what it needs of an engine, and how its casts treat odd numbers.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { before, test } from "node:test";
import zlib from "node:zlib";
import { describe } from "../../scripts/build/binary.mjs";
import { neededFeatures } from "./host/runtime/wasm-scan.js";
import { repository, sdk } from "./lib/stage.mjs";

const MIB = 1024 * 1024;
const packed = fs.readFileSync(path.join(sdk, "floo_wasm_bg.wasm.br"));
const wasm = zlib.brotliDecompressSync(packed);
let glue;

before(async () => {
  glue = await import(path.join(repository, "dist/wasm/host/floo_wasm_bg.js"));
  const { instance } = await WebAssembly.instantiate(wasm, { "./floo_wasm_bg.js": glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start?.();
});

test("it needs nothing that a mini-program's engine may lack", (t) => {
  const features = neededFeatures(wasm);
  const { imports, exports, tables, memories } = describe(wasm);
  const kinds = (kind) => exports.filter((item) => item.kind === kind);
  const inMiB = memories.map(
    ({ min, max }) => `${(min * 65536) / MIB} to ${max === undefined ? "?" : (max * 65536) / MIB}`,
  );
  t.diagnostic(`features beyond the first version: ${features.join(", ") || "none"}`);
  t.diagnostic(`tables ${tables.length}, memory ${inMiB.join()} MiB, exported globals ${kinds("global").length}`);
  t.diagnostic(`functions: ${kinds("function").length} exported, ${imports.length} imported`);
  t.diagnostic(`bytes: ${wasm.length} raw, ${packed.length} brotli`);
  assert.deepEqual(features, []);
  assert.deepEqual(tables, ["funcref"]);
  assert.deepEqual(kinds("global"), []);
  const wide = [...imports, ...kinds("function")].filter((item) => [...item.params, ...item.results].includes("i64"));
  assert.deepEqual(wide, [], "64-bit integers at the border");
  assert.equal(memories.length, 1);
  assert.ok(memories[0].max * 65536 <= 128 * MIB, "the memory has no end");
});

const OPTIONS = { appId: "app", deviceInfo: "x", memory: true, dns: "http://127.0.0.1:9/dns", deliveryReceipts: false };

/** Starts an engine for a platform without a network that says it is `time`; `reply(call)` resolves with what it answers. */
function start(time) {
  const waiting = new Map();
  const answers = new Map();
  const host = {
    now: () => time,
    randomBytes: (count) => new Uint8Array(count).fill(7),
    setTimer: () => () => undefined,
    connect: () => ({ send() {}, close() {} }),
    request: () => Promise.reject(new Error("no network")),
    openStore: () => Promise.reject(new Error("no store")),
  };
  const sink = (events) => {
    for (const [kind, call, good, answer] of events) {
      if (kind !== "reply") continue;
      answers.set(call, { good, answer });
      waiting.get(call)?.(answers.get(call));
    }
  };
  const engine = new glue.Engine(OPTIONS, sink, host);
  const reply = (call) =>
    answers.has(call) ? Promise.resolve(answers.get(call)) : new Promise((resolve) => waiting.set(call, resolve));
  return { engine, reply };
}

// Lowered in the wrong way these trap, or give a number from nowhere.
const ODD = [Number.NaN, Infinity, -Infinity, 1e300, -1e300, -1, 2 ** 63, 2 ** 64];

test("a clock that is out of its mind does not stop it", async () => {
  for (const time of ODD) {
    const { engine, reply } = start(time);
    engine.command(1, "login", { username: "a", password: "b" });
    const { good, answer } = await reply(1);
    assert.equal(good, false);
    assert.equal(answer.domain, "dns", `at ${time}: ${JSON.stringify(answer)}`);
    engine.free();
  }
});

test("a number that is no number, or too large, is refused by the name of its field", async () => {
  const { engine, reply } = start(Date.now());
  for (const [call, limit] of ODD.entries()) {
    engine.command(call, "messages", { kind: 0, of: "0", limit });
    const { good, answer } = await reply(call);
    assert.equal(good, false);
    assert.equal(answer.number, 9005);
    assert.match(answer.detail, /^`limit` must be a whole number/);
  }
  engine.free();
});
