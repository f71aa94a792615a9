// The client's own rules, over a fake core. The true path is tested in browsers.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sources } from "./bundle.mjs";
import { conversationsTape, FakeCore, groupsTape, messagesTape, raw, until, usersTape } from "./fake-engine.mjs";

const { FlooClient } = await sources("js/client/client.ts");
const quiet = () => undefined;

function make(options = {}) {
  const core = new FakeCore();
  const client = new FlooClient({ appId: "app", logger: quiet, ...options }, core.environment);
  return { core, client };
}
async function loggedIn(options) {
  const made = make(options);
  await made.client.login({ username: "amber", password: "secret" });
  return made;
}
const code = (name, field) => (error) => {
  assert.equal(error.name, "FlooError", String(error));
  assert.equal(error.code, name);
  if (field) assert.ok(error.message.includes(field), error.message);
  return true;
};

test("what only phones have is there, and says why it is not possible", async () => {
  const { core, client } = make();
  const features = Object.entries(client.native);
  assert.equal(features.length, 10);
  for (const [name, feature] of features) {
    await assert.rejects(feature({ any: "argument" }), code("Unsupported", `native.${name} is not possible here: `));
  }
  await assert.rejects(client.native.geofence(), code("Unsupported", "system of a phone"));
  await assert.rejects(client.native.runInBackground(), code("Unsupported"));
  await assert.rejects(client.native.clearNotifications(), code("Unsupported"));
  await assert.rejects(client.native.call(), code("Unsupported", "no engine for sound and pictures"));
  await assert.rejects(client.native.groupCall(), code("Unsupported"));
  await assert.rejects(client.native.joinRoom(), code("Unsupported"));
  await assert.rejects(client.native.manageRoom(), code("Unsupported"));
  await assert.rejects(client.native.startPush(), code("Unsupported", "push service"));
  await assert.rejects(client.native.sendPush(), code("Unsupported"));
  await assert.rejects(client.native.pushMessages(), code("Unsupported"));
  assert.equal(core.loads, 0, "nothing is loaded for it");
});

