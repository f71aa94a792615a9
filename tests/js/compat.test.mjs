// The legacy facade over a fake core: bus, order of events, shapes, surface.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Bus, FlooClient, loggedIn, make, makeFlooim, names, settled } from "./compat-fixture.mjs";
import { conversationsTape, FakeCore, messagesTape, raw, until } from "./fake-engine.mjs";

/** What the lists cause as they come. */
const COMING = ["recentlistUpdate", "onRosterInfoUpdate", "onRosterListUpdate", "onGroupListUpdate"];

describe("bus", () => {
  test("a listener of the same source text takes the other's place", () => {
    const bus = new Bus(assert.fail);
    const heard = [];
    const listener = (name) => (payload) => heard.push(name + payload);
    bus.on("e", listener("old"));
    bus.on({ e: listener("new"), f: "" });
    bus.emit("e", 1);
    bus.off({ e: "" });
    bus.off("e");
    bus.emit("e", 2);
    bus.off("e", listener("equal text"));
    bus.emit("e", 3);
    bus.on("e");
    bus.on(undefined);
    bus.emit("nobody", 1);
    assert.deepEqual(heard, ["new1", "new2"]);
  });

  test("one that throws is reported and stops nothing; removal during delivery skips nobody", () => {
    const failures = [];
    const bus = new Bus((event, thrown) => failures.push([event, thrown.message]));
    const heard = [];
    const bad = () => {
      bus.off("e", bad);
      throw new Error("mine");
    };
    bus.on("e", bad);
    bus.on("e", () => heard.push("next"));
    bus.emit("e");
    assert.deepEqual([heard, failures], [["next"], [["e", "mine"]]]);
  });

  test("one that is async and fails is reported too", async () => {
    const failures = [];
    const bus = new Bus((event, thrown) => failures.push([event, thrown.message]));
    bus.on("e", async () => {
      throw new Error("mine");
    });
    bus.emit("e");
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(failures, [["e", "mine"]]);
  });
});

