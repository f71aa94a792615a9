// Accounts, contacts, groups and search in the web demo: two Chromium browsers against the real emulator.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { ChatApp } from "../lib/chat-app.mjs";
import { nodeClient } from "../lib/node-client.mjs";
import { built } from "../lib/paths.mjs";
import { Stage, scenario } from "../lib/stage.mjs";

const stage = new Stage();
let ids;
let amber;
let carol;
let basil;
/** Carol's id, once she has an account. */
let carolId;
/** The group that Amber makes. */
let walks;

const texts = (app, name) =>
  app.run("return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText)", `[data-testid=${name}]`);

before(async () => {
  const emulator = await stage.emulator();
  ids = await emulator.ids();
  const url = await stage.serve(built("demo-web"));
  amber = new ChatApp(await stage.browser("amber"), url, emulator.dns);
  carol = new ChatApp(await stage.browser("carol"), url, emulator.dns);
  basil = nodeClient({ appId: "floo-demo", servers: { dns: emulator.dns }, logger() {} });
  stage.later(() => basil.close());
  await basil.login({ username: "basil", password: "basil-demo" });
  await amber.signIn("amber");
});
after(() => stage.end());

scenario(stage, "an account is made with the form; a name that is taken is said at its field", async () => {
  await carol.open();
  await carol.click("signin-turn");
  await carol.submit("amber", "something");
  await carol.one("signin-error");
  assert.equal(await carol.run("return document.activeElement.dataset.testid"), "signin-user");
  await carol.submit("carol", "carol-secret");
  await carol.online();
  await carol.click("menu");
  await carol.click("account");
  await (await carol.one("auth-mode")).findElement({ css: 'option[value="1"]' }).click();
  await carol.one("setting-switches", '[aria-busy="false"]');
  await carol.click("panel-back");
  carolId = await carol.run("return JSON.parse(localStorage['floo-demo-web']).userId");
});

scenario(stage, "a contact is found by name, asked, and accepts; both have the other in their lists", async () => {
  await amber.click("new-chat");
  await amber.click("add");
  await amber.fill("add-name", "nobody-of-that-name");
  await amber.click("add-search");
  await amber.one("add-nobody");
  await amber.fill("add-name", "carol");
  await amber.click("add-search");
  await amber.click("add-contact");
  await amber.fill("ask-text", "we met at the lake");
  await amber.click("ask-confirm");
  await carol.until(
    "the application",
    async () => (await carol.run("return document.querySelector('[data-testid=notices]').innerText")) !== "",
  );
  await carol.click("notices");
  assert.match(await carol.text("notice"), /amber.*would like to be your contact[\s\S]*we met at the lake/i);
  await carol.click("notice-accept");
  await carol.until("the notice to go", async () => !(await carol.has("notice")));
  await carol.click("sheet-close");
  await amber.one("remove-contact");
  await amber.click("panel-back");
  await amber.click("panel-back");
  await amber.click("contact", `[data-id="user:${carolId}"]`);
  await amber.send("hello Carol");
  await carol.unreadIs(`user:${ids.amber}`, 1);
});

scenario(stage, "a remark is what a contact is called from then on", async () => {
  await amber.openChat(`user:${carolId}`);
  await amber.click("chat-info");
  await amber.click("alias");
  await amber.fill("ask-text", "Carol from the lake");
  await amber.click("ask-confirm");
  await amber.until("the new name", async () => (await amber.text("chat-title")) === "Carol from the lake");
});

scenario(stage, "who is blocked is not heard until the block ends", async () => {
  await amber.click("block");
  await amber.one("block", '[aria-checked="true"]');
  await carol.openChat(`user:${ids.amber}`);
  await carol.send("can you hear me?");
  await carol.until("the message to be refused", async () =>
    (await carol.messages()).some(({ text, status }) => text === "can you hear me?" && status === "failed"),
  );
  await amber.click("block");
  await amber.one("block", '[aria-checked="false"]');
  await amber.click("panel-back");
  await carol.send("and now?");
  await amber.shown("and now?", "received");
});

