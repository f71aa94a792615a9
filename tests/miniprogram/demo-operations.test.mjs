// What can be done with messages and conversations in the mini-program demo, on two iPhones against the local cloud.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before } from "node:test";
import { act, amberAndBasil, back, message, messages, openChat, openTab, row, send, shown } from "./lib/chat.mjs";
import { silence } from "./lib/sound.mjs";
import { healthyTest, Stage } from "./lib/stage.mjs";

const stage = new Stage();
let emulator;
let files;
let amber;
let basil;

before(async () => {
  ({ emulator, amber, basil } = await amberAndBasil(stage));
  const directory = stage.directory();
  fs.writeFileSync(path.join(directory, "note.wav"), silence());
  fs.writeFileSync(
    path.join(directory, "sea.svg"),
    '<svg xmlns="http://www.w3.org/2000/svg" width="800" height="400"><path fill="#2a7" d="M0 0h800v400H0z"/></svg>',
  );
  files = await stage.static(directory);
});
after(() => stage.end());

const operationsTest = (name, body) => healthyTest(name, () => ({ amber, basil }), body);

/** Runs `code` in the page of the open chat, with its `conversation` and `value`; answers what it resolves with. */
async function inChat(phone, code, value = null) {
  const [answer, problem] = await phone.driver.executeAsyncScript(
    `const [value, done] = arguments; const { conversation, client } = __mp.pages.top.page;
     (async () => { ${code} })().then((a) => done([a ?? null, null]), (e) => done([null, e.message]));`,
    value,
  );
  assert.equal(problem, null);
  return answer;
}

/** Both open the chat with each other. */
async function together() {
  for (const [phone, other] of [
    [amber, "basil"],
    [basil, "amber"],
  ]) {
    if ((await phone.run("return __mp.pages.top.path")) !== "pages/chat/chat") await openChat(phone, other);
  }
}
const gone = (phone, text) =>
  phone.until(`"${text}" to go`, async () => !(await messages(phone)).some((m) => m.text === text));
const titleIs = (phone, wanted) =>
  phone.until(`the title ${wanted}`, async () => {
    const title = await phone.title();
    return wanted instanceof RegExp ? wanted.test(title) : title === wanted;
  });

operationsTest("an own text is marked as delivered, then as read", async () => {
  await openChat(amber, "basil");
  await send(amber, "到了吗？");
  await message(amber, "the mark of delivery", (m) => m.text === "到了吗？" && m.mark === "delivered");
  await titleIs(basil, /^Chats \(\d+\)$/); // what the seed left unread counts too
  await openChat(basil, "amber");
  await message(amber, "the mark of reading", (m) => m.text === "到了吗？" && m.mark === "read");
});

operationsTest("who types is named in the title, until the message or an empty draft", async () => {
  await together();
  const [before, name] = [await basil.title(), await amber.title()];
  await amber.type("composer", "我在写");
  await titleIs(basil, "typing…");
  await amber.tap("send");
  await shown(basil, "我在写", "received");
  await titleIs(basil, before);
  await basil.type("composer", "x");
  await titleIs(amber, "typing…");
  await basil.type("composer", "");
  await titleIs(amber, name);
});

operationsTest("the menu offers what fits the message", async () => {
  await together();
  await send(amber, "whose is it?");
  await shown(basil, "whose is it?", "received");
  for (const [phone, expected] of [
    [amber, ["Copy", "Forward", "Edit", "Recall", "Delete", "取消"]],
    [basil, ["Copy", "Forward", "Mark unread", "Delete", "取消"]],
  ]) {
    await act(phone, "whose is it?");
    assert.deepEqual(await phone.labels(), expected);
    await phone.choose("取消");
    await phone.until("the menu to close", async () => (await phone.labels()).length === 0);
  }
  await act(amber, "whose is it?", "Copy");
  await amber.until("the platform's word", async () =>
    /已复制/.test(await amber.run("return document.querySelector('.mp-toast')?.textContent ?? ''")),
  );
});

operationsTest("an edit shows on both sides; a cancelled one changes nothing", async () => {
  await together();
  await send(amber, "第一稿");
  await shown(amber, "第一稿", "sent");
  await act(amber, "第一稿", "Edit");
  await amber.tap("edit-cancel");
  await amber.until("the draft to be empty", () =>
    amber.run("return __mp.pages.top.page.data.draft === '' && !__mp.pages.top.page.data.editing"),
  );
  await act(amber, "第一稿", "Edit");
  await amber.one("editing");
  await send(amber, "第二稿");
  for (const phone of [amber, basil]) {
    await message(phone, "the new text", (m) => m.text === "第二稿" && m.edited);
    assert.ok(!(await messages(phone)).some((m) => m.text === "第一稿"));
  }
});

