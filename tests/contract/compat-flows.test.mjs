// What an application of the former SDK does in a day, against the cloud: in, lists, every kind of message, contacts,
// groups, out. The order of events is held by compat.test.mjs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startEmulator } from "../lib/emulator.mjs";
import { nodeFlooim, nodeWx } from "../lib/node-client.mjs";
import { until } from "../lib/until.mjs";

let emulator;
let ids;
const pages = {};

/** A page: the object, what it heard, and a wait for an event that fits. */
function page(name, platform = nodeWx()) {
  const heard = [];
  const im = nodeFlooim({ appid: "floo-demo", dnsServer: emulator.dns, logLevel: "off", reload: () => {} }, platform);
  const listener = (event) => (payload) => heard.push([event, payload, "of", event]);
  for (const event of EVENTS) im.on({ [event]: listener(event) });
  const made = {
    im,
    heard,
    platform,
    forget: () => heard.splice(0),
    hear: (event, fits = () => true) =>
      until(`${name} to hear ${event}`, () =>
        heard.find(([it, payload]) => it === event && fits(payload))?.slice(0, 2),
      ),
    close: () => im.client.close(),
  };
  pages[name] = made;
  return made;
}

const EVENTS =
  "loginSuccess loginFail logout flooNotice flooError imRostersGroupslistReady onRosterMessage onGroupMessage onMentionMessage onRosterRTCMessage onInputStatusMessage onSendingMessageStatusChanged onMessageStatusChanged onMessageRecalled onMessageDeleted onMessageCanceled onReceiveHistoryMsg onUnreadChange recentlistUpdate onRosterMessageContentAppend onRosterMessageReplace onRosterListUpdate onRosterInfoUpdate onRosterApplied onGroupListUpdate onGroupMemberChanged onGroupCreated onGroupJoined onGroupKicked onGroupDestoryed".split(
    " ",
  );

async function enter(name) {
  const made = page(name);
  made.im.login({ name, password: `${name}-demo` });
  await made.hear("loginSuccess");
  return made;
}

before(async () => {
  emulator = await startEmulator();
  ids = await emulator.ids();
  for (const name of ["amber", "basil", "clover"]) await enter(name);
});
after(async () => {
  for (const { close } of Object.values(pages)) await close();
  await emulator.stop();
});

test("a wrong password is told with the server's words; the right one gives token, lists and setup", async () => {
  const wrong = page("wrong");
  wrong.im.login({ name: "amber", password: "wrong" });
  const [, text] = await wrong.hear("loginFail");
  assert.match(text, /^token failure:/);
  assert.equal(wrong.im.isLogin(), false);

  const { im, heard } = pages.amber;
  assert.equal(String(im.userManage.getUid()), ids.amber);
  assert.ok(im.userManage.getToken());
  const lists = heard.find(([event]) => event === "imRostersGroupslistReady")[1];
  assert.ok(lists.rosters.map(String).includes(ids.basil));
  assert.ok(lists.groups.map(String).includes(ids.Team));
  assert.equal(im.rosterManage.getAllRosterDetail()[ids.basil].username, "basil");
  assert.equal(im.groupManage.getAllGroupDetail()[ids.Team].name, "Team");
  await until("the application's setup", () => im.isAppInfoReady() && im.sysManage.getAppConfig());
  assert.equal(im.sysManage.getServers().ratel, emulator.url);
  assert.equal(im.baseUrl, emulator.url);
  assert.match(im.sysManage.getImage({ avatar: "x" }), /access-token=/);
});

