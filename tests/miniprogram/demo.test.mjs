// The mini-program demo against the local cloud: the true SDK, its wasm through WXWebAssembly, sockets and storage of `wx`.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before } from "node:test";
import { startEmulator } from "../lib/emulator.mjs";
import { serve } from "./host/serve.mjs";
import { back, messages, online, openChat, openTab, row, send, shown, signIn, submit } from "./lib/chat.mjs";
import { phoneTest, quiet, Stage } from "./lib/stage.mjs";

const stage = new Stage();
let emulator;
let amber;
let basil;

before(async () => {
  emulator = await startEmulator({ data: path.join(stage.directory(), "cloud.sqlite") });
  stage.later(() => emulator.stop());
  const base = await stage.demo();
  amber = await stage.phone(base);
  basil = await stage.phone(base);
});
after(() => stage.end());

const demoTest = (name, body) => phoneTest(name, () => ({ amber, basil }), body);

demoTest("the sign-in page comes up on every device", async () => {
  for (const profile of ["devtools", "android", "ios"]) {
    await amber.open({ profile });
    await amber.one("quick-amber");
    assert.equal(await amber.title(), "Sign in");
    await quiet(amber);
  }
});

demoTest("what is wrong with a sign-in is said in words, and the next attempt works", async () => {
  await amber.open({ profile: "ios" });
  await amber.one("signin-submit");
  await amber.tap("signin-submit");
  await amber.waitText("signin-error", "Please enter your user name.");
  const gone = await serve(stage.directory());
  await gone.close();
  const wrong = [
    { dns: `${gone.url}/v2/app_dns`, username: "amber", password: "amber-demo" },
    { dns: "nonsense", username: "amber", password: "amber-demo" },
    { dns: emulator.dns, username: "nobody-at-all", password: "x" },
    { dns: emulator.dns, username: "amber", password: "not-hers" },
  ];
  const said = new Set();
  for (const attempt of wrong) {
    await submit(amber, attempt);
    said.add(await amber.waitText("signin-error", /[a-z]{3}/i));
    assert.ok(![...said].some((text) => text.includes("not-hers")), "no password in an error");
  }
  assert.equal(said.size, wrong.length, [...said].join(" | "));
  assert.ok(
    [...said].some((text) => text.includes("exist). Check the user name")),
    [...said].join(" | "),
  );
  await submit(amber, { dns: emulator.dns, username: "amber", password: "amber-demo" });
  await online(amber);
  await quiet(amber);
});

demoTest("conversations and contacts are listed with their names", async () => {
  await signIn(basil, emulator.dns, "basil", "android");
  for (const name of ["amber", "team"]) await basil.until(`${name} in the list`, () => row(basil, name));
  for (const name of ["basil", "team"]) await amber.until(`${name} in the list`, () => row(amber, name));
  assert.match(await amber.title(), /^Chats/);
});

demoTest("pages of the tab bar stay, and are reached by it only", async () => {
  const go = (name, url) =>
    amber.driver.executeAsyncScript(
      `const done = arguments[2];
       document.querySelector("iframe").contentWindow.wx[arguments[0]]({ url: arguments[1] }).then(() => done(""), (e) => done(e.errMsg));`,
      name,
      url,
    );
  assert.equal(await go("navigateTo", "/pages/me/me"), "navigateTo:fail can not navigateTo a tabbar page");
  assert.equal(await go("switchTab", "/pages/chat/chat"), "switchTab:fail can not switch to no-tabBar page");
  await openTab(amber, "contacts");
  await openTab(amber, "conversations");
  await openTab(amber, "contacts");
  assert.equal(await amber.run("return document.querySelectorAll('.mp-page').length"), 2);
  await openTab(amber, "conversations");
});

demoTest("two phones chat, in Chinese and with emoji, and unread messages are counted live", async () => {
  await openChat(amber, "basil");
  const before = (await row(basil, "amber"))?.unread ?? 0;
  await send(amber, "你好，罗勒！");
  await shown(amber, "你好，罗勒！", "sent");
  await basil.until("the unread badge", async () => (await row(basil, "amber"))?.unread === before + 1);
  assert.equal((await row(basil, "amber")).note, "你好，罗勒！");
  await openChat(basil, "amber");
  await shown(basil, "你好，罗勒！", "received");
  await send(basil, "👋🏽 hello 😀 👨‍👩‍👧");
  await shown(basil, "👋🏽 hello 😀 👨‍👩‍👧", "sent");
  await shown(amber, "👋🏽 hello 😀 👨‍👩‍👧", "received");
  await back(basil);
  await basil.until("the badge to go", async () => (await row(basil, "amber")).unread === 0);
  await quiet(amber);
  await quiet(basil);
});

demoTest("an empty text is not sent, one over the limit is refused and stays in the draft", async () => {
  const count = (await messages(amber)).length;
  await amber.type("composer", "   ");
  await amber.tap("send");
  const large = "x".repeat(70_000);
  await amber.run(
    "const f = [...document.querySelectorAll('textarea')].at(-1); f.focus(); f.select(); document.execCommand('insertText', false, arguments[0])",
    large,
  );
  await amber.tap("send");
  const toast = await amber.until("the refusal", async () =>
    amber.run("return document.querySelector('.mp-toast')?.textContent"),
  );
  assert.match(toast, /64 KiB/);
  await amber.until(
    "the draft to be back",
    async () => (await amber.run("return __mp.pages.top.page.data.draft")) === large,
  );
  assert.equal((await messages(amber)).length, count);
  await amber.type("composer", "");
  await send(amber, "after the large one");
  await shown(amber, "after the large one", "sent");
});

