// Every method of the typed client that asks the cloud does what it says, seen from the cloud or from another client;
// and all of them together use every endpoint that the SDK calls at all.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { startEmulator } from "../lib/emulator.mjs";
import { nodeClient } from "../lib/node-client.mjs";
import { at } from "../lib/paths.mjs";
import { until } from "../lib/until.mjs";

/** Endpoints that only the session itself, the transfer of files or the older names of others use. */
const ELSEWHERE = {
  tokenUser: "login",
  tokenId: "login",
  tokenLogin: "login takes names and numbers apart",
  userRegisterAnonymous: "login as a visitor",
  fileUploadAvatarUrl: "tests/e2e/files.test.mjs",
  fileUploadGroupAvatarUrl: "tests/e2e/files.test.mjs",
  fileUploadChatFileUrl: "tests/e2e/files.test.mjs",
  fileForward: "tests/e2e/files.test.mjs",
  groupFileupload: "files.share: tests/e2e/files.test.mjs",
  userBindMobile: "the same as userMobileBind",
  userUpdateMobile: "older than userChangeMobile",
  userNickname: "account.updateProfile",
  userAuthmode: "account.updateSettings",
  wxbind: "older than wechatBind",
  qrcodeGroupsign: "the same as groupQrSign",
  qrcodeGroupinvite: "the same as groupQrInvite",
};

let emulator;
let ids;
const clients = {};
const used = new Set();

const all = async (pages) => {
  const list = [];
  for await (const page of pages) list.push(...page);
  return list;
};
const desk = async (kind, name = "") => {
  const { data } = await (await fetch(`${emulator.url}/admin/api/desk`)).json();
  return data.find((it) => it.kind === kind && it.name.includes(name));
};

async function enter(name, credentials = { username: name, password: `${name}-demo` }) {
  const client = nodeClient({ appId: "floo-demo", servers: { dns: emulator.dns }, logger: () => {} });
  clients[name] = client;
  client.on("log", ({ text }) => {
    const [, endpoint] = /^(\w+) -> /.exec(text) ?? [];
    if (endpoint) used.add(endpoint);
  });
  if (credentials) await client.login(credentials);
  return client;
}

before(async () => {
  emulator = await startEmulator();
  ids = await emulator.ids();
  for (const name of ["amber", "basil", "clover"]) await enter(name);
});
after(async () => {
  for (const client of Object.values(clients)) await client.close();
  await emulator.stop();
});

test("contacts are found, asked, answered, named, muted, blocked and removed", async () => {
  const { amber, basil } = clients;
  await amber.account.register({ username: "dora", password: "dora-demo" });
  const dora = await enter("dora");
  const id = dora.session.userId;
  await dora.account.updateSettings({ authMode: 1 });

  assert.equal((await amber.roster.fetch(id)).username, "dora");
  assert.equal((await amber.roster.fetchByName("dora")).userId, id);
  await dora.account.setMobile("13900000001");
  assert.equal((await amber.roster.fetchByMobile("13900000001")).userId, id);
  assert.deepEqual((await amber.roster.fetchMany([id, ids.basil, "1"])).map((it) => it.username).sort(), [
    "basil",
    "dora",
  ]);
  const many = Array.from({ length: 250 }, (_, i) => String(10_000 + i));
  assert.deepEqual(
    (await amber.roster.fetchMany([...many, id])).map((it) => it.userId),
    [id],
    "in batches",
  );

  const asked = once(dora, "notice", (it) => it.type === "applied");
  await amber.roster.apply(id, { reason: "hello", alias: "D" });
  assert.equal((await asked).from, ids.amber);
  assert.deepEqual(
    (await all(dora.roster.applications({ pageSize: 1 }))).map((it) => [it.userId, it.reason]),
    [[ids.amber, "hello"]],
  );
  await dora.roster.decline(ids.amber, { reason: "no" });
  await amber.roster.applyMany([{ user: id, reason: "again" }]);
  await dora.roster.accept(ids.amber);
  await until("amber's list to have dora", async () => (await amber.roster.list()).some((user) => user.id === id));
  assert.ok((await all(amber.roster.ids({ pageSize: 1 }))).includes(id));

  await amber.roster.setAlias(id, "Dora D.");
  await amber.roster.setExt(id, "kept");
  await amber.roster.setMuted(id, true);
  const item = await amber.roster.fetch(id);
  assert.deepEqual([item.alias, item.ext, item.muteNotification, item.relation], ["Dora D.", "kept", true, 0]);
  await until("the card to have the alias", () => amber.roster.get(id)?.alias === "Dora D.");

  assert.equal(await basil.roster.mayMessage(ids.amber), true);
  await basil.roster.block(ids.clover);
  assert.deepEqual(await basil.roster.blocked(), [ids.clover]);
  assert.equal(await clients.clover.roster.mayMessage(ids.basil), false);
  await basil.roster.unblock(ids.clover);
  assert.deepEqual(await basil.roster.blocked(), []);

  await amber.roster.remove(id);
  assert.ok(!(await amber.roster.list()).some((user) => user.id === id));
});

