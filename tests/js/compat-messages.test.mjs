// Messages through the legacy facade: what is sent, what is done to them, and what is told.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  conversationsTape,
  keysTape,
  listsTape,
  messagesTape,
  noticesTape,
  raw,
  until,
  updatesTape,
  usersTape,
} from "./fake-engine.mjs";
import { loggedIn } from "./legacy.mjs";

const MORE = [
  "onMentionMessage",
  "onRosterRTCMessage",
  "onInputStatusMessage",
  "onMessageStatusChanged",
  "onMessageRecalled",
  "onMessageDeleted",
  "onMessageCanceled",
  "onActionMessage",
  "onReceiveHistoryMsg",
  "onRosterMessageContentAppend",
  "onGroupMessageContentAppend",
  "onRosterMessageReplace",
  "onGroupMessageReplace",
  "onGroupListUpdate",
  "onGroupMemberChanged",
  "onRosterListUpdate",
  "onRosterInfoUpdate",
  ..."Created Destoryed Joined Leaved Kicked ApplyAccepted ApplyDeclined InvitedAccepted InvitedDeclined Notice Baned Unbaned OwnerAssigned AdminGranted AdminRevoked Muted Unmuted Unblocked AnnouncementUpdated"
    .split(" ")
    .map((name) => `onGroup${name}`),
  ..."Applied Accepted Declined Removed".split(" ").map((name) => `onRoster${name}`),
];

async function start() {
  const made = await loggedIn({}, MORE);
  const { core, heard } = made;
  const say = async (...batch) => {
    heard.length = 0;
    core.engine.say(...batch);
    await new Promise((resolve) => setImmediate(resolve));
    // Told at any time: here also after a conversation was read from the store for a getter.
    return heard.map(([event]) => event).filter((event) => event !== "recentlistUpdate");
  };
  heard.length = 0;
  core.commands.length = 0;
  return { ...made, say, last: () => core.commands.at(-1) };
}

