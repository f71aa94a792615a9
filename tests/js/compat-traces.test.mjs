// What pages of the former SDK are told, in which order and in which shape, flow by flow.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DOCUMENT, Long, loggedIn, make, names, settled } from "./compat-fixture.mjs";
import {
  conversationsTape,
  keysTape,
  listsTape,
  messagesTape,
  noticesTape,
  raw,
  until,
  updatesTape,
} from "./fake-engine.mjs";

const mine = { id: "50", with: "2", clientId: "1", from: "1", outgoing: true, status: "sent", text: "hi" };
const theirs = { id: "60", with: "2", from: "2", text: "yes" };
const inGroup = { id: "70", kind: 2, with: "9", from: "2", text: "all" };
const events = (heard) => heard.map(([event]) => event);
const payload = (heard, event) => heard.find(([name]) => name === event)?.[1];
const updates = (...rows) => ["updates", updatesTape(...rows)];
describe("messages", () => {
  test("an acknowledgement: the own message, then that it was sent", async () => {
    const { im, say, heard } = await loggedIn();
    const mid = im.sysManage.sendRosterMessage({ uid: 2, content: "hi" });
    assert.deepEqual(events(heard).slice(-1), ["onSendingMessageStatusChanged"]);
    const told = await say(["sent", messagesTape({ ...mine, clientId: String(mid) })]);
    assert.deepEqual(
      told.map(([event, it]) => [event, it.status, it.mid, (it.message ?? it).id]),
      [
        ["onRosterMessage", 0, undefined, "50"],
        ["onSendingMessageStatusChanged", "sent", mid, "50"],
      ],
    );
  });

  test("a failure", async () => {
    const { im, say } = await loggedIn();
    const mid = im.sysManage.sendGroupMessage({ gid: 9, content: "hi" });
    const error = raw("UserBanned", "frame", "not now");
    const told = await say([
      "failed",
      messagesTape({ kind: 2, with: "9", clientId: String(mid), outgoing: true, status: "failed", error }),
    ]);
    assert.equal(told.length, 1);
    const [[event, { status, mid: of, message, errorCode, errorReason }]] = told;
    assert.deepEqual([event, status, of, errorCode], ["onSendingMessageStatusChanged", "failed", mid, 11]);
    assert.deepEqual(message, { status: { code: 11, reason: errorReason }, client_mid: String(mid) });
    assert.equal(errorReason, "not now");
  });

  test("one arrives: 1:1, in a group, one that mentions", async () => {
    const { im, say } = await loggedIn();
    const first = await say(
      ["messages", messagesTape(theirs, inGroup, { ...inGroup, id: "71", config: '{"mentionList":[1]}' })],
      ["conversations", conversationsTape({ id: "2", unread: 1, timestamp: 5, last: theirs })],
    );
    assert.deepEqual(events(first), [
      "onUnreadChange",
      "onRosterMessage",
      "onGroupMessage",
      "onMentionMessage",
      "onGroupMessage",
      "recentlistUpdate",
    ]);
    assert.deepEqual(first[3][1].config, { mentionList: [1] });
    assert.equal(first[1][1].to, "1");
    assert.equal(first[2][1].to, "9");
    await say(["conversations", conversationsTape({ id: "9", kind: 2, timestamp: 9, last: inGroup })]);
    assert.deepEqual(
      im.userManage.getConversationList().map((it) => [it.id, it.hasAt]),
      [
        [9, true],
        [2, false],
      ],
    );
    im.groupManage.consumeGroupAtStatus(9);
    im.groupManage.consumeGroupAtStatus(9);
    assert.deepEqual(im.userManage.getConversationList().find((it) => it.id === 9).hasAt, false);
  });

  test("one of the type NORMAL is told raw, then as any other, and kept", async () => {
    const { core, im, say, heard } = await loggedIn();
    const told = await say(["messages", messagesTape({ ...theirs, untyped: true }, { ...inGroup, untyped: true })]);
    assert.deepEqual(events(told), [
      "messageNormal",
      "onUnreadChange",
      "onRosterMessage",
      "messageNormal",
      "onGroupMessage",
    ]);
    assert.deepEqual(
      [told[0], told[3]].map(([, { id, to, ns, payload }]) => [
        `${id}`,
        `${to.uid}`,
        ns,
        payload.type,
        payload.content,
      ]),
      [
        ["60", "1", 1, 0, "yes"],
        ["70", "9", 1, 0, "all"],
      ],
    );
    assert.equal(im.rosterManage.getRosterMessageByRid(2).length, 1);
    await settled(); // what the device has of the chat was read
    core.answers.history = () => ({ next: "0", messages: messagesTape({ ...theirs, id: "40", untyped: true }) });
    heard.length = 0;
    im.sysManage.requireHistoryMessage(2, 0, 20);
    await settled();
    assert.deepEqual(events(heard), ["messageNormal", "onUnreadChange", "onRosterMessage", "onReceiveHistoryMsg"]);
  });

  test("attachments come parsed", async () => {
    const { say } = await loggedIn();
    const attachment = '{"url":"https://x.test/a?sign=1","dName":"a","fLen":5}';
    const [, [, image]] = await say(["messages", messagesTape({ ...theirs, type: 1, text: "", attachment })]);
    assert.deepEqual([image.type, image.attach.dName, image.content], ["image", "a", ""]);
    const [, [, command]] = await say(["messages", messagesTape({ ...theirs, id: "61", type: 6, text: "go" })]);
    assert.equal(command.type, "command");
  });

  test("typing", async () => {
    const { core, im, say } = await loggedIn();
    const told = await say(["typing", keysTape({ id: "2" }), "2", true]);
    assert.deepEqual(events(told), ["onInputStatusMessage", "onRosterMessage"]);
    assert.deepEqual(told[0][1], { ext: '{"input_status":"typing"}', from: "2", to: "1" });
    assert.deepEqual([told[1][1].content, told[1][1].ext], ["", '{"input_status":"typing"}']);
    const ended = await say(["typing", keysTape({ id: "2" }), "2", false]);
    assert.equal(ended[0][1].ext, '{"input_status":"nothing"}');
    assert.deepEqual(await say(["typing", keysTape({ kind: 2, id: "9" }), "2", true]), []);
    assert.equal(typeof im.sysManage.sendInputStatusMessage(2, "typing"), "number");
    im.sysManage.sendInputStatusMessage("2", "nothing");
    assert.deepEqual(
      core.commands.slice(-2).map(([name, it]) => [name, it.active]),
      [
        ["typing", true],
        ["typing", false],
      ],
    );
    assert.throws(() => im.sysManage.sendInputStatusMessage(2, "asleep"), { code: "ArgumentInvalid" });
  });

  test("history: replayed oldest first, then where to go on from", async () => {
    const { core, im, heard } = await loggedIn();
    const pages = {
      undefined: ["40", messagesTape({ ...theirs, id: "40" }, { ...mine, id: "41" })],
      40: ["0", messagesTape()],
    };
    core.answers.history = ({ before }) => {
      const [next, messages] = pages[before];
      return { next, messages };
    };
    heard.length = 0;
    im.sysManage.requireHistoryMessage(2, 0, 20);
    await until(() => events(heard).includes("onReceiveHistoryMsg"));
    assert.deepEqual(events(heard), [
      "onUnreadChange",
      "onRosterMessage",
      "onUnreadChange",
      "onRosterMessage",
      "onReceiveHistoryMsg",
    ]);
    assert.deepEqual([heard[1][1].isHistory, heard[1][1].id], [true, "40"]);
    const { next } = heard.at(-1)[1];
    assert.ok(next instanceof Object);
    assert.deepEqual([String(next), next.toNumber(), next.low, next.high], ["40", 40, 40, 0]);
    heard.length = 0;
    im.sysManage.requireHistoryMessage("2", next, 20);
    await until(() => heard.length > 0);
    assert.deepEqual(heard, [["onReceiveHistoryMsg", { next: 0 }]]);
    assert.deepEqual(core.commands.at(-1), ["history", { kind: 1, of: "2", before: "40", limit: 20 }]);
    core.answers.history = () => {
      throw raw("ServerTimeOut", "frame");
    };
    heard.length = 0;
    im.sysManage.requireHistoryMessage(9, 0, 1000);
    await until(() => heard.length > 0);
    assert.deepEqual(core.commands.at(-1), ["history", { kind: 2, of: "9", limit: 200 }]);
    assert.deepEqual([heard[0][1].status, heard[0][1].mid], ["failed", 0]);
  });

  test("more than a hundred messages stay when they were paged back to", async () => {
    const { core, im, say } = await loggedIn();
    const ids = (from, to) => Array.from({ length: to - from }, (_, at) => ({ ...theirs, id: String(from + at) }));
    await say(["messages", messagesTape(...ids(1000, 1150))]);
    assert.equal(im.rosterManage.getRosterMessageByRid(2).length, 100);
    core.answers.history = () => ({ next: "1000", messages: messagesTape(...ids(1000, 1050)) });
    im.sysManage.requireHistoryMessage(2, 1050, 50);
    await settled();
    assert.equal(im.rosterManage.getRosterMessageByRid(2).length, 150);
    assert.equal(im.rosterManage.getRosterMessageByRid(2)[0].id, "1000");
  });

  test("what comes while a page of the past is under way leaves no hole", async () => {
    const { core, im, say } = await loggedIn();
    const ids = (from, to) => Array.from({ length: to - from }, (_, at) => ({ ...theirs, id: String(from + at) }));
    await say(["messages", messagesTape(...ids(1000, 1100))]);
    let answer;
    core.answers.history = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    im.sysManage.requireHistoryMessage(2, 1000, 50);
    await say(["messages", messagesTape(...ids(1100, 1160))]);
    answer({ next: "950", messages: messagesTape(...ids(950, 1000)) });
    await settled();
    assert.deepEqual(
      im.rosterManage.getRosterMessageByRid(2).map((it) => it.id),
      ids(950, 1160).map((it) => it.id),
    );
  });
});