test("groups are made, described, joined, managed and ended", async () => {
  const { amber, basil, clover, dora } = clients;
  const { groupId } = await amber.groups.create({
    name: "Walks",
    description: "on foot",
    type: 1,
    members: [ids.basil],
  });
  const mine = amber.group(groupId);
  const his = basil.group(groupId);
  assert.ok((await amber.groups.ids()).includes(groupId));
  assert.ok((await clover.groups.publicIds()).includes(groupId));
  assert.deepEqual(
    (await amber.groups.fetchMany([groupId])).map((it) => it.name),
    ["Walks"],
  );
  await until("basil's list to have it", async () => (await basil.groups.list()).some((group) => group.id === groupId));

  await mine.update({
    name: "Long walks",
    avatar: "http://a.example/1.png",
    description: "slowly",
    ext: "e",
    displayName: "boss",
    applyApproval: 1,
    memberInvite: false,
    memberModify: false,
    readAck: true,
    historyVisible: false,
    hideMemberInfo: false,
    msgMuteMode: 1,
    msgPushMode: 2,
    notDisturb: true,
  });
  const { name, description, ext, applyApproval, memberInvite, readAck, historyVisible, msgMuteMode, msgPushMode } =
    await mine.info();
  assert.deepEqual(
    { name, description, ext, applyApproval, memberInvite, readAck, historyVisible, msgMuteMode, msgPushMode },
    {
      name: "Long walks",
      description: "slowly",
      ext: "e",
      applyApproval: 1,
      memberInvite: false,
      readAck: true,
      historyVisible: false,
      msgMuteMode: 1,
      msgPushMode: 2,
    },
  );
  assert.equal((await mine.settings()).readAck, true);
  await assert.rejects(mine.update({ nme: "x" }), { code: "ArgumentInvalid" });
  await assert.rejects(his.update({ name: "mine" }), { domain: "http" });

  await clover.group(groupId).apply({ reason: "me too" });
  const [application] = await all(amber.groups.applications([groupId]));
  assert.deepEqual([application.applicantId, application.reason], [ids.clover, "me too"]);
  await mine.declineApplication(ids.clover, { reason: "later" });
  await clover.group(groupId).apply({});
  await mine.acceptApplication(ids.clover);
  const members = await all(mine.members({ pageSize: 1 }));
  assert.deepEqual(
    members.map((it) => it.userId),
    [ids.amber, ids.basil, ids.clover],
  );
  assert.deepEqual(
    (await mine.membersById([ids.amber])).map((it) => it.displayName),
    ["boss"],
  );

  await dora.account.updateSettings({ groupConfirm: true });
  const doraId = dora.session.userId;
  await mine.invite([doraId], { reason: "come" });
  const [invitation] = await all(dora.groups.invitations());
  assert.deepEqual([invitation.groupId, invitation.inviterId], [groupId, ids.amber]);
  await dora.group(groupId).declineInvitation(ids.amber);
  await mine.invite([doraId]);
  await dora.group(groupId).acceptInvitation(ids.amber);
  assert.equal((await mine.info()).count, 4);

  assert.deepEqual(
    (await mine.addAdmins([ids.basil])).map((it) => it.result),
    ["success"],
  );
  assert.ok((await mine.admins()).some((it) => it.userId === ids.basil));
  await his.mute([ids.clover], 5);
  assert.deepEqual(
    (await all(mine.muted())).map((it) => it.userId),
    [ids.clover],
  );
  await assert.rejects(clover.conversation({ group: groupId }).send({ text: "may I?" }), { domain: "frame" });
  await mine.unmute([ids.clover]);
  await mine.muteAll(5);
  await assert.rejects(clover.conversation({ group: groupId }).send({ text: "may we?" }), { domain: "frame" });
  await mine.unmuteAll();
  assert.equal((await clover.conversation({ group: groupId }).send({ text: "thanks" })).status, "sent");
  await mine.removeAdmins([ids.basil]);

  await mine.kick([ids.clover], { reason: "noise" });
  await until("clover's list to lose it", async () => !(await clover.groups.list()).some((it) => it.id === groupId));
  await mine.block([doraId]);
  assert.deepEqual(
    (await all(mine.blocked())).map((it) => it.userId),
    [doraId],
  );
  await mine.unblock([doraId]);
  assert.deepEqual(await all(mine.blocked()), []);

  const first = await mine.announce({ title: "Sunday", content: "at nine" });
  assert.equal((await his.latestAnnouncement()).title, "Sunday");
  assert.equal((await his.announcement(first.id)).content, "at nine");
  assert.equal((await his.announcements()).length, 1);
  await mine.deleteAnnouncement(first.id);
  assert.deepEqual(await his.announcements(), []);

  const { fileId } = await amber
    .api("groupFileupload", { group_id: groupId, name: "map", size: 3, url: "http://a.example/f?x=1" })
    .then((it) => ({ fileId: it.file_id }));
  await mine.renameFile(fileId, "big map");
  assert.equal((await his.file(fileId)).name, "big map");
  assert.equal((await his.files()).length, 1);
  await mine.deleteFiles([fileId]);
  assert.deepEqual(await his.files(), []);

  await until("the list to have the name", async () => (await amber.groups.find("LONG")).length === 1);
  assert.deepEqual(await amber.groups.find("nowhere"), []);
  await assert.rejects(amber.groups.find(" "), { code: "ArgumentInvalid" });
  assert.deepEqual(await mine.me(), { role: "owner", displayName: "boss" });
  assert.deepEqual(await his.me(), { role: "member", displayName: "" });
  await mine.addAdmins([ids.basil]);
  assert.equal((await his.me()).role, "admin");
  await assert.rejects(clover.group(groupId).me(), { message: /only for members/ });
  const asked = await amber.groups.create({ name: "Word", members: [doraId], reason: "with a word" });
  const word = (await all(dora.groups.invitations())).find((it) => it.groupId === asked.groupId);
  assert.equal(word.reason, "with a word");
  await assert.rejects(amber.groups.create({ name: "x", reason: "to nobody" }), { code: "ArgumentInvalid" });
  await amber.group(asked.groupId).destroy();

  await mine.update({ applyApproval: 0 });
  const { qrInfo } = await mine.qrCode();
  await clover.groups.joinByQrCode(qrInfo);
  await clover.group(groupId).leave();
  await mine.transfer(ids.basil);
  assert.equal((await mine.info()).ownerId, ids.basil);
  await his.destroy();
  await until("amber's list to lose it", async () => !(await amber.groups.list()).some((it) => it.id === groupId));
});