describe("sending", () => {
  test("every kind of content goes out as it is given", async () => {
    const { core, im } = await start();
    const image = { url: "https://x/1.png", dName: "1.png", fLen: 9, width: 1, height: 2 };
    const place = { lat: 1.5, lon: 2.5, addr: "here" };
    const { sendRosterMessage, sendGroupMessage, sendMentionMessage } = im.sysManage;
    sendRosterMessage({ uid: 2, content: "", type: "image", attachment: image, ext: "e", config: '{"a":1}' });
    sendRosterMessage({ uid: "2", type: "location", attachment: place });
    sendRosterMessage({ uid: 2, type: "command", content: "do" });
    sendRosterMessage({ uid: 2, type: "rtc", content: "", config: '{"action":"call"}' });
    sendGroupMessage({ gid: 9, type: "file", content: "a file", attachment: image, priority: 3, config: "{}" });
    sendMentionMessage({ gid: 9, txt: "you", mentionAll: true, mentionList: [2, "18446744073709551615"] });
    im.rtcManage.sendRTCMessage({ uid: 2, content: "busy", config: '{"action":"hangup"}' });
    const sent = core.commands.map(([, { id, ...rest }]) => rest);
    assert.ok(core.commands.every(([name]) => name === "send"));
    const user = { kind: 1, of: "2" };
    const group = { kind: 2, of: "9" };
    const config = '{"mentionAll":true,"mentionList":[2,18446744073709551615]}';
    assert.deepEqual(sent, [
      { ...user, type: 1, text: "", attachment: JSON.stringify(image), ext: "e", config: '{"a":1}' },
      { ...user, type: 5, text: "", attachment: JSON.stringify(place) },
      { ...user, type: 6, text: "do" },
      { ...user, type: 8, text: "", config: '{"action":"call"}' },
      { ...group, type: 4, text: "a file", attachment: JSON.stringify(image), config: "{}", priority: 3 },
      { ...group, type: 0, text: "you", config },
      { ...user, type: 8, text: "busy", config: '{"action":"hangup"}' },
    ]);
  });

  test("what is told while sending has attachment and config as objects", async () => {
    const { im, heard } = await start();
    im.sysManage.sendRosterMessage({ uid: 2, type: "rtc", content: "", config: '{"action":"call"}' });
    im.sysManage.sendRosterMessage({ uid: 2, type: "video", attachment: { url: "https://x/v" } });
    const [rtc, video] = heard.map(([, { message }]) => message);
    assert.deepEqual([rtc.type, rtc.config, rtc.isNative], ["rtc", { action: "call" }, true]);
    assert.deepEqual([video.type, video.attach, video.isNative], ["video", { url: "https://x/v" }, false]);
  });

  test("an own rtc message comes back as such", async () => {
    const { heard, say } = await start();
    const events = await say([
      "sent",
      messagesTape({ id: "5", clientId: "4", from: "1", outgoing: true, type: 8, config: '{"action":"call"}' }),
    ]);
    assert.deepEqual(events, ["onRosterRTCMessage", "onRosterMessage", "onSendingMessageStatusChanged"]);
    assert.deepEqual([heard[0][1].isNative, heard[0][1].config], [true, { action: "call" }]);
  });

  test("forwarding: a text at once, a file with an address for its new readers", async () => {
    const { core, im, heard } = await start();
    const { forwardMessage } = im.sysManage;
    assert.equal(forwardMessage({ gid: 9, message: { type: "text", content: "hi", ext: "not this" } }), 1001);
    assert.deepEqual(core.commands.at(-1)[1], { id: "1001", kind: 2, of: "9", type: 0, text: "hi" });
    core.answers.api = ({ endpoint, params }) => {
      assert.deepEqual([endpoint, JSON.parse(params)], ["fileForward", { file_sign: "abc", to_id: "2", to_type: 1 }]);
      return '"https://x/new?sign=def"';
    };
    const attach = { url: "https://x/old?sign=abc", fLen: 3 };
    assert.equal(forwardMessage({ uid: 2, message: { type: "image", content: "", attach } }), 1002);
    await until(() => core.commands.at(-1)[0] === "send");
    assert.equal(core.commands.at(-1)[1].attachment, '{"url":"https://x/new?sign=def","fLen":3}');
    assert.equal(attach.url, "https://x/old?sign=abc", "the caller's object stays as it was");
    core.answers.api = () => {
      throw raw("UserPermissionDenied");
    };
    forwardMessage({ uid: 2, message: { type: "image", content: "", attach } });
    await until(() => heard.at(-1)[1].status === "failed");
    assert.equal(heard.at(-1)[1].mid, 1003);
    assert.throws(() => forwardMessage({ uid: 2, mid: 5 }), { code: "ArgumentInvalid", message: /message/ });
  });

  test("typing is told and heard", async () => {
    const { im, heard, say, last } = await start();
    assert.equal(im.sysManage.sendInputStatusMessage(2, "typing"), 1001);
    assert.deepEqual(last(), ["typing", { kind: 1, of: "2", active: true }]);
    im.sysManage.sendInputStatusMessage(2, "nothing");
    assert.deepEqual(last(), ["typing", { kind: 1, of: "2", active: false }]);
    assert.throws(() => im.sysManage.sendInputStatusMessage({ uid: 2 }), { message: /status/ });
    const ext = '{"input_status":"typing"}';
    assert.deepEqual(await say(["typing", keysTape({ id: "2" }), "2", true]), [
      "onInputStatusMessage",
      "onRosterMessage",
    ]);
    assert.deepEqual(heard[0][1], { ext, from: "2", to: "1" });
    assert.deepEqual([heard[1][1].content, heard[1][1].ext], ["", ext]);
    assert.deepEqual(await say(["typing", keysTape({ id: "2" }), "1", true]), [], "the user's other device");
    assert.deepEqual(im.rosterManage.getRosterMessageByRid(2), [], "typing is no message");
  });
});

