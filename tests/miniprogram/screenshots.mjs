// Takes the pictures of the mini-program demo that the documentation shows:  node tests/miniprogram/screenshots.mjs
import fs from "node:fs";
import path from "node:path";
import { startEmulator } from "../lib/emulator.mjs";
import { agree, back, message, onPage, openChat, openTab, row, send, shown, signIn } from "./lib/chat.mjs";
import { repository, Stage } from "./lib/stage.mjs";

const out = path.join(repository, "docs/demo-miniprogram");
/** Sharp enough to be read, small enough to be kept with the sources; the bar of 44 pixels stays whole. */
const PIXEL_RATIO = 1.25;
const LANGUAGE = "zh_CN";
const stage = new Stage();

/** Runs `code` in the page in front, with its `conversation` if it is a chat, `client` and `value`. */
async function inPage(phone, code, value = null) {
  const problem = await phone.driver.executeAsyncScript(
    `const [value, done] = arguments; const { conversation, client } = __mp.pages.top.page;
     (async () => { ${code} })().then(() => done(null), (e) => done(e.message));`,
    value,
  );
  if (problem !== null) throw new Error(problem);
}

/** Pictures once nothing moves any more. */
async function picture(phone, name) {
  await phone.driver.executeAsyncScript(
    "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))",
  );
  await phone.until("toasts to go", () => phone.run("return document.querySelector('.mp-toast') === null"));
  await phone.screenshot(path.join(out, `${name}.png`));
}

