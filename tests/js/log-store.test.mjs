// The store for mini-programs: durable by one write each, and right after a crash anywhere.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sources } from "./bundle.mjs";

const { LogStore, quotaExceeded } = await sources("js/platform/log-store.ts");

/** A storage that can stop, as a process that is killed, before its n-th change; or be full. */
class Texts {
  texts = new Map();
  changes = 0;
  crashAt = Number.POSITIVE_INFINITY;
  limit = Number.POSITIVE_INFINITY;
  #change(act) {
    if (++this.changes >= this.crashAt) throw new Error("crashed");
    act();
  }
  get used() {
    return [...this.texts].reduce((sum, [key, text]) => sum + key.length + text.length, 0);
  }
  async get(key) {
    return this.texts.get(key);
  }
  async set(key, value) {
    const more = value.length - (this.texts.get(key)?.length ?? 0);
    if (this.used + more > this.limit) throw quotaExceeded("full");
    this.#change(() => this.texts.set(key, value));
  }
  async remove(key) {
    this.#change(() => this.texts.delete(key));
  }
  /** The same texts after a restart. */
  restarted() {
    const next = new Texts();
    next.texts = new Map(this.texts);
    return next;
  }
}

const bytes = (text) => new Uint8Array(Buffer.from(text, "latin1"));
const string = (array) => Buffer.from(array).toString("latin1");
const LOW = bytes("");
const HIGH = bytes("\xff\xff\xff\xff");

async function open(storage) {
  const trouble = [];
  const store = await LogStore.open(storage, "db", (text) => trouble.push(text));
  return { store, trouble };
}
const put = (key, value, table = 0) => [table, bytes(key), value === undefined ? undefined : bytes(value)];
const rows = async (store, table = 0, limit = 1e9, descending = false, from = LOW, to = HIGH) =>
  (await store.range(table, from, to, limit, descending)).map(([key, value]) => `${string(key)}=${string(value)}`);