describe("making and logging in", () => {
  test("nothing is loaded before the first call", async () => {
    const { core, client } = make();
    client.on("state", quiet);
    client.conversation({ user: 2 });
    assert.deepEqual([core.loads, client.state, client.session, client.conversations.snapshot], [0, "idle", null, []]);
    await client.resume();
    assert.equal(core.loads, 1);
  });

  test("options are checked by name", () => {
    const bad = [
      [{ appId: "" }, "options.appId"],
      [{ appId: 5 }, "options.appId"],
      [{ storage: "disk" }, "options.storage"],
      [{ logger: "x" }, "options.logger"],
      [{ logLevel: "loud" }, "options.logLevel"],
      [{ deliveryReceipts: 1 }, "options.deliveryReceipts"],
      [{ servers: { dns: "ftp://x" } }, "options.servers.dns"],
      [{ servers: { rest: "http://a" } }, "options.servers.socket"],
      [{ servers: 5 }, "options.servers"],
    ];
    for (const [options, field] of bad) assert.throws(() => make(options), code("ArgumentInvalid", field));
    assert.throws(() => new FlooClient(undefined, new FakeCore().environment), code("ArgumentInvalid", "options"));
  });

  test("the core gets what was asked for", async () => {
    const { core } = await loggedIn({ servers: { dns: "http://127.0.0.1:7700/v2/app_dns" }, storage: "memory" });
    assert.deepEqual(core.engine.options, {
      appId: "app",
      deviceInfo: "Web",
      memory: true,
      search: true,
      dns: "http://127.0.0.1:7700/v2/app_dns",
    });
    assert.deepEqual(core.commands[0], ["login", { username: "amber", password: "secret" }]);
  });

  test("an option that is not known is warned of once, by its name", async () => {
    const lines = [];
    const { client } = make({ logger: (...line) => lines.push(line), deliveryReceipt: true, wasm: "x" });
    assert.deepEqual(lines, [["warn", "createClient: options.deliveryReceipt is not known and does nothing"]]);
    await client.login({ username: "a", password: "b" });
    assert.equal(lines.filter(([level]) => level === "warn").length, 1);
  });

  test("a link of one's own server is parsed there, any other by the cloud's server of links", async () => {
    const asked = async (link, servers, options) => {
      const { core, client } = make({ servers });
      core.answers.api = ({ params }) => params;
      return (await client.app.parseLink(link, options)).server;
    };
    const dns = { dns: "http://127.0.0.1:7700/v2/app_dns" };
    const rest = { rest: "https://im.example/api", socket: "wss://ws.example" };
    assert.equal(await asked("http://127.0.0.1:7700/info/amber", dns), "http://127.0.0.1:7700");
    assert.equal(await asked("HTTPS://IM.example/x/amber?y", rest), "https://im.example");
    for (const link of ["http://127.0.0.1:77000/a", "http://127.0.0.1:7700@evil.example/", "https://l.example/a", "x"])
      assert.equal(await asked(link, dns), undefined, link);
    assert.equal(await asked("https://dns.lanyingim.com/a", undefined), undefined);
    assert.equal(await asked("http://127.0.0.1:7700/a", dns, { server: "https://s.example" }), "https://s.example");
  });

  test("errors name calls as the application knows them", async () => {
    const { core, client } = await loggedIn();
    core.answers = {};
    const chat = client.conversation({ user: 2 });
    const now = { timeout: 1 };
    for (const [name, call] of [
      ["recall", () => chat.recall("5", now)],
      ["outbox.cancel", () => client.outbox.cancel("5", now)],
      ["notices.list", () => client.notices.list(now)],
      ["notices.dismiss", () => client.notices.dismiss(["5"], now)],
      ["search.messages", () => client.search.messages({ text: "x" }, now).next()],
      ["markPlayed", () => chat.markPlayed("5", now)],
    ]) {
      await assert.rejects(call, (error) => {
        assert.match(error.message, new RegExp(`^${name.replace(".", "[.]")}: no answer`));
        return true;
      });
    }
  });

  test("credentials are checked by name, and their values never shown", async () => {
    const { core, client } = make();
    const bad = [
      [{}, "credentials.username"],
      [{ username: "a", password: "" }, "credentials.password"],
      [{ userId: "x", password: "hunter2" }, "credentials.userId"],
      [{ userId: 1 }, "credentials.password"],
      [{ userId: 1, token: "" }, "credentials.token"],
      [null, "credentials"],
    ];
    for (const [credentials, field] of bad) {
      await assert.rejects(client.login(credentials), (error) => {
        assert.ok(!error.message.includes("hunter2"));
        return code("ArgumentInvalid", field)(error);
      });
    }
    assert.equal(core.loads, 0);
  });

  test("a refusal is a typed error and the client goes on", async () => {
    const { core, client } = make();
    const login = core.answers.login;
    core.answers.login = () => {
      throw raw("UserAuthFailed");
    };
    await assert.rejects(client.login({ username: "a", password: "b" }), code("UserAuthFailed"));
    assert.equal(client.session, null);
    core.answers.login = login;
    assert.deepEqual(await client.login({ username: "a", password: "b" }), { userId: "1", deviceSn: 7 });
  });

  test("a failed load is typed and can be tried again", async () => {
    const core = new FakeCore();
    const { environment } = core;
    const { load } = environment;
    let why = "blocked";
    environment.load = () =>
      why ? Promise.reject(Object.assign(new Error("no"), { name: "LoadError", failure: why })) : load();
    const client = new FlooClient({ appId: "app", logger: quiet }, environment);
    await assert.rejects(client.resume(), code("CspBlocked"));
    why = "network";
    await assert.rejects(client.resume(), (error) => code("WasmUnavailable")(error) && error.retriable);
    why = "";
    assert.equal(await client.resume(), null);
  });

  test("session and snapshots are there when login resolves; listeners of the same batch know the session", async () => {
    const { core, client } = make();
    core.answers.login = undefined;
    let seen;
    client.on("state", () => (seen = client.session));
    const login = client.login({ username: "a", password: "b" });
    await until(() => core.commands.length === 1);
    core.engine.say(
      ["users", usersTape({ id: "2", username: "basil" })],
      ["conversations", conversationsTape({ id: "2", timestamp: 1 }, { id: "3", timestamp: 9 })],
      ["state", "connecting", "online", undefined, undefined],
      ["reply", 1, true, { userId: "1", deviceSn: 7 }],
    );
    await login;
    assert.deepEqual(seen, { userId: "1", deviceSn: 7 });
    assert.equal(client.roster.get(2).username, "basil");
    assert.deepEqual(
      client.conversations.snapshot.map((row) => row.key.id),
      ["3", "2"],
    );
  });

  test("without a login calls say so", async () => {
    const { client } = make();
    const chat = client.conversation({ user: 2 });
    for (const call of [
      () => chat.send({ text: "x" }),
      () => chat.messages(),
      () => client.roster.list(),
      () => client.conversations.list(),
    ]) {
      await assert.rejects(call, code("UserNotLogin"));
    }
  });
});