test("profile, settings, push, devices and pins are kept", async () => {
  const { amber } = clients;
  assert.equal(await amber.account.isNameFree("amber"), false);
  assert.equal(await amber.account.isNameFree("nobody-yet"), true);
  await amber.account.updateProfile({
    nickName: "Am",
    description: "d",
    publicInfo: "p",
    privateInfo: "s",
    avatar: "http://a.example/a.png",
  });
  const profile = await amber.account.profile();
  assert.deepEqual([profile.nickName, profile.publicInfo, profile.avatar], ["Am", "p", "http://a.example/a.png"]);
  await amber.account.updateSettings({ authMode: 2, authQuestion: "who?", noPushStartHour: 1 });
  const { push } = amber.account;
  await push.setEnabled(false);
  await push.setDetail(false);
  await push.setNickname("A.");
  await push.setSounds(false);
  await push.setVibration(false);
  await push.setQuietHours(22, 7);
  const settings = await amber.account.settings();
  const {
    authMode,
    authQuestion,
    noPush,
    noPushDetail,
    noSounds,
    vibratory,
    noPushStartHour,
    noPushEndHour,
    pushNickName,
  } = settings;
  assert.deepEqual(
    { authMode, authQuestion, noPush, noPushDetail, noSounds, vibratory, noPushStartHour, noPushEndHour, pushNickName },
    {
      authMode: 2,
      authQuestion: "who?",
      noPush: true,
      noPushDetail: true,
      noSounds: true,
      vibratory: false,
      noPushStartHour: 22,
      noPushEndHour: 7,
      pushNickName: "A.",
    },
  );
  await amber.account.updateSettings({ autoDownload: false });
  assert.equal((await amber.account.settings()).autoDownload, false);
  await push.setEnabled(true);
  assert.equal((await amber.account.settings()).noPush, false);
  await push.addTags(["a", "b", "名"]);
  await push.removeTags(["b"]);
  assert.deepEqual(await push.tags(), ["a", "名"]);
  await push.clearTags();
  assert.deepEqual(await push.tags(), []);
  await assert.rejects(push.addTags([""]), { code: "ArgumentInvalid" });
  await push.setAlias("am", { pushToken: "t" });
  await push.setBadge(3);
  await assert.rejects(push.setBadge(-1), { code: "ArgumentInvalid" });
  await push.bindDevice({ deviceSn: 1, token: "t", notifier: "n" });
  await push.unbindDevice(1);
  assert.equal(await amber.account.isOnline(), true);

  const second = await enter("second", { username: "amber", password: "amber-demo" });
  const third = await enter("third", { username: "amber", password: "amber-demo" });
  const devices = await amber.account.devices();
  assert.equal(devices.length, 3);
  const sns = devices.map((it) => it.deviceSn).sort((a, b) => a - b);
  await amber.account.kickDevice(sns[1]);
  await until("the second device to be out", () => second.state === "kicked");
  await amber.account.removeDevice(sns[2]);
  await until("the third device to be out", () => third.state === "kicked");
  assert.ok((await amber.account.devices()).length < 3);
  assert.equal(amber.state, "online");

  await amber.conversations.pin({ user: ids.basil });
  await amber.conversations.pin({ group: ids.Team });
  assert.deepEqual([...(await amber.conversations.pinned())].sort(), [ids.basil, ids.Team].sort());
  await amber.conversations.unpin({ user: ids.basil });
  assert.deepEqual(await amber.conversations.pinned(), [ids.Team]);
});

