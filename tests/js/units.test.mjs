// The small parts of the facade: error codes, ids, emitter, calls.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { files as endpoints } from "../../js/scripts/endpoints.mjs";
import { files as generated } from "../../js/scripts/error-codes.mjs";
import { sources } from "./bundle.mjs";
import { raw } from "./fake-engine.mjs";

const js = await sources(
  "js/errors.ts",
  "js/error-codes.ts",
  "js/error-text.ts",
  "js/client/ids.ts",
  "js/client/emitter.ts",
  "js/client/calls.ts",
);
const code = (name, field) => (error) => {
  assert.equal(error.name, "FlooError", String(error));
  assert.equal(error.code, name);
  if (field) assert.ok(error.message.includes(field), error.message);
  return true;
};

const read = (path) => readFile(new URL(`../../${path}`, import.meta.url), "utf8");

test("the page of endpoints is up to date; if not: node js/scripts/endpoints.mjs", async () => {
  const [[path, text], ...others] = Object.entries(endpoints);
  assert.deepEqual([path, others], ["docs/endpoints.md", []]);
  assert.ok(
    text.includes("| `rosterName` | GET /roster/name | `username` text | an object |"),
    "the table is not found",
  );
  assert.equal(await read(path), text);
});

describe("errors", () => {
  test("what is made of the table of codes is up to date; if not: node js/scripts/error-codes.mjs", async () => {
    assert.deepEqual(Object.keys(generated), [
      "js/error-codes.ts",
      "js/texts/en.ts",
      "js/texts/zh.ts",
      "docs/errors.md",
    ]);
    for (const [path, text] of Object.entries(generated)) assert.equal(await read(path), text, path);
  });

  test("codes, texts and advice are those of the core's table, in both languages", async () => {
    const rows = JSON.parse(await read("src/core/model/error_codes.json"));
    assert.equal(rows.length, 126 + 8);
    assert.deepEqual(js.ErrorCode, Object.fromEntries(rows.map(({ name, number }) => [name, number])));
    for (const { name, number, text, zh, remediation = "", remediationZh = "" } of rows) {
      for (const reference of [name, number, js.failure(name, "platform", "x")]) {
        assert.deepEqual(
          [js.errorText(reference), js.errorText(reference, "en"), js.errorText(reference, "zh")],
          [text, text, zh],
        );
        assert.equal(js.errorRemediation(reference), remediation);
        assert.equal(js.errorRemediation(reference, "zh"), remediationZh);
      }
    }
    for (const unknown of [8999, Number.NaN, "NoSuchName", "toString", null, undefined, {}]) {
      assert.equal(js.errorText(unknown), "", String(unknown));
      assert.equal(js.errorRemediation(unknown, "zh"), "", String(unknown));
    }
  });

  test("an error of the core gets its name, words and advice here", () => {
    assert.deepEqual(js.shapeOf(raw("ServerBusy", "http", "HTTP status 503")), {
      code: "ServerBusy",
      number: 705,
      domain: "http",
      message: "The server is overloaded or out of order (HTTP status 503)",
      retriable: true,
      remediation: "Try again later.",
    });
    const bare = js.shapeOf(raw("UserNotExist"));
    assert.deepEqual([bare.message, bare.retriable], ["There is no such user.", false]);
    const newer = js.shapeOf({ number: 8123, domain: "frame", detail: "why" });
    assert.deepEqual([newer.code, newer.number, newer.retriable], ["GeneralError", 8123, false]);
    assert.match(newer.message, /\(why\)$/);
    assert.equal(js.asFlooError(raw("StorageQuota", "storage"), "GeneralError", "x").code, "StorageQuota");
  });

  test("an error of this side is advised as one of the core, unless it says more", () => {
    const plain = js.failure("Cancelled", "platform", "over");
    assert.deepEqual([plain.retriable, plain.remediation], [true, ""]);
    assert.equal(js.failure("StorageQuota", "storage", "full").remediation, "Free space on this device.");
    const own = js.failure("GeneralError", "platform", "x", "Do this.", undefined, true);
    assert.deepEqual([own.retriable, own.remediation], [true, "Do this."]);
    assert.deepEqual([js.notLoggedIn().code, js.notLoggedIn().domain], ["UserNotLogin", "argument"]);
  });

  test("an error carries its shape and its cause", () => {
    const cause = new Error("why");
    const error = new js.FlooError(js.shapeOf(raw("UserAuthFailed", "http", "code 1: no")), cause);
    assert.ok(error instanceof Error);
    assert.deepEqual(
      [error.name, error.code, error.number, error.domain, error.message, error.cause],
      ["FlooError", "UserAuthFailed", 102, "http", "Wrong user name, user id or password (code 1: no)", cause],
    );
  });
});