describe("events", () => {
  test("come in the order of the core, outside of it, and a throwing listener changes nothing", async () => {
    const { core, client } = await loggedIn();
    const heard = [];
    client.on("messages", ({ messages }) => {
      assert.equal(core.inside, 0, "a listener ran inside the core");
      heard.push(`page ${messages.length}`);
      throw new Error("mine");
    });
    client.on("message", ({ message }) => heard.push(message.text));
    client.on("sync", (sync) => heard.push(sync.phase));
    client.on("error", ({ error }) => heard.push(error.message));
    core.engine.say(["messages", messagesTape({ id: "1", text: "a" }, { id: "2", text: "b" })], ["sync", 3]);
    core.engine.say(["sync", 0]);
    assert.deepEqual(heard, []);
    await until(() => heard.length >= 6);
    assert.deepEqual(heard, ["page 2", 'A listener of "messages" threw: mine', "a", "b", "catching-up", "live"]);
    assert.deepEqual(client.sync, { phase: "live", pending: 0 });
  });

  test("a logger that throws, at once or later, is an event and is not called again", async () => {
    for (const throws of [
      () => {
        throw new Error("mine");
      },
      async () => {
        throw new Error("mine");
      },
    ]) {
      let calls = 0;
      const logger = () => {
        calls++;
        return throws();
      };
      const { client } = make({ logger });
      const errors = [];
      client.on("error", ({ error }) => {
        errors.push(error.message);
        throw new Error("and this");
      });
      await client.login({ username: "amber", password: "secret" });
      await until(() => errors.length > 0);
      const before = calls;
      await client.logout();
      assert.deepEqual([errors.length, calls], [1, before], errors.join());
      assert.match(errors[0], /options\.logger threw.*: mine/);
    }
  });

  test("a broken error listener ends nothing", async () => {
    const { core, client } = await loggedIn();
    client.on("error", () => {
      throw new Error("again");
    });
    let after = 0;
    client.on("error", () => after++);
    core.engine.say(["error", raw("ServerResponseInvalid", "frame")]);
    await until(() => after === 1);
  });

  test("unknown events and listeners that are none are refused", () => {
    const { client } = make();
    assert.throws(() => client.on("massage", quiet), code("ArgumentInvalid", "event"));
    assert.throws(() => client.on("toString", quiet), code("ArgumentInvalid", "event"));
    assert.throws(() => client.on("state", 5), code("ArgumentInvalid", "listener"));
  });

  test("a group that was left is not there any more", async () => {
    const { core, client } = await loggedIn();
    const told = [];
    client.on("groups", ({ groups }) => told.push(groups.length));
    core.engine.say(["groups", groupsTape({ id: "17", name: "Team" }, { id: "33", name: "Lunch" })]);
    core.engine.say(["groups", groupsTape({ id: "33", name: "Lunch" })]);
    await until(() => told.length === 2);
    assert.deepEqual([client.groups.get(17), client.groups.get(33).name], [null, "Lunch"]);
  });

  test("state, storage and life cycle", async () => {
    const { core, client } = await loggedIn();
    const states = [];
    client.on("state", (event) => states.push(event));
    core.engine.say(["state", "online", "reconnecting", raw("ServerConnectFailed", "frame"), 123]);
    core.engine.say(["storage", "memory", raw("StorageUnavailable", "storage")]);
    await until(() => client.storage === "memory");
    assert.deepEqual(
      [client.state, states[0].error.code, states[0].retryAt],
      ["reconnecting", "ServerConnectFailed", 123],
    );
    core.emitSignal("online");
    assert.deepEqual(core.signals, ["online"]);
    await client.close();
    assert.equal(core.emitSignal, undefined);
  });
});

