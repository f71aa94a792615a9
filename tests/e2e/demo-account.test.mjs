// The side bar's contacts, the own picture and the account's settings in the web demo: two Chromium browsers against the
// real emulator.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before } from "node:test";
import { Key } from "selenium-webdriver";
import { ChatApp } from "../lib/chat-app.mjs";
import { nodeClient } from "../lib/node-client.mjs";
import { at, built } from "../lib/paths.mjs";
import { Stage, scenario } from "../lib/stage.mjs";

const stage = new Stage();
let emulator;
let amber;
let basil;
let ids;

/** Somebody without a browser. */
async function login(username) {
  const client = nodeClient({ appId: "floo-demo", servers: { dns: emulator.dns }, logger() {} });
  stage.later(() => client.close());
  await client.login({ username, password: `${username}-demo` });
  return client;
}

const rows = (app) =>
  app.run(`return [...document.querySelectorAll("[data-testid=contacts-list] [data-testid=contact]")].map((row) =>
    row.dataset.id)`);
const focused = (app) =>
  app.run("const it = document.activeElement; return [it.dataset.testid, it.dataset.id ?? null]");
const press = (app, ...keys) =>
  app.driver
    .actions()
    .sendKeys(...keys)
    .perform();
/** The address of the picture in the first avatar within a selector; null for letters. */
const picture = (app, within) =>
  app.run(
    `const it = document.querySelector(arguments[0] + " .avatar img");
     return it !== null && it.naturalWidth > 0 ? it.src : null`,
    within,
  );
const toast = (app, words) =>
  app.until(`a toast with ${words}`, () => app.run("return document.body.innerText.includes(arguments[0])", words));

before(async () => {
  emulator = await stage.emulator();
  ids = await emulator.ids();
  const url = await stage.serve(built("demo-web"));
  amber = new ChatApp(await stage.browser("amber"), url, emulator.dns);
  basil = new ChatApp(await stage.browser("basil"), url, emulator.dns);
  await amber.signIn("amber");
  await basil.signIn("basil");
});
after(() => stage.end());

scenario(stage, "contacts and groups have a tab, with a search and by keyboard", async () => {
  await (await amber.one("tab-chats")).sendKeys(Key.ARROW_RIGHT);
  assert.deepEqual(await focused(amber), ["tab-contacts", null]);
  await amber.until("contacts", async () => (await rows(amber)).includes(`user:${ids.basil}`));
  assert.ok((await rows(amber)).includes(`group:${ids.Team}`));
  assert.ok(!(await rows(amber)).includes(`user:${ids.amber}`));
  const search = await amber.driver.findElement({ css: "input[type=search]" });
  await search.sendKeys("BASIL");
  await amber.until("one only", async () => (await rows(amber)).join() === `user:${ids.basil}`);
  await search.sendKeys("<b>");
  await amber.until("nobody", async () => (await rows(amber)).length === 0);
  await search.sendKeys(Key.ESCAPE);
  await amber.until("all", async () => (await rows(amber)).length > 1);
});

scenario(stage, "a contact's details open beside, and give the focus back", async () => {
  await amber.click("contact-info", `[data-id="user:${ids.basil}"]`);
  await amber.one("panel-title");
  assert.deepEqual(await focused(amber), ["panel-back", null]);
  await press(amber, Key.ESCAPE);
  await amber.until("the row", async () => (await focused(amber)).join() === `contact,user:${ids.basil}`);
  await press(amber, Key.ENTER);
  await amber.one("composer");
  assert.match(await amber.text("chat-title"), /Basil/);
});

scenario(stage, "settings are kept by the cloud, and one that is refused goes back", async () => {
  await amber.click("menu");
  await amber.click("account");
  const settled = () => amber.one("setting-switches", '[aria-busy="false"]');
  const choose = async (name, value) => {
    await (await amber.one(name)).findElement({ css: `option[value="${value}"]` }).click();
    await settled();
  };
  await choose("auth-mode", 1);
  await amber.click("push-detail", '[aria-checked="true"]');
  await amber.one("push-detail", '[aria-checked="false"]');
  await choose("quiet-from", 22);
  await choose("quiet-to", 7);
  await amber.open();
  await amber.online();
  await amber.click("menu");
  await amber.click("account");
  const values = () =>
    amber.run(`return ["auth-mode", "quiet-from", "quiet-to"].map((it) =>
      document.querySelector("[data-testid=" + it + "]")?.value)`);
  await amber.until("what was set", async () => (await values()).join() === "1,22,7");
  await amber.one("push-detail", '[aria-checked="false"]');
  await emulator.faults({ action: { type: "http", status: 403, path: "/user/push/limit" }, times: 1 });
  await choose("quiet-from", 5);
  await emulator.faultsDone();
  await amber.until("the hour to be as it was", async () => (await values()).join() === "1,22,7");
  await emulator.faults({ action: { type: "http", status: 403, path: "/user/push" }, times: 1 });
  await amber.click("push");
  await emulator.faultsDone();
  await settled();
  await amber.one("push", '[aria-checked="true"]');
  await amber.click("push");
  await amber.until("the rest to go", async () => !(await amber.has("push-detail")));
  await press(amber, Key.ESCAPE);
  await amber.until("the menu's button", async () => (await focused(amber))[0] === "menu");
});

scenario(stage, "an application is counted on the tab until it is answered, on whichever device", async () => {
  const dill = `dill${Date.now()}`;
  const other = nodeClient({ appId: "floo-demo", servers: { dns: emulator.dns }, logger() {} });
  stage.later(() => other.close());
  await other.account.register({ username: dill, password: "dill-demo" });
  const { userId } = await other.login({ username: dill, password: "dill-demo" });
  await other.roster.apply(ids.amber, { reason: "hello" });
  await amber.one("contacts-badge");
  await amber.click("tab-contacts");
  assert.ok(!(await rows(amber)).includes(`user:${userId}`));
  const second = await login("amber");
  await second.roster.accept(userId);
  await amber.until("the new contact", async () => (await rows(amber)).includes(`user:${userId}`));
  await amber.until("no badge", async () => !(await amber.has("contacts-badge")));
});

scenario(stage, "a picture of one's own is seen by contacts at once; what is none is said", async () => {
  await basil.click("tab-contacts");
  await amber.click("menu");
  await amber.click("account");
  const pick = async (file) =>
    (await amber.driver.findElement({ css: "[data-testid=own-picture-file]" })).sendKeys(file);
  const note = path.join(stage.directory(), "note.txt");
  fs.writeFileSync(note, "no picture");
  await pick(note);
  await toast(amber, "not a picture");
  assert.equal(await picture(amber, "[data-testid=own-picture]"), null);
  await pick(at("docs/demo-web-phone.png"));
  await amber.until("the picture", () => picture(amber, "[data-testid=own-picture]"));
  const seen = await basil.until("the picture", () =>
    picture(basil, `[data-testid=contact][data-id="user:${ids.amber}"]`),
  );
  assert.match(seen, /^blob:/, "no token in an address");
  await amber.click("panel-back");
  await amber.until("the picture", () => picture(amber, "[data-testid=menu]"));
  await basil.open();
  await basil.until("the picture in the list", () =>
    picture(basil, `[data-testid=conversation][data-id="user:${ids.amber}"]`),
  );
});