describe("log store", () => {
  test("ordered by bytes, with bounds, limits and both directions", async () => {
    const { store } = await open(new Texts());
    await store.apply([
      put("b", "2"),
      put("\xf0", "5"),
      put("a", "1"),
      put("ab", "1b"),
      put("\x00", "0"),
      put("a", "x", 7),
    ]);
    assert.deepEqual(await rows(store), ["\x00=0", "a=1", "ab=1b", "b=2", "\xf0=5"]);
    assert.deepEqual(await rows(store, 0, 2, true), ["\xf0=5", "b=2"]);
    assert.deepEqual(await rows(store, 0, 9, false, bytes("a"), bytes("b")), ["a=1", "ab=1b"]);
    assert.deepEqual(await rows(store, 0, 9, false, bytes("b"), bytes("a")), []);
    assert.deepEqual([await rows(store, 7), await rows(store, 8)], [["a=x"], []]);
    await store.apply([put("a", undefined), put("zz", undefined), put("b", "")]);
    assert.deepEqual(await rows(store), ["\x00=0", "ab=1b", "b=", "\xf0=5"]);
  });

  test("survives a restart with all byte values, across segments, one write an apply", async () => {
    const storage = new Texts();
    const { store } = await open(storage);
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
    for (let i = 0; i < 300; i++) await store.apply([put(`k${String(i).padStart(4, "0")}`, all + i)]);
    assert.equal(storage.changes, 300);
    for (const text of storage.texts.values()) assert.ok(text.length <= 64 * 1024);
    assert.ok(storage.texts.size > 1);
    const { store: again, trouble } = await open(storage.restarted());
    assert.deepEqual(await rows(again), await rows(store));
    assert.equal((await rows(again)).length, 300);
    assert.deepEqual(trouble, []);
  });

  test("the bytes given are copied at once, and operations keep their order", async () => {
    const { store } = await open(new Texts());
    const value = bytes("before");
    const first = store.apply([[0, bytes("k"), value]]);
    value.fill(0);
    const read = rows(store);
    const second = store.apply([put("k", "after")]);
    assert.deepEqual(await read, ["k=before"]);
    await Promise.all([first, second]);
    assert.deepEqual(await rows(store), ["k=after"]);
  });

  test("a damaged record is left out and counted, the others stay", async () => {
    const storage = new Texts();
    const { store } = await open(storage);
    for (const key of ["a", "b", "c"]) await store.apply([put(key, `value of ${key}`)]);
    const name = "db/a/0";
    const whole = storage.texts.get(name);
    const lines = whole.split("\n");
    for (let at = 0; at < lines[1].length; at++) {
      const letter = lines[1][at] === "A" ? "B" : "A";
      const bad = lines[1].slice(0, at) + letter + lines[1].slice(at + 1);
      const damaged = storage.restarted();
      damaged.texts.set(name, [lines[0], bad, lines[2], ""].join("\n"));
      const { store: again } = await open(damaged);
      assert.deepEqual([await rows(again), again.skipped], [["a=value of a", "c=value of c"], 1]);
    }
    for (let length = 0; length < whole.length; length++) {
      const torn = storage.restarted();
      torn.texts.set(name, whole.slice(0, length));
      const { store: again } = await open(torn);
      const kept = await rows(again);
      assert.deepEqual(kept, ["a=value of a", "b=value of b", "c=value of c"].slice(0, kept.length));
      await again.apply([put("d", "new")]);
      const { store: third } = await open(torn.restarted());
      assert.deepEqual(await rows(third), [...kept, "d=new"]);
    }
  });

  test("a segment that is missing or no text is counted, and what is behind it stays in order", async () => {
    const storage = new Texts();
    const { store } = await open(storage);
    const big = "x".repeat(30_000);
    for (let i = 0; i < 6; i++) await store.apply([put(`k${i}`, big)]);
    await store.apply([put("k5", "last")]);
    const names = [...storage.texts.keys()];
    assert.ok(names.length >= 4);
    for (const [value, name] of [
      [undefined, names[1]],
      [{ not: "text" }, names[1]],
    ]) {
      const damaged = storage.restarted();
      if (value) damaged.texts.set(name, value);
      else damaged.texts.delete(name);
      const { store: again } = await open(damaged);
      assert.equal(again.skipped, 1);
      await again.apply([put("k5", "newest")]);
      const { store: third } = await open(damaged.restarted());
      assert.ok((await rows(third)).includes("k5=newest"));
    }
  });

  test("compaction keeps the log in proportion and loses nothing", async () => {
    const storage = new Texts();
    const { store, trouble } = await open(storage);
    for (let i = 0; i < 400; i++) await store.apply([put(`k${i % 7}`, `${i} ${"x".repeat(3000)}`)]);
    assert.ok(storage.used < 300_000, `${storage.used} characters`);
    const { store: again } = await open(storage.restarted());
    assert.deepEqual(await rows(again), await rows(store));
    assert.deepEqual(trouble, []);
  });

  test("what is cleared is gone from the storage, not only from the rows", async () => {
    const storage = new Texts();
    const { store } = await open(storage);
    for (let i = 0; i < 20; i++) await store.apply([put(`m${i}`, `secret ${i}`), put(`u${i}`, "kept", 1)]);
    const clear = (table) => [table, LOW, undefined, HIGH];
    await store.apply([clear(0), clear(1)]);
    const texts = [...storage.texts.values()].join("\n");
    const records = texts.split(/[^A-Za-z0-9+/=]+/).map((part) => Buffer.from(part, "base64").toString("latin1"));
    assert.ok(!records.some((record) => record.includes("secret")), "still in the storage");
    assert.deepEqual([await rows(store), await rows(store, 1)], [[], []]);
    await store.apply([put("m", "new")]);
    const { store: again, trouble } = await open(storage.restarted());
    assert.deepEqual([await rows(again), trouble], [["m=new"], []]);
  });

  test("a crash before any single write leaves the old state or the new one", async () => {
    const script = Array.from({ length: 60 }, (_, i) => [
      put(`k${i % 5}`, `${i}${"x".repeat(9000)}`),
      put(`m${i % 3}`, i % 2 ? undefined : `${i}`),
    ]);
    const states = [[]];
    const reference = new Texts();
    {
      const { store } = await open(reference);
      for (const writes of script) {
        await store.apply(writes);
        states.push(await rows(store));
      }
    }
    assert.ok(reference.changes > script.length + 5, "the script must compact");
    for (let crashAt = 1; crashAt <= reference.changes; crashAt++) {
      const storage = new Texts();
      storage.crashAt = crashAt;
      const { store } = await open(storage);
      let done = 0;
      try {
        for (const writes of script) {
          await store.apply(writes);
          done++;
        }
      } catch (error) {
        assert.match(error.message, /crashed/);
      }
      const next = storage.restarted();
      const { store: again, trouble } = await open(next);
      assert.deepEqual([await rows(again), again.skipped, trouble], [states[done], 0, []], `crash at ${crashAt}`);
      await again.apply([put("after", "1")]);
      const { store: third } = await open(next.restarted());
      assert.deepEqual(await rows(third), ["after=1", ...states[done]]);
      const other = next.texts.get("db/head") === "b" ? "db/a/" : "db/b/";
      assert.ok(![...next.texts.keys()].some((key) => key.startsWith(other)), "left-overs stay");
    }
  });

  test("full: the write is refused by name, nothing changes, and room can be made", async () => {
    const storage = new Texts();
    const { store } = await open(storage);
    await store.apply([put("a", "x".repeat(2000))]);
    const before = [await rows(store), [...storage.texts]];
    storage.limit = storage.used + 100;
    await assert.rejects(store.apply([put("b", "x".repeat(2000))]), { name: "QuotaExceededError" });
    assert.deepEqual([await rows(store), [...storage.texts]], before);
    storage.limit = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 30; i++) await store.apply([put("a", `${i}${"x".repeat(2000)}`)]);
    storage.limit = storage.used + 3500;
    // Superseded records give way.
    for (let i = 0; i < 5; i++) await store.apply([put(`c${i}`, "x".repeat(2000))]);
    const { store: again } = await open(storage.restarted());
    assert.deepEqual(await rows(again), await rows(store));
    assert.equal((await rows(again)).length, 6);
    await assert.rejects(store.apply([put("huge", "x".repeat(800_000))]), { name: "QuotaExceededError" });
  });

  test("a crash while room is made leaves the old state or the new one", async () => {
    const full = new Texts();
    const { store } = await open(full);
    const big = "x".repeat(9000);
    for (let i = 0; i < 14; i++)
      await store.apply([put(`k${i % 3}`, `${i}${big}`), put(`d${i}`, "1"), put(`d${i - 1}`, undefined)]);
    assert.ok(full.texts.size >= 2);
    const before = await rows(store);
    const after = [`a=${big}`, ...before];
    let finished = false;
    for (let crashAt = 1; !finished; crashAt++) {
      const storage = full.restarted();
      const { store: again } = await open(storage);
      storage.limit = storage.used + 1000;
      storage.changes = 0;
      storage.crashAt = crashAt;
      try {
        await again.apply([put("a", big)]);
        finished = true;
      } catch (error) {
        assert.match(error.message, /crashed/);
      }
      const { store: third } = await open(storage.restarted());
      assert.deepEqual(await rows(third), finished ? after : before, `crash at ${crashAt}`);
    }
  });

  test("other failures reject as they are; a closed store says so", async () => {
    const storage = new Texts();
    const { store } = await open(storage);
    storage.crashAt = 1;
    await assert.rejects(store.apply([put("a", "1")]), /crashed/);
    storage.crashAt = Number.POSITIVE_INFINITY;
    await store.apply([put("a", "2")]);
    assert.deepEqual(await rows(store), ["a=2"]);
    store.close();
    await assert.rejects(store.apply([put("a", "3")]), /closed/);
  });
});