describe("operations", () => {
  const kept = async () => {
    const made = await loggedIn();
    await made.say(["messages", messagesTape(theirs, inGroup)], ["sent", messagesTape(mine)]);
    return made;
  };

  test("each asks the core for its own", async () => {
    const { core, im } = await kept();
    const { rosterManage: roster, groupManage: group, sysManage: sys } = im;
    core.commands.length = 0;
    roster.recallMessage(2, "50");
    roster.deleteMessage("2", 60);
    roster.appendMessageContent(2, 50, "!");
    roster.replaceMessage(2, 50, "new");
    roster.replaceMessage(2, 50, "", { a: 1 }, "e");
    roster.replaceMessage(2, 50, "", '{"a":2}', { e: 1 });
    roster.replaceMessage(2, 50);
    roster.unreadMessage(2, 60);
    roster.unreadMessage(9, 70);
    group.recallMessage(9, 70);
    group.deleteMessage(9, 70);
    group.appendMessageContent(9, 70, "!");
    group.replaceMessage(9, 70, "new");
    roster.readRosterMessage(2, 60);
    roster.readRosterMessage(2, 60);
    group.readGroupMessage("9");
    sys.deleteConversation(9, false);
    sys.deleteConversation("2");
    const of2 = { kind: 1, of: "2" };
    const of9 = { kind: 2, of: "9" };
    const operate = (of, target, operation, more) => ["operate", { ...of, target, operation, ...more }];
    assert.deepEqual(core.commands, [
      operate(of2, "50", "recall"),
      operate(of2, "60", "delete"),
      operate(of2, "50", "append", { text: "!" }),
      operate(of2, "50", "replace", { text: "new" }),
      operate(of2, "50", "replace", { config: '{"a":1}', ext: "e" }),
      operate(of2, "50", "replace", { config: '{"a":2}', ext: '{"e":1}' }),
      operate(of2, "60", "unread"),
      operate(of9, "70", "unread"),
      operate(of9, "70", "recall"),
      operate(of9, "70", "delete"),
      operate(of9, "70", "append", { text: "!" }),
      operate(of9, "70", "replace", { text: "new" }),
      ["markRead", { ...of2, upTo: "60", only: true }],
      ["markRead", of9],
      ["deleteConversation", { ...of9, everywhere: false, id: "1001" }],
      ["deleteConversation", { ...of2, everywhere: true, id: "1002" }],
    ]);
    assert.throws(() => roster.replaceMessage(2, 50, "", "no object"), { code: "MessageInvalid", message: /config/ });
  });

  test("recall, deletion, unread: nothing before the server has accepted", async () => {
    const { im, say } = await kept();
    const done = (event) => [event, "onMessageStatusChanged", "onUnreadChange", "onActionMessage"];
    assert.deepEqual(await say(updates({ change: "recall", target: "50", by: "1", message: mine })), []);
    assert.equal(im.rosterManage.getRosterMessageByRid(2).length, 2);
    await settled();
    const recalled = await say(updates({ change: "recall", target: "50", by: "1", operation: "80", message: mine }));
    assert.deepEqual(events(recalled), done("onMessageRecalled"));
    assert.deepEqual(payload(recalled, "onMessageRecalled"), { uid: "2", mid: "50" });
    assert.deepEqual(payload(recalled, "onMessageStatusChanged"), { uid: "2", mid: "50" });
    const action = payload(recalled, "onActionMessage");
    assert.deepEqual(
      [action.ns, String(action.id), String(action.from.uid), action.payload.type, action.payload.operation.type],
      [1, "80", "1", 1, 5],
    );
    assert.equal(String(action.payload.operation.mid), "50");
    assert.deepEqual(
      im.rosterManage.getRosterMessageByRid(2).map((it) => it.id),
      ["60"],
    );
    const unread = await say(updates({ change: "unread", target: "60", by: "1", operation: "81", message: theirs }));
    assert.deepEqual(events(unread), done("onMessageCanceled"));
    const deleted = await say(updates({ change: "delete", target: "60", by: "1", operation: "82", message: theirs }));
    assert.deepEqual(events(deleted), done("onMessageDeleted"));
    assert.deepEqual(payload(deleted, "onMessageDeleted"), { uid: 2, mid: "60" });
    assert.deepEqual(im.rosterManage.getRosterMessageByRid(2), []);
  });

  test("append and replace: the message with what was added; one that is not here only as an action", async () => {
    const { im, say } = await kept();
    const edited = { ...theirs, text: "yes!", editedAt: 9 };
    const appended = await say(
      updates({
        change: "append",
        target: "60",
        by: "2",
        operation: "80",
        text: "!",
        config: '{"a":1}',
        message: edited,
      }),
    );
    assert.deepEqual(events(appended), [
      "onRosterMessageContentAppend",
      "onMessageStatusChanged",
      "onUnreadChange",
      "onActionMessage",
    ]);
    const copy = appended[0][1];
    assert.deepEqual(
      [copy.content, copy.appendedContent, copy.appendConfig, copy.editTimestamp],
      ["yes!", "!", { a: 1 }, "9"],
    );
    assert.equal(im.rosterManage.getRosterMessageByRid(2).at(-1).content, "yes!");
    const whole = { ...inGroup, text: "all of us" };
    const [first] = await say(
      updates({
        change: "replace",
        kind: 2,
        with: "9",
        target: "70",
        by: "2",
        operation: "81",
        text: "all of us",
        ext: "e",
        message: whole,
      }),
    );
    assert.deepEqual(
      [first[0], first[1].content, first[1].appendedContent, first[1].replaceExt],
      ["onGroupMessageReplace", "all of us", " of us", "e"],
    );
    const [group] = await say(
      updates({
        change: "append",
        kind: 2,
        with: "9",
        target: "70",
        by: "2",
        operation: "82",
        text: "!",
        message: whole,
      }),
    );
    assert.equal(group[0], "onGroupMessageContentAppend");
    const [own] = await say(
      updates({ change: "replace", target: "50", by: "1", operation: "83", text: "x", message: mine }),
    );
    assert.equal(own[0], "onRosterMessageReplace");
    const unknown = await say(updates({ change: "append", target: "999", by: "2", operation: "84", text: "!" }));
    assert.deepEqual(events(unknown), ["onActionMessage"]);
  });

  test("receipts change the status of own messages", async () => {
    const { im, say } = await kept();
    const status = () => im.sysManage.getMessageStatus(2, 50);
    assert.equal(status(), "unread");
    await say(
      updates({ change: "delivered", target: "50", by: "2", operation: "80", message: { ...mine, delivered: true } }),
    );
    assert.equal(status(), "delivered");
    const read = { ...mine, delivered: true, read: true };
    const told = await say(updates({ change: "read", target: "50", by: "2", operation: "81", message: read }));
    assert.deepEqual(events(told), ["onMessageStatusChanged", "onUnreadChange", "onActionMessage"]);
    assert.equal(status(), "read");
    await say(
      updates({ change: "played", target: "50", by: "2", operation: "82", message: { ...read, played: true } }),
    );
    assert.equal(im.rosterManage.getRosterMessageByRid(2).find((it) => it.id === "50").isPlayed, true);
    assert.equal(im.sysManage.getMessageStatus(2, 999), undefined);
    assert.equal(im.sysManage.getMessageStatus(9, 70, true), "unread");
  });

  test("a refusal: the failed event with mid 0", async () => {
    const { core, im, heard } = await kept();
    core.answers.operate = () => {
      throw raw("InvalidRequestParameter", "frame", "too late");
    };
    heard.length = 0;
    im.rosterManage.recallMessage(2, 50);
    im.rosterManage.recallMessage(2, "no id");
    await until(() => heard.length === 2);
    assert.deepEqual(
      heard.map(([event, it]) => [event, it.status, it.mid]),
      [
        ["onSendingMessageStatusChanged", "failed", 0],
        ["onSendingMessageStatusChanged", "failed", 0],
      ],
    );
    const reasons = heard.map(([, it]) => it.errorReason).sort();
    assert.match(reasons[0], /message must be an id/);
    assert.equal(reasons[1], "too late");
  });

  test("unread counts: at once where something is read here, and when it was read elsewhere", async () => {
    const { core, im, heard, say } = await loggedIn();
    core.answers.messages = () => messagesTape({ ...theirs, id: "58" }, { ...theirs, id: "59" }, theirs);
    im.rosterManage.getRosterMessageByRid(2);
    await settled();
    assert.equal(im.rosterManage.getUnreadCount(2), 3);
    heard.length = 0;
    im.rosterManage.readRosterMessage("2", "60");
    assert.deepEqual(heard, [["onUnreadChange", "2"]]);
    assert.equal(im.rosterManage.getUnreadCount(2), 2);
    const told = await say(["conversations", conversationsTape({ id: "2", unread: 1, timestamp: 5, last: theirs })]);
    assert.deepEqual(told, [
      ["recentlistUpdate", undefined],
      ["onUnreadChange", "2"],
    ]);
    assert.equal(im.rosterManage.getUnreadCount(2), 1);
    assert.equal(im.sysManage.markMessageUnread(2, "60").status, 0);
    assert.equal(im.rosterManage.getUnreadCount(2), 2);
    assert.equal(im.sysManage.markMessageUnread(2, "99"), null);
    im.rosterManage.readRosterMessage(2);
    assert.equal(im.rosterManage.getUnreadCount(2), 0);
    await say(["messages", messagesTape({ ...theirs, id: "90", type: 8, text: "", config: '{"action":"call"}' })]);
    assert.equal(im.rosterManage.getUnreadCount(2), 0);
  });

  test("the count of a conversation that was not opened is right when the message is told", async () => {
    const { im, say } = await loggedIn();
    const counts = [];
    im.on("onUnreadChange", (id) => counts.push(im.rosterManage.getUnreadCount(id)));
    const row = { id: "2", unread: 2, timestamp: 5, last: theirs };
    await say(
      ["messages", messagesTape({ ...theirs, id: "59" }, theirs, { ...mine, id: "61" })],
      ["conversations", conversationsTape(row)],
    );
    assert.deepEqual(counts, [1, 2, 2]);
    assert.equal(im.rosterManage.getUnreadCount(2), 2);
  });

  test("a conversation is removed here and elsewhere", async () => {
    const { im, say } = await kept();
    im.sysManage.deleteConversation("2");
    const desc = (told) => payload(told, "flooNotice");
    assert.deepEqual(desc(await say(["removed", keysTape({ id: "2" })])), {
      category: "conversation_deleted",
      desc: { id: "2", source: "user_operation" },
    });
    assert.deepEqual(im.rosterManage.getRosterMessageByRid(2), []);
    assert.deepEqual(desc(await say(["removed", keysTape({ kind: 2, id: "9" })])), {
      category: "conversation_deleted",
      desc: { id: 9, source: "other_operation" },
    });
  });
});