scenario(stage, "a group is made of contacts, named anew, and everybody sees it", async () => {
  await amber.click("new-chat");
  await amber.click("new-group");
  for (const id of [carolId, ids.basil]) await amber.click("choice", `[data-id="${id}"]`);
  await amber.click("choice-done");
  await amber.fill("ask-text", "Walks");
  await amber.click("ask-confirm");
  await amber.until("the chat of the group", async () => (await amber.text("chat-title")) === "Walks");
  walks = await amber.run("return location.hash.slice(2)");
  await amber.send("who comes along?");
  await carol.openChat(walks);
  await carol.shown("who comes along?", "received");
  await amber.click("chat-info");
  await amber.until("all members", async () => (await texts(amber, "member")).length === 3);
  await amber.click("group-name");
  await amber.fill("ask-text", "Long walks");
  await amber.click("ask-confirm");
  for (const app of [amber, carol]) {
    await app.until("the new name", async () => (await app.text("chat-title")) === "Long walks");
  }
});

scenario(stage, "an announcement is read by all and deleted again; only managers may", async () => {
  await amber.click("group-announcements");
  await amber.click("announce");
  await amber.fill("announcement-title", "Sunday");
  await amber.fill("ask-text", "At eight, by the bridge.");
  await amber.click("ask-confirm");
  await amber.one("announcement");
  await carol.click("chat-info");
  await carol.click("group-announcements");
  assert.match(await carol.text("announcement"), /Sunday[\s\S]*At eight, by the bridge\./);
  assert.ok(!(await carol.has("announce")) && !(await carol.has("announcement-delete")));
  await carol.click("panel-back");
  await amber.click("announcement-delete");
  await amber.click("sure-confirm");
  await amber.until("it to go", async () => !(await amber.has("announcement")));
  await amber.click("panel-back");
});

scenario(stage, "a member becomes an administrator, another is removed and invited again", async () => {
  await amber.click("member", `[data-id="${carolId}"]`);
  await amber.click("do-admin");
  await amber.until("the mark", async () =>
    (await texts(amber, "member")).some((text) => /Carol[\s\S]*Admin/.test(text)),
  );
  await amber.click("member", `[data-id="${ids.basil}"]`);
  await amber.click("do-kick");
  await amber.click("sure-confirm");
  for (const app of [amber, carol]) {
    await app.until("two members", async () => (await texts(app, "member")).length === 2);
  }
  await amber.click("group-invite");
  await amber.click("choice", `[data-id="${ids.basil}"]`);
  assert.ok(
    !(await amber.run("return document.querySelector(arguments[0])", `[data-testid=choice][data-id="${carolId}"]`)),
  );
  await amber.click("choice-done");
  for (const app of [amber, carol]) {
    await app.until("three members", async () => (await texts(app, "member")).length === 3);
  }
});

scenario(stage, "who leaves a group has no chat of it any more", async () => {
  await carol.click("group-leave");
  await carol.click("sure-confirm");
  await carol.until("the row to go", async () => !(await carol.conversations()).some((row) => row.id === walks));
  await amber.until("two members", async () => (await texts(amber, "member")).length === 2);
  await amber.click("group-leave");
  await amber.click("sure-confirm");
  await amber.until("the row to go", async () => !(await amber.conversations()).some((row) => row.id === walks));
});

scenario(stage, "a chat is pinned and muted from its menu, and its row says so", async () => {
  await amber.openChat(`user:${carolId}`);
  for (const what of ["pinned", "muted"]) {
    await amber.click("chat-menu");
    await amber.click(`do-${what}`);
  }
  await amber.one("muted");
  await basil.conversation({ user: ids.amber }).send({ text: "newer" });
  await amber.until("the message", async () =>
    (await amber.conversations()).some(({ preview }) => preview === "newer"),
  );
  assert.equal((await amber.conversations())[0].id, `user:${carolId}`, "the pinned one stays on top");
});