describe("conversations", () => {
  test("the snapshot is one frozen array until something changes", async () => {
    const { core, client } = await loggedIn();
    const before = client.conversations.snapshot;
    let calls = 0;
    const stop = client.conversations.subscribe(() => calls++);
    core.engine.say([
      "conversations",
      conversationsTape({ id: "2", timestamp: 5 }, { id: "10", timestamp: 5 }, { id: "7", timestamp: 6 }),
    ]);
    await until(() => calls === 1);
    const after = client.conversations.snapshot;
    assert.notEqual(after, before);
    assert.equal(client.conversations.snapshot, after);
    assert.ok(Object.isFrozen(after));
    assert.deepEqual(
      after.map((row) => row.key.id),
      ["7", "2", "10"],
    );
    stop();
    core.engine.say(["conversations", conversationsTape({ id: "2", timestamp: 9, unread: 1 })]);
    await until(() => client.conversations.snapshot !== after);
    assert.deepEqual(
      client.conversations.snapshot.map((row) => row.key.id),
      ["2", "7", "10"],
    );
    assert.deepEqual([after.length, after[1].unread, calls], [3, 0, 1]);
  });

  test("a send resolves with the accepted message", async () => {
    const { core, client } = await loggedIn();
    const sent = client.conversation({ user: 2 }).send({ text: "hi 👋", ext: "{}" });
    await until(() => core.commands.some(([name]) => name === "send"));
    assert.deepEqual(core.commands.at(-1)[1], {
      id: "1001",
      kind: 1,
      of: "2",
      type: 0,
      text: "hi 👋",
      ext: "{}",
    });
    core.engine.say([
      "sent",
      messagesTape({ id: "55", clientId: "1001", outgoing: true, status: "sent", text: "hi 👋" }),
    ]);
    assert.equal((await sent).id, "55");
  });

  test("a refused send rejects with the reason and is told", async () => {
    const { core, client } = await loggedIn();
    const told = [];
    client.on("message:failed", ({ message, error }) => told.push([message.clientId, error.code]));
    const sent = client.conversation({ group: 9 }).send({ text: "x" });
    const error = raw("UserBanned", "frame");
    core.engine.say(["failed", messagesTape({ kind: 2, with: "9", clientId: "1001", status: "failed", error })]);
    await assert.rejects(sent, code("UserBanned"));
    assert.deepEqual(told, [["1001", "UserBanned"]]);
  });

  test("an aborted send ends the wait only; one aborted before is not sent", async () => {
    const { core, client } = await loggedIn();
    const chat = client.conversation({ user: 2 });
    const control = new AbortController();
    const sent = chat.send({ text: "x" }, { signal: control.signal });
    control.abort();
    await assert.rejects(sent, code("Cancelled"));
    const sends = () => core.commands.filter(([name]) => name === "send").length;
    assert.equal(sends(), 1);
    await assert.rejects(chat.send({ text: "y" }, { signal: control.signal }), code("Cancelled"));
    assert.equal(sends(), 1);
  });

  test("content is checked: empty, too long in UTF-8, not a text", async () => {
    const { core, client } = await loggedIn();
    const chat = client.conversation({ user: 2 });
    const bad = [
      [{ text: "" }, "text"],
      [{ text: 5 }, "text"],
      [{ text: "a".repeat(65537) }, "text"],
      [{ text: "好".repeat(21846) }, "text"],
      [{ text: "👋".repeat(16385) }, "text"],
      [{ text: "é".repeat(32769) }, "text"],
      [{ text: "x", ext: "a".repeat(16385) }, "ext"],
      [{ text: "x", ext: 5 }, "ext"],
      [{ text: "x".repeat(1e7) }, "text"],
    ];
    for (const [content, field] of bad) await assert.rejects(chat.send(content), code("MessageInvalid", field));
    await assert.rejects(chat.send(undefined), code("ArgumentInvalid", "content"));
    for (const text of ["a".repeat(65536), "好".repeat(21845), "👋".repeat(16384), "é".repeat(32768)]) {
      void chat.send({ text }).catch(quiet);
    }
    assert.equal(core.commands.filter(([name]) => name === "send").length, 4);
  });

  test("history pages to the end, and stops at a server that does not move on", async () => {
    const { core, client } = await loggedIn();
    const pages = { undefined: ["30", "20"], 20: ["20", "10"], 10: ["10", "10"] };
    core.answers.history = ({ before }) => {
      const [id, next] = pages[before];
      return { messages: messagesTape({ id }), next };
    };
    const ids = [];
    for await (const page of client.conversation({ user: 2 }).history({ pageSize: 1 })) ids.push(page[0].id);
    assert.deepEqual(ids, ["30", "20", "10"]);
    assert.throws(() => client.conversation({ user: 2 }).history({ pageSize: 0 }), code("ArgumentInvalid", "pageSize"));
    await assert.rejects(client.conversation({ user: 2 }).messages({ limit: 1e6 }), code("ArgumentInvalid", "limit"));
  });
});