describe("sends", () => {
  test("every kind of content goes out as it is on the wire", async () => {
    const { core, im, heard } = await loggedIn();
    const sent = () => core.commands.filter(([name]) => name === "send").map(([, { id: _, ...it }]) => it);
    const image = { url: "https://x.test/a", dName: "a", fLen: 1, width: 2, height: 3 };
    im.sysManage.sendRosterMessage({
      uid: 2,
      type: "image",
      content: "",
      attachment: image,
      ext: "e",
      config: '{"a":1}',
    });
    im.sysManage.sendGroupMessage({
      gid: 9,
      type: "location",
      content: "",
      attachment: { lat: 1, lon: 2, addr: "x" },
      priority: 3,
    });
    im.sysManage.sendRosterMessage({ uid: 2, type: "command", content: "go", attachment: undefined });
    im.sysManage.sendRosterMessage({ uid: 2, content: "t", attachment: image });
    im.rtcManage.sendRTCMessage({ uid: 2, content: "", config: '{"action":"call"}', ext: '{"rtc":"call"}' });
    im.sysManage.sendMentionMessage({
      gid: 9,
      txt: "@all",
      mentionAll: true,
      mentionList: [2, "18446744073709551615"],
    });
    assert.deepEqual(sent(), [
      { kind: 1, of: "2", type: 1, text: "", attachment: JSON.stringify(image), ext: "e", config: '{"a":1}' },
      { kind: 2, of: "9", type: 5, text: "", attachment: '{"lat":1,"lon":2,"addr":"x"}', priority: 3 },
      { kind: 1, of: "2", type: 6, text: "go" },
      { kind: 1, of: "2", type: 0, text: "t" },
      { kind: 1, of: "2", type: 8, text: "", config: '{"action":"call"}', ext: '{"rtc":"call"}' },
      { kind: 2, of: "9", type: 0, text: "@all", config: '{"mentionAll":true,"mentionList":[2,18446744073709551615]}' },
    ]);
    const copy = heard.filter(([event]) => event === "onSendingMessageStatusChanged")[0][1].message;
    assert.deepEqual([copy.attach, copy.config, copy.type], [image, { a: 1 }, "image"]);
  });

  test("forwarding: content, type and attachment; the address of a file is asked for anew", async () => {
    const { core, im, asked, heard } = await loggedIn({}, { fileForward: () => "https://ratel.test/f?sign=new" });
    const sent = () => core.commands.filter(([name]) => name === "send").at(-1)[1];
    const text = { content: "t", type: "text", ext: "not this" };
    assert.equal(typeof im.sysManage.forwardMessage({ uid: 2, message: text }), "number");
    assert.deepEqual([sent().text, sent().ext, sent().of], ["t", undefined, "2"]);
    const attach = { url: "https://ratel.test/f?file_sign=old", dName: "a" };
    assert.equal(im.sysManage.forwardMessage({ gid: 9, message: { content: "", type: "file", attach } }), undefined);
    await settled();
    assert.deepEqual(asked.at(-1), ["fileForward", { file_sign: "old", to_id: "9", to_type: 2 }]);
    assert.equal(sent().attachment, '{"url":"https://ratel.test/f?sign=new","dName":"a"}');
    assert.equal(attach.url, "https://ratel.test/f?file_sign=old");
    assert.throws(() => im.sysManage.forwardMessage({ uid: 2 }), { code: "ArgumentInvalid", message: /message/ });
    core.answers.api = () => {
      throw raw("ServerTimeOut", "http");
    };
    im.sysManage.forwardMessage({ uid: 2, message: { content: "", type: "file", attach } });
    await settled();
    assert.equal(heard.at(-1)[1].status, "failed");
  });

  test("a group that wants receipts is told who is to give them", async () => {
    const { core, im } = await loggedIn(
      {},
      {
        groupInfo: () => ({ group_id: "9", name: "Team", read_ack: true }),
        groupMemberlist: () => ({ items: [{ user_id: "1" }, { user_id: "2" }], cursor: null }),
        groupMembersDidpayname: () => [],
      },
    );
    await im.groupManage.asyncGetGroupInfo(9);
    await im.groupManage.asyncGetGroupMembers(9);
    im.sysManage.sendGroupMessage({ gid: 9, content: "hi", config: '{"a":1}' });
    assert.equal(core.commands.filter(([name]) => name === "send").at(-1)[1].config, '{"a":1,"groupMemberList":[2]}');
  });
});

