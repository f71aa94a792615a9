// The cases that every store engine must pass (tests/store/cases.json), on the mini-program's: a log in wx storage.
import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { sources } from "./bundle.mjs";

const { LogStore } = await sources("js/platform/log-store.ts");
const cases = JSON.parse(fs.readFileSync(new URL("../store/cases.json", import.meta.url), "utf8"));
const ports = fs.readFileSync(new URL("../../src/ports.rs", import.meta.url), "utf8");
const TABLES = [...ports.matchAll(/Self::\w+ => "(\w+)",/g)].map(([, name]) => name);
const numberOf = (name) => {
  // Names of kinds of storage come before those of tables.
  const at = TABLES.slice(TABLES.indexOf("kv")).indexOf(name);
  assert.notEqual(at, -1, name);
  return at;
};

/** Texts under names, as `wx` keeps them: a value is at most 1 MB. */
class Texts {
  texts = new Map();
  async get(key) {
    return this.texts.get(key);
  }
  async set(key, value) {
    assert.ok(value.length <= 1024 * 1024);
    this.texts.set(key, value);
  }
  async remove(key) {
    this.texts.delete(key);
  }
}

/** Text, bytes as numbers, or so many counted bytes. */
function bytes(value) {
  if (typeof value === "string") return new TextEncoder().encode(value);
  if (Array.isArray(value)) return Uint8Array.from(value);
  return Uint8Array.from({ length: value.bytes }, (_, n) => n);
}

function writes(value) {
  if (value.many) {
    const [name, count] = value.many;
    return Array.from({ length: count }, (_, n) => {
      const key = new Uint8Array(4);
      new DataView(key.buffer).setUint32(0, n);
      return [numberOf(name), key, key, undefined];
    });
  }
  return value.map(([what, name, key, more]) => [
    numberOf(name),
    bytes(key),
    what === "put" ? bytes(more) : undefined,
    what === "clear" ? bytes(more) : undefined,
  ]);
}

// As the core's adapter asks (src/adapters/host.rs).
const range = (store, [name, from = "", to = "", limit = 0, way = "up"]) =>
  store.range(
    numberOf(name),
    bytes(from),
    to === "" ? new Uint8Array(32).fill(255) : bytes(to),
    limit === 0 ? 0xffffffff : limit,
    way === "down",
  );

for (const [name, steps] of Object.entries(cases)) {
  test(`store_case::${name}`, async () => {
    const storage = new Texts();
    const open = (which) =>
      LogStore.open(storage, `db${which}`, (text) => {
        throw new Error(text);
      });
    const stores = [await open(0), await open(1)];
    let at = 0;
    for (const [number, step] of steps.entries()) {
      const what = `step ${number}`;
      if (step.other) at = 1 - at;
      if (step.reopen) {
        stores[at].close();
        stores[at] = await open(at);
      }
      if (step.apply) {
        const done = stores[at].apply(writes(step.apply));
        if (step.meanwhile) {
          const { length } = await range(stores[at], [step.meanwhile]);
          assert.ok(step.counts.includes(length), `${what}: ${length} rows`);
        }
        await done;
      }
      if (step.read) {
        const rows = (await range(stores[at], step.read)).map((row) => row.map((part) => Buffer.from(part)));
        assert.deepEqual(
          rows,
          step.gives.map((row) => row.map((part) => Buffer.from(bytes(part)))),
          what,
        );
      }
      if (step.count) {
        const [table, count] = step.count;
        assert.equal((await range(stores[at], [table])).length, count, what);
      }
    }
  });
}