scenario(stage, "search finds what is far back, and the chat opens there", async () => {
  const chat = basil.conversation({ user: ids.amber });
  await chat.send({ text: "the needle of the compass" });
  for (let number = 1; number <= 120; number++) await chat.send({ text: `hay ${number}` });
  await amber.until("all of them", async () => (await amber.unread(`user:${ids.basil}`)) >= 99);
  await amber.until("the last one", async () =>
    (await amber.conversations()).some(({ preview }) => preview.includes("hay 120")),
  );
  await amber.fill("search", "needle");
  await amber.until("the hit", async () => (await texts(amber, "hit")).length === 1);
  assert.match((await texts(amber, "hit"))[0], /basil[\s\S]*the needle of the compass/i);
  await amber.click("hit");
  const inSight = () =>
    amber.run(
      `const found = [...document.querySelectorAll("[data-testid=message]")].find((e) => e.innerText.includes(arguments[0]));
       const view = document.querySelector("[role=log]")?.getBoundingClientRect();
       const at = found?.getBoundingClientRect();
       return at !== undefined && at.top >= view.top && at.bottom <= view.bottom;`,
      "the needle of the compass",
    );
  await amber.until("the message in sight", inSight);
  await amber.run(`const view = document.querySelector("[role=log]"); view.scrollTop = view.scrollHeight`);
  await amber.until("it to be out of sight", async () => !(await inSight()));
  await amber.click("hit");
  await amber.until("it in sight again", inSight);
  await chat.send({ text: "something new" });
  await amber.shown("something new", "received");
  assert.ok(await inSight(), "what arrives does not scroll away from it");
  await amber.driver.navigate().refresh();
  await amber.until("the same place after a reload", inSight);
  await amber.fill("search", "no such words");
  await amber.until("that nothing is found", async () =>
    (await amber.run("return document.body.innerText")).includes("No message"),
  );
  await amber.fill("search", "");
});

scenario(stage, "the name and the password are changed, and the old one is no longer taken", async () => {
  await carol.click("menu");
  await carol.click("account");
  await carol.click("my-name");
  await carol.fill("ask-text", "Carol Lake");
  await carol.click("ask-confirm");
  await carol.until("the name", async () => (await carol.text("heading")) === "Carol Lake");
  await carol.click("my-password");
  await carol.fill("old-password", "wrong");
  await carol.fill("new-password", "carol-new");
  await carol.click("password-save");
  await carol.one("toast");
  await carol.fill("old-password", "carol-secret");
  await carol.click("password-save");
  await carol.until("the sheet to close", async () => !(await carol.has("password-save")));
});

scenario(stage, "the language is chosen, stays, and is that of the whole page", async () => {
  await carol.click("language-zh");
  await carol.until("Chinese", async () => (await carol.text("panel-title")) === "资料与设置");
  await carol.open();
  assert.match(await carol.run("return document.querySelector('.sidebar h1').innerText"), /^聊天$/);
  assert.equal(await carol.run("return document.documentElement.lang"), "zh");
});

/** All that is in the databases of the page, as text. */
const KEPT = `
  const [done] = arguments;
  const asked = (request) => new Promise((then, fail) => {
    request.onsuccess = () => then(request.result);
    request.onerror = () => fail(request.error);
  });
  const read = (value) =>
    value instanceof Uint8Array ? new TextDecoder().decode(value) :
    typeof value === "object" && value !== null ? Object.values(value).map(read).join() : String(value);
  (async () => {
    let text = "";
    for (const { name } of await indexedDB.databases()) {
      const database = await asked(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const values = await asked(database.transaction(store).objectStore(store).getAll());
        text += values.map(read).join();
      }
      database.close();
    }
    return text;
  })().then(done, (error) => done(error.message));`;

scenario(stage, "logging out may erase the messages of this browser", async () => {
  assert.match(await carol.driver.executeAsyncScript(KEPT), /and now\?/);
  await carol.click("menu");
  await carol.click("account");
  await carol.click("erase");
  await carol.click("sure-confirm");
  await carol.one("signin-submit");
  assert.doesNotMatch(await carol.driver.executeAsyncScript(KEPT), /and now\?/);
  await carol.submit("carol", "carol-secret");
  await carol.one("signin-error");
  await carol.submit("carol", "carol-new");
  await carol.one("menu");
});
