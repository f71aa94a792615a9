// Search, language, profile, the report of the phone and the ways out, in the mini-program demo.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before } from "node:test";
import { agree, amberAndBasil, back, onPage, openChat, openTab, row, send, shown, signIn } from "./lib/chat.mjs";
import { healthyTest, repository, Stage } from "./lib/stage.mjs";

const stage = new Stage();
let emulator;
let amber;
let basil;

before(async () => {
  ({ emulator, amber, basil } = await amberAndBasil(stage));
});
after(() => stage.end());

const settingsTest = (name, body) => healthyTest(name, () => ({ amber, basil }), body);

const titleIs = (phone, wanted) => phone.until(`the title ${wanted}`, async () => wanted.test(await phone.title()));

settingsTest("messages of all conversations are found; a hit opens the chat at its place", async () => {
  await openChat(basil, "amber");
  await send(basil, "西湖边的桂花开了");
  await shown(basil, "西湖边的桂花开了", "sent");
  await basil.driver.executeAsyncScript(`
    const done = arguments[0];
    const { conversation } = __mp.pages.top.page;
    (async () => { for (let i = 1; i <= 60; i++) await conversation.send({ text: "later " + i }); })().then(() => done(), (e) => done(e.message));
  `);
  await back(basil);
  await openChat(basil, "team");
  const long = `${"昨天说的".repeat(30)}桂花糕也做好了`;
  await send(basil, long);
  await shown(basil, long, "sent");
  await amber.until("all of it", async () => (await row(amber, "basil")).note === "later 60");
  await amber.until("the other one", async () => (await row(amber, "team")).note.includes("昨天说的"));
  await amber.tap("search");
  await amber.type("search-input", "no such words");
  await amber.one("no-hits");
  await amber.type("search-input", "桂花");
  const hits = await amber.until("both hits", async () => {
    const rows = await amber.run("return __mp.pages.top.page.data.rows");
    return rows.length === 2 && rows;
  });
  assert.deepEqual(hits.map(({ name }) => name).sort(), ["Basil Okafor", "Team"]);
  assert.equal(hits.find(({ name }) => name === "Team").note, "Basil Okafor: …昨天说的昨天说的桂花糕也做好了");
  await amber.tapRow("hit", hits.find(({ name }) => name !== "Team").id);
  await shown(amber, "西湖边的桂花开了");
  await amber.until("the message in sight", () =>
    amber.run(`const text = [...document.querySelectorAll("[class*=message-text]")].find((e) => e.textContent.includes("西湖边"));
      const view = [...document.querySelectorAll("wx-scroll-view")].at(-1).getBoundingClientRect();
      const { top, bottom } = text.getBoundingClientRect();
      return top >= view.top && bottom <= view.bottom;`),
  );
  await amber.tap("new-messages");
  await shown(amber, "later 60");
  await back(amber, "search");
  await back(amber);
});

settingsTest("a draft waits in the list and comes back with the chat", async () => {
  await openChat(amber, "basil");
  await amber.type("composer", "还没写完");
  await back(amber);
  await amber.until("the draft", async () => (await row(amber, "basil")).mention === "[Draft]");
  assert.equal((await row(amber, "basil")).note, "还没写完");
  await openChat(amber, "basil");
  await amber.until("the draft in the line", () => amber.run("return __mp.pages.top.page.data.draft === '还没写完'"));
  await amber.tap("send");
  await shown(amber, "还没写完", "sent");
  await back(amber);
  await amber.until("the draft to go", async () => (await row(amber, "basil")).mention === "");
});

settingsTest("the language is switched, remembered, and follows the phone again", async () => {
  await openTab(amber, "me");
  await amber.tap("open-settings");
  await amber.tap("language");
  await amber.choose("中文");
  await onPage(amber, "me");
  await titleIs(amber, /^我$/);
  await amber.waitText("connection", "在线");
  assert.deepEqual(await amber.texts("tab-label"), ["聊天", "通讯录", "我"]);
  await amber.open({ profile: "ios" });
  await titleIs(amber, /^聊天/);
  await amber.until("the action in Chinese", async () => {
    const [first] = await amber.all("conversation");
    return first !== undefined;
  });
  await openChat(amber, "basil");
  await send(amber, "中文菜单");
  await shown(amber, "中文菜单", "sent");
  await amber.tap("talk");
  await amber.waitText("talk-hold", "按住 说话");
  await back(amber);
  await openTab(amber, "me");
  await amber.tap("open-settings");
  await amber.tap("language");
  await amber.choose("跟随系统");
  await titleIs(amber, /^Me$/);
  await amber.open({ profile: "ios", language: "zh_TW" });
  await titleIs(amber, /^聊天/);
  await amber.open({ profile: "ios", language: "fr" });
  await titleIs(amber, /^Chats/);
});

settingsTest("a phone without space keeps its language, and says so", async () => {
  await openTab(amber, "me");
  await amber.tap("open-settings");
  const before = await amber.run(
    "const { limits } = __mp; const it = limits.storageTotal; limits.storageTotal = 1; return it",
  );
  await amber.tap("language");
  await amber.choose("中文");
  await amber.toast(/storage limit/);
  assert.equal(await amber.title(), "Settings");
  await amber.run("__mp.limits.storageTotal = arguments[0]", before);
  await back(amber, "me");
  await openTab(amber, "conversations");
});

