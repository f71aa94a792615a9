// What people do with messages and chats in the web demo: two Chromium browsers against the real emulator.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before } from "node:test";
import { ApiPage, apiMounts } from "../lib/api-page.mjs";
import { ChatApp } from "../lib/chat-app.mjs";
import { at, built } from "../lib/paths.mjs";
import { Stage, scenario } from "../lib/stage.mjs";

const stage = new Stage();
let emulator;
let amber;
let basil;
let robot;
let ids;

const chat = (name) => `user:${ids[name]}`;
const team = () => `group:${ids.Team}`;

before(async () => {
  emulator = await stage.persistentEmulator();
  ids = await emulator.ids();
  const url = await stage.serve(built("demo-web"));
  amber = new ChatApp(await stage.browser("amber"), url, emulator.dns);
  basil = new ChatApp(await stage.browser("basil"), url, emulator.dns);
  robot = new ApiPage(await stage.browser("robot"), await stage.serve(apiMounts()));
  await robot.open();
  await amber.signIn("amber");
  await basil.signIn("basil");
});
after(() => stage.end());

scenario(stage, "one sees the other typing, and stopping", async () => {
  await amber.openChat(chat("basil"));
  await basil.openChat(chat("amber"));
  await amber.fill("composer", "hm");
  await basil.one("typing");
  await amber.fill("composer", "");
  await basil.until("the typing to end", async () => !(await basil.has("typing")));
  await basil.fill("composer", "ah");
  await amber.one("typing");
  await basil.send("ah well");
  await amber.shown("ah well", "received");
  await amber.until("the typing to end", async () => !(await amber.has("typing")));
});

scenario(stage, "a message is marked delivered, and read when its chat is opened", async () => {
  await basil.openChat(team());
  await amber.send("are you there?");
  await basil.unreadIs(chat("amber"), 1);
  await amber.marked("are you there?", "delivered");
  await basil.openChat(chat("amber"));
  await amber.marked("are you there?", "read");
  await basil.unreadIs(chat("amber"), 0);
});

scenario(stage, "an edit shows on both sides, as text only", async () => {
  await amber.send("a mistake");
  await basil.shown("a mistake", "received");
  await amber.act("a mistake", "edit");
  await amber.fill("editor", "<b>no</b> mistake");
  await amber.click("edit-save");
  for (const [app, status] of [
    [amber, "sent"],
    [basil, "received"],
  ]) {
    await app.shown("<b>no</b> mistake", status);
    await app.one("edited");
    assert.ok(!(await app.texts()).includes("a mistake"));
  }
});

scenario(stage, "a recalled message leaves a line on both sides while the page is open", async () => {
  await amber.send("never mind");
  await basil.shown("never mind", "received");
  await amber.act("never mind", "recall");
  for (const [app, line] of [
    [amber, /^You recalled/],
    [basil, /^Amber.* recalled/],
  ]) {
    await app.gone("never mind");
    assert.match(await app.text("recalled"), line);
    await app.until(
      "the text to be gone from the list too",
      async () => !(await app.run("return document.body.textContent")).includes("never mind"),
    );
  }
  await basil.open();
  await basil.openChat(chat("amber"));
  await basil.shown("<b>no</b> mistake");
  assert.ok(!(await basil.has("recalled")));
});

scenario(stage, "a deleted message goes for its owner only, and does not come back", async () => {
  for (const [text, scope] of [
    ["away everywhere", "delete-account"],
    ["away from here", "delete-device"],
  ]) {
    await amber.send(text);
    await basil.shown(text, "received");
    await amber.act(text, "delete");
    await amber.click(scope);
    await amber.gone(text);
  }
  await amber.open();
  await amber.openChat(chat("basil"));
  await amber.shown("<b>no</b> mistake");
  assert.ok(!(await amber.texts()).includes("away everywhere"));
  for (const text of ["away everywhere", "away from here"]) await basil.shown(text, "received");
});

scenario(stage, "a message marked unread stays so until its chat is marked read", async () => {
  await basil.act("<b>no</b> mistake", "unread");
  await basil.until("a badge", async () => (await basil.unread(chat("amber"))) > 0);
  await basil.click("chat-menu");
  await basil.click("do-read");
  await basil.unreadIs(chat("amber"), 0);
});

scenario(stage, "a message is forwarded to the group", async () => {
  await amber.act("ah well", "forward");
  await amber.click("contact", `[data-id="${team()}"]`);
  await basil.openChat(team());
  await basil.shown("ah well", "received");
});

scenario(stage, "a name is completed after @ and whoever it is sees the mark", async () => {
  const name = await amber.text("menu").then(() => "Amber");
  await basil.fill("composer", "look, @amb");
  await basil.click("mention", `[data-id="${ids.amber}"]`);
  const text = await basil.run("return document.querySelector('[data-testid=composer]').value");
  assert.match(text, new RegExp(`^look, @${name}.* $`));
  await basil.click("send");
  await amber.one("mentioned");
  await amber.openChat(team());
  await amber.shown(text, "received");
  await amber.until("the mark to go", async () => !(await amber.has("mentioned")));
});

