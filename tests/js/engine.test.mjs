// The contract of js/engine.ts against the built core: every command by name, and what bad parameters get.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import { COMMANDS, core, OPTIONS, OPERATE as operate, PLACE as place } from "./core.mjs";

let Engine;
before(async () => {
  ({ Engine } = await core());
});

/** A core of nobody, and `ask`: the reply to a command. */
function make() {
  const replies = new Map();
  let last = 0;
  const engine = new Engine(OPTIONS, (batch) => {
    for (const event of batch) if (event[0] === "reply") replies.get(event[1])(event.slice(2));
  });
  const ask = (name, params) =>
    new Promise((resolve) => {
      replies.set(++last, resolve);
      engine.command(last, name, params);
    });
  return { engine, ask };
}

describe("the core's contract", () => {
  test("well-formed commands are understood: nobody is logged in", async () => {
    const { engine, ask } = make();
    for (const [name, params] of COMMANDS) {
      const [ok, error] = await ask(name, params);
      assert.deepEqual([name, ok, error.number], [name, false, 100], JSON.stringify([params, error]));
    }
    assert.deepEqual(
      [await ask("resume", {}), await ask("logout", {})],
      [
        [true, undefined],
        [true, undefined],
      ],
    );
    engine.close();
    engine.free();
  });

  test("others are refused by the field's name", async () => {
    const { engine, ask } = make();
    for (const [name, params, field] of [
      ["send", 5, "`params`"],
      ["send", null, "`params`"],
      ["send", place, "`id`"],
      ["send", { id: "1", kind: 1 }, "`of`"],
      ["send", { id: 1, ...place }, "`id`"],
      ["send", { id: "18446744073709551616", ...place }, "`id`"],
      ["send", { id: "-1", ...place }, "`id`"],
      ["send", { id: "1", kind: 3, of: "2" }, "`kind`"],
      ["send", { id: "1", kind: 0.5, of: "2" }, "`kind`"],
      ["send", { id: "1", ...place, text: {} }, "`text`"],
      ["send", { id: "1", ...place, type: -1 }, "`type`"],
      ["send", { id: "1", ...place, qos: Number.NaN }, "`qos`"],
      ["send", { id: "1", ...place, priority: 2 ** 31 }, "`priority`"],
      ["send", { id: "1", ...place, prio: 1 }, "`prio`"],
      ["operate", { ...operate, operation: "eat" }, "`operation`"],
      ["operate", { ...place, operation: "recall" }, "`target`"],
      ["typing", { ...place, active: 1 }, "`active`"],
      ["dropNotices", {}, "`ids`"],
      ["dropNotices", { ids: ["1", 2] }, "`ids`"],
      ["login", { username: "a", password: 5 }, "`password`"],
      ["login", { username: "a" }, "password"],
      ["login", { anonymous: "yes" }, "`anonymous`"],
      ["provideToken", {}, "userId and token, or error"],
      ["provideToken", { userId: "1", token: 5 }, "`token`"],
      ["focus", { kind: 1, of: "x" }, "`of`"],
      ["adopt", {}, "`userId`"],
      ["adopt", { userId: "0" }, "`userId`"],
      ["adopt", { userId: "1", token: 5 }, "`token`"],
      ["adopt", { userId: "1", deviceSn: -1 }, "`deviceSn`"],
      ["import", place, "`messages`"],
      ["import", { ...place, messages: [5] }, "`params`"],
      ["import", { ...place, messages: [{ id: "0", from: "2", time: "1" }] }, "`id`"],
      ["import", { ...place, messages: [{ id: "1", from: "2" }] }, "`time`"],
      ["import", { ...place, messages: [{ id: "1", from: "2", time: "1", colour: 1 }] }, "`colour`"],
    ]) {
      const [ok, error] = await ask(name, params);
      assert.deepEqual([ok, error.domain], [false, "argument"], `${name} ${JSON.stringify(params)}`);
      assert.ok(error.detail.includes(field), error.detail);
    }
    const [ok, error] = await ask("fly", {});
    assert.deepEqual([ok, error.domain, error.detail], [false, "platform", "the core has no command `fly`"]);
    engine.close();
    engine.free();
  });

  test("options too", () => {
    for (const [options, field] of [
      [undefined, "`params`"],
      [{ ...OPTIONS, appId: "" }, "`appId`"],
      [{ ...OPTIONS, memory: "yes" }, "`memory`"],
      [{ ...OPTIONS, deliveryReceipts: 1 }, "`deliveryReceipts`"],
      [{ ...OPTIONS, rest: "http://x" }, "`dns`"],
      [{ ...OPTIONS, tokenProvider: () => 1 }, "`tokenProvider`"],
      [{ ...OPTIONS, colour: 1 }, "`colour`"],
    ]) {
      assert.throws(
        () => new Engine(options, () => undefined),
        (error) => error.number === 9005 && error.detail.includes(field),
        field,
      );
    }
  });
});