test("what is pinned or muted on one device is so on all others", async () => {
  const { amber, basil } = clients;
  await basil.conversation({ user: ids.amber }).send({ text: "hi" });
  await basil.conversation({ group: ids.Team }).send({ text: "hi all" });
  const here = async (client, id, marks) => {
    const row = () => client.conversations.snapshot.find((it) => it.key.id === id);
    const fits = () => row() && Object.entries(marks).every(([mark, value]) => row()?.[mark] === value);
    await until(`${id} to be ${JSON.stringify(marks)}`, fits);
  };
  const tablet = await enter("tablet", { username: "amber", password: "amber-demo" });
  await here(tablet, ids.basil, {});
  await amber.roster.setMuted(ids.basil, true);
  await amber.group(ids.Team).update({ msgMuteMode: 1 });
  await amber.conversations.pin({ group: ids.Team });
  await amber.conversations.pin({ user: ids.basil });
  for (const client of [amber, tablet]) {
    await here(client, ids.basil, { muted: true });
    await here(client, ids.Team, { muted: true });
  }
  await here(amber, ids.Team, { pinned: true });
  await here(amber, ids.basil, { pinned: true });
  // The cloud tells nobody of pins: the tablet learns of them with its next login.
  await tablet.logout();
  await tablet.login({ username: "amber", password: "amber-demo" });
  await here(tablet, ids.basil, { muted: true, pinned: true });
  await here(tablet, ids.Team, { muted: true, pinned: true });
  await tablet.conversation({ user: ids.basil }).setMuted(false);
  await tablet.group(ids.Team).update({ msgMuteMode: 0 });
  await tablet.conversation({ user: ids.basil }).setPinned(false);
  for (const client of [amber, tablet]) {
    await here(client, ids.basil, { muted: false });
    await here(client, ids.Team, { muted: false });
  }
  await here(tablet, ids.basil, { pinned: false });
  await tablet.conversations.unpin({ group: ids.Team });
  await here(tablet, ids.Team, { pinned: false });
});