operationsTest("a recalled message goes on both sides, and a line says so", async () => {
  await together();
  await send(amber, "never mind");
  await shown(basil, "never mind", "received");
  await act(amber, "never mind", "Recall");
  await amber.waitText("note", "You took a message back");
  await basil.waitText("note", "Amber Lin took a message back");
  for (const phone of [amber, basil]) await gone(phone, "never mind");
});

operationsTest("deleting takes a message from this side only", async () => {
  await together();
  for (const [text, label] of [
    ["for one phone", "Delete on this phone"],
    ["for all devices", "Delete on all devices"],
  ]) {
    await send(amber, text);
    await shown(basil, text, "received");
    await act(basil, text, "Delete", label);
    await gone(basil, text);
    await shown(amber, text, "sent");
  }
});

operationsTest("a text that is appended to grows in place", async () => {
  await together();
  await inChat(
    amber,
    `const sent = await conversation.send({ text: "春" });
     for (const part of value) await conversation.append(sent, part);`,
    ["眠", "不", "觉", "晓"],
  );
  for (const phone of [amber, basil]) {
    await shown(phone, "春眠不觉晓");
    assert.equal((await messages(phone)).filter((m) => m.text.startsWith("春")).length, 1);
  }
});

operationsTest("pictures, videos, voices, files and places are shown and open; commands are not shown", async () => {
  await together();
  await inChat(
    amber,
    `await conversation.send({ image: { url: value + "/sea.svg", width: 800, height: 400 }, text: "海" });
     await conversation.send({ video: { url: value + "/film.mp4", duration: 75, thumbnailUrl: value + "/sea.svg" } });
     await conversation.send({ audio: { url: value + "/note.wav", duration: 1 } });
     await conversation.send({ file: { url: value + "/a/报告.pdf?x=1", size: 2048 } });
     await conversation.send({ location: { latitude: 39.9087, longitude: 116.3975, address: "天安门广场" } });
     await conversation.send({ command: "refresh" });
     await conversation.send({ text: "看完了" });`,
    files,
  );
  await shown(basil, "看完了", "received");
  const kinds = (await messages(basil)).slice(-6).map((m) => m.body.kind);
  assert.deepEqual(kinds, ["image", "video", "audio", "file", "location", "text"]);
  const body = Object.fromEntries((await messages(basil)).map((m) => [m.body.kind, m.body]));
  assert.deepEqual([body.image.width, body.image.height, body.image.text], [360, 180, "海"]);
  assert.equal(body.video.detail, "1:15");
  assert.deepEqual([body.file.title, body.file.detail], ["报告.pdf", "2 KB"]);
  assert.deepEqual([body.location.title, body.location.detail], ["天安门广场", "39.9087, 116.3975"]);

  const layer = (name) =>
    basil.until(`the layer ${name}`, async () => (await basil.driver.findElements({ css: `.mp-${name}` }))[0]);
  const seen = async (name) =>
    basil.run("arguments[0].scrollIntoView({ block: 'center' })", (await basil.all(name))[0]);
  await seen("media"); // not half under the title
  await basil.tap("media");
  await (await layer("media")).click();
  await basil.tap("location");
  const map = await layer("map");
  assert.match(await map.getText(), /天安门广场[\s\S]*39\.9087, 116\.3975/);
  await map.click();
  await basil.tap("file");
  await basil.until("the copied link", async () =>
    /已复制/.test(await basil.run("return document.querySelector('.mp-toast')?.textContent ?? ''")),
  );
  await basil.tap("audio");
  await amber.until("the news that it was played", () =>
    inChat(amber, 'return (await conversation.messages({ limit: 20 })).some((m) => m.type === "audio" && m.played)'),
  );
});

