// Pictures, files, places, voice messages and emoji from one mini-program to another.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before } from "node:test";
import { amberAndBasil, back, message, messages, openChat, row, send, shown } from "./lib/chat.mjs";
import { healthyTest, repository, Stage } from "./lib/stage.mjs";

/** Large enough for an upload in several parts. */
const LARGE = 6_000_000;
const stage = new Stage();
const picture = path.join(repository, "docs/demo-web-phone.png");
let emulator;
let directory;
let amber;
let basil;

before(async () => {
  // Basil is on a computer, with a mouse.
  ({ emulator, amber, basil } = await amberAndBasil(stage, { phone: false }));
  directory = stage.directory();
  await openChat(amber, "basil");
  await openChat(basil, "amber");
});
after(() => stage.end());

const attachmentTest = (name, body) => healthyTest(name, () => ({ amber, basil }), body);

/** Opens the panel and chooses what to attach. */
async function attach(kind) {
  await amber.tap("more");
  await amber.tapRow("attach", kind);
}

function file(name, bytes) {
  const made = path.join(directory, name);
  fs.writeFileSync(made, bytes);
  return made;
}

/** Waits for the newest message at the other side to be of that kind; answers what is shown of it. */
async function arrived(kind) {
  const found = await message(basil, `a message of kind ${kind}`, (m) => m.body.kind === kind && !m.outgoing);
  await amber.until("it to be sent", async () => {
    const last = (await messages(amber)).at(-1);
    return last.body.kind === kind && last.status === "sent";
  });
  return found.body;
}

attachmentTest("a picture is uploaded, arrives with its size, and is fetched with the token to be seen", async () => {
  const head = fs.readFileSync(picture);
  const [width, height] = [head.readUInt32BE(16), head.readUInt32BE(20)];
  await attach("photo");
  await amber.pick(picture);
  const body = await arrived("image");
  assert.equal(Math.round((body.width / body.height) * 100), Math.round((width / height) * 100));
  const seen = (phone) =>
    phone.until("the picture", () =>
      phone.run(`return [...document.querySelectorAll("[class*=media] wx-image")].map((e) => e.style.backgroundImage)
        .find((url) => url.startsWith('url("blob:'))`),
    );
  for (const phone of [amber, basil]) assert.match(await seen(phone), /blob:/);
  await basil.run("arguments[0].scrollIntoView({ block: 'center' })", (await basil.all("media"))[0]);
  await basil.tap("media");
  const large = await basil.until("the whole picture", () =>
    basil.run("const e = document.querySelector('.mp-media img'); return e && e.naturalWidth"),
  );
  assert.equal(large, width);
  await basil.driver.findElement({ css: ".mp-media" }).click();
});

attachmentTest("of several pictures one that cannot be measured goes too", async () => {
  const broken = file("broken.png", "no picture");
  const sent = async () =>
    (await messages(amber)).filter(({ body, status }) => body.kind === "image" && status === "sent");
  const before = (await sent()).length;
  await attach("photo");
  await amber.pick(picture, broken);
  await amber.until("both", async () => (await sent()).length === before + 2);
});

attachmentTest("a dialog that is closed sends nothing and complains of nothing", async () => {
  const before = (await messages(amber)).length;
  for (const kind of ["photo", "camera", "file"]) {
    await attach(kind);
    await amber.pick();
  }
  await attach("location");
  await (
    await amber.until("the dialog", async () => (await amber.driver.findElements({ css: ".mp-cancel" }))[0])
  ).click();
  await send(amber, "nothing was sent");
  await shown(basil, "nothing was sent", "received");
  assert.equal((await messages(amber)).length, before + 1);
  assert.equal(await amber.run("return document.querySelector('.mp-toast')"), null);
});

attachmentTest("a document arrives with name and size, and opens on the other phone", async () => {
  await attach("file");
  await amber.pick(file("报告.pdf", Buffer.alloc(3000, "%PDF")));
  const body = await arrived("file");
  assert.deepEqual([body.title, body.detail], ["报告.pdf", "3 KB"]);
  await basil.tap("file");
  const layer = await basil.until(
    "the document",
    async () => (await basil.driver.findElements({ css: ".mp-document" }))[0],
  );
  await layer.click();
});

attachmentTest("a place is sent with its name", async () => {
  await attach("location");
  await (
    await amber.until("the dialog", async () => (await amber.driver.findElements({ css: ".mp-confirm" }))[0])
  ).click();
  const body = await arrived("location");
  assert.equal(body.title, "天安门广场 北京市东城区东长安街");
  assert.equal(body.detail, "39.9088, 116.3976");
});

attachmentTest("emoji go into the draft, and out of it", async () => {
  await amber.tap("emoji");
  for (const one of ["😀", "🎉", "👍"]) await amber.tapRow("choice", one);
  await amber.tap("backspace");
  await amber.tap("send");
  await shown(basil, "😀🎉", "received");
  await amber.tap("emoji");
  await amber.until("the panel to close", async () => (await amber.all("choice")).length === 0);
});