test("a new device counts what it is sent; reading there tells authors and devices of the history too", async () => {
  const { amber, basil } = clients;
  const there = basil.conversation({ user: ids.amber });
  const sent = [];
  for (let i = 0; i < 30; i += 1) sent.push(await there.send({ text: `many ${i}` }));
  const phone = await enter("phone", { username: "amber", password: "amber-demo" });
  const row = (client) => client.conversations.snapshot.find((it) => it.key.id === ids.basil);
  await until("the last messages", () => row(phone)?.unread === 20);
  await until("all messages", () => row(amber)?.unread >= 30);
  const chat = phone.conversation({ user: ids.basil });
  const texts = (list) => list.map((it) => it.text).filter((text) => text.startsWith("many "));
  assert.equal(texts(await all(chat.history())).length, 30);
  assert.equal(row(phone).unread, 20, "history does not count");
  await chat.markRead();
  await until("nothing is unread", () => row(phone).unread === 0 && row(amber).unread === 0);
  const read = async () => (await Promise.all(sent.map(({ id }) => there.message(id)))).every((it) => it?.read);
  await until("the author to hear of it", read);
});

test("what is removed from the account stays away from history, on all devices", async () => {
  const { phone, amber, basil } = clients;
  const chat = amber.conversation({ user: ids.basil });
  const past = async (client) => all(client.conversation({ user: ids.basil }).history({ pageSize: 7 }));
  await chat.remove({ scope: "device" });
  assert.deepEqual(await chat.messages(), []);
  assert.ok((await past(amber)).length >= 30, "removed from this device: asked for, it comes back");
  const gone = phone.events("conversation:removed");
  await chat.remove();
  for await (const { conversation } of gone) if (conversation.id === ids.basil) break;
  await basil.conversation({ user: ids.amber }).send({ text: "afterwards" });
  for (const client of [amber, phone]) {
    await until("the next message", () => client.conversations.snapshot.some((it) => it.key.id === ids.basil));
    assert.deepEqual(
      (await past(client)).map((it) => it.text),
      ["afterwards"],
    );
  }
});

test("an account is made, proven by phone, gets other passwords, and ends", async () => {
  const { amber } = clients;
  const eve = await enter("eve", null);
  await eve.account.register({ username: "eve", password: "first" });
  await assert.rejects(eve.account.register({ username: "eve", password: "again" }), { code: "UserAlreadyExist" });
  await assert.rejects(eve.account.profile(), { code: "UserNotLogin" });
  await eve.login({ username: "eve", password: "first" });

  const again = async (password) => {
    await eve.logout();
    await eve.login({ username: "eve", password });
  };

  const mobile = "13800000001";
  const code = async (number) => {
    await eve.account.sendCode(number);
    return (await desk("sms", number)).code;
  };
  await eve.account.bindMobile({ mobile, captcha: await code(mobile) });
  assert.equal((await eve.account.profile()).mobile, mobile);
  const ticket = await amber.account.ticketByMobile({ mobile, captcha: await code(mobile) });
  assert.equal(ticket.username, "eve");
  const byPassword = await eve.account.verifyForMobile({ password: "first" });
  await eve.account.verifyForMobile({ mobile, captcha: await code(mobile) });
  await eve.account.changeMobile({ mobile: "13800000002", captcha: await code("13800000002"), sign: byPassword.sign });
  assert.equal((await eve.account.profile()).mobile, "13800000002");
  await eve.account.verifyByMobile({ mobile: "13800000002", captcha: await code("13800000002") });
  assert.match((await eve.account.verification()).mobile, /^138.*02$/);
  const unknown = await amber.account.ticketByMobile({ mobile: "13800000003", captcha: await code("13800000003") });
  await eve.account.bindMobile({ mobile: "13800000003", sign: unknown.sign });

  const image = await eve.account.captcha();
  const { answer } = await desk("captcha");
  await eve.account.sendCode("13800000004", { imageId: image, answer });
  assert.ok(await desk("sms", "13800000004"));

  await eve.account.changePassword({ old: "first", new: "second" });
  await again("second");
  const { sign } = await eve.account.verifyForPassword({ password: "second" });
  await eve.account.verifyForPassword({ mobile: "13800000003", captcha: await code("13800000003") });
  await eve.account.resetPassword({ password: "third", sign });
  await again("third");
  await eve.account.delete("third");
  await until("the session to be over", () => eve.state === "kicked" || eve.state === "idle");
  await assert.rejects(eve.login({ username: "eve", password: "third" }), { domain: "http" });
});

