// Ways to log in, and the token provider, over a fake core.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sources } from "./bundle.mjs";
import { FakeCore, raw, until } from "./fake-engine.mjs";

const { FlooClient } = await sources("js/client/client.ts");

function make(options = {}) {
  const core = new FakeCore();
  const client = new FlooClient({ appId: "app", logger: () => undefined, ...options }, core.environment);
  return { core, client };
}
const code = (name, field) => (error) => {
  assert.equal(error.code, name, String(error));
  if (field) assert.ok(error.message.includes(field), error.message);
  return true;
};
/** What the core was given with the last command of that name. */
const given = (core, name) => core.commands.filter((it) => it[0] === name).at(-1)?.[1];

describe("ways to log in", () => {
  test("each reaches the core with its own fields and no others", async () => {
    for (const [credentials, expected] of [
      [
        { mobile: "138", password: "p", extra: 1 },
        { mobile: "138", password: "p" },
      ],
      [
        { userId: 7n, token: "t", publicKey: "PEM" },
        { userId: "7", token: "t", publicKey: "PEM" },
      ],
      [
        { userId: 7, token: "t", publicKey: null },
        { userId: "7", token: "t" },
      ],
      [{ anonymous: true }, { anonymous: true }],
    ]) {
      const { core, client } = make();
      await client.login(credentials);
      assert.deepEqual(given(core, "login"), expected);
    }
  });

  test("a bad field is named", async () => {
    const { core, client } = make({ tokenProvider: () => undefined });
    for (const [credentials, field] of [
      [{ mobile: "", password: "p" }, "credentials.mobile"],
      [{ mobile: "138" }, "credentials.password"],
      [{ anonymous: "yes" }, "credentials.anonymous"],
      [{ userId: 1, token: "t", publicKey: 5 }, "credentials.publicKey"],
      [{ userId: "x" }, "credentials.userId"],
      [{ username: "a" }, "credentials.password"],
      [{ password: "p" }, "credentials.username"],
    ]) {
      await assert.rejects(client.login(credentials), code("ArgumentInvalid", field));
    }
    assert.equal(core.loads, 0);
  });

  test("options of the login are checked and handed on only when they are given", async () => {
    assert.throws(() => make({ tokenProvider: "x" }), code("ArgumentInvalid", "options.tokenProvider"));
    assert.throws(() => make({ search: 1 }), code("ArgumentInvalid", "options.search"));
    assert.throws(() => make({ legacyRandomSn: 1 }), code("ArgumentInvalid", "options.legacyRandomSn"));
    const { core, client } = make({ tokenProvider: () => undefined, legacyRandomSn: true });
    await client.resume();
    const { tokenProvider, legacyRandomSn } = core.engine.options;
    assert.deepEqual([tokenProvider, legacyRandomSn], [true, true]);
    const plain = make();
    await plain.client.resume();
    assert.deepEqual(Object.keys(plain.core.engine.options).sort(), ["appId", "deviceInfo", "dns", "memory", "search"]);
  });
});

describe("the token provider", () => {
  /** A client whose core waits for `login` and takes tokens. */
  function waiting(tokenProvider) {
    const made = make({ tokenProvider });
    made.core.answers.login = undefined;
    made.core.answers.provideToken = () => undefined;
    return made;
  }

  test("no credentials, or a user id only, are enough with one and too little without", async () => {
    const { core, client } = make({ tokenProvider: () => undefined });
    for (const [credentials, expected] of [
      [undefined, {}],
      [{}, {}],
      [{ userId: 7 }, { userId: "7" }],
    ]) {
      await client.login(credentials);
      assert.deepEqual(given(core, "login"), expected);
    }
    const { client: plain } = make();
    await assert.rejects(plain.login(), code("ArgumentInvalid", "credentials"));
    await assert.rejects(plain.login({ userId: 7 }), code("ArgumentInvalid", "credentials.password"));
  });

  test("its token goes to the core, for each reason", async () => {
    const heard = [];
    const { core, client } = waiting(async (reason, signal) => {
      heard.push(reason, signal.aborted);
      return { userId: 7n, token: "t", publicKey: "PEM" };
    });
    client.login().catch(() => undefined);
    await until(() => core.commands.length === 1);
    for (const reason of ["initial", "expired"]) {
      core.commands.length = 0;
      core.engine.say(["token", reason]);
      await until(() => core.commands.length === 1);
      assert.deepEqual(core.commands[0], ["provideToken", { userId: "7", token: "t", publicKey: "PEM" }]);
    }
    assert.deepEqual(heard, ["initial", false, "expired", false]);
  });

  test("what it throws, and what is no token, is told to the core without the token's text", async () => {
    for (const [provider, expected] of [
      [() => Promise.reject(new Error("no server")), /no server/],
      [
        () => {
          throw new Error("at once");
        },
        /at once/,
      ],
      [() => ({ userId: 7, token: "" }), /token\.token/],
      [() => ({ userId: "hunter2", token: "hunter2" }), /token\.userId/],
      [() => undefined, /token/],
    ]) {
      const { core, client } = waiting(provider);
      client.login().catch(() => undefined);
      await until(() => core.commands.length === 1);
      core.engine.say(["token", "initial"]);
      await until(() => core.commands.length === 2);
      const { error } = given(core, "provideToken");
      assert.match(error, expected);
      assert.ok(!error.includes("hunter2"));
    }
  });

  test("its signal aborts when nobody waits any more, and what comes then is dropped", async () => {
    for (const end of [
      (_, core) => core.engine.say(["state", "resolving", "idle", raw("SignInTimeout", 9), undefined]),
      (client) => client.close(),
      (_, core) => core.engine.say(["token", "expired"]),
    ]) {
      const signals = [];
      const answers = [];
      const { core, client } = waiting((_, signal) => {
        signals.push(signal);
        return new Promise((resolve) => answers.push(resolve));
      });
      client.login().catch(() => undefined);
      await until(() => core.commands.length === 1);
      core.engine.say(["token", "initial"]);
      await until(() => answers.length === 1);
      end(client, core);
      await until(() => signals[0].aborted);
      answers[0]({ userId: 7, token: "late" });
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(given(core, "provideToken"), undefined);
    }
  });

  test("a core that wants no token any more is only a line in the log", async () => {
    const lines = [];
    const { core, client } = waiting(() => ({ userId: 7, token: "t" }));
    client.logger = (level, text) => lines.push([level, text]);
    core.answers.provideToken = () => {
      throw raw("Cancelled", 9006, "argument");
    };
    client.login().catch(() => undefined);
    await until(() => core.commands.length === 1);
    core.engine.say(["token", "initial"]);
    await until(() => lines.length === 1);
    assert.deepEqual(lines, [["info", "provideToken -> Cancelled"]]);
  });
});
