// A vanilla page that uses only what the former SDK's documentation names, through the script tag, in each engine; and
// a page that comes from floo-web 3.0.19.
import assert from "node:assert/strict";
import path from "node:path";
import { after } from "node:test";
import { profile } from "../js/profile-3.0.19.mjs";
import { ApiPage } from "../lib/api-page.mjs";
import { at, built } from "../lib/paths.mjs";
import { Stage, scenario } from "../lib/stage.mjs";

const mounts = () => ({
  "/": at("tests", "e2e", "pages"),
  "/npm/": path.dirname(built("npm", "floo-compat.global.js")),
});
const open = (driver, url) => new ApiPage(driver, url, "compat.html").open();

for (const engine of ["chromium", "firefox", "webkit"]) {
  const stage = new Stage();
  after(() => stage.end());

  scenario(stage, `a page of the former SDK in ${engine}`, async () => {
    const emulator = await stage.emulator();
    const ids = await emulator.ids();
    const url = await stage.serve(mounts());
    const page = await open(await stage.browser(`page in ${engine}`, engine), url);
    // The other side has the same page, without a browser profile of its own to be in the way.
    const other = await open(await stage.browser("the other side"), url);
    const dnsServer = emulator.dns;
    await other.run(
      async (_, { dnsServer }) => {
        window
          .begin({ dnsServer, storage: "memory", autoLogin: false })
          .login({ name: "basil", password: "basil-demo" });
        await window.hear("loginSuccess");
      },
      { dnsServer },
    );

    // Register, log in, lists.
    const me = await page.run(
      async (_, { dnsServer }) => {
        const im = window.begin({ dnsServer });
        await window.wait("the core", () => im.isReady() && im.isAppInfoReady());
        await im.userManage.asyncRegister({ username: "dora", password: "dora-secret" });
        im.login({ name: "dora", password: "dora-secret" });
        await window.hear("loginSuccess");
        const ready = await window.hear("imRostersGroupslistReady");
        const uid = im.userManage.getUid();
        if (!ready.rosters.includes(uid)) throw new Error("the own id is missing in the list");
        const lists = [
          await im.rosterManage.asyncGetRosterIdList(true),
          await im.groupManage.asyncGetJoinedGroups(true),
          im.userManage.getConversationList(),
        ];
        return {
          lists,
          uid,
          token: typeof im.userManage.getToken(),
          serial: im.userManage.getDeviceSN(),
          login: im.isLogin(),
        };
      },
      { dnsServer },
    );
    assert.deepEqual([typeof me.uid, me.token, me.login], ["number", "string", true]);
    assert.ok(me.serial > 0);
    assert.deepEqual(me.lists, [[], [], []]);

    // Send text and a file.
    const sent = await page.run(
      async (_, { basil }) => {
        const im = window.im;
        const accepted = (mid) =>
          window.hear("onSendingMessageStatusChanged", (it) => it.mid === mid && it.status === "sent");
        const send = (more) => im.sysManage.sendRosterMessage(Object.assign({ uid: basil }, more));
        const text = (await accepted(send({ content: "hello 你好", ext: '{"a":1}' }))).message;
        const file = new File(["0123456789"], "plan.txt", { type: "text/plain" });
        const upload = { file, toType: "chat", fileType: "file", chatType: "roster", to_id: basil };
        const { url } = await im.sysManage.asyncFileUpload(upload);
        const attachment = { dName: "plan.txt", fLen: 10, url };
        const message = (await accepted(send({ type: "file", content: "", attachment }))).message;
        const chat = im.rosterManage.getRosterMessageByRid(basil).map((it) => it.id);
        return { text: text.id, file: message.id, chat };
      },
      { basil: Number(ids.basil) },
    );
    assert.deepEqual(sent.chat.slice(-2), [sent.text, sent.file]);

    // Receive, and answer; the file comes whole.
    const got = await other.run(
      async (_, { text, file, uid }) => {
        const first = await window.hear("onRosterMessage", (it) => it.id === text);
        const second = await window.hear("onRosterMessage", (it) => it.id === file);
        const answer = await fetch(window.im.sysManage.getChatFile({ url: second.attach.url }));
        window.im.sysManage.sendRosterMessage({ uid, content: "an answer" });
        return { content: first.content, ext: first.ext, name: second.attach.dName, body: await answer.text() };
      },
      { ...sent, uid: me.uid },
    );
    assert.deepEqual(got, { content: "hello 你好", ext: '{"a":1}', name: "plan.txt", body: "0123456789" });

    // A frame of the page's own.
    await other.run(
      async (_, { uid, basil }) => {
        const payload = { "@type": "MessageBody", type: 2, content: "by hand", ctype: 0 };
        const [from, to] = [{ uid: basil }, { uid }];
        const meta = { id: String(Date.now() * 1000), from, to, timestamp: String(Date.now()), ns: 1, payload };
        window.im.sysManage.sendMessage({ command: 1, payload: { "@type": "SyncUL", meta } });
      },
      { uid: me.uid, basil: Number(ids.basil) },
    );
    await page.run(async () => void (await window.hear("onRosterMessage", (it) => it.content === "by hand")));

    // Unread count, append, recall, history.
    const told = await page.run(
      async (_, { basil, text, file }) => {
        const { rosterManage, sysManage, userManage } = window.im;
        await window.hear("onRosterMessage", (it) => it.content === "an answer");
        await window.wait("both unread", () => rosterManage.getUnreadCount(basil) === 2);
        rosterManage.readRosterMessage(basil);
        await window.wait("nothing unread", () => rosterManage.getUnreadCount(basil) === 0);
        rosterManage.appendMessageContent(basil, text, ", again");
        await window.hear("onRosterMessageContentAppend", (it) => it.id === text && it.content.endsWith(", again"));
        rosterManage.recallMessage(basil, file);
        await window.hear("onMessageRecalled", (it) => it.mid === file);
        window.heard.length = 0;
        sysManage.requireHistoryMessage(basil, 0, 10);
        const { next } = await window.hear("onReceiveHistoryMsg");
        const history = window.heard.filter(([event, it]) => event === "onRosterMessage" && it.isHistory);
        const recent = userManage.getConversationList().find((it) => it.id === basil);
        return { contents: history.map(([, it]) => it.content), next: String(next), recent: recent.content };
      },
      { basil: Number(ids.basil), ...sent },
    );
    assert.deepEqual(told, { contents: ["hello 你好, again", "an answer", "by hand"], next: "0", recent: "by hand" });
    await other.run(
      async (_, { text, file }) => {
        await window.hear("onRosterMessageContentAppend", (it) => it.id === text);
        await window.hear("onMessageRecalled", (it) => it.mid === file);
      },
      { ...sent },
    );

    // A group: made, joined by invitation, spoken in, left by force.
    const gid = await page.run(
      async (_, { basil }) => {
        const { groupManage } = window.im;
        const { group_id } = await groupManage.asyncCreate({ name: "Old friends", type: 0 });
        await groupManage.asyncInvite({ group_id, user_list: [basil], reason: "come" });
        return group_id;
      },
      { basil: Number(ids.basil) },
    );
    await other.run(
      async (_, { gid }) => {
        const { groupManage, sysManage } = window.im;
        await window.wait("the group", async () => (await groupManage.asyncGetJoinedGroups(true)).includes(gid));
        sysManage.sendGroupMessage({ gid, content: "in the group" });
      },
      { gid },
    );
    const settings = await page.run(
      async (_, { gid, basil, uid }) => {
        const { groupManage, userManage } = window.im;
        await window.hear("onGroupMessage", (it) => it.content === "in the group" && it.to === String(gid));
        await groupManage.asyncKick({ group_id: gid, user_list: [basil] });
        const left = (await groupManage.asyncGetGroupMembers(gid)).map(String);
        const groups = await groupManage.asyncGetJoinedGroups(true);
        const recents = userManage.getConversationList().map((it) => it.id);
        await userManage.asyncUpdateSettings({ user_id: uid, no_sounds: true });
        return { left, groups, recents, quiet: (await userManage.asyncGetSettings()).no_sounds };
      },
      { gid, basil: Number(ids.basil), uid: me.uid },
    );
    assert.deepEqual(settings, {
      left: [String(me.uid)],
      groups: [gid],
      recents: [gid, Number(ids.basil)],
      quiet: true,
    });
    await other.run(async () => void (await window.hear("onGroupKicked")));

    // A reload keeps the login, and what is sent before it is through; a logout does not.
    await page.open();
    const again = await page.run(
      async (_, { dnsServer, basil }) => {
        const im = window.begin({ dnsServer });
        const mid = im.sysManage.sendRosterMessage({ uid: basil, content: "at once" });
        await window.hear("loginSuccess");
        await window.hear("onSendingMessageStatusChanged", (it) => it.mid === mid && it.status === "sent");
        const before = {
          uid: im.userManage.getUid(),
          last: im.rosterManage.getRosterMessageByRid(basil).at(-1).content,
        };
        im.logout({ linkLogin: true });
        await window.hear("logout");
        await window.wait("the end of the session", () => !im.isLogin() && im.userManage.getToken() === undefined);
        return before;
      },
      { dnsServer, basil: Number(ids.basil) },
    );
    assert.deepEqual(again, { uid: me.uid, last: "at once" });
    await other.run(async () => void (await window.hear("onRosterMessage", (it) => it.content === "at once")));
    await page.open();
    const out = await page.run(
      async (_, { dnsServer }) => {
        const im = window.begin({ dnsServer });
        await window.wait("the core", () => im.isReady() && im.isAppInfoReady());
        return im.isLogin();
      },
      { dnsServer },
    );
    assert.equal(out, false);
    await stage.end();
  });
}