describe("receiving", () => {
  test("attachment, config, status and edits are in the message", async () => {
    const { im, heard, say } = await start();
    const attachment = '{"url":"https://x/1","big":18446744073709551615}';
    await say([
      "messages",
      messagesTape({ id: "5", type: 1, attachment, config: '{"x":true}', read: true, played: true, editedAt: 7 }),
    ]);
    const { attach, config, status, isPlayed, editTimestamp } = heard[1][1];
    assert.deepEqual(
      { attach, config, status, isPlayed, editTimestamp },
      {
        attach: { url: "https://x/1", big: "18446744073709551615" },
        config: { x: true },
        status: 2,
        isPlayed: true,
        editTimestamp: "7",
      },
    );
    assert.equal(im.sysManage.getMessageStatus(2, "5"), "read");
    assert.equal(im.sysManage.getMessageStatus(2, "6"), undefined);
    assert.equal(im.sysManage.markMessageUnread(2, 5).status, 0);
    assert.equal(im.sysManage.markMessageUnread(2, 6), null);
    assert.equal(im.sysManage.getMessageStatus(2, 5), "unread");
  });

  test("mentions and calls have events of their own; commands are told and not kept", async () => {
    const { im, say } = await start();
    const group = { kind: 2, with: "9" };
    assert.deepEqual(await say(["messages", messagesTape({ ...group, id: "5", config: '{"mentionList":[1]}' })]), [
      "onMentionMessage",
      "onGroupMessage",
    ]);
    assert.deepEqual(await say(["messages", messagesTape({ ...group, id: "6", config: '{"mentionAll":true}' })]), [
      "onGroupMessage",
    ]);
    const record = { id: "7", type: 8, text: "busy", config: '{"action":"record"}' };
    assert.deepEqual(await say(["messages", messagesTape(record)]), ["onRosterRTCMessage", "onRosterMessage"]);
    assert.equal(im.rosterManage.getRosterMessageByRid(2)[0].content, "busy");
    assert.deepEqual(await say(["messages", messagesTape({ id: "8", type: 6 })]), [
      "onUnreadChange",
      "onRosterMessage",
    ]);
    const ids = (messages) => messages.map(({ id }) => id);
    assert.deepEqual(ids(im.groupManage.getGruopMessage(9)), ["5", "6"]);
    assert.deepEqual(ids(im.rosterManage.getRosterMessageByRid(2)), ["7"]);
  });

  test("listeners find the count of unread messages as it is then", async () => {
    const { core, im, say } = await start();
    const counts = [];
    im.on("onUnreadChange", (id) => counts.push(im.rosterManage.getUnreadCount(id)));
    await say(
      ["messages", messagesTape({ id: "5" })],
      ["conversations", conversationsTape({ id: "2", unread: 1, last: { id: "5" } })],
    );
    assert.deepEqual(counts, [1]);
    assert.ok(core);
  });

  test("history is told again, then where to go on", async () => {
    const { core, im, heard, last } = await start();
    let next = "4";
    core.answers.history = () => ({ messages: messagesTape({ id: "4", text: "a" }, { id: "5", text: "b" }), next });
    im.sysManage.requireHistoryMessage(2, 0, 20);
    await until(() => heard.at(-1)?.[0] === "onReceiveHistoryMsg");
    assert.deepEqual(last(), ["history", { kind: 1, of: "2", limit: 20 }]);
    assert.deepEqual(
      heard.map(([event, it]) => [event, it.isHistory ?? it.next, it.content]),
      [
        ["onRosterMessage", true, "a"],
        ["onRosterMessage", true, "b"],
        ["onReceiveHistoryMsg", 4, undefined],
      ],
    );
    assert.equal(im.rosterManage.getRosterMessageByRid(2)[0].isHistory, false);
    next = "0";
    core.answers.history = () => ({ messages: messagesTape(), next });
    im.sysManage.requireHistoryMessage("9", 4, 1000);
    await until(() => heard.some(([, payload]) => payload?.next === 0));
    assert.deepEqual(last(), ["history", { kind: 2, of: "9", limit: 200, before: "4" }]);
    assert.throws(() => im.sysManage.requireHistoryMessage(2, "x", 20), { code: "ArgumentInvalid", message: /sid/ });
  });
});