const LAKE = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 45"><path fill="#bfe3f5" d="M0 0h80v45H0z"/>
  <circle cx="60" cy="11" r="5" fill="#ffd166"/><path fill="#5b8a72" d="M0 28l16-14 12 10 14-16 20 20 18-8v25H0z"/>
  <path fill="#3a86b7" d="M0 32h80v13H0z"/></svg>`;

async function start() {
  const emulator = await startEmulator();
  stage.later(() => emulator.stop());
  const files = stage.directory();
  fs.writeFileSync(path.join(files, "lake.svg"), LAKE);
  const lake = `${await stage.static(files)}/lake.svg`;
  const base = await stage.demo();
  const amber = await stage.phone(base, { pixelRatio: PIXEL_RATIO });
  const basil = await stage.phone(base);
  return { emulator, lake, files, amber, basil };
}

/** The chat itself, with its panels and what is made of messages. */
async function chats({ amber, basil, lake }) {
  await openChat(amber, "罗勒");
  await openChat(basil, "林");
  await send(amber, "早上好！周末去西湖边走走？");
  await shown(basil, "早上好！周末去西湖边走走？", "received");
  await inPage(basil, "await conversation.send({ image: { url: value, width: 800, height: 450 } })", lake);
  await message(amber, "the picture", (m) => m.body.kind === "image");
  await basil.tap("talk");
  await basil.touch("talk-hold", { ms: 1200 });
  await basil.tap("talk");
  await message(amber, "the voice message", (m) => m.body.kind === "audio");
  await inPage(
    amber,
    "await conversation.send({ location: { latitude: 30.2592, longitude: 120.1488, address: '断桥残雪 西湖区北山街' } })",
  );
  await send(amber, "那就断桥见 👋");
  await message(amber, "the read message", (m) => m.text === "那就断桥见 👋" && m.mark === "read");
  await picture(amber, "chat");
  await amber.tap("more");
  await amber.one("attach");
  await picture(amber, "attachments");
  await amber.tap("emoji");
  await amber.one("choice");
  await picture(amber, "emoji");
  await amber.tap("talk");
  const button = await amber.one("talk-hold");
  await amber.driver.actions().move({ origin: button }).press().perform();
  await amber.one("held");
  await picture(amber, "voice");
  await amber.driver.actions().move({ origin: button, x: 0, y: -200 }).release().perform();
  await amber.tap("talk");
  await inPage(
    amber,
    "const last = await conversation.messages({ limit: 6 }); await conversation.send({ forwards: last, text: '[聊天记录]' });",
  );
  await message(amber, "the card", (m) => m.body.kind === "forward");
  await amber.tap("forward");
  await amber.one("forwarded");
  await picture(amber, "forwarded");
  await back(amber, "chat");
  await amber.hold("a message", async () => (await amber.all("bubble")).at(-2));
  await picture(amber, "menu");
  await amber.choose("转发");
  await onPage(amber, "forward");
  await amber.one("target");
  await picture(amber, "forward");
  await back(amber, "chat");
  await back(amber);
  await send(basil, "记得带伞，下午有雨");
  await amber.until("the unread message", async () => (await row(amber, "罗勒")).unread > 0);
  await picture(amber, "chats");
  await amber.tap("search");
  await amber.type("search-input", "西湖");
  await amber.one("hit");
  await picture(amber, "search");
  await back(amber);
}

/** Contacts, applications and profiles. */
async function people({ amber, emulator }) {
  await emulator.admin("notice", {
    kind: "group",
    user: (await emulator.ids()).amber,
    type: "INVITED",
    group: Number((await emulator.ids()).Team),
    from: (await emulator.ids()).clover,
    to: [(await emulator.ids()).amber],
  });
  await emulator.admin("notice", {
    kind: "roster",
    user: (await emulator.ids()).amber,
    type: "APPLIED",
    from: (await emulator.ids()).clover,
    content: "我是三叶草，上次一起爬过山",
  });
  await openTab(amber, "contacts");
  await amber.waitText("tab-count", "2");
  await picture(amber, "contacts");
  await amber.tap("notices");
  await amber.until("both notices", async () => (await amber.all("accept")).length === 2);
  await picture(amber, "notices");
  await back(amber, "contacts");
  await amber.tap("add-contact");
  await amber.type("search-input", "clover");
  await amber.tap("add-search");
  await amber.one("found-person");
  await picture(amber, "add");
  await back(amber, "contacts");
  await amber.tapRow("contact", (await emulator.ids()).basil);
  await amber.one("person-remove");
  await picture(amber, "contact");
  await back(amber, "contacts");
}

/** A group from its making to its announcements. */
async function groups({ amber, basil, emulator }) {
  const ids = await emulator.ids();
  await amber.tap("new-group");
  for (const name of ["basil", "clover"]) await amber.tapRow("person", ids[name]);
  await picture(amber, "pick");
  await amber.tap("pick-done");
  await agree(amber, "周末爬山");
  await onPage(amber, "chat");
  await amber.tap("chat-info");
  await amber.tap("group-announcements");
  await amber.tap("announcement-new");
  await amber.type("announcement-title", "集合地点改了");
  await amber.type("announcement-text", "周六早上八点，北门售票处集合。带水，穿防滑的鞋。");
  await amber.tap("announcement-post");
  await amber.one("announcement");
  await picture(amber, "announcements");
  await back(amber, "group");
  await amber.waitText("value", "集合地点改了");
  await picture(amber, "group");
  await amber.tap("group-members");
  await amber.tapRow("member-row", ids.basil);
  await amber.choose("设为管理员");
  await amber.until("the badge", async () => (await amber.texts("badge")).includes("管理员"));
  await picture(amber, "members");
  await back(amber, "group");
  await back(amber, "chat");
  await send(amber, "周六见，天气预报说晴");
  await back(basil);
  await openChat(basil, "周末爬山");
  await send(basil, "我带早饭");
  await shown(amber, "我带早饭", "received");
  await send(amber, "@罗勒 辛苦啦，多带两份");
  await shown(amber, "@罗勒 辛苦啦，多带两份", "sent");
  await picture(amber, "group-chat");
}

/** The user's own pages. */
async function own({ amber }) {
  await back(amber, "contacts");
  await openTab(amber, "me");
  await amber.one("my-card");
  await picture(amber, "me");
  await amber.tap("open-profile");
  await amber.one("profile-about");
  await picture(amber, "profile");
  await back(amber, "me");
  await amber.tap("open-settings");
  await amber.waitText("value", /已用/);
  await picture(amber, "settings");
  await back(amber, "me");
  await amber.tap("open-report");
  await amber.one("report-line");
  await picture(amber, "report");
}

async function take() {
  const scene = await start();
  const { emulator, amber, basil } = scene;
  fs.rmSync(out, { recursive: true, force: true });
  fs.mkdirSync(out, { recursive: true });
  await amber.open({ profile: "ios", language: LANGUAGE });
  await amber.one("signin-submit");
  await picture(amber, "sign-in");
  for (const [phone, username, name] of [
    [amber, "amber", "林琥珀"],
    [basil, "basil", "罗勒"],
  ]) {
    await signIn(phone, emulator.dns, username, "ios", LANGUAGE);
    await inPage(phone, "await client.account.updateProfile({ nickName: value, description: '在西湖边写代码' })", name);
  }
  await basil.until("the new name", async () => (await row(basil, "林")) !== null);
  await amber.until("the new name", async () => (await row(amber, "罗勒")) !== null);
  await chats(scene);
  await people(scene);
  await groups(scene);
  await own(scene);
}

try {
  await take();
} finally {
  await stage.end();
}
for (const name of fs.readdirSync(out)) {
  console.log(
    `${path.join("docs/demo-miniprogram", name)}: ${(fs.statSync(path.join(out, name)).size / 1024).toFixed(1)} KB`,
  );
}
