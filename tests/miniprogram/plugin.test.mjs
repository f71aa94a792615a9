// The plugin in a mini-program that uses it, against the local cloud: what the host hands in, its components, a chat.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test, { after, before } from "node:test";
import { startEmulator } from "../lib/emulator.mjs";
import { messages, send, shown } from "./lib/chat.mjs";
import { newerThanEs2018 } from "./lib/source.mjs";
import { phoneTest, quiet, repository, Stage } from "./lib/stage.mjs";

const project = path.join(repository, "dist/plugin");
const stage = new Stage();
let emulator;
let amber;
let basil;

before(async () => {
  emulator = await startEmulator({ data: path.join(stage.directory(), "cloud.sqlite") });
  stage.later(() => emulator.stop());
  const base = await stage.host(project);
  amber = await stage.phone(base);
  basil = await stage.phone(base);
});
after(() => stage.end());

const pluginTest = (name, body) => phoneTest(name, () => ({ amber, basil }), body);

async function signIn(phone, username, profile) {
  await phone.open({ dns: encodeURIComponent(emulator.dns), profile });
  await phone.type("user", username);
  await phone.type("password", `${username}-demo`);
  await phone.tap("submit");
  await phone.one("signed-in");
}

/** Opens the conversation whose row shows that name. */
async function open(phone, name) {
  await phone.until(`${name} in the list`, async () => {
    const rows = await phone.all("conversation");
    for (const row of rows) {
      if ((await row.getText()).toLowerCase().includes(name)) {
        await row.click();
        return true;
      }
    }
    return false;
  });
  await phone.one("composer");
}

test("the plugin is one tree of scripts that an engine of 2018 reads, and a wasm file of its own", () => {
  const root = path.join(project, "plugin");
  const files = fs.readdirSync(root, { recursive: true });
  for (const file of files.filter((name) => name.endsWith(".js"))) {
    assert.deepEqual(newerThanEs2018(fs.readFileSync(path.join(root, file), "utf8")), [], file);
  }
  const manifest = JSON.parse(fs.readFileSync(path.join(root, "plugin.json"), "utf8"));
  assert.ok(files.includes(manifest.main));
  assert.ok(files.includes("floo_wasm_bg.wasm.br"));
});

pluginTest("what a plugin lacks must be handed in, and what is missing is named", async () => {
  await amber.open({ dns: encodeURIComponent(emulator.dns), profile: "ios" });
  const said = await amber.run(`
    const floo = __mp.requirePlugin("floo");
    const attempt = (host) => {
      try {
        floo.start({ appId: "floo-demo", host });
        return "no error";
      } catch (error) {
        return error.code + ": " + error.message;
      }
    };
    const twice = attempt({});
    return floo.current().close().then(() => [twice, attempt(undefined), attempt({}), attempt({ getRandomValues() {} })]);
  `);
  assert.match(said[0], /^ArgumentInvalid: start\(\) was called already/);
  assert.match(said[1], /^ArgumentInvalid: options\.host must be/);
  assert.match(said[2], /^ArgumentInvalid: options\.host\.getRandomValues must be/);
  assert.match(said[3], /^ArgumentInvalid: options\.host\.onAppShow must be/);
});

pluginTest("two mini-programs log in through the plugin, list their conversations, and chat", async () => {
  await signIn(amber, "amber", "ios");
  await signIn(basil, "basil", "android");
  // A conversation to open: the mini-program's own code uses the same client as the components.
  await amber.driver.executeAsyncScript(`
    const done = arguments[0];
    const { client } = __mp.app();
    const said = async () => {
      const friend = (await client.roster.list()).find((user) => user.username === "basil");
      await client.conversation({ user: friend.id }).send({ text: "从插件发来" });
    };
    said().then(() => done(), (error) => done(error.message));
  `);
  await open(basil, "amber");
  await shown(basil, "从插件发来", "received");
  await send(basil, "收到了 👋");
  await shown(basil, "收到了 👋", "sent");
  await open(amber, "basil");
  await shown(amber, "收到了 👋", "received");
  await send(amber, "and back");
  await shown(basil, "and back", "received");
  await basil.until("the message to be read", async () => (await messages(basil)).some((m) => m.mark === "read"));
  await quiet(amber);
  await quiet(basil);
});

/** What a component of the plugin has handed to its view since the last look. */
const crossed = (phone, name) =>
  phone.run(
    "return __mp.updates.splice(0).filter((update) => update.part === arguments[0])",
    `components/${name}/${name}`,
  );

pluginTest("what arrives costs itself in the chat, not the whole list", async () => {
  for (const number of Array.from({ length: 30 }, (_, index) => index + 1)) await send(basil, `number ${number}`);
  await shown(amber, "number 30", "received");
  await crossed(amber, "chat-view");
  await send(basil, "one more");
  await shown(amber, "one more", "received");
  const updates = await crossed(amber, "chat-view");
  assert.ok(updates.length > 0);
  const bytes = updates.reduce((sum, update) => sum + update.bytes, 0);
  assert.ok(bytes < 2048, `${bytes} bytes for one message`);
});

pluginTest("another conversation in the same view is shown, whatever is still being fetched", async () => {
  await amber.run(
    `const { page } = __mp.pages.top;
     const { kind, id } = page.data;
     page.setData({ kind: "group", id: arguments[0] });
     page.setData({ kind, id });`,
    (await emulator.ids()).Team,
  );
  await shown(amber, "one more", "received");
  assert.ok((await messages(amber)).some(({ text }) => text === "number 30"));
  await quiet(amber);
});

pluginTest("the plugin hears of the app's going and coming from the mini-program", async () => {
  await amber.run("__mp.suspend()");
  await send(basil, "while it was away");
  await shown(basil, "while it was away", "sent");
  await amber.run("__mp.show()");
  await shown(amber, "while it was away", "received");
  await quiet(amber);
});

pluginTest("the plugin's storage is its own and survives a restart", async () => {
  await amber.open({ dns: encodeURIComponent(emulator.dns), profile: "ios" });
  await amber.one("signed-in");
  await open(amber, "basil");
  await shown(amber, "while it was away", "received");
  const keys = await amber.run("return document.querySelector('iframe').contentWindow.wx.getStorageInfoSync().keys");
  assert.deepEqual(keys, [], "nothing of the plugin is in the mini-program's storage");
});
