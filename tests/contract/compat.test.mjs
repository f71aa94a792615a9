// The interface of the previous SDK against the emulator: two pages that talk, and what each of them is told.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { startEmulator } from "../lib/emulator.mjs";
import { nodeWx } from "../lib/node-client.mjs";
import { built } from "../lib/paths.mjs";
import { until } from "../lib/until.mjs";

const PACKAGE = built("npm", "miniprogram_dist");
const load = createRequire(import.meta.url);
const { events } = load("../js/js-api.json");
/** They come with every change, and whenever a card arrives. */
const OFTEN = ["recentlistUpdate", "onRosterInfoUpdate", "onRosterListUpdate", "onGroupListUpdate"];

let emulator;
let ids;
let amber;
let basil;
const pages = [];

/** A page of its own: the legacy object is one for each copy of the package. */
async function page(name, options) {
  const file = load.resolve(`${PACKAGE}/index.js`);
  delete load.cache[file];
  const { flooim } = load(file);
  const wasmPath = `${PACKAGE}/floo_wasm_bg.wasm.br`;
  const fixed = { appid: "floo-demo", dnsServer: emulator.dns, storage: "memory", autoLogin: false, logLevel: "off" };
  const im = flooim({ ...fixed, wasmPath, platform: nodeWx(), ...options });
  const heard = [];
  // The source text tells listeners apart, and theirs is the same for all.
  for (const event of events) im.on({ [event]: (payload) => heard.push([event, payload]) });
  im.login({ name, password: `${name}-demo` });
  const has = (event, test = () => true) => heard.some(([it, payload]) => it === event && test(payload));
  await until(`${name} to be logged in`, () => has("loginSuccess"));
  const made = { im, heard, has, id: Number(ids[name]) };
  pages.push(made);
  return made;
}

/** What two pages are told from an act until both have heard what ends it. */
async function told(act, ends) {
  for (const { heard } of [amber, basil]) heard.length = 0;
  const answer = await act();
  await until(`${ends} to be told`, () => [amber, basil].every(({ has }, at) => ends[at] === "" || has(ends[at])));
  const names = ({ heard }) => heard.map(([event]) => event).filter((event) => !OFTEN.includes(event));
  return { answer, amber: names(amber), basil: names(basil) };
}

const last = ({ im }, of) => im.rosterManage.getRosterMessageByRid(of).at(-1);