describe("calls", () => {
  const rtc = (id, config, more) => ({ ...theirs, id, type: 8, text: "", config: JSON.stringify(config), ...more });

  test("an incoming signal is told as a call and as a message", async () => {
    const { im, say } = await loggedIn();
    const told = await say(["messages", messagesTape(rtc("60", { action: "call", callId: "2_5", initiator: 2 }))]);
    assert.deepEqual(events(told), ["onRosterRTCMessage", "onRosterMessage"]);
    assert.equal(told[0][1].config.action, "call");
    assert.equal(im.rtcManage.getInCallStatus(), false);
  });

  test("the one who called writes the record, which is shown in words", async () => {
    const { core, im, say } = await loggedIn();
    const own = { from: "1", outgoing: true, status: "sent", clientId: "5" };
    const sentOwn = await say(["sent", messagesTape(rtc("61", { action: "call", initiator: 1 }, own))]);
    assert.deepEqual(
      sentOwn.map(([event, it]) => [event, it.isNative]),
      [
        ["onRosterRTCMessage", true],
        ["onRosterMessage", false],
        ["onSendingMessageStatusChanged", undefined],
      ],
    );
    assert.equal(im.rtcManage.getInCallStatus(), true);
    const hangup = { action: "hangup", callId: "1_5", initiator: 1 };
    await say(["messages", messagesTape(rtc("62", hangup, { text: "65000" }))]);
    assert.equal(im.rtcManage.getInCallStatus(), false);
    const { of, type, text, config } = core.commands.filter(([name]) => name === "send").at(-1)[1];
    assert.deepEqual(
      [of, type, text, JSON.parse(config)],
      ["2", 8, "65000", { action: "record", callId: "1_5", initiator: 1 }],
    );
    const [, [, record]] = await say([
      "messages",
      messagesTape(rtc("63", { action: "record", initiator: 1 }, { text: "65000" })),
    ]);
    assert.deepEqual([record.content, record.from, record.to], ["通话时长 01:05", "1", "2"]);
    const [, [, busy]] = await say([
      "messages",
      messagesTape(rtc("64", { action: "record", initiator: 2 }, { text: "timeout" })),
    ]);
    assert.deepEqual([busy.content, busy.from], ["未接来电", "2"]);
    const sends = core.commands.filter(([name]) => name === "send").length;
    await say(["messages", messagesTape(rtc("65", hangup, { text: "5" }))]); // no call is under way
    assert.equal(core.commands.filter(([name]) => name === "send").length, sends);
  });
});

