// Takes the pictures of the mini-program demo that the documentation shows:  node tests/miniprogram/screenshots.mjs
import fs from "node:fs";
import path from "node:path";
import { startEmulator } from "../lib/emulator.mjs";
import { back, message, openChat, row, send, shown, signIn } from "./lib/chat.mjs";
import { repository, Stage } from "./lib/stage.mjs";

const out = path.join(repository, "docs/demo-miniprogram");
/** Sharp enough to be read, small enough to be kept with the sources; the bar of 44 pixels stays whole. */
const PIXEL_RATIO = 1.25;
const stage = new Stage();

/** Runs `code` in the page of the open chat, with its `conversation`, `client` and `value`. */
async function inChat(phone, code, value = null) {
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

async function take() {
  const emulator = await startEmulator();
  stage.later(() => emulator.stop());
  const files = stage.directory();
  fs.writeFileSync(
    path.join(files, "lake.svg"),
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 45"><path fill="#bfe3f5" d="M0 0h80v45H0z"/>
     <circle cx="60" cy="11" r="5" fill="#ffd166"/><path fill="#5b8a72" d="M0 28l16-14 12 10 14-16 20 20 18-8v25H0z"/>
     <path fill="#3a86b7" d="M0 32h80v13H0z"/></svg>`,
  );
  const url = `${await stage.static(files)}/lake.svg`;
  const base = await stage.demo();
  const amber = await stage.phone(base, { pixelRatio: PIXEL_RATIO });
  const basil = await stage.phone(base);
  fs.mkdirSync(out, { recursive: true });

  await amber.open({ profile: "ios" });
  await amber.one("signin-submit");
  await picture(amber, "sign-in");
  await signIn(amber, emulator.dns, "amber", "ios");
  await signIn(basil, emulator.dns, "basil", "ios");

  await openChat(amber, "basil");
  await openChat(basil, "amber");
  await send(amber, "早上好！周末去西湖边走走？");
  await shown(basil, "早上好！周末去西湖边走走？", "received");
  await inChat(basil, "await conversation.send({ image: { url: value, width: 800, height: 450 } })", url);
  await message(amber, "the picture", (m) => m.body.kind === "image");
  await send(basil, "好啊，我上次拍的 📷");
  await shown(amber, "好啊，我上次拍的 📷", "received");
  await send(amber, "那就断桥见 👋");
  await message(amber, "the read message", (m) => m.text === "那就断桥见 👋" && m.mark === "read");
  await picture(amber, "chat");

  await inChat(
    amber,
    'const last = await conversation.messages({ limit: 4 }); await conversation.send({ forwards: last, text: "[聊天记录]" });',
  );
  await message(amber, "the card", (m) => m.body.kind === "forward");
  await amber.tap("forward");
  await amber.one("forwarded");
  await picture(amber, "forwarded");
  await amber.driver.findElement({ css: ".mp-back" }).click();
  await amber.one("composer");
  await amber.hold("a message", async () => (await amber.all("bubble"))[1]);
  await amber.choose("Forward");
  await amber.until(
    "the page to forward",
    async () => (await amber.run("return __mp.pages.top.path")) === "pages/forward/forward",
  );
  await picture(amber, "forward");
  await amber.driver.findElement({ css: ".mp-back" }).click();
  await amber.one("composer");
  await back(amber);

  await send(basil, "记得带伞，下午有雨");
  await amber.until("the unread message", async () => (await amber.texts("unread")).length > 0);
  const team = (await row(amber, "team")).id.split(":")[1];
  const { users } = await emulator.state();
  const id = (name) => String(users.find((user) => user.username === name).id);
  for (const type of ["APPLYED", "INVITED"]) {
    const notice = {
      kind: "group",
      user: id("amber"),
      type,
      group: Number(team),
      from: id("basil"),
      to: [id("amber")],
    };
    await emulator.admin("notice", notice);
  }
  await amber.waitText("notice-count", "2");
  await picture(amber, "chats");
  await amber.tap("notices");
  await amber.one("notice");
  await picture(amber, "notices");
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