describe("the end", () => {
  test("nobody is logged in any more when the server has ended the session", async () => {
    const { core, client } = await loggedIn();
    core.engine.say(["state", "online", "kicked", raw("UserPasswordChanged", "frame")]);
    await until(() => client.state === "kicked");
    assert.equal(client.session, null);
    await assert.rejects(client.conversation({ user: 2 }).send({ text: "x" }), code("UserNotLogin"));
  });

  test("a message that is no longer waited for still goes out: to send it again would double it", async () => {
    const { client } = await loggedIn();
    const chat = client.conversation({ user: 2 });
    const stop = new AbortController();
    const late = chat.send({ text: "late" }, { timeout: 1 }).catch((error) => error);
    const aborted = chat.send({ text: "aborted" }, { signal: stop.signal }).catch((error) => error);
    const left = chat.send({ text: "left" }).catch((error) => error);
    stop.abort();
    const [one, two] = [await late, await aborted];
    await client.logout();
    for (const [error, name] of [
      [one, "ServerTimeOut"],
      [two, "Cancelled"],
      [await left, "Cancelled"],
    ]) {
      assert.deepEqual([error.code, error.retriable], [name, false], error.message);
      assert.match(error.remediation, /message:sent/);
    }
  });

  test("close ends what waits, frees the core and is final", async () => {
    const { core, client } = await loggedIn();
    core.answers.messages = undefined;
    const states = [];
    client.on("state", ({ to }) => states.push(to));
    const waiting = [client.conversation({ user: 2 }).messages(), client.conversation({ user: 2 }).send({ text: "x" })];
    const { engine } = core;
    await Promise.all([client.close(), ...waiting.map((it) => assert.rejects(it, code("Cancelled")))]);
    await client.close();
    assert.deepEqual([engine.closed, engine.freed, states, client.state], [true, true, ["closed"], "closed"]);
    await assert.rejects(client.resume(), (error) => code("Cancelled", "closed")(error) && !error.retriable);
    engine.say(["messages", messagesTape({ id: "1" })]);
  });

  test("a core that traps is followed by another, which takes the account up", async () => {
    const { core, client } = await loggedIn();
    core.answers.messages = undefined;
    const chat = client.conversation({ user: 2 });
    await chat.focus();
    const kept = chat.send({ text: "kept" });
    const [, { id }] = core.commands.at(-1);
    const done = chat.send({ text: "done" });
    const [, { id: doneId }] = core.commands.at(-1);
    await until(() => client.logs.entries.filter(({ text }) => text === "send -> done").length === 2);
    core.answers.send = undefined;
    const unsure = chat.send({ text: "not known to be kept" });
    const asked = chat.messages();
    const events = [];
    client.on("state", ({ to, error }) => events.push([to, error?.code]));
    client.on("recovered", ({ reason, session }) => events.push(["recovered", reason.code, session.userId]));
    core.answers.markRead = "trap";
    core.answers.resume = () => ({ userId: "1", deviceSn: 7 });
    core.answers.messages = () =>
      messagesTape(
        { id: "5", clientId: doneId, outgoing: true, status: "sent" },
        { clientId: id, outgoing: true, status: "sending" },
      );
    await Promise.all(
      [chat.markRead(), asked, unsure].map((call) => assert.rejects(call, code("CoreStopped", "unreachable"))),
    );
    const waited = client.conversations.list(); // goes to the next core, when that has the account
    assert.equal((await done).status, "sent", "its end was not told any more");
    await until(() => events.length === 2);
    assert.deepEqual(events, [
      ["reconnecting", "CoreStopped"],
      ["recovered", "CoreStopped", "1"],
    ]);
    await waited;
    const [first, last] = core.engines;
    assert.deepEqual([core.engines.length, first.freed, core.loads], [2, false, 2]);
    const names = core.commands.slice(core.commands.findIndex(([name]) => name === "resume"));
    assert.deepEqual(names[0], ["resume", { userId: "1" }]);
    assert.ok(names.some(([name, params]) => name === "focus" && params.of === "2"));
    first.say(["sync", 3]);
    last.say(["sent", messagesTape({ id: "6", clientId: id, outgoing: true, status: "sent" })]);
    assert.equal((await kept).id, "6");
    assert.equal(client.sync.pending, 0, "late words of the first core are of no interest");
  });

  test("what is written while another core comes waits for it, as long as the caller likes", async () => {
    const { core, client } = await loggedIn();
    const chat = client.conversation({ user: 2 });
    let resumed;
    core.answers.resume = () => new Promise((resolve) => (resumed = () => resolve({ userId: "1", deviceSn: 7 })));
    core.answers.insert = (params) => messagesTape({ clientId: params.id, status: "local" });
    core.answers.markRead = "trap";
    await assert.rejects(chat.markRead(), code("CoreStopped"));
    const controller = new AbortController();
    const { signal } = controller;
    const send = (options) => chat.send({ text: "x" }, options);
    const insert = (options) => chat.insert({ text: "x" }, options);
    // Nothing has been sent, so it may be tried again.
    const isLate = (error) => error.code === "ServerTimeOut" && error.retriable;
    const ended = [send, insert].flatMap((act) => [
      assert.rejects(act({ timeout: 1 }), isLate),
      assert.rejects(act({ signal }), code("Cancelled")),
    ]);
    const patient = send({ timeout: 60_000 });
    const inserted = insert();
    controller.abort();
    await Promise.all(ended);
    await assert.rejects(send({ timeout: 0 }), code("ArgumentInvalid", "options.timeout"));
    assert.ok(!core.commands.some(([name]) => name === "send" || name === "insert"));
    await until(() => resumed);
    resumed();
    assert.equal((await inserted).status, "local");
    await until(() => core.commands.some(([name]) => name === "send"));
    const [, { id }] = core.commands.find(([name]) => name === "send");
    core.engine.say(["sent", messagesTape({ id: "6", clientId: id, outgoing: true, status: "sent" })]);
    assert.equal((await patient).id, "6");
    assert.equal(core.commands.filter(([name]) => name === "send" || name === "insert").length, 2);
  });

  test("what nothing was kept of is logged in again, or is over", async () => {
    for (const [credentials, again] of [
      [{ username: "amber", password: "secret" }, true],
      [{ anonymous: true }, false],
    ]) {
      const { core, client } = make({ storage: "memory" });
      await client.login(credentials);
      const states = [];
      client.on("state", ({ to }) => states.push(to));
      const recovered = new Promise((resolve) => client.on("recovered", resolve));
      const sent = client.conversation({ user: 2 }).send({ text: "x" });
      core.answers.conversations = "trap";
      const list = client.conversations.list();
      core.answers.conversations = () => conversationsTape();
      await assert.rejects(list, code("CoreStopped"));
      assert.equal((await recovered).session?.userId, again ? "1" : undefined);
      await assert.rejects(sent, code("CoreStopped"));
      assert.equal(core.commands.filter(([name]) => name === "login").length, again ? 2 : 1);
      if (!again) assert.deepEqual([states, client.session], [["reconnecting", "idle"], null]);
    }
  });

  test("the third trap within a minute ends the client", async (context) => {
    context.mock.timers.enable({ apis: ["Date"] });
    const { core, client } = await loggedIn();
    core.answers.resume = () => ({ userId: "1", deviceSn: 7 });
    core.answers.markRead = "trap";
    const trap = () => assert.rejects(client.conversation({ user: 2 }).markRead(), code("CoreStopped"));
    await trap();
    context.mock.timers.tick(60_000);
    await trap(); // the first is forgotten
    await trap();
    assert.notEqual(client.state, "closed");
    const closed = new Promise((resolve) => client.on("state", ({ to, error }) => to === "closed" && resolve(error)));
    await trap();
    assert.deepEqual([(await closed).code, client.state], ["CoreStopped", "closed"]);
    await assert.rejects(client.resume(), code("Cancelled"));
  });

  test("no other core to be had ends the client", async () => {
    const { core, client } = await loggedIn();
    core.answers.markRead = "trap";
    Object.defineProperty(core, "loads", {
      get: () => 1,
      set: () => {
        throw new Error("no memory left");
      },
    });
    const closed = new Promise((resolve) => client.on("state", ({ to, error }) => to === "closed" && resolve(error)));
    await Promise.all([
      assert.rejects(client.conversation({ user: 2 }).markRead(), code("CoreStopped")),
      assert.rejects(client.conversations.list(), code("CoreStopped")),
    ]);
    assert.equal((await closed).code, "WasmUnavailable");
  });

  test("logout forgets what was shown", async () => {
    const { core, client } = await loggedIn();
    core.engine.say(["conversations", conversationsTape({ id: "2" })]);
    await until(() => client.conversations.snapshot.length === 1);
    await client.logout();
    assert.deepEqual([client.session, client.conversations.snapshot], [null, []]);
  });
});