test("all kinds of messages arrive as they were sent", async () => {
  const { amber, basil } = pages;
  const media = { url: "https://files.example/1", dName: "1", fLen: 10, width: 3, height: 4, duration: 5 };
  const place = { lat: 1.5, lon: 2.5, addr: "here" };
  const sent = [
    { type: "text", content: "hello", ext: "mine" },
    { type: "image", content: "", attachment: media },
    { type: "audio", content: "", attachment: media },
    { type: "video", content: "", attachment: media },
    { type: "file", content: "", attachment: media },
    { type: "location", content: "", attachment: place },
    { type: "command", content: "go" },
    { type: "rtc", content: "", config: '{"action":"call"}' },
  ];
  for (const message of sent) {
    basil.forget();
    const mid = amber.im.sysManage.sendRosterMessage({ uid: ids.basil, ...message });
    const [, accepted] = await amber.hear(
      "onSendingMessageStatusChanged",
      (it) => it.mid === mid && it.status === "sent",
    );
    const [, got] = await basil.hear("onRosterMessage", (it) => it.type === message.type);
    assert.deepEqual(
      [got.id, got.from, got.to, got.content, got.attach],
      [accepted.message.id, ids.amber, ids.basil, message.content, message.attachment],
    );
    if (message.ext) assert.equal(got.ext, message.ext);
    if (message.config) assert.deepEqual(got.config, JSON.parse(message.config));
  }
  await basil.hear("onRosterRTCMessage");
  const stored = basil.im.rosterManage.getRosterMessageByRid(ids.amber).map((it) => it.type);
  assert.deepEqual(stored.slice(-7), ["text", "image", "audio", "video", "file", "location", "rtc"]);
  const row = basil.im.userManage.getConversationList().find((it) => String(it.id) === ids.amber);
  assert.equal(row.type, "roster");
});

test("forwarding, mentions and typing", async () => {
  const { amber, basil } = pages;
  const original = amber.im.rosterManage.getRosterMessageByRid(ids.basil).find((it) => it.content === "hello");
  amber.im.sysManage.forwardMessage({ gid: ids.Team, message: original });
  await basil.hear("onGroupMessage", (it) => it.content === "hello");
  amber.im.sysManage.sendMentionMessage({ gid: ids.Team, txt: "you!", mentionAll: false, mentionList: [ids.basil] });
  const [, mention] = await basil.hear("onMentionMessage", (it) => it.content === "you!");
  assert.deepEqual(mention.config.mentionList.map(String), [ids.basil]);
  const hasAt = () => basil.im.userManage.getConversationList().find((it) => String(it.id) === ids.Team).hasAt;
  await until("the mark of the mention", hasAt);
  basil.im.groupManage.consumeGroupAtStatus(ids.Team);
  assert.equal(hasAt(), false);
  amber.im.sysManage.sendInputStatusMessage(ids.basil, "typing");
  const [, typing] = await basil.hear("onInputStatusMessage");
  assert.deepEqual(typing, { ext: '{"input_status":"typing"}', from: ids.amber, to: ids.basil });
});