describe("flooim and the cloud", () => {
  before(async () => {
    emulator = await startEmulator();
    ids = await emulator.ids();
    [amber, basil] = [await page("amber"), await page("basil")];
    const old = ({ im }, other) => last({ im }, other.id) && im.groupManage.getGruopMessage(ids.Team).length > 1;
    await until("the old messages", () => old(amber, basil) && old(basil, amber));
  });
  after(async () => {
    await Promise.all(pages.map(({ im }) => im.client.close()));
    await emulator?.stop();
  });

  test("a message, its receipt, an edit, a recall", async () => {
    const send = () => amber.im.sysManage.sendRosterMessage({ uid: basil.id, content: "base", ext: "e" });
    const ack = "onSendingMessageStatusChanged";
    const sent = await told(send, [ack, "onRosterMessage"]);
    await until("the message to be sent", () => amber.has(ack, ({ status }) => status === "sent"));
    assert.deepEqual(sent.basil, ["onUnreadChange", "onRosterMessage"]);
    const { id } = last(amber, basil.id);
    assert.equal(amber.heard.find(([event, it]) => event === ack && it.status === "sent")[1].mid, sent.answer);
    assert.deepEqual([last(basil, amber.id).id, last(basil, amber.id).ext], [id, "e"]);
    assert.ok(basil.im.rosterManage.getUnreadCount(amber.id) > 0);

    await told(() => basil.im.rosterManage.readRosterMessage(amber.id), ["onMessageStatusChanged", "onUnreadChange"]);
    await until("the receipt", () => amber.im.sysManage.getMessageStatus(basil.id, id) === "read");
    assert.equal(basil.im.rosterManage.getUnreadCount(amber.id), 0);

    const common = ["onMessageStatusChanged", "onUnreadChange", "onActionMessage"];
    const both = ["onActionMessage", "onActionMessage"];
    const { im } = amber;
    const appended = await told(() => im.rosterManage.appendMessageContent(basil.id, id, " and more"), both);
    assert.deepEqual(appended.amber, ["onRosterMessageContentAppend", ...common]);
    assert.deepEqual(appended.basil, ["onRosterMessageContentAppend", ...common]);
    const replaced = await told(() => im.rosterManage.replaceMessage(basil.id, id, "new", { y: 2 }), both);
    assert.deepEqual(replaced.basil, ["onRosterMessageReplace", ...common]);
    for (const who of [last(amber, basil.id), last(basil, amber.id)]) {
      assert.deepEqual([who.content, who.config], ["new", { y: 2 }]);
    }
    const recalled = await told(() => im.rosterManage.recallMessage(basil.id, id), both);
    assert.deepEqual(recalled.amber, ["onMessageRecalled", ...common]);
    assert.deepEqual(recalled.basil, ["onMessageRecalled", ...common]);
    assert.notEqual(last(basil, amber.id).id, id);
  });

  test("an operation that the server refuses", async () => {
    const { id } = basil.im.rosterManage.getRosterMessageByRid(amber.id).find((it) => it.from === String(amber.id));
    const refused = await told(
      () => basil.im.rosterManage.recallMessage(amber.id, id),
      ["", "onSendingMessageStatusChanged"],
    );
    assert.deepEqual([refused.amber, refused.basil], [[], ["onSendingMessageStatusChanged"]]);
    const [, status] = basil.heard.at(-1);
    assert.deepEqual(
      [status.status, status.mid, status.errorReason],
      ["failed", 0, "only the author may change this message"],
    );
  });

  test("a mention in a group, typing, a call and its record", async () => {
    const gid = Number(ids.Team);
    const mention = () => amber.im.sysManage.sendMentionMessage({ gid, txt: "@basil", mentionList: [basil.id] });
    const mentioned = await told(mention, ["onGroupMessage", "onGroupMessage"]);
    assert.deepEqual(mentioned.basil, ["onMentionMessage", "onGroupMessage"]);
    await until("the row", () =>
      basil.im.userManage.getConversationList().some(({ id, hasAt }) => id === gid && hasAt),
    );
    const typing = await told(
      () => amber.im.sysManage.sendInputStatusMessage(basil.id, "typing"),
      ["", "onRosterMessage"],
    );
    assert.deepEqual(typing.basil, ["onInputStatusMessage", "onRosterMessage"]);

    const call = { initiator: amber.id, callId: `${amber.id}_1` };
    const signal = (who, to, content, action) => () =>
      who.im.rtcManage.sendRTCMessage({ uid: to.id, content, config: JSON.stringify({ ...call, action }) });
    await told(signal(amber, basil, "", "call"), ["onRosterRTCMessage", "onRosterRTCMessage"]);
    assert.equal(amber.im.rtcManage.getInCallStatus(), true);
    await told(signal(basil, amber, "rejected", "hangup"), ["onRosterRTCMessage", "onRosterRTCMessage"]);
    await until("the record", () => last(basil, amber.id).content === "已拒绝通话");
    await until("the own record", () => last(amber, basil.id).content === "对方已拒绝");
    assert.equal(amber.im.rtcManage.getInCallStatus(), false);
  });

  test("the past, page by page", async () => {
    const seen = [];
    for (let sid = 0, pages = 0; pages === 0 || Number(sid) !== 0; pages++) {
      assert.ok(pages < 20);
      const more = () => basil.im.sysManage.requireHistoryMessage(amber.id, sid, 2);
      await told(more, ["", "onReceiveHistoryMsg"]);
      const messages = basil.heard.filter(([event, it]) => event === "onRosterMessage" && it.isHistory);
      seen.unshift(...messages.map(([, { id }]) => id));
      ({ next: sid } = basil.heard.at(-1)[1]);
    }
    assert.ok(seen.length > 3);
    assert.deepEqual(seen, [...new Set(seen)].sort());
  });

  test("a group is made, its members are named, one is banned", async () => {
    const create = () => amber.im.groupManage.asyncCreate({ name: "New", user_list: [basil.id] });
    const made = await told(create, ["onGroupCreated", "onGroupJoined"]);
    const { group_id } = made.answer;
    assert.equal(typeof group_id, "number");
    assert.ok((await basil.im.groupManage.asyncGetJoinedGroups(true)).includes(group_id));
    const members = await amber.im.groupManage.asyncGetGroupMembers(group_id);
    assert.deepEqual(members.sort(), [amber.id, basil.id].sort());
    await until("names", () =>
      amber.im.groupManage.getGroupMembers(group_id).every(({ display_name: name }) => /\D/.test(name)),
    );
    const ban = () => amber.im.groupManage.asyncGroupBab({ group_id, user_list: [basil.id], duration: 5 });
    await told(ban, ["onGroupBaned", "onGroupBaned"]);
    assert.deepEqual(basil.heard.find(([event]) => event === "onGroupBaned")[1], {
      groupId: group_id,
      toUids: [basil.id],
      content: "5",
    });
    await assert.rejects(amber.im.groupManage.asyncLeave({ group_id: 12345 }), { code: 20001, url: "groupLeave" });
  });

  test("a conversation is removed on all devices, and all browsers are logged out", async () => {
    const other = await page("amber");
    amber.heard.length = 0;
    amber.im.sysManage.deleteConversation(basil.id);
    const deleted =
      (source) =>
      ({ category, desc }) =>
        category === "conversation_deleted" && desc.source === source;
    await until("the removal here", () => amber.has("flooNotice", deleted("user_operation")));
    await until("the removal there", () => other.has("flooNotice", deleted("other_operation")));
    let reloads = 0;
    const third = await page("amber", { reload: () => reloads++ });
    third.im.kickAllWeb();
    await until("the end of the others", () =>
      other.has("flooNotice", ({ desc }) => desc === "KICKED_BY_OTHER_DEVICE"),
    );
    await until("the reload", () => reloads === 1);
    assert.equal(third.im.isLogin(), false);
  });
});