describe("flooim", () => {
  test("one object per configuration, with and without new, until its client is closed", async () => {
    const { flooim, im } = make();
    assert.equal(flooim({ appid: "app" }), im);
    assert.equal(new flooim({ appid: "app" }), im);
    assert.notEqual(flooim({ appid: "other", autoLogin: false }), im);
    await im.client.close();
    assert.notEqual(flooim({ appid: "app", autoLogin: false }), im);
    assert.throws(() => flooim({ appid: "" }), { code: "ArgumentInvalid", message: /config\.appid/ });
    assert.throws(() => flooim({ appid: "x", dnsServer: 5 }), {
      code: "ArgumentInvalid",
      message: /config\.dnsServer/,
    });
  });

  test("a login is told as ever", async () => {
    const { im, heard } = await loggedIn();
    assert.deepEqual(
      names(heard)
        .slice(names(heard).indexOf("getting token..."))
        .filter((it, at, all) => !COMING.includes(it) || at > all.indexOf("imRostersGroupslistReady")),
      [
        "getting token...",
        "token sucecc, getting roster lists..",
        "socket connecting...",
        "imRostersGroupslistReady",
        "onRosterListUpdate",
        "onGroupListUpdate",
        "socket connect success...",
        "logining socket service...",
        "login socket success.....",
        "loginSuccess",
      ],
    );
    assert.deepEqual(heard.find(([event]) => event === "imRostersGroupslistReady")[1], {
      rosters: [2, 1],
      groups: [9],
    });
    assert.deepEqual([im.isLogin(), im.isReady(), im.userManage.getUid()], [true, true, 1]);
  });

  test("the serial number is that of the login, and asked for where it was not known", async () => {
    const { core, im } = await loggedIn();
    assert.equal(im.userManage.getDeviceSN(), 7);
    assert.ok(!core.commands.some(([name]) => name === "resume"));
    const fresh = make({ autoLogin: true });
    const serials = [0, 12];
    fresh.core.answers.resume = () => ({ userId: "1", deviceSn: serials.shift() });
    assert.equal(fresh.im.userManage.getDeviceSN(), undefined);
    await until(() => fresh.im.isLogin());
    fresh.core.engine.say(["state", "idle", "connecting"], ["state", "connecting", "online"]);
    await until(() => fresh.heard.some(([event]) => event === "loginSuccess"));
    assert.equal(fresh.im.userManage.getDeviceSN(), 12);
  });

  test("getters answer with nothing where there is no conversation", async () => {
    const { im } = await loggedIn();
    for (const id of [undefined, null, "", "x", -1, Number.NaN]) {
      assert.deepEqual(im.rosterManage.getRosterMessageByRid(id), []);
      assert.deepEqual(im.groupManage.getGruopMessage(id), []);
      assert.deepEqual([im.rosterManage.getUnreadCount(id), im.groupManage.getUnreadCount(id)], [0, 0]);
      assert.equal(im.sysManage.getMessageStatus(id, 5), undefined);
      assert.deepEqual(im.rosterManage.getRosterInfo(id), { user_id: id });
      assert.equal(im.sysManage.getConversationDraft(id, "roster"), "");
      assert.deepEqual(im.groupManage.getGroupMembers(id), []);
    }
    assert.deepEqual(im.rosterManage.getRosterMessageByRid(0), []);
  });

  test("a reconnect tells loginSuccess again", async () => {
    const { core, heard } = await loggedIn();
    heard.length = 0;
    core.engine.say(
      ["state", "online", "reconnecting"],
      ["state", "reconnecting", "connecting"],
      ["state", "connecting", "online"],
    );
    await until(() => heard.length === 4);
    assert.deepEqual(names(heard), [
      "socket connect success...",
      "logining socket service...",
      "login socket success.....",
      "loginSuccess",
    ]);
  });

  test("failed logins: token, frame, DNS, arguments", async () => {
    for (const [error, expected] of [
      [
        raw("UserAuthFailed", "http", "code 11001: no"),
        ["token failure:Wrong user name, user id or password (code 11001: no)"],
      ],
      [raw("UserFrozen", "frame"), ["USER_FROZEN", "socket_failure"]],
      [raw("InvalidRequestParameter", "frame"), [8, "socket_failure"]],
      [
        raw("ServerDNSFailed", "dns"),
        ["DNS_FAILED", "token failure:The addresses of the servers could not be obtained."],
      ],
    ]) {
      const { core, im, heard } = make();
      core.answers.login = () => {
        throw error;
      };
      im.login({ name: "a", password: "b" });
      await until(() => heard.some(([event]) => event === "loginFail"));
      const told = heard.filter(([event]) => event !== "flooNotice").map(([, it]) => it.category ?? it);
      assert.deepEqual(told, expected);
      assert.equal(im.isLogin(), false);
    }
    const { im, heard } = make();
    im.login({ name: "a" });
    await until(() => heard.some(([event]) => event === "loginFail"));
    assert.match(heard.at(-1)[1], /token failure:.*password/);
  });

  test("a login that is refused leaves the session there is", async () => {
    const { core, im, heard, known, asked } = await loggedIn();
    heard.length = 0;
    core.commands.length = 0;
    const refuse = () => {
      throw raw("UserAuthFailed", "http", "code 11001: no");
    };
    Object.assign(known, { tokenUser: refuse, tokenId: refuse });
    for (const [login, endpoint, params] of [
      [() => im.login({ name: "basil", password: "x" }), "tokenUser", { name: "basil", password: "x" }],
      [() => im.idLogin({ user_id: 5, password: "x" }), "tokenId", { user_id: "5", password: "x" }],
    ]) {
      heard.length = 0;
      login();
      await until(() => heard.some(([event]) => event === "loginFail"));
      assert.match(heard.at(-1)[1], /^token failure:.*11001/);
      assert.deepEqual(asked.at(-1), [endpoint, params]);
    }
    im.login({ name: "basil" });
    await settled();
    assert.match(heard.at(-1)[1], /^token failure:.*password/);
    assert.equal(im.isLogin(), true);
    assert.deepEqual(
      core.commands.filter(([name]) => name === "logout" || name === "login"),
      [],
    );
    Object.assign(known, { tokenUser: () => ({ user_id: "5", token: "t" }) });
    im.login({ name: "basil", password: "right" });
    await until(() => core.commands.some(([name]) => name === "login"));
    assert.ok(core.commands.some(([name]) => name === "logout"));
  });

  test("both facades stand on one client", async () => {
    const { core, im, heard } = await loggedIn();
    heard.length = 0;
    assert.equal(core.engines.length, 1);
    const modern = [];
    im.client.on("message", ({ message }) => modern.push(message.text));
    const sent = im.client.conversation({ user: 2 }).send({ text: "from the modern side" });
    core.engine.say(
      [
        "messages",
        messagesTape({ id: "70", with: "2", text: "你好" }, { id: "71", kind: 2, with: "9", from: "2", text: "all" }),
      ],
      [
        "sent",
        messagesTape({
          id: "72",
          with: "2",
          clientId: "1001",
          from: "1",
          outgoing: true,
          status: "sent",
          text: "from the modern side",
        }),
      ],
    );
    await sent;
    assert.deepEqual(modern, ["你好", "all"]);
    assert.deepEqual(
      heard.map(([event]) => event),
      ["onUnreadChange", "onRosterMessage", "onGroupMessage", "onRosterMessage", "onSendingMessageStatusChanged"],
    );
    assert.deepEqual(
      im.rosterManage.getRosterMessageByRid(2).map((it) => it.content),
      ["你好", "from the modern side"],
    );
    assert.equal(im.client.session.userId, "1");
  });

  test("a message has the legacy shape", async () => {
    const { core, heard } = await loggedIn();
    heard.length = 0;
    core.engine.say([
      "messages",
      messagesTape({ id: "18446744073709551615", with: "2", from: "2", text: "hi", timestamp: 5 }),
    ]);
    await until(() => heard.length === 2);
    assert.deepEqual(heard[0], ["onUnreadChange", "2"]);
    assert.deepEqual(heard[1][1], {
      id: "18446744073709551615",
      from: "2",
      to: "1",
      content: "hi",
      type: "text",
      ext: "",
      status: 0,
      timestamp: "5",
      toType: "roster",
      is_system: false,
      isHistory: false,
      isNative: false,
      isPlayed: false,
      editTimestamp: "0",
    });
  });

  test("a send returns its number at once, after telling that it is being sent", async () => {
    const { core, im, heard } = await loggedIn();
    heard.length = 0;
    const mid = im.sysManage.sendRosterMessage({ uid: 2, content: "hi", type: "text" });
    assert.equal(mid, 1001);
    const [[event, status]] = heard;
    assert.deepEqual(
      [event, status.status, status.mid, status.uid, status.message.id, status.message.ext],
      ["onSendingMessageStatusChanged", "sending", 1001, 2, "1001", undefined],
    );
    core.engine.say([
      "sent",
      messagesTape({ id: "90", clientId: "1001", with: "2", from: "1", outgoing: true, status: "sent", text: "hi" }),
    ]);
    await until(() => heard.length === 3);
    assert.deepEqual(
      heard.slice(1).map(([name, it]) => [name, it.status, (it.message ?? it).id]),
      [
        ["onRosterMessage", 0, "90"],
        ["onSendingMessageStatusChanged", "sent", "90"],
      ],
    );
  });

  test("a refused send is told once, with the number of the frame's status", async () => {
    const { core, im, heard } = await loggedIn();
    heard.length = 0;
    im.sysManage.sendGroupMessage({ gid: "9", content: "hi" });
    const error = raw("UserBanned", "frame");
    core.engine.say([
      "failed",
      messagesTape({ kind: 2, with: "9", clientId: "1001", outgoing: true, status: "failed", error }),
    ]);
    await until(() => heard.length === 2);
    core.answers.send = () => {
      throw raw("StorageQuota", "storage");
    };
    im.sysManage.sendGroupMessage({ gid: 9, content: "hi" });
    await until(() => heard.length === 4);
    assert.deepEqual(
      heard.map(([, it]) => [it.status, it.mid, it.errorCode]),
      [
        ["sending", 1001, undefined],
        ["failed", 1001, 11],
        ["sending", 1002, undefined],
        ["failed", 1002, 2],
      ],
    );
  });

  test("bad sends throw by name, and tell nothing", async () => {
    const { im, heard } = await loggedIn();
    heard.length = 0;
    const send = (message) => () => im.sysManage.sendRosterMessage(message);
    assert.throws(send({ uid: 2, content: "" }), { code: "MessageInvalid", message: /text/ });
    assert.throws(send({ uid: 2, content: "x", ext: {} }), { code: "MessageInvalid", message: /ext/ });
    assert.throws(send({ uid: "x", content: "x" }), { code: "ArgumentInvalid", message: /user/ });
    assert.throws(send({ uid: 2, content: "x", type: "smell" }), { code: "MessageInvalid", message: /type/ });
    assert.throws(send({ uid: 2, content: "x", config: {} }), { code: "MessageInvalid", message: /config/ });
    assert.throws(send(undefined), { code: "ArgumentInvalid" });
    assert.deepEqual(heard, []);
    const { im: nobody } = make();
    await until(() => nobody.isReady());
    await settled();
    assert.throws(() => nobody.sysManage.sendRosterMessage({ uid: 2, content: "x" }), { code: "UserNotLogin" });
    assert.throws(() => nobody.sysManage.sendInputStatusMessage(2, "typing"), { code: "UserNotLogin" });
  });

  test("what is sent before a login is through has its number at once, and goes out with the login in its order", async () => {
    const { core, im, heard } = make();
    const before = Date.now() * 1000;
    const send = (content) => im.sysManage.sendRosterMessage({ uid: 2, content });
    const mids = [send("before the core is there"), im.sysManage.sendGroupMessage({ gid: 9, content: "in the group" })];
    im.login({ name: "amber", password: "secret" });
    mids.push(send("while the login is under way"));
    assert.equal(typeof im.sysManage.sendInputStatusMessage(2, "typing"), "number");
    assert.throws(() => send(""), { code: "MessageInvalid", message: /text/ });
    assert.deepEqual(
      heard.map(([event, it]) => [event, it.status, it.mid, it.message.id]),
      mids.map((mid) => ["onSendingMessageStatusChanged", "sending", mid, String(mid)]),
    );
    assert.deepEqual([...mids].sort(), mids);
    assert.ok(mids[0] >= before && new Set(mids).size === 3 && mids.every(Number.isSafeInteger));
    assert.equal(core.engines.length, 0);
    await until(() => im.isLogin());
    await settled();
    const sent = core.commands
      .filter(([name]) => name === "send" || name === "typing")
      .map(([, it]) => [it.id, it.text]);
    assert.deepEqual(sent, [
      [String(mids[0]), "before the core is there"],
      [String(mids[1]), "in the group"],
      [String(mids[2]), "while the login is under way"],
    ]);
    // A later one has an id of the core's.
    assert.equal(send("afterwards"), core.engine.id);
  });

  test("what waits for a login fails with it, and when there is none", async () => {
    const failures = (heard) =>
      heard.filter(([, it]) => it?.status === "failed").map(([, it]) => [it.mid, it.errorCode]);
    const send = ({ im }) => im.sysManage.sendRosterMessage({ uid: 2, content: "hi" });
    const nobody = make();
    const lost = send(nobody);
    await until(() => failures(nobody.heard).length > 0);
    assert.deepEqual(failures(nobody.heard), [[lost, 9]]);

    const refused = make();
    refused.core.answers.login = () => {
      throw raw("UserFrozen", "frame");
    };
    refused.im.login({ name: "amber", password: "secret" });
    const frozen = send(refused);
    await until(() => failures(refused.heard).length > 0);
    assert.deepEqual(failures(refused.heard), [[frozen, 10]]);
    assert.throws(() => send(refused), { code: "UserNotLogin" });

    const left = make();
    left.im.login({ name: "amber", password: "secret" });
    const gone = send(left);
    left.im.logout({ linkLogin: true });
    assert.deepEqual(failures(left.heard), [[gone, 9]]);
    await settled();
    assert.deepEqual(failures(left.heard), [[gone, 9]]);
    assert.ok(!left.core.commands.some(([name]) => name === "send"));
  });

  test("one login waits for the core, the last one wins, and nothing is told before", async () => {
    for (const way of ["login", "qrlogin", "idLogin", "tokenLogin"]) {
      const { core, im, heard } = make();
      im.login({ name: "first", password: "secret" });
      im[way]({ name: "amber", user_id: 1, password: "secret", token: "t" });
      assert.deepEqual([heard, im.isReady(), im.isLogin()], [[], false, false]);
      await until(() => im.isLogin());
      assert.equal(core.commands.filter(([name]) => name === "login").length, 1, way);
      const [, given] = core.commands.find(([name]) => name === "login");
      assert.ok(given.userId === "1" || given.username === "amber", way);
    }
  });

  test("a frame of the page's own goes out as it is given; what is none is told as of operations", async () => {
    const { core, im, heard } = await loggedIn();
    const frame = { command: 1, payload: { "@type": "SyncUL", xid: { uid: 2 } } };
    assert.equal(im.sysManage.sendMessage(frame), undefined);
    assert.deepEqual(core.commands.at(-1), ["frame", { frame: JSON.stringify(frame) }]);
    core.answers.frame = () => {
      throw raw("ServerNotReachable", "frame", "not online");
    };
    heard.length = 0;
    im.sysManage.sendMessage(frame);
    await until(() => heard.length > 0);
    assert.deepEqual([heard[0][1].status, heard[0][1].mid], ["failed", 0]);
    assert.throws(() => im.sysManage.sendMessage("frame"), { code: "ArgumentInvalid", message: /frame/ });
  });

  test("getters answer at once, in the legacy shapes", async () => {
    const { core, im, heard } = await loggedIn({}, { groupUserjoined: () => ["9"] });
    core.engine.say([
      "conversations",
      conversationsTape(
        { id: "2", unread: 1, timestamp: 7, last: { id: "5", text: "hi" } },
        { kind: 2, id: "9", timestamp: 9, last: { id: "6", type: 1 } },
      ),
    ]);
    await until(() => heard.at(-1)[0] === "recentlistUpdate");
    assert.deepEqual(
      im.userManage.getConversationList().map((it) => [it.type, it.id, it.content, it.timestamp]),
      [
        ["group", 9, "image", "9"],
        ["roster", 2, "hi", "7"],
      ],
    );
    assert.deepEqual([im.rosterManage.getUnreadCount("2"), im.groupManage.getUnreadCount(9)], [1, 0]);
    assert.deepEqual(Object.keys(im.rosterManage.getAllRosterDetail()), ["2", "8"]);
    assert.deepEqual(im.rosterManage.getRosterInfo("2").nick_name, "Bas");
    assert.deepEqual(im.rosterManage.getRosterInfo(77), { user_id: 77 });
    assert.deepEqual(await im.rosterManage.asyncGetRosterIdList(), [2]);
    assert.deepEqual(await im.groupManage.asyncGetJoinedGroups(true), [9]);
    assert.deepEqual(
      (await im.groupManage.asyncGetJoinedGroups()).map((it) => [it.group_id, it.name, it.count]),
      [[9, "Team", 3]],
    );
    core.answers.messages = ({ of }) =>
      of === "2" ? messagesTape({ id: "4", text: "old", read: true }, { id: "5", text: "hi" }) : messagesTape();
    assert.deepEqual(im.rosterManage.getRosterMessageByRid(2), []);
    await until(() => im.rosterManage.getRosterMessageByRid(2).length === 2);
    assert.deepEqual(
      im.rosterManage.getRosterMessageByRid(2).map((it) => [it.content, it.status]),
      [
        ["old", 2],
        ["hi", 0],
      ],
    );
    im.rosterManage.readRosterMessage(2);
    await until(() => heard.at(-1)[0] === "onUnreadChange");
    assert.deepEqual(core.commands.at(-1), ["markRead", { kind: 1, of: "2" }]);
    assert.deepEqual(
      im.rosterManage.getRosterMessageByRid(2).map((it) => it.status),
      [2, 2],
    );
  });

  test("kicks, logout and disconnect", async () => {
    let reloads = 0;
    const { core, im, heard } = await loggedIn({ reload: () => reloads++ });
    heard.length = 0;
    core.engine.say(["state", "online", "kicked", raw("UserKickedByOtherDevices", "frame")]);
    await until(() => heard.length === 2);
    assert.deepEqual(names(heard), ["relogin_manually", "KICKED_BY_OTHER_DEVICE"]);
    im.logout({ linkLogin: true });
    await until(() => !im.isLogin());
    assert.equal(heard.at(-1)[0], "logout");
    im.logout();
    await until(() => reloads === 1);
    im.disConnect();
  });

  test("auto login takes up the last session, unless a login comes first", async () => {
    const core = new FakeCore();
    core.answers.resume = (_, engine) => {
      engine.say(["state", "idle", "connecting"], ["state", "connecting", "online"]);
      return { userId: "1", deviceSn: 7 };
    };
    const flooim = makeFlooim((options) => new FlooClient({ ...options, logger: () => undefined }, core.environment));
    const im = flooim({ appid: "app" });
    let success = 0;
    im.on("loginSuccess", () => success++);
    await until(() => success === 1);
    assert.equal(im.isLogin(), true);
    const other = flooim({ appid: "second" });
    other.login({ name: "a", password: "b" });
    await until(() => other.isLogin());
    assert.deepEqual(core.commands.filter(([name]) => name === "resume").length, 1);
  });

  test("the console hears of what is done, never of passwords and messages", async (t) => {
    const core = new FakeCore();
    const lines = [];
    for (const level of ["debug", "info", "warn", "error", "log"]) {
      t.mock.method(console, level, (...parts) => lines.push([level, parts.join(" ")]));
    }
    const flooim = makeFlooim((options) => new FlooClient(options, core.environment));
    const im = flooim({ appid: "app", autoLogin: false });
    im.login({ name: "amber", password: "very-secret" });
    await until(() => im.isLogin());
    im.sysManage.sendRosterMessage({ uid: 2, content: "very-private" });
    core.engine.say(["messages", messagesTape({ id: "5", text: "very-private" })], ["log", 0, "a frame"]);
    await until(() => im.rosterManage.getRosterMessageByRid(2).length > 0);
    await until(() => lines.some(([level, text]) => level === "debug" && text.includes("a frame")));
    assert.equal(lines.filter(([, text]) => /very-(secret|private)/.test(text)).length, 0);
    im.setLogLevel("error");
    lines.length = 0;
    core.engine.say(["log", 2, "careful"], ["log", 3, "broken"]);
    await until(() => lines.length > 0);
    assert.deepEqual(lines, [["error", "floo: broken"]]);
  });
});
