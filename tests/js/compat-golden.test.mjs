// A golden trace for every public event of the former SDK: what is told, to the last field, flow by flow.
// UPDATE_EXPECT=1 writes compat-golden.json anew.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { beforeEach, describe, mock, test } from "node:test";
import { FACTS, Long, loggedIn, make, settled } from "./compat-fixture.mjs";
import { conversationsTape, keysTape, listsTape, messagesTape, noticesTape, raw, updatesTape } from "./fake-engine.mjs";

const FILE = new URL("compat-golden.json", import.meta.url);
const UPDATE = process.env.UPDATE_EXPECT === "1";
/** Its two triggers listen to names that nobody fires, so that it never came. */
const NEVER = ["onRosterNotice"];

const mine = { id: "50", with: "2", from: "1", outgoing: true, status: "sent", text: "hi", timestamp: 1000 };
const theirs = { id: "60", with: "2", from: "2", text: "yes", timestamp: 2000 };
const inGroup = { id: "70", kind: 2, with: "9", from: "2", text: "all", timestamp: 3000 };
const call = { type: 8, text: "", config: '{"action":"call","callId":"2_5","initiator":2}' };
const group = (type, more) => [
  "notices",
  noticesTape({ id: "100", type, group: "9", from: "2", to: ["8"], content: "why", timestamp: 4000, ...more }),
];
const roster = (type, more) => [
  "notices",
  noticesTape({ id: "101", kind: 3, type, from: "2", to: ["1"], content: "why", timestamp: 4000, ...more }),
];
const change = (name, message, more) => [
  "updates",
  updatesTape({
    change: name,
    kind: message.kind,
    with: message.with,
    target: message.id,
    by: "2",
    operation: "80",
    timestamp: 5000,
    message,
    ...more,
  }),
];

/** What a logged-in page hears of something, when it has three messages already. */
const said = async (...batch) => {
  const { say } = await loggedIn();
  await say(["messages", messagesTape(theirs, inGroup)], ["sent", messagesTape(mine)]);
  return say(...batch);
};
/** What it hears of what it does. */
const done = async (act) => {
  const made = await loggedIn();
  made.heard.length = 0;
  await act(made);
  await settled();
  return made.heard;
};