attachmentTest("a voice message is as long as it was held; it plays on the other phone", async () => {
  await amber.tap("talk");
  await amber.touch("talk-hold", { ms: 1600 });
  const body = await arrived("audio");
  assert.equal(body.title, "0:02");
  await basil.one("unplayed");
  await basil.run(`const { wx } = document.querySelector("iframe").contentWindow;
    wx.setInnerAudioOption = (options) => { window.audible = options.obeyMuteSwitch === false; };`);
  await basil.tap("audio");
  await basil.until("the sound", () => basil.run("return window.audible"));
  await basil.until("the dot to go", async () => (await basil.all("unplayed")).length === 0);
  await amber.until("the news that it was played", () =>
    amber.driver.executeAsyncScript(
      `const done = arguments[0]; __mp.pages.top.page.conversation.messages({ limit: 20 })
         .then((all) => done(all.some((m) => m.type === "audio" && m.played)), (e) => done(e.message));`,
    ),
  );
});

attachmentTest("a mouse can hold the button too", async () => {
  await basil.tap("talk");
  await basil.touch("talk-hold", { ms: 700 });
  await message(amber, "the voice message", (m) => m.body.kind === "audio" && !m.outgoing);
  await basil.tap("talk");
});

attachmentTest("a short voice message, one given up and one that the user forbids are not sent", async () => {
  const before = (await messages(amber)).length;
  await amber.touch("talk-hold", { ms: 1000, up: 150 });
  await amber.until("the recording to end", async () => (await amber.all("held")).length === 0);
  await amber.touch("talk-hold", { ms: 0 });
  await amber.toast(/Too short/);
  await amber.run("__mp.refuse('operateRecorder', 'auth deny')");
  await amber.touch("talk-hold", { ms: 0 });
  await amber.dialog(/did not allow this/, "mp-cancel");
  await amber.run("__mp.refuse('operateRecorder', '')");
  await amber.tap("talk");
  await send(amber, "only this");
  await shown(basil, "only this", "received");
  assert.equal((await messages(amber)).length, before + 1);
});

attachmentTest("an app that goes away while the button is held records no more", async () => {
  const before = (await messages(amber)).length;
  await amber.tap("talk");
  const held = async (count) => amber.until("the recording", async () => (await amber.all("held")).length === count);
  const actions = () => amber.driver.actions();
  await actions()
    .move({ origin: await amber.one("talk-hold") })
    .press()
    .perform();
  await held(1);
  await amber.run("__mp.hide()");
  await held(0);
  await amber.run("__mp.show()");
  await actions().release().perform();
  await amber.tap("talk");
  await send(amber, "back again");
  await shown(basil, "back again", "received");
  assert.equal((await messages(amber)).length, before + 1);
});

attachmentTest("an upload tells how far it is", async () => {
  await amber.run(`window.seen = [];
    new MutationObserver(() => {
      const text = document.querySelector("[class*=bubble--progress]")?.textContent;
      if (text && window.seen.at(-1) !== text) window.seen.push(text);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });`);
  await attach("file");
  await amber.pick(file("large.bin", Buffer.alloc(LARGE, 7)));
  await message(basil, "the file", (m) => m.body.title === "large.bin");
  const seen = (await amber.run("return window.seen")).map((text) => Number(text.replace("%", "")));
  assert.ok(seen.length > 0, "no progress was shown");
  assert.deepEqual(
    seen,
    [...seen].sort((a, b) => a - b),
  );
});

attachmentTest("an upload can be given up", async () => {
  await amber.run(`const { wx } = document.querySelector("iframe").contentWindow;
    window.uploadFile = wx.uploadFile;
    wx.uploadFile = () => ({ onProgressUpdate() {}, abort() { window.aborted = true; } });`);
  await attach("file");
  await amber.pick(file("unwanted.txt", "never mind"));
  await message(amber, "it under way", (m) => m.body.title === "unwanted.txt" && m.mark === "uploading");
  await amber.tap("progress");
  await amber.choose("Do not send");
  await amber.until("it to go", async () => !(await messages(amber)).some((m) => m.body.title === "unwanted.txt"));
  assert.equal(await amber.run("return window.aborted"), true);
  await amber.run('document.querySelector("iframe").contentWindow.wx.uploadFile = window.uploadFile');
});

attachmentTest("a refused upload stays with its reason; it is sent again or discarded", async () => {
  const failed = (name) => message(amber, `${name} not sent`, (m) => m.body.title === name && m.mark === "failed");
  await emulator.admin("app", { upload_limit: 10 });
  for (const name of ["again.txt", "never.txt"]) {
    await attach("file");
    await amber.pick(file(name, "more than ten bytes"));
    await failed(name);
  }
  await emulator.admin("app", { upload_limit: 1_000_000 });
  await amber.tap("failed");
  assert.match(await amber.driver.findElement({ css: ".mp-sheet-note" }).getText(), /did not get through/);
  await amber.choose("Send again");
  await message(basil, "the file", (m) => m.body.title === "again.txt");
  await failed("never.txt");
  await amber.tap("failed");
  await amber.choose("Discard");
  await amber.until("it to go", async () => !(await messages(amber)).some((m) => m.body.title === "never.txt"));
});

attachmentTest("a picture that is first seen without a connection comes with the next one", async () => {
  await back(basil);
  await attach("photo");
  await amber.pick(picture);
  await basil.until("the message", async () => (await row(basil, "amber")).note === "[Photo]");
  await basil.run("__mp.setNetwork('none')");
  await openChat(basil, "amber");
  const last = (wanted) =>
    basil.until(`the picture from ${wanted}`, async () =>
      (
        await basil.run(
          'return [...document.querySelectorAll("[class*=media] wx-image")].at(-1)?.style.backgroundImage ?? ""',
        )
      ).startsWith(`url("${wanted}:`),
    );
  await last("http");
  await basil.run("__mp.setNetwork('wifi')");
  await last("blob");
});