describe("operations", () => {
  test("reach the core under the right conversation", async () => {
    const { core, im } = await start();
    im.rosterManage.recallMessage(2, "50");
    im.groupManage.recallMessage(9, 50);
    im.rosterManage.deleteMessage(2, 50);
    im.groupManage.appendMessageContent(9, 50, "more");
    im.rosterManage.replaceMessage(2, 50, "new", { a: 1 }, '{"b":2}');
    im.rosterManage.replaceMessage(2, 50);
    im.rosterManage.unreadMessage(2, 50);
    im.rosterManage.unreadMessage(9, 50);
    im.rosterManage.readRosterMessage(2, 50);
    im.groupManage.readGroupMessage(9);
    im.sysManage.deleteConversation(2);
    im.sysManage.deleteConversation(9, false);
    const user = { kind: 1, of: "2" };
    const group = { kind: 2, of: "9" };
    const operate = (place, operation, more) => ["operate", { ...place, target: "50", operation, ...more }];
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(core.commands, [
      operate(user, "recall"),
      operate(group, "recall"),
      operate(user, "delete"),
      operate(group, "append", { text: "more" }),
      operate(user, "replace", { text: "new", config: '{"a":1}', ext: '{"b":2}' }),
      operate(user, "unread"),
      operate(group, "unread"),
      ["markRead", { ...user, upTo: "50", only: true }],
      ["markRead", group],
      ["deleteConversation", { ...user, everywhere: true }],
      ["deleteConversation", { ...group, everywhere: false }],
    ]);
  });

  test("nothing is told before the server has accepted", async () => {
    const { im, heard, say } = await start();
    const mine = { id: "50", from: "1", outgoing: true, text: "hi", status: "sent" };
    await say(["messages", messagesTape(mine)]);
    const recall = { change: "recall", target: "50", by: "1", message: mine };
    assert.deepEqual(await say(["updates", updatesTape(recall)]), []);
    assert.equal(im.rosterManage.getRosterMessageByRid(2).length, 1);
    assert.deepEqual(await say(["updates", updatesTape({ ...recall, operation: "60", timestamp: 7 })]), [
      "onMessageRecalled",
      "onMessageStatusChanged",
      "onUnreadChange",
      "onActionMessage",
    ]);
    assert.deepEqual(im.rosterManage.getRosterMessageByRid(2), []);
    const id = { uid: "2", mid: "50" };
    assert.deepEqual(
      heard.slice(0, 3).map(([, payload]) => payload),
      [id, id, "2"],
    );
    const { payload, ns } = heard[3][1];
    assert.deepEqual([ns, payload.type, payload.operation.type, payload.operation.mid], [1, 1, 5, "50"]);
  });

  test("a refused operation is told as a failed send without a number", async () => {
    const { core, im, heard } = await start();
    core.answers.operate = () => {
      throw raw("InvalidRequestParameter", "frame", "too late");
    };
    im.rosterManage.recallMessage(2, 50);
    await until(() => heard.length === 1);
    const [event, { status, mid, errorCode, errorReason }] = heard[0];
    assert.deepEqual([event, status, mid, errorCode], ["onSendingMessageStatusChanged", "failed", 0, 8]);
    assert.match(errorReason, /too late/);
  });

  test("each change is told in its own words", async () => {
    const { im, heard, say } = await start();
    const theirs = { id: "50", text: "hi", ext: '{"a":1}' };
    const group = { kind: 2, with: "9" };
    await say(["messages", messagesTape(theirs, { ...theirs, ...group })]);
    const update = (more) => ["updates", updatesTape({ target: "50", by: "2", operation: "60", ...more })];
    const common = ["onMessageStatusChanged", "onUnreadChange", "onActionMessage"];
    const changed = (text) => ({ ...theirs, text, editedAt: 9 });

    const append = { change: "append", text: " you", ext: "{}", config: '{"c":1}', message: changed("hi you") };
    assert.deepEqual(await say(update(append)), ["onRosterMessageContentAppend", ...common]);
    const { content, appendedContent, appendConfig, appendExt, editTimestamp } = heard[0][1];
    assert.deepEqual(
      [content, appendedContent, appendConfig, appendExt, editTimestamp],
      ["hi you", " you", { c: 1 }, "{}", "9"],
    );
    assert.equal(im.rosterManage.getRosterMessageByRid(2)[0].content, "hi you");

    const replace = { ...group, change: "replace", text: "hi all", config: "{}", ext: '{"b":1}' };
    assert.deepEqual(await say(update({ ...replace, message: { ...changed("hi all"), ...group } })), [
      "onGroupMessageReplace",
      ...common,
    ]);
    const it = heard[0][1];
    assert.deepEqual(
      [it.content, it.appendedContent, it.replaceConfig, it.replaceExt],
      ["hi all", " all", {}, '{"b":1}'],
    );
    // Of an edit of a message that is not here only the operation is told.
    assert.deepEqual(await say(update({ change: "append", target: "49", text: "x" })), ["onActionMessage"]);

    const unread = { change: "unread", by: "1", message: theirs };
    assert.deepEqual(await say(update(unread)), ["onMessageCanceled", ...common]);
    assert.deepEqual(heard[0][1], { uid: "2", mid: "50" });
    assert.deepEqual(await say(update({ change: "delete", by: "1", message: theirs })), [
      "onMessageDeleted",
      ...common,
    ]);
    assert.deepEqual(heard[0][1], { uid: 2, mid: "50" });
    assert.deepEqual(await say(update({ number: 77 })), ["onActionMessage"]);
  });

  test("receipts change the status", async () => {
    const { im, say } = await start();
    const mine = { id: "50", from: "1", outgoing: true, text: "hi", status: "sent" };
    await say(["messages", messagesTape(mine, { id: "51" }, { id: "52" })]);
    const status = (id) => im.sysManage.getMessageStatus(2, id);
    const update = (more) => ["updates", updatesTape({ target: "50", by: "2", operation: "60", ...more })];
    assert.equal(status(50), "unread");
    await say(update({ change: "delivered", message: { ...mine, delivered: true } }));
    assert.equal(status(50), "delivered");
    await say(update({ change: "read", message: { ...mine, delivered: true, read: true } }));
    assert.equal(status(50), "read");
    // Read on another device, up to a message.
    await say(update({ change: "read", by: "1", target: "51" }));
    assert.deepEqual([status(51), status(52)], ["read", "unread"]);
  });

  test("an edit that was undone is gone from the getters too", async () => {
    const { im, say } = await start();
    const mine = { id: "50", from: "1", outgoing: true, text: "hi", status: "sent" };
    await say(["messages", messagesTape(mine)]);
    const events = await say(["updates", updatesTape({ change: "status", target: "50", message: mine })]);
    assert.deepEqual(events, ["onMessageStatusChanged"]);
    assert.equal(im.rosterManage.getRosterMessageByRid(2)[0].content, "hi");
  });

  test("a removed conversation is told with who did it, and its messages are gone", async () => {
    const { core, im, heard, say } = await start();
    await say(["messages", messagesTape({ id: "5" })]);
    core.answers.deleteConversation = (_, engine) => engine.say(["removed", keysTape({ id: "2" })]);
    heard.length = 0;
    im.sysManage.deleteConversation("2");
    await until(() => heard.length === 1);
    await say(["removed", keysTape({ kind: 2, id: "9" })]);
    const desc = { id: 9, source: "other_operation" };
    assert.deepEqual(heard, [["flooNotice", { category: "conversation_deleted", desc }]]);
    assert.deepEqual(im.rosterManage.getRosterMessageByRid(2), []);
  });
});