describe("notices", () => {
  const group = (type, more) => [
    "notices",
    noticesTape({ id: "100", type, group: "9", from: "2", to: ["8"], ...more }),
  ];
  const roster = (type, more) => ["notices", noticesTape({ id: "101", kind: 3, type, from: "2", to: ["1"], ...more })];
  const account = (type) => ["notices", noticesTape({ id: "102", kind: 4, type, from: "0" })];

  test("of groups", async () => {
    const { say } = await loggedIn();
    const me = { from: "1", to: ["1"] };
    for (const [type, more, expected] of [
      [1, {}, []],
      [3, me, ["onGroupListUpdate", "onGroupCreated"]],
      [4, {}, ["onGroupListUpdate", "onGroupDestoryed"]],
      [5, {}, ["onGroupMemberChanged", "onGroupJoined"]],
      [5, me, ["onGroupListUpdate", "onGroupJoined"]],
      [6, {}, ["onGroupMemberChanged", "onGroupLeaved"]],
      [6, me, ["onGroupListUpdate", "onGroupLeaved"]],
      [7, {}, []],
      [8, {}, ["onGroupMemberChanged", "onGroupApplyAccepted"]],
      [8, { to: ["1"] }, ["onGroupListUpdate", "onGroupApplyAccepted"]],
      [9, {}, ["onGroupApplyDeclined"]],
      [10, {}, ["onGroupNotice"]],
      [11, me, ["onGroupListUpdate", "onGroupInvitedAccepted"]],
      [12, {}, ["onGroupInvitedDeclined"]],
      [13, { to: ["1"] }, ["onGroupListUpdate", "onGroupKicked"]],
      [13, {}, ["onGroupMemberChanged", "onGroupKicked"]],
      [14, {}, ["onGroupMemberChanged"]],
      [15, {}, ["onGroupUnblocked"]],
      [16, {}, ["onGroupOwnerAssigned"]],
      [17, {}, ["onGroupAdminGranted"]],
      [18, {}, ["onGroupAdminRevoked"]],
      [19, {}, ["onGroupMuted"]],
      [20, {}, ["onGroupUnmuted"]],
      [24, {}, ["onGroupAnnouncementUpdated"]],
      [25, {}, []],
      [99, {}, []],
    ]) {
      assert.deepEqual(events(await say(group(type, more))), expected, `type ${type}`);
    }
    const [, [, meta]] = await say(group(3, { ...me, content: "c", timestamp: 7 }));
    assert.deepEqual(
      [
        meta.ns,
        String(meta.id),
        meta.id.toNumber(),
        meta.payload.type,
        String(meta.payload.gid.uid),
        meta.payload.content,
      ],
      [2, "100", 100, 3, "9", "c"],
    );
    assert.deepEqual(
      meta.payload.to.map(({ uid }) => String(uid)),
      ["1"],
    );
    assert.deepEqual(await say(group(21, { content: "30" })), [
      ["onGroupBaned", { groupId: 9, toUids: [8], content: "30" }],
    ]);
    assert.deepEqual(await say(group(22)), [["onGroupUnbaned", { groupId: 9, toUids: [8] }]]);
    const patched = async (content) => say(group(23, { content: JSON.stringify(content) }));
    assert.deepEqual(await patched({ property: "display_name" }), [["onGroupMemberChanged", 9]]);
    assert.deepEqual(events(await patched({ name: "x" })), ["onGroupListUpdate"]);
    assert.deepEqual((await patched({ ban_expire_time: -1 }))[0], [
      "onGroupBaned",
      { groupId: 9, toUids: [], content: -1, all: true },
    ]);
    assert.deepEqual((await patched({ ban_expire_time: 0 }))[0], [
      "onGroupUnbaned",
      { groupId: 9, toUids: [], all: true },
    ]);
  });

  test("members that change with a notice are told once", async () => {
    const { say } = await loggedIn();
    const members = ["members", "9", listsTape(["8"], [], [])];
    assert.deepEqual(events(await say(group(5), members)), ["onGroupMemberChanged", "onGroupJoined"]);
    assert.deepEqual(await say(members), [["onGroupMemberChanged", 9]]);
  });

  test("of contacts", async () => {
    const { say } = await loggedIn();
    for (const [type, more, expected] of [
      [1, {}, ["onRosterListUpdate"]],
      [1, { from: "1", to: ["2"] }, []],
      [2, { from: "1", to: ["2"] }, ["onRosterRemoved"]],
      [2, {}, []],
      [3, {}, ["onRosterAccepted"]],
      [4, {}, ["onRosterDeclined"]],
      [5, {}, []],
      [7, { content: "hello" }, ["onRosterApplied"]],
      [8, {}, ["onRosterInfoUpdate", "onRosterListUpdate"]],
      [9, {}, []],
    ]) {
      assert.deepEqual(events(await say(roster(type, more))), expected, `type ${type}`);
    }
    const [[, meta]] = await say(roster(1));
    assert.deepEqual([meta.ns, String(meta.from.uid), meta.payload.gid], [3, "2", undefined]);
    assert.deepEqual((await say(roster(8)))[0], ["onRosterInfoUpdate", [2]]);
  });

  test("of the account, and the end of a session once", async () => {
    const { core, say } = await loggedIn();
    assert.deepEqual(names(await say(account(7))), ["DEVICE_LOGIN"]);
    assert.deepEqual(names(await say(account(13))), ["TRAFFIC_LIMIT_EXCEEDED"]);
    assert.deepEqual(names(await say(account(10))), ["relogin_manually", "DEVICE_REMOVED"]);
    const kicked = ["state", "online", "kicked", raw("UserPasswordChanged", "frame")];
    assert.deepEqual(names(await say(account(1), kicked)), ["relogin_manually", "PASSWORD_CHANGED"]);
    const same = await loggedIn();
    const other = ["state", "online", "kicked", raw("UserKickedBySameDevice", "frame")];
    assert.deepEqual(names(await same.say(other, account(4))), ["userKicked", "KICK_BY_SAME_DEVICE"]);
    assert.equal(core.engines.length, 1);
  });

  test("those that are kept can be read, with ids as texts and kinds as words", async () => {
    const { im, say } = await loggedIn();
    assert.deepEqual(im.sysManage.getNoticeMessage(), []);
    await say(group(10, { kept: true, to: ["1"], timestamp: 5 }), roster(4, { kept: true }));
    const [declined, invited] = im.sysManage.getNoticeMessage();
    assert.deepEqual([declined.ns, declined.payload.type], ["ROSTER_NOTICE", "DECLINED"]);
    assert.deepEqual(invited, {
      id: "100",
      from: { uid: "2", deviceSN: 0 },
      to: { uid: "1", deviceSN: 0 },
      timestamp: "5",
      ns: "GROUP_NOTICE",
      payload: {
        type: "INVITED",
        gid: { uid: "9", deviceSN: 0 },
        from: { uid: "2", deviceSN: 0 },
        to: [{ uid: "1", deviceSN: 0 }],
        content: "",
      },
    });
  });
});