demoTest("older messages come page by page when the top is reached", async () => {
  await openChat(basil, "amber");
  await basil.driver.executeAsyncScript(`
    const done = arguments[0];
    const { conversation } = __mp.pages.top.page;
    (async () => { for (let i = 1; i <= 50; i++) await conversation.send({ text: "number " + i }); })().then(() => done(), (e) => done(e.message));
  `);
  await shown(amber, "number 50", "received");
  await back(amber);
  await amber.until("the row of basil", async () => (await row(amber, "basil")).note === "number 50");
  await openChat(amber, "basil");
  await shown(amber, "number 50");
  const early = await messages(amber);
  assert.ok(early.length < 50, `${early.length} messages shown at once`);
  await amber.until("the first message of all", async () => {
    await amber.run(
      "const v = [...document.querySelectorAll('wx-scroll-view')].at(-1); v.scrollTop = v.scrollTop === 0 ? 200 : 0",
    );
    return (
      (await messages(amber)).some((m) => m.text === "number 1") &&
      (await amber.run("return __mp.pages.top.page.data.complete"))
    );
  });
  const numbers = (await messages(amber))
    .map((m) => /^number (\d+)$/.exec(m.text)?.[1])
    .filter(Boolean)
    .map(Number);
  assert.deepEqual(
    numbers,
    Array.from({ length: 50 }, (_, i) => i + 1),
  );
  await quiet(amber);
});

demoTest("a suspended app is back online when it is shown, with what came meanwhile", async () => {
  for (const queuedFirst of [true, false]) {
    const text = `while away ${queuedFirst}`;
    await amber.run("__mp.suspend()");
    await send(basil, text);
    await shown(basil, text, "sent");
    assert.ok(!(await messages(amber)).some((m) => m.text === text));
    await amber.run("__mp.show({ queuedFirst: arguments[0] })", queuedFirst);
    await shown(amber, text, "received");
    await send(amber, `back again ${queuedFirst}`);
    await shown(basil, `back again ${queuedFirst}`, "received");
  }
  await quiet(amber);
});

demoTest("without a network a message waits, the banner says so, and it goes out afterwards", async () => {
  await amber.run("__mp.setNetwork('none')");
  await amber.waitText("banner", /Offline|Connecting/);
  await send(amber, "written offline");
  await shown(amber, "written offline", "sending");
  await amber.run("__mp.setNetwork('wifi')");
  await shown(amber, "written offline", "sent");
  await shown(basil, "written offline", "received");
  await amber.until("the banner to go", async () => (await amber.texts("banner")).every((text) => text === ""));
});

demoTest("a restart of the cloud loses nothing", async () => {
  await emulator.stop();
  await amber.waitText("banner", /Offline|Connecting/);
  await send(amber, "into the dark");
  await shown(amber, "into the dark", "sending");
  await emulator.start();
  await shown(amber, "into the dark", "sent");
  await shown(basil, "into the dark", "received");
  assert.equal((await messages(basil)).filter((m) => m.text === "into the dark").length, 1);
});

demoTest("a full storage is said, and what came meanwhile arrives once there is room", async () => {
  await amber.run("__mp.full = __mp.limits.storageTotal; __mp.limits.storageTotal = 100");
  await send(basil, "does it fit?");
  await amber.until("the complaint", async () =>
    /storage.*full/i.test(await amber.run("return document.querySelector('.mp-toast')?.textContent ?? ''")),
  );
  assert.ok(!(await messages(amber)).some((m) => m.text === "does it fit?"), "shown although it could not be kept");
  await amber.run("__mp.limits.storageTotal = __mp.full");
  await send(amber, "there is room");
  await shown(amber, "there is room", "sent");
  await shown(amber, "does it fit?", "received");
  assert.equal((await messages(amber)).filter((m) => m.text === "does it fit?").length, 1);
});

demoTest("started without the cloud, the app shows what the phone keeps", async () => {
  await emulator.stop();
  await amber.open({ profile: "ios" });
  await amber.until("basil in the list", () => row(amber, "basil"));
  assert.equal((await row(amber, "basil")).note, "there is room");
  await openChat(amber, "basil");
  await shown(amber, "into the dark", "sent");
  await shown(amber, "while away false", "received");
  await send(amber, "from the outbox");
  await shown(amber, "from the outbox", "sending");
  await amber.open({ profile: "ios" });
  await openChat(amber, "basil");
  await shown(amber, "from the outbox", "sending");
  await emulator.start();
  await shown(amber, "from the outbox", "sent");
  await shown(basil, "from the outbox", "received");
});

demoTest("a link that names another server does not get the last login; a broken one is as good as none", async () => {
  await amber.open({ profile: "ios", dns: encodeURIComponent("http://127.0.0.1:9/v2/app_dns") });
  await amber.one("signin-submit");
  assert.equal(await amber.run("return __mp.pages.top.page.data.dns"), "http://127.0.0.1:9/v2/app_dns");
  await amber.open({ profile: "ios", dns: "%E4%" });
  await online(amber);
});

demoTest("after logging out the next start asks for a sign-in", async () => {
  await online(amber);
  await openTab(amber, "me");
  await amber.waitText("connection", "online");
  await amber.tap("open-settings");
  await amber.tap("log-out");
  await amber.choose("Log out, keep the messages");
  await amber.one("signin-submit");
  await amber.open({ profile: "ios" });
  await amber.one("signin-submit");
  assert.equal(
    await amber.run("return __mp.pages.top.page.data.dns"),
    emulator.dns,
    "the server's address is remembered",
  );
});
