// A core behind a worker: the same interface as the core itself, and every way in which a worker can fail. What takes the
// worker's place here runs in this process; tests/e2e/worker.test.mjs has real ones.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, describe, test } from "node:test";
import { sources } from "./bundle.mjs";
import { COMMANDS, core, OPTIONS } from "./core.mjs";
import { conversationsTape, FakeCore, keysTape, listsTape, messagesTape, raw, until } from "./fake-engine.mjs";

const { browser, FlooClient, LoadError, serve, Tabs, VERSION } = await sources(
  "js/platform/browser.ts",
  "js/client/client.ts",
  "js/client/tabs.ts",
  "js/load/failure.ts",
  "js/platform/worker-scope.ts",
  "js/version.ts",
);
const quiet = () => undefined;
const code = (name, words) => (error) => {
  assert.deepEqual([error.name, error.code], ["FlooError", name], String(error));
  if (words) assert.match(error.message, words);
  return true;
};

const made = [];
const open = [];
afterEach(async () => {
  for (const end of open.splice(0)) await end();
  assert.deepEqual(
    made.splice(0).filter((it) => !it.terminated),
    [],
    "every worker is ended",
  );
  delete globalThis.navigator;
});

/** A worker whose script is `run(scope)`. */
class InProcess extends EventTarget {
  terminated = false;
  started;
  #scope = new EventTarget();
  constructor(run) {
    super();
    made.push(this);
    run(this.#scope);
  }
  postMessage(data, transfer) {
    this.started = structuredClone(data, { transfer });
    this.#scope.dispatchEvent(new MessageEvent("message", { data: this.started }));
  }
  terminate() {
    this.terminated = true;
    this.started?.port.close();
  }
  /** A promise in the worker that nobody looks after. */
  reject(reason) {
    this.#scope.dispatchEvent(Object.assign(new Event("unhandledrejection"), { reason }));
  }
  /** As browsers tell of an uncaught exception, or without a message of a script they could not load. */
  fail(message) {
    this.dispatchEvent(
      Object.assign(new Event("error", { cancelable: true }), message === undefined ? {} : { message }),
    );
  }
}

/** The engine class as a page gets it from a worker that has `load`, and the environment around it. */
async function behind(load, stopped = quiet) {
  const worker = new InProcess((scope) => serve(scope, load));
  const environment = browser(
    () => assert.fail("nothing is loaded in the page"),
    () => worker,
  );
  open.push(() => environment.close());
  return { worker, environment, ...(await environment.load(stopped)) };
}

/** A client whose core is a fake in a worker. `workers` makes them, one after the other. */
function make(options = {}, ...workers) {
  const fake = new FakeCore();
  const { load } = fake.environment;
  const worker = () => (workers.shift() ?? (() => new InProcess((scope) => serve(scope, load))))();
  const all = { appId: "app", logger: quiet, worker, ...options };
  const client = new FlooClient(
    all,
    browser(() => assert.fail("nothing is loaded in the page"), all.worker),
  );
  open.push(() => client.close());
  return { fake, client };
}

/** Web Locks as they are needed here. */
function useLocks() {
  const queues = new Map();
  const grant = (name) => {
    const [first] = queues.get(name) ?? [];
    if (!first || first.held) return;
    first.held = true;
    Promise.resolve(first.act({ name })).then(() => {
      queues.get(name).shift();
      first.done();
      grant(name);
    });
  };
  const request = (name, { ifAvailable, signal }, act) =>
    new Promise((done, reject) => {
      const queue = queues.get(name) ?? [];
      queues.set(name, queue);
      if (ifAvailable && queue.length > 0) return done(act(null));
      const entry = { act, done, held: false };
      signal?.addEventListener("abort", () => {
        if (entry.held) return;
        queue.splice(queue.indexOf(entry), 1);
        reject(signal.reason);
      });
      queue.push(entry);
      queueMicrotask(() => grant(name));
    });
  globalThis.navigator = { locks: { request } };
  /** A worker ends, and so does what it held. */
  const end = () => {
    const [name] = [...queues.keys()].filter((it) => it.startsWith("floo/worker/")).slice(-1);
    queues.get(name).shift();
    grant(name);
  };
  return {
    end,
    held: (name) => queues.get(name)?.[0]?.held === true,
    waiting: (name) => (queues.get(name)?.length ?? 0) - 1,
  };
}

describe("a core behind a worker", () => {
  test("every command gets the core's own answer", async () => {
    const glue = await core();
    const { Engine } = await behind(async () => glue);
    const ask = (Class, commands) =>
      new Promise((resolve) => {
        const replies = [];
        const engine = new Class(OPTIONS, (batch) => {
          replies.push(...batch.filter(([name]) => name === "reply"));
          if (replies.length < commands.length) return;
          engine.close();
          engine.free();
          resolve(replies.sort(([, a], [, b]) => a - b));
        });
        commands.forEach(([name, params], call) => {
          engine.command(call + 1, name, params);
        });
      });
    const all = [...COMMANDS, ["resume", {}], ["logout", {}], ["fly", {}], ["send", { id: 1 }], ["send", null]];
    const [direct, through] = [await ask(glue.Engine, all), await ask(Engine, all)];
    assert.equal(direct.length, all.length);
    assert.deepEqual(through, direct);
  });

  test("every method reaches it, and everything it says comes back as it was", async () => {
    const fake = new FakeCore();
    const { Engine } = await behind(fake.environment.load);
    const heard = [];
    const engine = new Engine(OPTIONS, (batch) => heard.push(...batch));
    await until(() => fake.engine);
    assert.deepEqual(fake.engine.options, OPTIONS);
    const error = raw("ServerBusy", "http", "later");
    const message = messagesTape({ id: "5", clientId: "4", text: "x 你好", status: "sent" });
    const said = [
      ["reply", 3, true, { messages: message, next: "0" }],
      ["reply", 4, false, error],
      ["state", "online", "reconnecting", error, 5],
      ["state", "reconnecting", "online", undefined, undefined],
      ...["messages", "sent", "failed"].map((name) => [name, message]),
      ["conversations", conversationsTape({ id: "2", title: "t" })],
      ["removed", keysTape({ id: "2" })],
      ["typing", keysTape({ id: "2" }), "2", true],
      ["members", "7", listsTape(["1"], [], ["2"])],
      ["log", 2, "words"],
      ["sync", 3],
      ["storage", "memory", error],
      ["error", error],
      ["token", "expired"],
    ];
    fake.engine.say(...said);
    await until(() => heard.length === said.length);
    assert.deepEqual(heard, said);
    assert.deepEqual(engine.stats(), fake.engine.stats());
    for (const name of ["online", "offline", "foreground", "background"]) engine.signal(name);
    await until(() => fake.signals.length === 4);
    assert.deepEqual(fake.signals, ["online", "offline", "foreground", "background"]);
    engine.close();
    engine.free();
    await until(() => fake.engine.freed);
    assert.equal(fake.engine.closed, true);
  });

  test("ids are at hand at once, ascend, and are renewed; another login has its own", async () => {
    const fake = new FakeCore();
    const { Engine } = await behind(fake.environment.load);
    const heard = [];
    const engine = new Engine(OPTIONS, (batch) => heard.push(...batch));
    assert.throws(
      () => engine.nextId(),
      (thrown) => thrown.number === raw("ServerBusy").number,
    );
    const login = async (call) => {
      engine.command(call, "login", { anonymous: true });
      await until(() => heard.some(([name, of]) => name === "reply" && of === call));
    };
    await login(1);
    const ids = [];
    while (ids.length < 5000) {
      try {
        ids.push(Number(engine.nextId()));
      } catch (thrown) {
        assert.equal(thrown.number, raw("ServerBusy").number);
        await new Promise((resolve) => setImmediate(resolve)); // more are on their way
      }
    }
    assert.ok(ids.every((id, at) => at === 0 || id > ids[at - 1]));
    const others = await engine.ids();
    assert.ok(others.length > 200 && others.every((id) => !ids.includes(Number(id))));
    fake.engine.id = 2 ** 40;
    await login(2);
    assert.ok(Number(engine.nextId()) > 2 ** 40);
    fake.engine.nextId = () => {
      throw raw("UserNotLogin", "argument");
    };
    assert.deepEqual(await engine.ids(), [], "nobody is logged in");
  });

  test("it asks the page for leave to open a database", async () => {
    const asked = [];
    let answers;
    class Engine {
      constructor(_, __, leave) {
        answers = Promise.all([leave("floo/app"), leave("floo/app/7")]);
      }
      close() {}
      free() {}
    }
    const { Engine: Remote } = await behind(async () => ({ Engine }));
    new Remote(OPTIONS, quiet, async (name) => {
      asked.push(name);
      return name === "floo/app";
    });
    await until(() => answers);
    assert.deepEqual(
      [await answers, asked],
      [
        [true, false],
        ["floo/app", "floo/app/7"],
      ],
    );
  });

  test("one that refuses to be made answers every call with the reason", async () => {
    const { Engine } = await behind(async () => core());
    const heard = [];
    const engine = new Engine({ ...OPTIONS, appId: "" }, (batch) => heard.push(...batch));
    engine.command(7, "resume", {});
    await until(() => heard.length > 0);
    const [[name, call, ok, error]] = heard;
    assert.deepEqual([name, call, ok, error.number], ["reply", 7, false, raw("ArgumentInvalid").number]);
    assert.match(error.detail, /appId/);
  });

  test("its page leads others as any does: they get ids of their own", async () => {
    const heard = [];
    const channel = () => ({ postMessage: (data) => heard.push(data), close: quiet });
    const engine = {
      command: quiet,
      signal: quiet,
      nextId: () => assert.fail("the page's own"),
      ids: async () => ["7", "8"],
    };
    const locks = { request: async (_, __, held) => held({}) };
    let leader;
    const platform = { locks, channel: () => (leader = channel()) };
    const tabs = new Tabs(platform, { engine: () => engine, standing: () => [], ended: quiet });
    await tabs.lock("floo/app/7");
    leader.onmessage({ data: { say: "ids", from: "other" } });
    await until(() => heard.length === 2);
    assert.deepEqual(heard[1], { say: "welcome", to: "other", ids: ["7", "8"] });
  });
});

describe("locks of a worker", () => {
  test("are granted, refused, waited for and given back as the platform's own", async () => {
    const locks = useLocks();
    globalThis.BroadcastChannel ??= class {};
    const { environment, worker } = await behind(new FakeCore().environment.load);
    const { locks: remote } = environment.tabs();
    let release;
    let other;
    await new Promise((granted) => {
      void remote.request("floo/app/7", { ifAvailable: true }, (lock) => {
        granted(assert.notEqual(lock, null));
        return new Promise((done) => (release = done));
      });
    });
    assert.ok(locks.held("floo/app/7"));
    await remote.request("floo/app/7", { ifAvailable: true }, (lock) => assert.equal(lock, null) ?? Promise.resolve());
    const given = new AbortController();
    void remote.request("floo/app/7", { signal: given.signal }, () => assert.fail("was given up"));
    await until(() => locks.waiting("floo/app/7") === 1);
    given.abort();
    await until(() => locks.waiting("floo/app/7") === 0);
    const granted = new Promise((resolve) => {
      const held = (done) => {
        other = done;
        resolve();
      };
      void remote.request("floo/app/7", {}, () => new Promise(held));
    });
    await until(() => locks.waiting("floo/app/7") === 1);
    release();
    await granted;
    other();
    await until(() => !locks.held("floo/app/7"));
    assert.equal(worker.terminated, false);
  });
});

describe("a client whose core is in a worker", () => {
  test("one worker, made with the first call; nothing is loaded in the page; close ends it", async () => {
    const { fake, client } = make({ tokenProvider: quiet });
    assert.equal(made.length, 0);
    await client.login({ username: "amber", password: "secret" });
    await client.conversations.list();
    const sending = assert.rejects(client.conversation({ user: 2 }).send({ text: "x" }), code("Cancelled"));
    await until(() => fake.commands.some(([name]) => name === "send"));
    assert.equal(fake.engine.options.tokenProvider, true);
    assert.deepEqual([made.length, fake.loads, made[0].terminated], [1, 1, false]);
    const { engine } = fake;
    await client.close();
    await sending;
    assert.deepEqual([engine.closed, engine.freed, made[0].terminated], [true, true, true]);
  });

  test("the option is checked by name, and mini-programs have no such thing", async () => {
    assert.throws(() => make({ worker: "x" }), code("ArgumentInvalid", /options\.worker/));
    const { environment } = new FakeCore();
    const mini = { ...environment, deviceInfo: "MiniProgram" };
    assert.throws(() => new FlooClient({ appId: "app", worker: quiet }, mini), code("Unsupported", /options\.worker/));
    for (const given of [undefined, null, {}, { postMessage: quiet }]) {
      await assert.rejects(make({}, () => given).client.resume(), code("ArgumentInvalid", /options\.worker/));
    }
  });

  test("a worker that cannot start is an error that names it; the next call has another", async () => {
    const thrown = () => {
      throw Object.assign(new Error("no such address"), { name: "SecurityError" });
    };
    const failing = (message) => () => new InProcess(() => queueMicrotask(() => made.at(-1).fail(message)));
    const old = () =>
      new InProcess((scope) => {
        const changed = new EventTarget();
        serve(changed, () => assert.fail("is not loaded"));
        scope.addEventListener("message", ({ data }) =>
          changed.dispatchEvent(new MessageEvent("message", { data: { ...data, version: "0.0.1" } })),
        );
      });
    const { client } = make({}, thrown, failing(undefined), failing("Uncaught Error: at the start"), old);
    await assert.rejects(client.resume(), code("WasmUnavailable", /worker.*SecurityError: no such address/));
    await assert.rejects(
      client.resume(),
      (error) => code("WasmUnavailable", /worker.*not found/)(error) && error.retriable,
    );
    await assert.rejects(client.resume(), code("WasmUnavailable", /worker.*at the start/));
    await assert.rejects(client.resume(), code("WasmUnavailable", /worker.*0\.1\.0.*0\.0\.1/));
    assert.equal(await client.resume(), null);
    assert.deepEqual(
      made.map((it) => it.terminated),
      [true, true, true, false],
    );
  });

  test("why the core cannot be loaded there is told as if it were here", async () => {
    const without = (failure) => () =>
      new InProcess((scope) => serve(scope, () => Promise.reject(new LoadError(failure, "the reason"))));
    const other = () => new InProcess((scope) => serve(scope, () => Promise.reject(new Error("out of memory"))));
    const { client } = make({}, without("blocked"), without("network"), other);
    await assert.rejects(client.resume(), code("CspBlocked", /the reason/));
    await assert.rejects(client.resume(), (error) => code("WasmUnavailable", /reason/)(error) && error.retriable);
    await assert.rejects(client.resume(), code("WasmUnavailable", /worker.*out of memory/));
  });

  test("one that never answers is given up", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const { client } = make({}, () => new InProcess(quiet));
    const call = client.resume();
    await until(() => made.length === 1 && made[0].started);
    context.mock.timers.tick(60_000);
    await assert.rejects(call, code("WasmUnavailable", /worker.*does not answer/));
    assert.ok(made[0].terminated);
  });

  test("closing ends one that has not begun, and one that does not say goodbye", async (context) => {
    const early = make({}, () => new InProcess(quiet));
    const call = early.client.resume();
    const ready = early.client.ready();
    await until(() => made[0]?.started);
    await early.client.close();
    await assert.rejects(call, code("Cancelled"));
    await assert.rejects(ready, code("Cancelled"));
    assert.ok(made[0].terminated);

    const { client, fake } = make();
    await client.resume();
    context.mock.timers.enable({ apis: ["setTimeout"] });
    fake.engine.close = () => {
      made[1].started.port.onmessage = null; // busy for ever
    };
    const closing = client.close();
    await until(() => made[1].started.port.onmessage === null);
    context.mock.timers.tick(1000);
    await closing;
    assert.ok(made[1].terminated);
  });

  test("a core that traps, an exception in the worker and its end bring another worker; the third time is the last", async () => {
    const locks = useLocks();
    for (const [end, words] of [
      [(client) => client.conversations.list().catch(quiet), /RuntimeError: unreachable/],
      [() => made.at(-1).reject(Object.assign(new Error("unreachable"), { name: "RuntimeError" })), /RuntimeError/],
      [() => made.at(-1).fail("Uncaught RuntimeError: unreachable"), /RuntimeError/],
      [() => locks.end(), /worker was ended/],
    ]) {
      const { fake, client } = make();
      const { users } = fake.answers;
      const trapped = async () => {
        fake.answers.conversations = "trap";
        fake.answers.users = undefined;
        const call = client.roster.list();
        call.catch(quiet);
        end(client);
        await assert.rejects(call, code("CoreStopped", words));
        Object.assign(fake.answers, { users, conversations: () => conversationsTape() });
      };
      fake.answers.resume = () => ({ userId: "1", deviceSn: 7 });
      await client.login({ username: "amber", password: "secret" });
      for (let round = 0; round < 2; round++) {
        const recovered = new Promise((resolve) => client.on("recovered", resolve));
        const before = made.at(-1);
        await trapped();
        const { reason, session } = await recovered;
        code("CoreStopped", words)(reason);
        assert.deepEqual([session.userId, before.terminated, made.at(-1) === before], ["1", true, false]);
        assert.deepEqual(await client.roster.list(), []);
      }
      const closed = new Promise((resolve) => client.on("state", ({ to, error }) => to === "closed" && resolve(error)));
      await trapped();
      code("CoreStopped", words)(await closed);
      await assert.rejects(client.resume(), code("Cancelled"));
      assert.ok(made.at(-1).terminated);
    }
  });

  test("what a worker that has stopped still had under way says nothing of the next one", async (t) => {
    const ports = [];
    const { MessageChannel } = globalThis;
    globalThis.MessageChannel = class extends MessageChannel {
      constructor() {
        super();
        ports.push(this.port1);
      }
    };
    t.after(() => {
      globalThis.MessageChannel = MessageChannel;
    });
    const { fake, client } = make();
    fake.answers.resume = () => ({ userId: "1", deviceSn: 7 });
    await client.login({ username: "amber", password: "secret" });
    const [before] = ports;
    const { onmessage } = before;
    const recovered = new Promise((resolve) => client.on("recovered", resolve));
    made.at(-1).fail("Uncaught RuntimeError: unreachable");
    await until(() => ports.length === 2);
    // As Firefox does, which delivers it although the port is closed.
    for (const say of ["stopped", "failed"]) onmessage.call(before, { data: { say, message: "unreachable" } });
    assert.equal((await recovered).session.userId, "1");
    onmessage.call(before, { data: { say: "stopped", message: "unreachable" } });
    assert.deepEqual(await client.roster.list(), []);
    assert.equal(ports.length, 2, "no third worker");
  });
});

test("page and worker know the version that is published", () => {
  const { version } = JSON.parse(
    readFileSync(new URL("../../pkg-templates/npm/package.json", import.meta.url), "utf8"),
  );
  assert.equal(VERSION, version);
});