operationsTest(
  "a message is forwarded to another conversation, several as one card with a page of its own",
  async () => {
    await together();
    await send(amber, "请转给大家");
    await shown(basil, "请转给大家", "received");
    await act(basil, "请转给大家", "Forward");
    const team = await basil.until("the group to forward to", () =>
      basil.run("return __mp.pages.top.page.data.rows.find((r) => r.id.startsWith('group:'))?.id"),
    );
    await basil.tapRow("target", team);
    await basil.one("composer");
    await back(amber);
    await amber.until("the forwarded text in the group", async () =>
      (await row(amber, "team"))?.note.endsWith("请转给大家"),
    );
    await together();
    await inChat(
      basil,
      `const last = await conversation.messages({ limit: 20 });
     await conversation.send({ forwards: last.slice(-4), text: "[forwarded]" });`,
    );
    const card = await message(amber, "the card", (m) => m.body.kind === "forward");
    assert.equal(card.body.detail, "4 messages");
    assert.equal(card.body.lines.length, 3);
    for (const { text } of card.body.lines) assert.match(text, /^(Amber Lin|Basil Okafor): /);
    await amber.tap("forward");
    await amber.one("forwarded");
    assert.equal((await amber.all("forwarded-message")).length, 4);
    const writers = await amber.run("return __mp.pages.top.page.data.rows.map((row) => row.name)");
    for (const writer of writers) assert.match(writer, /^(Amber Lin|Basil Okafor)$/);
    assert.ok((await amber.texts("message-text")).includes("请转给大家"));
    await amber.driver.findElement({ css: ".mp-back" }).click();
    await amber.one("composer");
  },
);

operationsTest("who is called on sees it in the list until it is read", async () => {
  await back(amber);
  await back(basil);
  await openChat(basil, "team");
  await send(basil, "@Amber 请看");
  await amber.until("the mention", async () => (await row(amber, "team")).mention === "[You were mentioned]");
  assert.equal((await amber.texts("mention"))[0], "[You were mentioned]");
  await send(basil, "@all 开会");
  await amber.until("two unread", async () => (await row(amber, "team")).unread >= 2);
  await openChat(amber, "team");
  await back(amber);
  await amber.until("the mention to go", async () => (await row(amber, "team")).mention === "");
  await back(basil);
});

/** Holds a finger on a conversation of the list, and chooses from the menus. */
async function actOn(phone, name, ...labels) {
  const { id } = await row(phone, name);
  await phone.hold(`the row of ${name}`, async () => {
    const index = (await phone.dataset("conversation")).findIndex((d) => d.id === id);
    return index >= 0 && (await phone.all("conversation"))[index];
  });
  assert.equal(await phone.run("return __mp.pages.top.path"), "pages/conversations/conversations");
  for (const label of labels) await phone.choose(label);
}

operationsTest("a message is marked unread; the list marks a conversation read, and deletes it", async () => {
  await together();
  await send(amber, "later, please");
  await act(basil, "later, please", "Mark unread");
  await back(basil);
  await basil.until("the unread badge", async () => (await row(basil, "amber")).unread === 1);
  await titleIs(basil, /^Chats \(\d+\)$/); // what the seed left unread counts too
  await actOn(basil, "amber", "Mark as read");
  await basil.until("the badge to go", async () => (await row(basil, "amber")).unread === 0);
  await titleIs(basil, "Chats");
  for (const label of ["Delete on this phone", "Delete on all devices"]) {
    await actOn(basil, "amber", "Delete", label);
    await basil.until("the conversation to go", async () => (await row(basil, "amber")) === null);
    const text = `still there? ${label}`;
    await send(amber, text);
    await basil.until("it to come back with a message", async () => (await row(basil, "amber"))?.note === text);
  }
});

operationsTest("notices are counted, listed and dismissed", async () => {
  await back(amber);
  const team = (await row(amber, "team")).id.split(":")[1];
  for (const type of ["APPLYED", "INVITED"]) {
    const { users } = await emulator.state();
    const id = (name) => String(users.find((user) => user.username === name).id);
    await emulator.admin("notice", {
      kind: "group",
      user: id("amber"),
      type,
      group: Number(team),
      from: id("basil"),
      to: [id("amber")],
    });
  }
  await openTab(amber, "contacts");
  await amber.waitText("tab-count", "2");
  await amber.tap("notices");
  await amber.waitText("notice-text", /Basil Okafor asks to join Team/);
  await amber.waitText("notice-text", /Basil Okafor invites you to Team/);
  await amber.tap("dismiss-all");
  await amber.one("no-notices");
  await back(amber, "contacts");
  await amber.until("the count to go", () => amber.run("return __mp.pages.top.page.data.notices === 0"));
});