const stage = new Stage();
after(() => stage.end());

scenario(stage, "a page that was logged in with floo-web 3.0.19 stays so, with its messages, once", async () => {
  const emulator = await stage.emulator();
  const ids = await emulator.ids();
  const page = await open(await stage.browser("page"), await stage.serve(mounts()));
  const { amber: me, basil: peer, Team: group } = ids;
  // A token as that version got it, over HTTP.
  const token = await page.run(
    async (_, { dnsServer, me }) => {
      const im = window.begin({ dnsServer, storage: "memory", autoLogin: false });
      await window.wait("the core", () => im.isReady() && im.isAppInfoReady());
      return (await im.userManage.asyncTokenId({ user_id: Number(me), password: "amber-demo" })).token;
    },
    { dnsServer: emulator.dns, me },
  );
  const old = profile({ appid: "floo-demo", me, token, peer, group, first: "1000000000000000" });
  await page.run(async (_, old) => {
    for (const [key, value] of Object.entries(old)) localStorage.setItem(key, value);
  }, old);

  const look = async () => {
    await page.open();
    return page.run(
      async (_, { dnsServer, peer }) => {
        const im = window.begin({ dnsServer });
        await window.hear("loginSuccess");
        const contents = im.rosterManage.getRosterMessageByRid(peer).map((it) => it.content);
        return {
          uid: String(im.userManage.getUid()),
          contents: contents.slice(0, 5),
          draft: im.sysManage.getConversationDraft(Number(peer), "roster"),
          told: window.heard.filter(([, it]) => it && it.content === "an old one").length,
          left: Object.fromEntries(Object.entries(localStorage)),
        };
      },
      { dnsServer: emulator.dns, peer: Number(peer) },
    );
  };
  for (const turn of ["first", "second"]) {
    const seen = await look();
    assert.deepEqual(
      [seen.uid, seen.contents, seen.draft, seen.told],
      [me, ["an old one", "an answer", "", "edited", "not read yet"], "half a th", 0],
      turn,
    );
    for (const [key, value] of Object.entries(old)) assert.equal(seen.left[key], value, `${turn}: ${key}`);
  }
});