describe("ids", () => {
  test("strings, bigints and safe integers are taken", () => {
    for (const id of ["42", 42, 42n]) assert.equal(js.userId(id, "id"), "42");
    assert.equal(js.userId("18446744073709551615", "id"), "18446744073709551615");
    assert.equal(js.userId(2n ** 64n - 1n, "id"), "18446744073709551615");
  });

  test("anything else is refused by the field's name", () => {
    const bad = [0, -1, 1.5, 2 ** 53, Number.NaN, "", "0", "01", " 1", "1e3", "abc", null, undefined, {}, true];
    for (const id of [...bad, "18446744073709551616", 2n ** 64n, -1n]) {
      assert.throws(() => js.userId(id, "some.field"), code("ArgumentInvalid", "some.field"), String(id));
    }
  });

  test("conversations are named in three ways", () => {
    assert.deepEqual(js.conversationKey({ user: 7 }), { kind: "user", id: "7" });
    assert.deepEqual(js.conversationKey({ group: "8" }), { kind: "group", id: "8" });
    assert.deepEqual(js.conversationKey({ kind: "system", id: "0" }), { kind: "system", id: "0" });
    for (const bad of [
      null,
      undefined,
      {},
      "7",
      { user: 7, group: 8 },
      { kind: "user" },
      { kind: "other", id: "1" },
      { kind: "system", id: "1" },
    ]) {
      assert.throws(() => js.conversationKey(bad), code("ArgumentInvalid"));
    }
  });
});

describe("emitter", () => {
  const make = () => {
    const failures = [];
    return { failures, emitter: new js.Emitter((event, thrown) => failures.push([event, thrown.message])) };
  };

  test("listeners of the same source are two", () => {
    const { emitter } = make();
    const heard = [];
    const [stop] = ["a", "b"].map((name) => emitter.on("e", (x) => heard.push(name + x)));
    emitter.emit("e", 1);
    stop();
    stop();
    emitter.emit("e", 2);
    assert.deepEqual(heard, ["a1", "b1", "b2"]);
  });

  test("one that throws is reported and disturbs nobody", () => {
    const { emitter, failures } = make();
    const heard = [];
    emitter.on("e", () => {
      throw new Error("mine");
    });
    emitter.on("e", (x) => heard.push(x));
    emitter.emit("e", 1);
    assert.deepEqual([heard, failures], [[1], [["e", "mine"]]]);
  });

  test("changes during a delivery: a removed one is not called, an added one next time", () => {
    const { emitter } = make();
    const heard = [];
    emitter.on("e", () => {
      stop();
      emitter.on("e", () => heard.push("late"));
    });
    const stop = emitter.on("e", () => heard.push("removed"));
    emitter.on("e", () => heard.push("stays"));
    emitter.emit("e");
    assert.deepEqual(heard, ["stays"]);
  });

  test("a signal removes", () => {
    const { emitter } = make();
    const control = new AbortController();
    const heard = [];
    emitter.on("e", (x) => heard.push(x), control.signal);
    emitter.emit("e", 1);
    control.abort();
    emitter.emit("e", 2);
    emitter.on("e", (x) => heard.push(x), control.signal);
    emitter.emit("e", 3);
    assert.deepEqual(heard, [1]);
  });
});

describe("calls", () => {
  test("answers settle their own call; reading happens at once", async () => {
    const calls = new js.Calls();
    const read = [];
    const one = calls.start("one", (value) => {
      read.push(value);
      return value * 2;
    });
    const two = calls.start("two", () => assert.fail("no answer to read"));
    calls.succeed(one.call, 21);
    assert.deepEqual(read, [21]);
    calls.fail(two.call, raw("UserNotExist"));
    assert.equal(await one.waiter.promise, 42);
    await assert.rejects(two.waiter.promise, code("UserNotExist"));
  });

  test("an aborted wait ends, its answer is still read", async () => {
    const calls = new js.Calls();
    const control = new AbortController();
    let read = false;
    const { call, waiter } = calls.start("login", () => (read = true), { signal: control.signal });
    control.abort(new Error("because"));
    await assert.rejects(
      waiter.promise,
      (error) => code("Cancelled", "login")(error) && error.cause.message === "because",
    );
    calls.succeed(call, 1);
    assert.equal(read, true);
  });

  test("one aborted before never starts", async () => {
    const calls = new js.Calls();
    const { call, waiter } = calls.start("x", () => 0, { signal: AbortSignal.abort() });
    await assert.rejects(waiter.promise, code("Cancelled"));
    assert.equal(calls.name(call), undefined);
  });

  test("the time can run out", async () => {
    const { waiter } = new js.Calls().start("slow", () => 0, { timeout: 1 });
    await assert.rejects(waiter.promise, code("ServerTimeOut", "slow"));
  });

  test("bad options are named", () => {
    const calls = new js.Calls();
    for (const timeout of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, "5", null]) {
      assert.throws(() => calls.start("x", () => 0, { timeout }), code("ArgumentInvalid", "options.timeout"));
    }
    for (const signal of [{}, null, 1]) {
      assert.throws(() => calls.start("x", () => 0, { signal }), code("ArgumentInvalid", "options.signal"));
    }
  });

  test("all can be ended at once", async () => {
    const calls = new js.Calls();
    const both = [calls.start("a", () => 0), calls.start("b", () => 0)].map(({ waiter }) => waiter.promise);
    calls.failAll(js.failure("Cancelled", "platform", "over"));
    for (const promise of both) await assert.rejects(promise, code("Cancelled"));
  });
});