test("reading, unread again, status, appending, replacing, recalling, deleting", async () => {
  const { amber, basil } = pages;
  const mid = amber.im.sysManage.sendRosterMessage({ uid: ids.basil, content: "one" });
  const [, { message }] = await amber.hear(
    "onSendingMessageStatusChanged",
    (it) => it.mid === mid && it.status === "sent",
  );
  const { id } = message;
  await basil.hear("onRosterMessage", (it) => it.id === id);
  await until("something unread", () => basil.im.rosterManage.getUnreadCount(ids.amber) > 0);
  basil.im.rosterManage.readRosterMessage(ids.amber);
  const status = () => amber.im.sysManage.getMessageStatus(ids.basil, id);
  await until("the receipt", () => status() === "read");
  await until("nothing unread", () => basil.im.rosterManage.getUnreadCount(ids.amber) === 0);
  basil.im.rosterManage.unreadMessage(ids.amber, id);
  await basil.hear("onMessageCanceled", (it) => it.mid === id);
  await until("one unread", () => basil.im.rosterManage.getUnreadCount(ids.amber) === 1);

  amber.im.rosterManage.appendMessageContent(ids.basil, id, " two");
  const [, appended] = await basil.hear("onRosterMessageContentAppend");
  assert.deepEqual([appended.content, appended.appendedContent], ["one two", " two"]);
  await amber.hear("onRosterMessageContentAppend", (it) => it.content === "one two");
  amber.im.rosterManage.replaceMessage(ids.basil, id, "three", null, { a: 1 });
  const [, replaced] = await basil.hear("onRosterMessageReplace");
  assert.deepEqual([replaced.content, replaced.replaceExt], ["three", '{"a":1}']);
  const theirs = () => basil.im.rosterManage.getRosterMessageByRid(ids.amber).find((it) => it.id === id);
  assert.equal(theirs().content, "three");

  amber.im.rosterManage.recallMessage(ids.basil, id);
  const [, recalled] = await basil.hear("onMessageRecalled");
  assert.deepEqual(recalled, { uid: ids.amber, mid: id });
  assert.equal(theirs(), undefined);
  await amber.hear("onMessageRecalled", (it) => it.uid === ids.basil);

  const other = basil.im.rosterManage.getRosterMessageByRid(ids.amber).find((it) => it.content === "hello");
  basil.im.rosterManage.deleteMessage(ids.amber, other.id);
  await basil.hear("onMessageDeleted", (it) => String(it.uid) === ids.amber && it.mid === other.id);

  // What the server refuses is told: this message is gone.
  amber.forget();
  amber.im.rosterManage.recallMessage(ids.basil, "1");
  const [, failed] = await amber.hear("onSendingMessageStatusChanged", (it) => it.status === "failed");
  assert.equal(failed.mid, 0);
});

test("history comes again page by page, until its end", async () => {
  const { clover, amber } = pages;
  for (let i = 0; i < 5; i++) {
    const mid = amber.im.sysManage.sendRosterMessage({ uid: ids.clover, content: `h${i}` });
    await amber.hear("onSendingMessageStatusChanged", (it) => it.mid === mid && it.status === "sent");
  }
  const all = [];
  let next = 0;
  for (let pageNumber = 0; pageNumber < 20; pageNumber++) {
    clover.forget();
    clover.im.sysManage.requireHistoryMessage(ids.amber, next, 2);
    const [, told] = await clover.hear("onReceiveHistoryMsg");
    const messages = clover.heard.filter(([event, it]) => event === "onRosterMessage" && it.isHistory);
    all.unshift(...messages.map(([, it]) => it.content));
    next = told.next;
    if (Number(next) === 0) break;
  }
  assert.equal(Number(next), 0);
  assert.deepEqual(all.slice(-5), ["h0", "h1", "h2", "h3", "h4"]);
});

test("contacts and settings", async () => {
  const { amber, clover } = pages;
  const { userManage, rosterManage } = amber.im;
  const found = await rosterManage.asyncSearchRosterByName({ username: "clover" });
  assert.equal(String(found.user_id), ids.clover);
  assert.equal(typeof found.user_id, "number");
  await rosterManage.asyncUpdateRosterAlias({ user_id: ids.basil, alias: "Bas" });
  await until("the alias", () => rosterManage.getRosterInfo(ids.basil).alias === "Bas");
  await rosterManage.asyncBlockeAdd({ user_id: ids.clover });
  assert.deepEqual((await rosterManage.asyncGetBlockedlist()).map(String), [ids.clover]);
  await rosterManage.asyncBlockeRemove({ user_id: ids.clover });
  assert.deepEqual(await rosterManage.asyncGetBlockedlist(), []);

  await userManage.asyncUpdateNickName({ nick_name: "Am" });
  assert.equal((await userManage.asyncGetProfile()).nick_name, "Am");
  await userManage.asyncUpdateSettings({ user_id: ids.amber, no_sounds: true });
  assert.equal((await userManage.asyncGetSettings()).no_sounds, true);
  assert.equal((await clover.im.rosterManage.asyncGetRosterInfo(ids.amber, true)).nick_name, "Am");
  const refused = await userManage
    .asyncUserChangePassword({ old_password: "wrong", new_password: "new-secret" })
    .catch((thrown) => thrown);
  assert.equal(typeof refused.code, "number");
  assert.ok(refused.message.length > 0);
});