describe("sessions", () => {
  test("each way to log in has its words", async () => {
    for (const [act, expected] of [
      [(im) => im.qrlogin({ user_id: 1, password: "p" }), ["getting token...", "token sucecc, getting roster lists.."]],
      [(im) => im.idLogin({ user_id: "1", password: "p" }), ["token success, getting roster lists.."]],
      [(im) => im.tokenLogin(1, "t"), ["token sucecc, getting roster lists.."]],
      [(im) => im.tokenLogin({ user_id: 1, token: "t" }), ["token sucecc, getting roster lists.."]],
    ]) {
      const { core, im, heard } = make();
      core.answers.login = (_, engine) => {
        engine.say(["state", "idle", "connecting"], ["state", "connecting", "online"]);
        return { userId: "1", deviceSn: 7 };
      };
      act(im);
      await until(() => events(heard).includes("loginSuccess"));
      const words = heard.filter(([, it]) => it?.category === "loginMessage").map(([, it]) => it.desc);
      assert.deepEqual(words, [
        ...expected,
        "socket connecting...",
        "socket connect success...",
        "logining socket service...",
        "login socket success.....",
      ]);
    }
    const { im } = make();
    assert.throws(() => im.tokenLogin("", "t"), { code: "ArgumentInvalid", message: /user_id/ });
    assert.equal(im.wxlogin(), undefined);
  });

  test("what the cloud says of the application", async () => {
    const { im } = make();
    assert.equal(im.isAppInfoReady(), false);
    assert.deepEqual(
      [im.sysManage.getAppStatus("app"), im.sysManage.getServers("app"), im.baseUrl],
      ["", {}, undefined],
    );
    await until(() => im.sysManage.getAppConfig("app"));
    const { sysManage: sys } = im;
    assert.deepEqual([im.isAppInfoReady(), im.baseUrl, sys.getServerIp()], [true, "https://ratel.test", "10.0.0.1"]);
    assert.deepEqual(sys.getServers(), {
      ratel: "https://ratel.test",
      fireplace: "https://webim.test",
      rtc: "wss://rtc.test",
    });
    assert.deepEqual([sys.getAppStatus(), sys.getAccountVerification().name], ["normal", "floo"]);
    assert.deepEqual(sys.getAppConfig(), { hide_member_info: true });
    assert.equal(sys.getLinkServer(), "https://lanyinglink.com/info");
    const frozen = make({}, { getServers: () => ({ ...DOCUMENT, app_status: "frozen" }) });
    await until(() => frozen.heard.length > 0);
    assert.deepEqual(frozen.heard, [["flooError", { category: "APP_FROZEN", desc: "app is frozen" }]]);
  });

  test("a token that is of no use is told once", async () => {
    const { core, im, heard } = await loggedIn();
    core.answers.api = () => {
      throw raw("UserAuthFailed", "http", "code 402: Invalid token");
    };
    heard.length = 0;
    const error = { url: "rosterAccept", code: 402, message: "Invalid token" };
    for (let time = 0; time < 2; time++) {
      await assert.rejects(im.rosterManage.asyncAccept({ user_id: 2 }), (thrown) => {
        const { cause, ...plain } = thrown;
        assert.deepEqual(plain, error);
        assert.equal(cause.name, "FlooError");
        return true;
      });
    }
    assert.deepEqual(names(heard), ["relogin"]);
  });

  test("cleaning up, ending all sessions of browsers", async () => {
    let reloads = 0;
    const devices = [
      { device_sn: 5, platform: 6, last_login: 9 },
      { device_sn: 6, platform: 1 },
      { device_sn: 7, platform: 6, last_login: 8 },
    ];
    const { core, im, asked } = await loggedIn({ reload: () => reloads++ }, { userDeviceList: () => devices });
    core.answers.wipe = () => undefined;
    im.logout({ quitAllWeb: true });
    await until(() => reloads === 1);
    assert.deepEqual(asked.slice(-2), [
      ["userKick", { device_sn: 7 }],
      ["userKick", { device_sn: 5 }],
    ]);
    assert.deepEqual([core.commands.at(-1)[0], im.isLogin(), im.userManage.getToken()], ["wipe", false, undefined]);
    const other = await loggedIn();
    other.core.answers.wipe = () => undefined;
    other.im.cleanup();
    await until(() => !other.im.isLogin());
    const third = await loggedIn();
    third.im.userManage.deleteToken();
    await until(() => !third.im.isLogin());
  });
});

test("64-bit numbers have their halves", () => {
  const largest = new Long("18446744073709551615");
  assert.deepEqual([largest.low, largest.high, `${largest}`], [-1, -1, "18446744073709551615"]);
  const other = new Long("4294967298");
  assert.deepEqual([other.low, other.high, JSON.stringify({ other })], [2, 1, '{"other":"4294967298"}']);
  assert.ok(other.equals("4294967298") && other.unsigned);
});
