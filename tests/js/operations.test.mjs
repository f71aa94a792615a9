// Operations, receipts, notices, outbox, logs and event streams, over a fake core.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sources } from "./bundle.mjs";
import {
  conversationsTape,
  FakeCore,
  keysTape,
  listsTape,
  messagesTape,
  noticesTape,
  raw,
  updatesTape,
} from "./fake-engine.mjs";

const { FlooClient, Logs } = await sources("js/client/client.ts", "js/client/logs.ts");
const quiet = () => undefined;
const code = (name, field) => (error) => {
  assert.equal(error.name, "FlooError", String(error));
  assert.equal(error.code, name);
  if (field) assert.ok(error.message.includes(field), error.message);
  return true;
};

async function loggedIn(options = {}) {
  const core = new FakeCore();
  const client = new FlooClient({ appId: "app", logger: quiet, ...options }, core.environment);
  await client.login({ username: "amber", password: "hunter2!" });
  core.commands.length = 0;
  const chat = client.conversation({ user: 2 });
  const heard = [];
  const hear = (...events) => {
    for (const event of events) client.on(event, (payload) => heard.push([event, payload]));
  };
  /** Says something and waits until it is through. */
  const say = async (...batch) => {
    core.engine.say(...batch);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { core, client, chat, heard, hear, say };
}
const mine = { id: "50", clientId: "1", from: "1", outgoing: true, status: "sent", text: "hi" };
const place = { kind: 1, of: "2" };

describe("operations", () => {
  test("each asks the core for its own", async () => {
    const { core, client, chat, say } = await loggedIn();
    let sent;
    client.on("message:sent", ({ message }) => (sent = message));
    await say(["sent", messagesTape(mine)]);
    await chat.edit(sent, { text: "new", config: { big: 2n ** 60n }, ext: "e" });
    await chat.append("50", " more");
    await chat.append("50", "!", { ext: { ai: { finish: true } } });
    await chat.recall(50n);
    await chat.delete(50);
    await chat.delete(50, { scope: "device" });
    await chat.markUnread(50);
    await chat.markPlayed(50);
    await chat.typing();
    await chat.typing(false);
    await chat.remove();
    await chat.remove({ scope: "device" });
    await chat.markRead();
    await chat.markRead({ upTo: 50 });
    await chat.markRead({ only: sent });
    const target = { ...place, target: "50" };
    const operate = (operation, more) => ["operate", { ...target, operation, ...more }];
    assert.deepEqual(core.commands, [
      operate("replace", { text: "new", config: '{"big":1152921504606846976}', ext: "e" }),
      operate("append", { text: " more" }),
      operate("append", { text: "!", ext: '{"ai":{"finish":true}}' }),
      operate("recall"),
      operate("delete"),
      ["forget", target],
      operate("unread"),
      operate("played"),
      ["typing", { ...place, active: true }],
      ["typing", { ...place, active: false }],
      ["deleteConversation", { ...place, everywhere: true, id: "1001" }],
      ["deleteConversation", { ...place, everywhere: false, id: "1002" }],
      ["markRead", place],
      ["markRead", { ...place, upTo: "50" }],
      ["markRead", { ...place, upTo: "50", only: true }],
    ]);
  });

  test("what is this device's own asks the core for that", async () => {
    const { core, chat, heard, hear, say } = await loggedIn();
    const local = { ...mine, id: "50", clientId: "7", status: "local", text: "own" };
    core.answers.insert = () => messagesTape(local);
    core.answers.clear = quiet;
    const own = await chat.insert({ text: "own", ext: { a: 1 } }, { after: 50, from: 2, timestamp: 5 });
    assert.deepEqual([own.id, own.key, own.clientId, own.status, own.patched], [null, "50/7", "7", "local", false]);
    await chat.insert({ text: "other" }, { replace: own, timestamp: 6 });
    await chat.delete(own, { scope: "device" });
    await chat.patch(50, { text: "over" });
    await chat.patch(50, null);
    await chat.markRead({ scope: "device" });
    await chat.clear();
    const insert = (more) => ["insert", { ...place, type: 0, ...more }];
    assert.deepEqual(core.commands, [
      insert({ id: "1001", behind: "50", from: "2", time: "5", text: "own", ext: '{"a":1}' }),
      insert({ id: "7", behind: "50", from: "1", time: "6", text: "other" }),
      ["insert", { ...place, id: "7", behind: "50", gone: true }],
      ["operate", { ...place, target: "50", operation: "patch", text: "over" }],
      ["operate", { ...place, target: "50", operation: "patch" }],
      ["markRead", { ...place, here: true }],
      ["clear", place],
    ]);
    hear("message:updated");
    await say(["updates", updatesTape({ change: "local", message: { ...mine, patched: true } })]);
    const [[, { change, pending, by, message }]] = heard;
    assert.deepEqual([change, pending, by, message.patched], ["local", false, null, true]);
  });

  test("an edit resolves with what the message has become, or with nothing to show", async () => {
    const { core, chat, say } = await loggedIn();
    core.answers.operate = undefined;
    const edits = [chat.edit(50, { text: "new" }), chat.append(51, "x")];
    const other = updatesTape({ change: "replace", target: "52", message: { ...mine, id: "52" } });
    await say(["updates", updatesTape({ change: "replace", target: "50", message: { ...mine, text: "soon" } })]);
    await say(
      ["updates", other],
      ["updates", updatesTape({ change: "replace", target: "50", by: "1", message: { ...mine, text: "new" } })],
      ["reply", 2, true, undefined],
      ["reply", 3, true, undefined],
    );
    const [edited, unknown] = await Promise.all(edits);
    assert.deepEqual([edited.id, edited.text, unknown], ["50", "new", null]);
  });

  test("a refusal rejects with its reason", async () => {
    const { core, chat } = await loggedIn();
    core.answers.operate = () => {
      throw raw("InvalidRequestParameter", "frame", "too late");
    };
    await assert.rejects(chat.recall(50), code("InvalidRequestParameter", "too late"));
    const abort = AbortSignal.abort();
    core.commands.length = 0;
    await assert.rejects(chat.recall(50, { signal: abort }), code("Cancelled"));
    assert.deepEqual(core.commands, []);
  });

  test("bad arguments are named and reach nobody", async () => {
    const { core, chat, client, say } = await loggedIn();
    let sent;
    client.on("message:failed", ({ message }) => (sent = message));
    await say(["failed", messagesTape({ ...mine, id: "", status: "failed", error: raw("UserBanned", "frame") })]);
    const foreign = { ...sent, id: "7", conversation: { kind: "group", id: "2" } };
    for (const [act, field] of [
      [() => chat.recall(sent), "message"],
      [() => chat.recall(foreign), "message"],
      [() => chat.recall("x"), "message"],
      [() => chat.recall(undefined), "message"],
      [() => chat.delete(50, { scope: "all" }), "options.scope"],
      [() => chat.remove({ scope: 1 }), "options.scope"],
      [() => chat.markRead({ upTo: 0 }), "upTo"],
      [() => chat.markRead({ upTo: 1, only: 1 }), "only"],
      [() => chat.delete({ ...sent, status: "local", key: "5/7" }), "options.scope"],
      [() => chat.insert({ text: "x" }, { replace: sent }), "replace"],
      [() => chat.insert({ text: "x" }, { replace: sent, after: 5 }), "after"],
      [() => chat.insert({ text: "x" }, { from: -1 }), "from"],
      [() => chat.insert({ text: "x" }, { timestamp: "now" }), "timestamp"],
      [() => client.conversations.list({ unreadOnly: 1 }), "unreadOnly"],
      [() => client.outbox.resend("x"), "message"],
      [() => client.outbox.cancel({ ...sent, clientId: null }), "message"],
      [() => client.notices.dismiss("5"), "notices"],
      [() => client.notices.dismiss([5, {}]), "notices[1]"],
    ]) {
      await assert.rejects(act, code("ArgumentInvalid", field));
    }
    await assert.rejects(chat.append(50, ""), code("MessageInvalid", "text"));
    await assert.rejects(chat.append(50, undefined), code("MessageInvalid", "text"));
    await assert.rejects(chat.patch(50, {}), code("MessageInvalid", "changes"));
    await assert.rejects(chat.insert({ text: "x", push: {} }), code("MessageInvalid", "push"));
    await assert.rejects(chat.edit(50, {}), code("MessageInvalid", "changes"));
    assert.throws(() => chat.history({ before: 1, after: 2 }), code("ArgumentInvalid", "after"));
    assert.deepEqual(core.commands, []);
  });

  test("who has read a message", async () => {
    const { core, chat } = await loggedIn();
    core.answers.receipts = () => listsTape(["2", "3"], ["2"], [], ["3"]);
    assert.deepEqual(await chat.readBy(50), { delivered: ["2", "3"], read: ["2"], played: [], unread: ["3"] });
  });

  test("the focus: one at a time, and looking away late changes nothing", async () => {
    const { core, chat, client } = await loggedIn();
    const other = client.conversation({ group: 9 });
    await chat.focus();
    await other.focus();
    await chat.blur();
    await other.blur();
    await other.blur();
    assert.deepEqual(
      core.commands.map(([, params]) => params),
      [place, { kind: 2, of: "9" }, {}],
    );
  });

  test("history goes on towards the present", async () => {
    const { core, chat } = await loggedIn();
    core.answers.history = ({ after }) => ({
      messages: messagesTape({ id: `${after}1` }),
      next: after === "1" ? "2" : "0",
    });
    const ids = [];
    for await (const page of chat.history({ after: "1", pageSize: 9 })) ids.push(page[0].id);
    assert.deepEqual(ids, ["11", "21"]);
    assert.deepEqual(core.commands.at(-1)[1], { ...place, limit: 9, after: "2" });
  });
});

describe("messages that grow", () => {
  const message = (text, ext = "") => ({ ...mine, from: "2", outgoing: false, text, ext });
  const changed = (text, { ext = "", ...more } = {}) => [
    "updates",
    updatesTape({ change: "append", by: "2", appended: "x", message: message(text, ext), ...more }),
  ];
  const finish = JSON.stringify({ ai: { stream: true, finish: true } });

  test("are given as they are, then as they become, until they say that it is all", async () => {
    const { core, chat, say } = await loggedIn();
    core.answers.messages = () => messagesTape(message("He"));
    const seen = [];
    const all = (async () => {
      for await (const { text } of chat.growth("50")) seen.push(text);
    })();
    await say(changed("He")); // is what the store had already
    await say(changed("Hell"));
    await say(["updates", updatesTape({ change: "append", message: { ...message("other"), id: "51" } })]);
    await say(changed("Hello", { ext: finish }));
    await all;
    assert.deepEqual(seen, ["He", "Hell", "Hello"]);
  });

  test("end at once when all is there, and with a recall, the signal and the client", async () => {
    const { core, client, chat, say } = await loggedIn();
    const texts = async (options) => {
      const seen = [];
      for await (const { text } of chat.growth("50", options)) seen.push(text);
      return seen;
    };
    core.answers.messages = () => messagesTape(message("all", finish));
    assert.deepEqual(await texts(), ["all"]);
    core.answers.messages = () => messagesTape(message("ha", "no JSON"));
    const taken = texts();
    await say(changed("ha", { change: "recall" }));
    assert.deepEqual(await taken, ["ha"]);
    const abort = new AbortController();
    const given = texts({ signal: abort.signal });
    await say(changed("half"));
    abort.abort();
    assert.deepEqual(await given, ["ha", "half"]);
    const left = texts();
    await say();
    await client.close();
    assert.deepEqual(await left, ["ha"]);
  });
});

describe("attachments that are files yet", () => {
  const url = "https://files.invalid/1";
  async function uploading(upload) {
    const made = await loggedIn();
    const { core, client } = made;
    const uploads = [];
    client.files.upload = async (...what) => {
      uploads.push(what);
      return upload?.(...what) ?? { url };
    };
    core.answers.send = () => undefined;
    return { ...made, uploads, sent: () => core.commands.filter(([name]) => name === "send").map(([, it]) => it) };
  }
  const file = () => new File(["12345"], "a 文.png", { type: "image/png" });

  test("go up first, with their name and size", async () => {
    const { chat, uploads, sent, say } = await uploading();
    const onProgress = () => undefined;
    chat.send({ image: { source: file(), width: 3 }, text: "look", ext: "e" }, { onProgress }).catch(quiet);
    await say();
    await say();
    const [[given, to, options]] = uploads;
    assert.equal(given.name, "a 文.png");
    assert.deepEqual(to, { kind: "user", id: "2" });
    assert.deepEqual(options, { onProgress, kind: "image", name: "a 文.png" });
    const [{ attachment, text, ext }] = sent();
    const { url: at, dName, fLen, width } = JSON.parse(attachment);
    assert.deepEqual([at, dName, fLen, width, text, ext], [url, "a 文.png", 5, 3, "look", "e"]);
  });

  test("are not uploaded when anything else is wrong, and a failure leaves no message", async () => {
    const failed = new Error("no");
    const { chat, uploads, sent } = await uploading(() => Promise.reject(failed));
    for (const [content, field] of [
      [{ image: { source: file(), width: -1 } }, "image.width"],
      [{ image: { source: file(), url } }, "image.url"],
      [{ audio: { source: 5 } }, "audio.source"],
      [{ file: { source: file(), pages: 1 } }, "file.pages"],
      [{ file: { source: file() }, image: { url } }, "content"],
      [{ file: { source: file() }, priority: 11 }, "priority"],
      [{ location: { source: file(), latitude: 1, longitude: 1 } }, "location.source"],
    ]) {
      await assert.rejects(chat.send(content), code("MessageInvalid", field));
    }
    assert.deepEqual(uploads, []);
    await assert.rejects(chat.send({ file: { source: file(), name: "x" } }), (error) => error === failed);
    assert.equal(uploads[0][2].name, "x");
    assert.deepEqual(sent(), []);
  });
});

describe("the outbox", () => {
  test("a failed message goes out again and its promise settles as that of a send", async () => {
    const { core, client, say } = await loggedIn();
    const first = client.outbox.resend("77");
    const second = client.outbox.resend("78");
    second.catch(quiet);
    assert.deepEqual(core.commands[0], ["resend", { id: "77" }]);
    await say(["sent", messagesTape({ ...mine, clientId: "77" })]);
    assert.equal((await first).id, "50");
    await say(["failed", messagesTape({ clientId: "78", status: "failed", error: raw("UserBanned", "frame") })]);
    await assert.rejects(second, code("UserBanned"));
    core.answers.resend = () => {
      throw raw("ArgumentInvalid", "argument", "no failed message has this `id`");
    };
    await assert.rejects(client.outbox.resend("77"), code("ArgumentInvalid", "id"));
  });

  test("a cancelled message rejects where it was sent", async () => {
    const { core, client, chat, say } = await loggedIn();
    const sent = chat.send({ text: "x" });
    sent.catch(quiet);
    const [, { id }] = core.commands[0];
    await client.outbox.cancel(id);
    assert.deepEqual(core.commands.at(-1), ["cancel", { id }]);
    await say([
      "updates",
      updatesTape({ change: "delete", message: { clientId: id, outgoing: true, status: "sending" } }),
    ]);
    await assert.rejects(sent, code("Cancelled"));
  });

  test("removing a conversation ends what waits there, and nothing else", async () => {
    const { client, chat, say } = await loggedIn();
    const gone = chat.send({ text: "x" });
    gone.catch(quiet);
    const stays = client.conversation({ group: 9 }).send({ text: "y" });
    await chat.remove();
    await assert.rejects(gone, code("Cancelled", "removed"));
    await say(["sent", messagesTape({ ...mine, kind: 2, with: "9", clientId: "1002" })]);
    assert.equal((await stays).id, "50");
  });

  test("a message that is sent at most once is done when it is out", async () => {
    const { core, chat } = await loggedIn();
    const sent = await chat.send({ text: "x", qos: "atMostOnce", mentions: [7], ext: "e" });
    const { id, clientId, from, text, mentions, ext, status, conversation } = sent;
    assert.deepEqual(
      { id, clientId, from, text, mentions, ext, status, conversation },
      {
        id: null,
        clientId: "1001",
        from: "1",
        text: "x",
        mentions: ["7"],
        ext: "e",
        status: "sent",
        conversation: chat.key,
      },
    );
    core.answers.send = () => {
      throw raw("ServerNotReachable", "frame");
    };
    await assert.rejects(chat.send({ text: "x", qos: "atMostOnce" }), code("ServerNotReachable"));
  });
});

describe("events", () => {
  test("changes of messages, and receipts", async () => {
    const { client, heard, hear, say } = await loggedIn();
    hear("message:updated", "receipt");
    const full = [];
    const stop = client.onUpdate((update) => full.push(update));
    const tape = updatesTape(
      { change: "append", target: "50", by: "2", operation: "60", text: "!", message: { ...mine, text: "hi!" } },
      { change: "read", target: "50", by: "2", operation: "61", message: { ...mine, read: true } },
      { change: "read", target: "60", by: "1", operation: "62", message: { id: "60", read: true } },
      { change: "replace", target: "50", by: "1", message: { ...mine, text: "soon" } },
      { change: "status", target: "50", message: mine },
      { change: "played", kind: 2, with: "9", target: "70", by: "3" },
      { change: "recall", target: "71", by: "2", config: "{}" },
      { number: 99, target: "72", by: "2", message: mine },
    );
    await say(["updates", tape]);
    const told = heard.map(([event, it]) => [
      event,
      it.change,
      it.by,
      it.message?.text ?? it.messageId,
      it.pending ?? it.conversation.id,
    ]);
    assert.deepEqual(told, [
      ["message:updated", "append", "2", "hi!", false],
      ["receipt", "read", "2", "50", "2"],
      ["message:updated", "read", "2", "hi", false],
      ["message:updated", "read", "1", "", false],
      ["message:updated", "replace", "1", "soon", true],
      ["message:updated", "status", null, "hi", false],
      ["receipt", "played", "3", "70", "9"],
    ]);
    assert.deepEqual([heard[0][1].appended, "appended" in heard[2][1]], ["!", false]);
    assert.deepEqual(heard[6][1].conversation, { kind: "group", id: "9" });
    assert.deepEqual(
      full.map(({ change, target }) => [change, target]),
      [
        ["append", "50"],
        ["read", "50"],
        ["read", "60"],
        ["replace", "50"],
        ["status", "50"],
        ["played", "70"],
        ["recall", "71"],
        ["unknown", "72"],
      ],
    );
    assert.deepEqual([full[0].operation, full[6].config, full[6].message], ["60", "{}", null]);
    stop();
    await say(["updates", updatesTape({ change: "recall", target: "71" })]);
    assert.equal(full.length, 8);
  });

  test("typing, notices, members", async () => {
    const { heard, hear, say } = await loggedIn();
    hear("typing", "notice", "group:members");
    await say(
      ["typing", keysTape({ id: "2" }), "2", true],
      [
        "notices",
        noticesTape({ id: "1", group: "9", to: ["1"], content: "join us", kept: true }, { id: "2", kind: 3, type: 7 }),
      ],
      ["members", "9", listsTape(["4"], [], ["5", "6"])],
    );
    const notice = { typeNumber: 10, from: "2", to: ["1"], content: "join us", timestamp: 0, kept: true };
    assert.deepEqual(heard, [
      ["typing", { conversation: { kind: "user", id: "2" }, user: "2", active: true }],
      ["notice", { id: "1", kind: "group", type: "invited", group: "9", ...notice }],
      [
        "notice",
        {
          ...notice,
          id: "2",
          kind: "roster",
          type: "applied",
          typeNumber: 7,
          group: null,
          to: [],
          content: "",
          kept: false,
        },
      ],
      ["group:members", { group: "9", joined: ["4"], left: [], changed: ["5", "6"] }],
    ]);
  });

  test("notices are listed and dismissed", async () => {
    const { core, client } = await loggedIn();
    core.answers.notices = () => noticesTape({ id: "2", kept: true }, { id: "1", kept: true });
    core.answers.dropNotices = () => noticesTape({ id: "1", kept: true });
    const [first] = await client.notices.list();
    assert.deepEqual(
      (await client.notices.dismiss([first, 9n])).map((it) => it.id),
      ["1"],
    );
    assert.deepEqual(core.commands.at(-1), ["dropNotices", { ids: ["2", "9"] }]);
  });

  test("removed conversations leave the list; the unread total follows", async () => {
    const { client, heard, hear, say } = await loggedIn();
    hear("conversation:removed", "unread:total");
    await say(["conversations", conversationsTape({ id: "2", unread: 2, mention: "me" }, { id: "3", unread: 1 })]);
    assert.deepEqual([client.conversations.unread, client.conversations.snapshot[0].mention], [3, "me"]);
    await say(["conversations", conversationsTape({ id: "3", unread: 1, timestamp: 9 })]);
    await say(["removed", keysTape({ id: "2" })]);
    assert.deepEqual(
      client.conversations.snapshot.map((row) => row.key.id),
      ["3"],
    );
    await client.logout();
    assert.deepEqual(heard, [
      ["unread:total", { count: 3 }],
      ["unread:total", { count: 1 }],
      ["conversation:removed", { conversation: { kind: "user", id: "2" } }],
      ["unread:total", { count: 0 }],
    ]);
  });

  test("events can be looped over: from the call on, until the signal, the loop or the client ends it", async () => {
    const { core, client, say } = await loggedIn();
    const control = new AbortController();
    const aborted = client.events("sync", { signal: control.signal });
    const left = client.events("sync");
    const closed = client.events("sync");
    await say(["sync", 2], ["sync", 1]);
    const seen = [];
    for await (const { pending } of left) {
      seen.push(pending);
      if (pending === 1) break;
    }
    assert.deepEqual([seen, (await left[Symbol.asyncIterator]().next()).done], [[2, 1], true]);
    control.abort();
    await say(["sync", 7]);
    for await (const { pending } of aborted) seen.push(pending);
    assert.deepEqual(seen, [2, 1, 2, 1]);
    const rest = (async () => {
      const all = [];
      for await (const { pending } of closed) all.push(pending);
      return all;
    })();
    await say(["sync", 0]);
    await client.close();
    assert.deepEqual(await rest, [2, 1, 7, 0]);
    for await (const _ of client.events("sync")) assert.fail("the client is closed");
    assert.throws(() => client.events("massage"), code("ArgumentInvalid", "event"));
    assert.equal(core.engine.closed, true);
  });
});

describe("logs", () => {
  test("calls, states, errors and what the core says; never a secret or a message", async () => {
    const spoken = [];
    const { core, client, chat, say } = await loggedIn({ logger: (level, text) => spoken.push([level, text]) });
    const entries = [];
    client.on("log", (entry) => entries.push(entry));
    core.answers.operate = () => {
      throw raw("UserBanned", "frame");
    };
    client.on("message", ({ message }) => {
      throw new Error(`cannot show ${message.text}`);
    });
    await assert.rejects(chat.edit(50, { text: "WORDS of mine" }), code("UserBanned"));
    void chat.send({ text: "WORDS of mine" }).catch(quiet);
    await say(
      ["state", "online", "reconnecting", raw("ServerConnectFailed", "frame"), 5],
      ["messages", messagesTape({ id: "1", text: "WORDS of theirs" })],
      ["log", 2, 'server said hunter2! access-token=abc123 {"token":"t0k3n"}'],
      ["log", 9, "new level"],
      ["error", raw("ServerResponseInvalid", "frame", "field 7")],
    );
    const text = client.logs.export();
    for (const part of [
      "floo-wasm on Web, app app",
      "debug login -> done",
      "info edit -> UserBanned",
      "info online -> reconnecting: ServerConnectFailed",
      'error A listener of "message" threw',
      'warn server said *** access-token=*** {"token":"***"}',
      "debug new level",
      "field 7",
    ]) {
      assert.ok(text.includes(part), `${part} is missing in\n${text}`);
    }
    assert.doesNotMatch(text, /WORDS|hunter2|abc123|t0k3n/);
    assert.match(text.split("\n")[1], /^\d{4}-\d\d-\d\dT[\d:.]+Z debug /);
    assert.ok(entries.some((entry) => entry.level === "info" && entry.text === "edit -> UserBanned"));
    // The application's own words go to its own logger.
    assert.ok(spoken.some(([level, said]) => level === "error" && said.includes("cannot show WORDS of theirs")));
  });

  test("the level holds back from the logger only", async () => {
    const spoken = [];
    const { client, say } = await loggedIn({ logger: (level) => spoken.push(level), logLevel: "warn" });
    await say(["log", 1, "quiet"], ["log", 2, "loud"], ["log", 3, "louder"]);
    assert.deepEqual(spoken, ["warn", "error"]);
    assert.ok(client.logs.entries.some((entry) => entry.text === "quiet"));
    const silent = await loggedIn({ logger: () => spoken.push("x"), logLevel: "off" });
    await silent.say(["log", 3, "louder"]);
    assert.equal(spoken.length, 2);
  });

  test("a listener that throws at every entry does not make more of them", async () => {
    const { client, say } = await loggedIn();
    let calls = 0;
    client.on("log", () => {
      calls++;
      throw new Error("again");
    });
    await say(["log", 1, "one"]);
    await say();
    assert.ok(calls >= 1 && calls < 20, String(calls));
  });

  test("the last thousand entries are kept, long ones cut", () => {
    const logs = new Logs(() => "head");
    for (let i = 0; i < 1500; i++) logs.add("info", `n${i}`);
    assert.deepEqual([logs.entries.length, logs.entries[0].text, logs.entries.at(-1).text], [1000, "n500", "n1499"]);
    assert.equal(logs.add("warn", "x".repeat(5000)).text.length, 501);
    assert.ok(Object.isFrozen(logs.entries[0]));
  });
});

describe("transfers", () => {
  const slot = { upload_url: "https://files.invalid/up", download_url: "https://files.invalid/1" };
  /** A client whose files go through `moves`. */
  async function moving(moves) {
    const core = new FakeCore();
    const environment = { ...core.environment, transfers: () => ({ check: () => ({ name: "file" }), ...moves }) };
    const client = new FlooClient({ appId: "app", logger: quiet }, environment);
    await client.login({ username: "amber", password: "hunter2!" });
    core.answers.api = () => JSON.stringify(slot);
    core.answers.locate = ({ url }) => JSON.stringify({ url, headers: {} });
    return { core, client };
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  test("what onProgress throws is reported as that of a listener, and disturbs nothing", async () => {
    const { client } = await moving({
      upload: async (_, progress) => {
        progress(1, 1);
        return { status: 200, body: "" };
      },
      download: async (_, progress) => {
        progress(1, 1);
        return { status: 200, file: new Blob(["x"]) };
      },
    });
    const errors = [];
    client.on("error", ({ error }) => errors.push(error.message));
    const thrower = () => {
      throw new Error("mine");
    };
    const late = async () => thrower();
    assert.deepEqual(await client.files.upload(new Blob(["x"]), { user: 2 }, { onProgress: thrower }), {
      url: slot.download_url,
    });
    assert.equal((await client.files.download(slot.download_url, { onProgress: late })).size, 1);
    await turn();
    assert.deepEqual(errors, Array(2).fill('A listener of "onProgress" threw: mine'));
    const bad = { onProgress: 5 };
    await assert.rejects(client.files.upload(new Blob([]), { user: 2 }, bad), code("ArgumentInvalid", "onProgress"));
    await assert.rejects(client.files.download(slot.download_url, bad), code("ArgumentInvalid", "onProgress"));
  });

  test("an upload whose time is up is not begun, nor begun again", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    let begun = 0;
    const { core, client } = await moving({
      upload: (_, _progress, stop) =>
        new Promise((_, reject) => {
          begun++;
          stop(() => reject(Object.assign(new Error("given up"), { code: "ServerNotReachable", retriable: true })));
        }),
    });
    const upload = async (meanwhile) => {
      const given = client.files.upload(new Blob(["x"]), { user: 2 }, { timeout: 50 });
      const failed = assert.rejects(given, code("ServerTimeOut", "upload"));
      await meanwhile();
      await failed;
      for (let attempt = 0; attempt < 4; attempt++) {
        await turn();
        t.mock.timers.tick(10_000);
      }
    };
    await upload(async () => {
      while (begun === 0) await turn();
      t.mock.timers.tick(50);
    });
    assert.equal(begun, 1);
    const { locate } = core.answers;
    core.answers.locate = (params) => {
      t.mock.timers.tick(50);
      return locate(params);
    };
    await upload(turn);
    assert.equal(begun, 1);
  });
});