test("a group from its making to its end", async () => {
  const { amber, basil, clover } = pages;
  const { groupManage } = amber.im;
  const made = await groupManage.asyncCreate({ name: "Legacy", type: 0 });
  const gid = made.group_id;
  assert.equal(typeof gid, "number");
  await amber.hear("onGroupListUpdate");
  await groupManage.asyncInvite({ group_id: gid, user_list: [Number(ids.basil), Number(ids.clover)], reason: "come" });
  await until("basil to be in", async () => (await basil.im.groupManage.asyncGetJoinedGroups(true)).includes(gid));
  const members = await groupManage.asyncGetGroupMembers(gid);
  assert.deepEqual(members.map(String).sort(), [ids.amber, ids.basil, ids.clover].sort());
  await until("the members' names", () =>
    groupManage.getGroupMembers(gid).some((it) => it.username === "clover" && String(it.user_id) === ids.clover),
  );

  amber.im.sysManage.sendGroupMessage({ gid, content: "welcome" });
  await basil.hear("onGroupMessage", (it) => it.content === "welcome" && it.to === String(gid));
  await until("one unread", () => basil.im.groupManage.getUnreadCount(gid) > 0);
  basil.im.groupManage.readGroupMessage(gid);
  await until("nothing unread", () => basil.im.groupManage.getUnreadCount(gid) === 0);

  await groupManage.asyncUpdateName({ group_id: gid, value: "Renamed" });
  await until("the name", () => basil.im.groupManage.getAllGroupDetail()[gid]?.name === "Renamed");
  assert.equal((await groupManage.asyncGetGroupInfo(gid, true)).name, "Renamed");

  await groupManage.asyncKick({ group_id: gid, user_list: [Number(ids.clover)] });
  const [, kicked] = await clover.hear("onGroupKicked");
  assert.deepEqual([String(kicked.payload.gid.uid), kicked.payload.type], [String(gid), 13]);
  await groupManage.asyncDestroy({ group_id: gid });
  await basil.hear("onGroupDestoryed", (it) => String(it.payload.gid.uid) === String(gid));
});

test("a removed conversation, logout, and taking the login up again", async () => {
  const { amber, basil } = pages;
  basil.im.sysManage.deleteConversation(Number(ids.amber));
  const [, { desc }] = await basil.hear("flooNotice", (it) => it.desc.source === "user_operation");
  assert.deepEqual(desc, { id: Number(ids.amber), source: "user_operation" });
  assert.deepEqual(basil.im.rosterManage.getRosterMessageByRid(ids.amber), []);

  // The application is closed and opened again: the last login goes on.
  amber.im.sysManage.saveConversationDraft(Number(ids.clover), "roster", "begun");
  const kept = () => amber.im.client.conversations.snapshot.some((row) => row.draft === "begun");
  await until("the draft to be kept", kept);
  await amber.im.client.close();
  const again = page("amber", amber.platform);
  await again.hear("loginSuccess");
  assert.equal(again.im.sysManage.getConversationDraft(Number(ids.clover), "roster"), "begun");
  assert.equal(String(again.im.userManage.getUid()), ids.amber);

  again.im.logout({ linkLogin: true });
  await again.hear("logout");
  await until("the end of the session", () => !again.im.isLogin() && again.im.userManage.getToken() === undefined);
  await again.im.client.close();
  const later = page("amber", amber.platform);
  await until("the core", () => later.im.isReady());
  await until("the setup", () => later.im.isAppInfoReady());
  assert.equal(later.im.isLogin(), false);
});