scenario(stage, "attachments are shown, commands are not, and a text grows while it is written", async () => {
  await robot.run(
    async ({ enter }, { dns, group }) => {
      const client = await enter("clover", { dns, username: "clover" });
      const team = client.conversation({ group });
      const url = "http://127.0.0.1:9/f";
      await team.send({ command: "hidden" });
      await team.send({ image: { url, name: "a.png" } });
      await team.send({ audio: { url, name: "a.mp3", duration: 2 } });
      await team.send({ video: { url, name: "a.mp4", duration: 7 } });
      await team.send({ file: { url, name: "<i>a.pdf</i>", size: 5 } });
      const here = await team.send({ location: { latitude: 1.5, longitude: -2.25, address: "here" } });
      await team.send({ forwards: [here, await team.send({ text: "quoted" })], text: "two" });
      globalThis.growing = {
        team,
        message: await team.send({ text: "It ", ext: { ai: { stream: true, finish: false } } }),
      };
    },
    { dns: emulator.dns, group: ids.Team },
  );
  await amber.shown("It ", "received");
  await amber.one("caret");
  const types = await amber.run(
    "return [...document.querySelectorAll('[data-testid=attachment]')].map((one) => one.dataset.type)",
  );
  assert.deepEqual(types, ["image", "audio", "video", "file", "location", "forward"]);
  assert.ok(!(await amber.texts()).includes("hidden"));
  assert.equal(
    await amber.run("return document.querySelectorAll('[role=log] :is(i, b)').length"),
    2,
    "the quoted names",
  );
  await robot.run(async () => {
    const { team, message } = globalThis.growing;
    await team.append(message, "grows", { ext: { ai: { stream: true, finish: true } } });
  }, {});
  await amber.shown("It grows", "received");
  await amber.until("the caret to go", async () => !(await amber.has("caret")));
});

scenario(stage, "files go up, are seen by whoever may, and a refused one is sent again or given up", async () => {
  const folder = stage.directory();
  const note = (name) => {
    const file = path.join(folder, name);
    fs.writeFileSync(file, "more than ten bytes");
    return file;
  };
  const pick = async (...files) =>
    (await amber.driver.findElement({ css: "[data-testid=file-picker]" })).sendKeys(files.join("\n"));
  const named = (app, name) =>
    app.run(
      "return [...document.querySelectorAll('[data-testid=attachment]')].some((it) => it.textContent.includes(arguments[0]))",
      name,
    );
  await amber.openChat(chat("basil"));
  await basil.openChat(chat("amber"));
  await pick(at("docs/demo-web-phone.png"), note("plan.txt"));
  const picture = "const it = document.querySelector('[data-testid=attachment][data-type=image] img');";
  for (const app of [amber, basil]) {
    await app.until("the picture", () => app.run(`${picture} return it !== null && it.naturalWidth > 0`));
    await app.until("the document", () => named(app, "plan.txt"));
  }
  assert.match(await basil.run(`${picture} return it.src`), /^blob:/, "no token in an address");
  await amber.until("nothing to be on its way", async () => !(await amber.has("upload")));

  await emulator.admin("app", { upload_limit: 10 });
  await pick(note("again.txt"));
  await pick(note("never.txt"));
  const refused = "return document.querySelectorAll('[data-testid=upload][data-problem]').length";
  await amber.until("both to be refused", async () => (await amber.run(refused)) === 2);
  await emulator.admin("app", { upload_limit: 1_000_000 });
  await amber.click("upload-retry", '[aria-label*="again.txt"]');
  await basil.until("the file", () => named(basil, "again.txt"));
  await amber.click("upload-cancel", '[aria-label*="never.txt"]');
  await amber.until("nothing to be left", async () => !(await amber.has("upload")));
  assert.equal(await named(basil, "never.txt"), false);
});

scenario(stage, "what cannot be sent waits, and is discarded", async () => {
  await amber.openChat(chat("basil"));
  await emulator.stop();
  await amber.offline();
  await amber.send("too late");
  await amber.shown("too late", "sending");
  await amber.act("too late", "cancel");
  await amber.gone("too late");
  await emulator.start();
  await amber.online({ limit: 60_000 });
  await basil.online({ limit: 60_000 });
});

scenario(stage, "a deleted chat leaves the list of its owner only", async () => {
  await amber.openChat(chat("basil"));
  await amber.click("chat-menu");
  await amber.click("do-remove");
  await amber.click("delete-account");
  await amber.until("the chat to go", async () => (await amber.unread(chat("basil"))) === undefined);
  assert.ok(!(await amber.has("composer")));
  await basil.openChat(chat("amber"));
  await basil.shown("<b>no</b> mistake", "received");
});