test("codes, secrets, WeChat and what the application is told", async () => {
  const { amber, basil } = clients;
  const { qrCode } = await amber.account.qrCode();
  assert.deepEqual(await amber.account.qrLogin(qrCode).then((it) => it.username ?? null), null);
  await emulator.admin("confirm", { code: qrCode, user: "basil" });
  const login = await amber.account.qrLogin(qrCode);
  assert.equal(login.username, "basil");

  const { code } = await amber.account.shareSecret("hush", 60);
  assert.equal((await basil.account.redeemSecret(code)).secretText, "hush");

  const { wechat } = amber.account;
  assert.equal(await wechat.isBound(), false);
  await wechat.bind("open-1", 1);
  assert.equal(await wechat.isBound(), true);
  assert.equal(await wechat.officialIsBound(), true);
  await wechat.unbind();
  assert.equal(await wechat.isBound(), false);
  const { qrcodeId } = await wechat.officialCode();
  await assert.rejects(wechat.officialStatus(qrcodeId), { code: "ServerNeedRetry", retriable: true });
  await emulator.admin("confirm", { code: qrcodeId, user: "basil" });
  const status = await wechat.officialStatus(qrcodeId);
  assert.equal((await wechat.officialLogin(status.code)).username, "basil");
  assert.ok((await wechat.login("nobody-knows")).openid);
  await assert.rejects(wechat.urlLink({ path: "p", query: "q" }), { code: "Unsupported" });

  assert.equal(typeof (await amber.app.config()).messageForwardMaxUserNum, "number");
  assert.ok((await amber.app.servers()).dnsList.length > 0);
  assert.ok(Array.isArray(await amber.app.supportStaff()));
  await assert.rejects(amber.app.parseLink("x", { server: emulator.url }), { domain: "http" });
});

test("bad arguments are refused by name before anything is asked", async () => {
  const { amber } = clients;
  const { roster, groups, account } = amber;
  for (const [call, field] of [
    [() => roster.fetch("x"), /user/],
    [() => roster.fetchMany(["1", {}]), /users\[1\]/],
    [() => roster.applyMany([{ user: 0 }]), /wishes\[0\]/],
    [() => groups.create(null), /group/],
    [() => groups.create({ name: "g", members: ["x"] }), /group\.members\[0\]/],
    [() => groups.create({ name: 1 }), /name/],
    [async () => amber.group("g"), /group/],
    [() => amber.group(1).kick("1"), /users/],
    [() => amber.group(1).mute([1], "5m"), /duration/],
    [() => account.push.setEnabled("yes"), /value/],
    [() => account.updateProfile({}), /changes/],
    [() => all(roster.applications({ pageSize: 0 })), /pageSize/],
  ]) {
    await assert.rejects(call(), (error) => error.code === "ArgumentInvalid" && field.test(error.message));
  }
});

test("all endpoints of the table were called by these methods, or belong elsewhere", async () => {
  const table = await readFile(at("src", "core", "services", "table.rs"), "utf8");
  const rows = [...table.matchAll(/^(\w+) (?:GET|POST)\+? (\w+) /gm)].filter(
    ([, , access]) => !/never|host/.test(access),
  );
  assert.ok(rows.length > 140);
  const missing = rows.map(([, name]) => name).filter((name) => !used.has(name) && !(name in ELSEWHERE));
  assert.deepEqual(missing, []);
});

/** The next payload of an event that passes the test. */
function once(client, event, test) {
  return new Promise((resolve) => {
    const stop = client.on(event, (payload) => {
      if (!test(payload)) return;
      stop();
      resolve(payload);
    });
  });
}