describe("notices", () => {
  const told = async (given) => {
    const { heard, say } = await start();
    const events = await say(["notices", noticesTape({ id: "70", group: given.kind ? "" : "9", ...given })]);
    return [events, heard.map(([, payload]) => payload)];
  };

  test("of groups", async () => {
    const table = [
      [{ type: 3, from: "1" }, "onGroupListUpdate onGroupCreated"],
      [{ type: 4 }, "onGroupListUpdate onGroupDestoryed"],
      [{ type: 5, from: "1" }, "onGroupListUpdate onGroupJoined"],
      [{ type: 5, from: "2" }, "onGroupMemberChanged onGroupJoined"],
      [{ type: 6, from: "2" }, "onGroupMemberChanged onGroupLeaved"],
      [{ type: 7 }, ""],
      [{ type: 8, from: "2" }, "onGroupMemberChanged onGroupApplyAccepted"],
      [{ type: 9 }, "onGroupApplyDeclined"],
      [{ type: 10 }, "onGroupNotice"],
      [{ type: 11, from: "2" }, "onGroupMemberChanged onGroupInvitedAccepted"],
      [{ type: 12 }, "onGroupInvitedDeclined"],
      [{ type: 13, to: ["1"] }, "onGroupListUpdate onGroupKicked"],
      [{ type: 13, to: ["8"] }, "onGroupMemberChanged onGroupKicked"],
      [{ type: 14, to: ["8"] }, "onGroupMemberChanged"],
      [{ type: 15 }, "onGroupUnblocked"],
      [{ type: 16 }, "onGroupOwnerAssigned"],
      [{ type: 17 }, "onGroupAdminGranted"],
      [{ type: 18 }, "onGroupAdminRevoked"],
      [{ type: 19 }, "onGroupMuted"],
      [{ type: 20 }, "onGroupUnmuted"],
      [{ type: 23, content: '{"name":"New"}' }, "onGroupListUpdate"],
      [{ type: 23, content: '{"property":"display_name"}' }, "onGroupMemberChanged onGroupListUpdate"],
      [{ type: 23, content: "no json" }, "onGroupListUpdate"],
      [{ type: 24 }, "onGroupAnnouncementUpdated"],
      [{ type: 25 }, ""],
      [{ type: 99 }, ""],
    ];
    for (const [given, expected] of table) {
      const [events] = await told(given);
      assert.equal(events.join(" "), expected, JSON.stringify(given));
    }
    assert.deepEqual(await told({ type: 21, to: ["8"], content: "30" }), [
      ["onGroupBaned"],
      [{ groupId: 9, toUids: [8], content: "30" }],
    ]);
    assert.deepEqual(await told({ type: 22, to: ["8"] }), [["onGroupUnbaned"], [{ groupId: 9, toUids: [8] }]]);
    const [events, [all]] = await told({ type: 23, content: '{"ban_expire_time":-1}' });
    assert.deepEqual(events, ["onGroupBaned", "onGroupListUpdate"]);
    assert.deepEqual(all, { groupId: 9, toUids: [], content: -1, all: true });
    const [, [free]] = await told({ type: 23, content: '{"ban_expire_time":0}' });
    assert.deepEqual(free, { groupId: 9, toUids: [], all: true });
  });

  test("of contacts, with whom they are about", async () => {
    for (const [given, expected] of [
      [{ type: 1, to: ["1"] }, "onRosterListUpdate"],
      [{ type: 1, to: ["8"] }, ""],
      [{ type: 2, from: "1" }, "onRosterRemoved"],
      [{ type: 2, from: "2" }, ""],
      [{ type: 3, to: ["1"] }, "onRosterAccepted"],
      [{ type: 3, to: ["1", "8"] }, ""],
      [{ type: 4, to: ["1"] }, "onRosterDeclined"],
      [{ type: 5 }, ""],
      [{ type: 7 }, "onRosterApplied"],
      [{ type: 8 }, "onRosterInfoUpdate onRosterListUpdate"],
      [{ type: 9 }, ""],
    ]) {
      const [events] = await told({ kind: 3, ...given });
      assert.equal(events.join(" "), expected, JSON.stringify(given));
    }
    const [, [raw]] = await told({ kind: 3, type: 7, from: "2", to: ["1"], content: "hello?", timestamp: 5 });
    assert.deepEqual(raw, {
      id: "70",
      from: { uid: "2", deviceSN: 0 },
      to: { uid: "1", deviceSN: 0 },
      timestamp: "5",
      ns: 3,
      payload: { type: 7, from: { uid: "2" }, to: [{ uid: "1" }], content: "hello?" },
    });
  });

  test("of the account; one that ends the session is told once", async () => {
    const [events, [payload]] = await told({ kind: 4, type: 7 });
    assert.deepEqual([events, payload], [["flooNotice"], { category: "userNotice", desc: "DEVICE_LOGIN" }]);
    const { heard, say } = await start();
    await say(
      ["state", "online", "kicked", raw("UserFrozen", "frame")],
      ["notices", noticesTape({ id: "70", kind: 4, type: 2 })],
    );
    assert.deepEqual(
      heard.map(([, { desc }]) => desc),
      ["relogin_manually", "FROZEN"],
    );
  });

  test("those that wait for somebody can be asked for", async () => {
    const { core, im, say } = await start();
    assert.deepEqual(im.sysManage.getNoticeMessage(), []);
    const invitation = { id: "70", type: 10, group: "9", to: ["1"], kept: true };
    core.answers.notices = () => noticesTape(invitation);
    await say(["notices", noticesTape(invitation)]);
    await until(() => im.sysManage.getNoticeMessage().length === 1);
    assert.deepEqual(im.sysManage.getNoticeMessage()[0].payload.gid, { uid: "9" });
  });

  test("members and cards that change are told by id", async () => {
    const { heard, say } = await start();
    await say(["members", "9", listsTape(["8"], [], [])]);
    assert.deepEqual(heard, [["onGroupMemberChanged", 9]]);
    await say(["users", usersTape({ id: "2", username: "b" })]);
    assert.deepEqual(heard, [
      ["onRosterInfoUpdate", [2]],
      ["onRosterListUpdate", undefined],
    ]);
  });
});