/** Flow, the events whose golden trace it is, and how to get it. */
const FLOWS = [
  [
    "login",
    "flooNotice imRostersGroupslistReady onRosterInfoUpdate onRosterListUpdate onGroupListUpdate loginSuccess",
    async () => (await loggedIn()).heard,
  ],
  [
    "a login that the message server refuses",
    "loginFail flooError",
    async () => {
      const { core, im, heard } = make();
      core.answers.login = () => {
        throw raw("UserFrozen", "frame");
      };
      im.login({ name: "amber", password: "secret" });
      await settled();
      return heard;
    },
  ],
  ["logout", "logout", () => done(({ im }) => im.logout({ linkLogin: true }))],
  [
    "the same device elsewhere",
    "userKicked",
    () => said(["state", "online", "kicked", raw("UserKickedBySameDevice", "frame")]),
  ],
  [
    "a text is sent and accepted",
    "onSendingMessageStatusChanged",
    () =>
      done(async ({ im, core }) => {
        const clientId = String(im.sysManage.sendRosterMessage({ uid: 2, content: "hi" }));
        core.engine.say(["sent", messagesTape({ ...mine, clientId })]);
      }),
  ],
  [
    "a text comes",
    "onRosterMessage onUnreadChange recentlistUpdate",
    () =>
      said(
        ["messages", messagesTape({ ...theirs, id: "61" })],
        ["conversations", conversationsTape({ id: "2", unread: 1, timestamp: 5, last: theirs })],
      ),
  ],
  [
    "one in a group calls on the user",
    "onGroupMessage onMentionMessage",
    () => said(["messages", messagesTape({ ...inGroup, id: "71", config: '{"mentionList":[1]}' })]),
  ],
  [
    "one that says nothing of its conversation",
    "messageNormal",
    () => said(["messages", messagesTape({ ...theirs, id: "62", untyped: true, ext: "e", config: '{"a":1}' })]),
  ],
  ["a call", "onRosterRTCMessage", () => said(["messages", messagesTape({ ...theirs, id: "63", ...call })])],
  ["typing", "onInputStatusMessage", () => said(["typing", keysTape({ id: "2" }), "2", true])],
  [
    "a page of the past",
    "onReceiveHistoryMsg",
    () =>
      done(({ im, core }) => {
        core.answers.history = () => ({ next: "40", messages: messagesTape({ ...theirs, id: "40" }, mine) });
        im.sysManage.requireHistoryMessage(2, 0, 20);
      }),
  ],
  ["recall", "onMessageRecalled onMessageStatusChanged onActionMessage", () => said(change("recall", theirs))],
  ["deletion", "onMessageDeleted", () => said(change("delete", theirs, { by: "1" }))],
  ["marked unread", "onMessageCanceled", () => said(change("unread", theirs, { by: "1" }))],
  [
    "appended in a chat",
    "onRosterMessageContentAppend",
    () => said(change("append", { ...theirs, text: "yes!", editedAt: 5000 }, { text: "!", config: '{"a":1}' })),
  ],
  [
    "appended in a group",
    "onGroupMessageContentAppend",
    () => said(change("append", { ...inGroup, text: "all!", editedAt: 5000 }, { text: "!" })),
  ],
  [
    "replaced in a chat",
    "onRosterMessageReplace",
    () => said(change("replace", { ...theirs, text: "yes sir", editedAt: 5000 }, { text: "yes sir", ext: "e" })),
  ],
  [
    "replaced in a group",
    "onGroupMessageReplace",
    () => said(change("replace", { ...inGroup, text: "some", editedAt: 5000 }, { text: "some" })),
  ],
  ["a group's members", "onGroupMemberChanged", () => said(["members", "9", listsTape(["8"], [], [])])],
  ...[
    ["onGroupCreated", 3, { from: "1", to: ["1"] }],
    ["onGroupDestoryed", 4],
    ["onGroupJoined", 5],
    ["onGroupLeaved", 6],
    ["onGroupApplyAccepted", 8],
    ["onGroupApplyDeclined", 9],
    ["onGroupNotice", 10],
    ["onGroupInvitedAccepted", 11],
    ["onGroupInvitedDeclined", 12],
    ["onGroupKicked", 13],
    ["onGroupUnblocked", 15],
    ["onGroupOwnerAssigned", 16],
    ["onGroupAdminGranted", 17],
    ["onGroupAdminRevoked", 18],
    ["onGroupMuted", 19],
    ["onGroupUnmuted", 20],
    ["onGroupBaned", 21, { content: "30" }],
    ["onGroupUnbaned", 22],
    ["onGroupAnnouncementUpdated", 24],
  ].map(([event, type, more]) => [`group notice ${type}`, event, () => said(group(type, more))]),
  ...[
    ["onRosterRemoved", 2, { from: "1", to: ["2"] }],
    ["onRosterAccepted", 3],
    ["onRosterDeclined", 4],
    ["onRosterApplied", 7],
  ].map(([event, type, more]) => [`contact notice ${type}`, event, () => said(roster(type, more))]),
  ["contact notice 1", "onRosterListUpdate", () => said(roster(1))],
  ["contact notice 8", "onRosterInfoUpdate", () => said(roster(8))],
];

/** Plain, with 64-bit numbers told apart from texts. */
const plain = (heard) =>
  JSON.parse(
    JSON.stringify(heard, function mark(name, value) {
      return this[name] instanceof Long ? { Long: value } : value;
    }),
  );

describe("golden traces", async () => {
  const golden = JSON.parse(await readFile(FILE, "utf8").catch(() => "{}"));
  const fresh = {};

  beforeEach(() => {
    mock.timers.reset();
    mock.timers.enable({ apis: ["Date"], now: 1_700_000_000_000 });
  });

  for (const [flow, events, act] of FLOWS) {
    test(flow, async () => {
      fresh[flow] = plain(await act());
      const names = fresh[flow].map(([event]) => event);
      for (const event of events.split(" ")) assert.ok(names.includes(event), `${event} is missing in ${names}`);
      if (!UPDATE) assert.deepEqual(fresh[flow], golden[flow]);
    });
  }

  test("every public event has one, except the one that cannot fire", async () => {
    const traced = new Set(FLOWS.flatMap(([, events]) => events.split(" ")));
    assert.equal(FACTS.events.length, 54);
    assert.deepEqual([...traced].sort(), FACTS.events.filter((event) => !NEVER.includes(event)).sort());
    for (const event of NEVER) assert.ok(!JSON.stringify(fresh).includes(`"${event}"`));
    if (UPDATE) await writeFile(FILE, `${JSON.stringify(fresh, null, 2)}\n`);
    else assert.deepEqual(Object.keys(golden), Object.keys(fresh));
  });
});
