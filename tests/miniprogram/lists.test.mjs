// How lists cross to the views of the mini-program demo, and the lines in them.
import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";
import { loadModule } from "./lib/source.mjs";
import { repository } from "./lib/stage.mjs";

const load = (file, options) => loadModule(path.join(repository, "demo-miniprogram/miniprogram/utils", file), options);
const { listChanges, sendChanges } = load("diff.js");

/** A view that takes changes as the platform does: whole fields, or elements of lists. */
class View {
  data = { rows: [], rowsOrder: [] };
  calls = [];

  setData(changes, done) {
    this.calls.push(changes);
    for (const [name, value] of Object.entries(changes)) {
      const [, list, place] = /^(\w+)\[(\d+)\]$/.exec(name) ?? [];
      if (list === undefined) this.data[name] = value;
      else {
        assert.ok(Number(place) <= this.data[list].length, `${name} leaves a hole`);
        this.data[list][place] = value;
      }
    }
    done?.();
  }

  show(rows) {
    this.calls = [];
    sendChanges(this, listChanges("rows", this.data, rows));
    return this.shown();
  }

  shown() {
    return this.data.rowsOrder.map((place) => this.data.rows[place]);
  }

  /** How many rows have crossed in the last `show`. */
  get crossed() {
    return this.calls.flatMap(Object.keys).filter((name) => name.startsWith("rows[")).length;
  }
}

const rowsOf = (keys, text = "") => keys.map((key) => ({ key, text, body: { key } }));

test("whatever a list becomes, the view shows it, and only rows that are new or changed have crossed", () => {
  const view = new View();
  for (const [keys, crossed] of [
    ["cde", 3],
    ["abcde", 2], // a page in front
    ["abcdefg", 2], // some at the end
    ["gabcdef", 0], // one moves
    ["gaxbcdef", 1], // one comes in between
    ["gxbf", 0], // some go
    ["gaxbf", 0], // one comes back
    ["", 0],
    ["pq", 2], // all others
  ]) {
    const rows = rowsOf([...keys]);
    assert.deepEqual(view.show(rows), rows, keys);
    assert.equal(view.crossed, crossed, keys);
  }
  assert.deepEqual(view.show(rowsOf(["p", "q"])), rowsOf(["p", "q"]));
  assert.deepEqual(view.calls, [], "nothing has changed");
  view.show([...rowsOf(["p"], "changed"), ...rowsOf(["q"])]);
  assert.deepEqual(view.calls.flatMap(Object.keys), ["rows[8]"]);
  view.show([{ ...rowsOf(["p"], "changed")[0], body: { key: "else" } }, ...rowsOf(["q"])]);
  assert.deepEqual(view.calls.flatMap(Object.keys), ["rows[8]"], "what is inside of a row counts too");
});

test("an appended row crosses without the places of all others", () => {
  const view = new View();
  const keys = Array.from({ length: 1000 }, (_, index) => `k${index}`);
  view.show(rowsOf(keys));
  view.show(rowsOf([...keys, "last"]));
  assert.deepEqual(view.calls.map(Object.keys), [["rows[1000]", "rowsOrder[1000]"]]);
});

test("large rows cross in several calls, each within what the platform advises, and none refers to what is not there", () => {
  const view = new View();
  const shown = [];
  const setData = view.setData;
  view.setData = (...values) => {
    setData.apply(view, values);
    shown.push(view.shown());
  };
  const rows = rowsOf(["a", "b", "c", "d", "e"], "长".repeat(60_000));
  let done = 0;
  sendChanges(view, { ...listChanges("rows", view.data, rows), into: "e" }, () => done++);
  assert.deepEqual(view.shown(), rows);
  assert.equal(view.data.into, "e");
  assert.equal(view.calls.length, 5);
  for (const call of view.calls) assert.ok(Buffer.byteLength(JSON.stringify(call)) < 256 * 1024);
  for (const some of shown) assert.ok(!some.includes(undefined));
  assert.equal(done, 1);
});

test("what is asked for many times in one go is done once", () => {
  const waiting = [];
  const { onceATick } = load("tick.js", { wx: { nextTick: (work) => waiting.push(work) } });
  let count = 0;
  const ask = onceATick(() => count++);
  ask();
  ask();
  assert.deepEqual([count, waiting.length], [0, 1]);
  waiting.shift()();
  assert.equal(count, 1);
  ask();
  waiting.shift()();
  assert.equal(count, 2);
});

test("a long text is cut to a line, between characters", () => {
  const { oneLine } = load("text.js", { modules: { "./i18n": {} } });
  assert.equal(oneLine("two\n  lines"), "two lines");
  assert.equal(oneLine("x".repeat(100)), "x".repeat(100));
  assert.equal(oneLine("x".repeat(101)), `${"x".repeat(100)}…`);
  for (const text of ["👋".repeat(500), `x${"👋".repeat(500)}`, `${" ".repeat(199)}👋👋`]) {
    const line = oneLine(text);
    assert.ok(line.length <= 201 && line.endsWith("…"), line);
    assert.ok(!/[\ud800-\udbff](?![\udc00-\udfff])/.test(line), "half a character");
  }
});