settingsTest("two taps open one page; where ten are open the next takes the place of the last", async () => {
  const { basil: id } = await emulator.ids();
  const depth = () => amber.run("return __mp.pages.stack.length");
  await openTab(amber, "me");
  await amber.tapTwice("open-settings");
  await onPage(amber, "settings");
  assert.equal(await depth(), 2);
  await amber.driver.executeAsyncScript(
    `const [url, done] = arguments; const { wx } = document.querySelector("iframe").contentWindow;
     (async () => { while (__mp.pages.stack.length < 10) await wx.navigateTo({ url }); })().then(done, done);`,
    `/pages/contact/contact?id=${id}`,
  );
  await amber.tap("person-search");
  await onPage(amber, "search");
  assert.equal(await depth(), 10);
  await amber.run(
    'document.querySelector("iframe").contentWindow.wx.switchTab({ url: "/pages/conversations/conversations" })',
  );
  await onPage(amber, "conversations");
});

settingsTest("what WeChat or the user does not allow is said, with the way to where it is changed", async () => {
  await openTab(amber, "me");
  await amber.tap("my-card");
  for (const [why, text, place] of [
    ["auth deny", /^You did not allow this/, "openSetting"],
    ["fail:system permission denied", /^WeChat itself may not/, "openAppAuthorizeSetting"],
    ["privacy permission is not authorized", /consent to the privacy guide/, "openPrivacyContract"],
    ["api scope is not declared in the privacy agreement", /does not name this/, null],
  ]) {
    await amber.run("__mp.refuse('chooseMedia', arguments[0])", why);
    await amber.tap("profile-avatar");
    await amber.dialog(text);
    if (place === null) continue;
    await amber.until(`${place} to be shown and closed`, async () => {
      await (await amber.driver.findElement({ css: `.mp-${place}` })).click();
      return true;
    });
  }
  await amber.run("__mp.refuse('chooseMedia', '')");
  await back(amber, "me");
  await openTab(amber, "conversations");
});

settingsTest("name and picture are changed, and others see them", async () => {
  await openTab(amber, "me");
  await amber.tap("my-card");
  await amber.tap("profile-name");
  await agree(amber, "林琥珀");
  await amber.until("the name", () => amber.run("return __mp.pages.top.page.data.profile.nickName === '林琥珀'"));
  await amber.tap("profile-avatar");
  await amber.pick();
  await amber.tap("profile-avatar");
  await amber.pick(path.join(repository, "docs/demo-web-phone.png"));
  await amber.until("the picture", () => amber.run("return __mp.pages.top.page.data.profile.avatar !== ''"));
  await back(amber, "me");
  await amber.waitText("my-name", "林琥珀");
  const { amber: id } = await emulator.ids();
  await back(basil);
  await basil.tapRow("conversation", `user:${id}`);
  await basil.tap("chat-info");
  await basil.waitText("person-name", "林琥珀");
  await basil.until("the picture", () =>
    basil.run(
      `return [...document.querySelectorAll("[class*=avatar] wx-image")].some((e) => e.style.backgroundImage.includes("blob:"))`,
    ),
  );
  await back(basil, "chat");
  await back(basil);
});

settingsTest("the report of the phone names what there is, and is copied", async () => {
  await amber.tap("open-report");
  const lines = await amber.until("the report", async () => {
    const found = await amber.run("return __mp.pages.top.page.data.lines");
    return found.length > 0 && Object.fromEntries(found.map(({ label, value }) => [label, value]));
  });
  assert.equal(lines.WXWebAssembly, "yes");
  assert.equal(lines.TextEncoder, "no");
  assert.equal(lines["wx.connectSocket"], "yes");
  assert.equal(lines["Random numbers"], "yes");
  assert.equal(lines["Base library"], "3.7.0");
  assert.equal(lines["Messages are kept in"], "host");
  assert.match(lines["Storage of the app"], /^\d+ KB of 10\.0 MB$/);
  await amber.tap("report-copy");
  await amber.toast(/已复制/);
  await back(amber, "me");
});

settingsTest("logging out keeps what is on the phone, or erases it", async () => {
  // A draft is nowhere but on the phone.
  const draft = async () => (await row(basil, "amber"))?.mention ?? (await row(basil, "林"))?.mention;
  const leave = async (label) => {
    await openTab(basil, "me");
    await basil.tap("open-settings");
    await basil.waitText("storage-used", /\d+ KB of 10\.0 MB/);
    await basil.tap("log-out");
    await basil.choose(label);
  };
  await openChat(basil, "林");
  await basil.type("composer", "only here");
  await back(basil);
  await basil.until("the draft", async () => (await draft()) === "[Draft]");
  await leave("Log out, keep the messages");
  await basil.one("signin-submit");
  await signIn(basil, emulator.dns, "basil", "ios");
  await basil.until("the draft", async () => (await draft()) === "[Draft]");
  await leave("Log out and erase the messages");
  await agree(basil);
  await basil.one("signin-submit");
  const left = await basil.driver.executeAsyncScript(`const done = arguments[0];
    const opening = indexedDB.open("miniprogram-host/touristappid");
    opening.onsuccess = () => {
      const reading = opening.result.transaction("entries").objectStore("entries").getAll();
      reading.onsuccess = () => done(reading.result.join("").length);
    };`);
  assert.ok(left < 2000, `${left} characters are left in the storage`);
  await signIn(basil, emulator.dns, "basil", "ios");
  await basil.until("the conversation without it", async () => (await draft()) === "");
});
