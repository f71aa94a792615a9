// Accounts, contacts and applications in the mini-program demo, on two iPhones against the local cloud.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { startEmulator } from "../lib/emulator.mjs";
import { agree, back, online, onPage, openTab, row, send, shown, signIn, submit } from "./lib/chat.mjs";
import { healthyTest, Stage } from "./lib/stage.mjs";

const stage = new Stage();
let emulator;
let ids;
let newcomer;
let basil;

before(async () => {
  emulator = await startEmulator();
  stage.later(() => emulator.stop());
  ids = await emulator.ids();
  const base = await stage.demo();
  newcomer = await stage.phone(base);
  basil = await stage.phone(base);
  await signIn(basil, emulator.dns, "basil", "ios");
  // Asked first, which is not the emulator's way with new accounts.
  const problem = await basil.driver.executeAsyncScript(
    `const done = arguments[0];
     __mp.pages.top.page.client.account.updateSettings({ authMode: 1 }).then(() => done(null), (e) => done(e.message));`,
  );
  assert.equal(problem, null);
});
after(() => stage.end());

const peopleTest = (name, body) => healthyTest(name, () => ({ newcomer, basil }), body);

/** Looks for somebody in the page for new contacts, and opens what is found. */
async function find(phone, text) {
  await openTab(phone, "contacts");
  await phone.tap("add-contact");
  await phone.type("search-input", text);
  await phone.tap("add-search");
  await phone.tap("found-person");
  await phone.one("person-message");
}

/** Back to the contacts from the page of somebody who was found. */
async function home(phone) {
  await back(phone, "add");
  await back(phone, "contacts");
}

/** Asks somebody to become a contact. */
async function apply(phone, name, reason) {
  await find(phone, name);
  await phone.tap("person-add");
  await agree(phone, reason);
  await phone.toast(/Request sent/);
  await home(phone);
}

const contacts = (phone) =>
  phone.run(
    "const { contacts, contactsOrder } = __mp.pages.top.page.data; return contactsOrder.map((place) => contacts[place].note)",
  );

peopleTest("an account is made and used at once; a name that is taken is said", async () => {
  await newcomer.open({ profile: "ios" });
  await newcomer.tap("signin-turn");
  assert.equal(await newcomer.title(), "Create an account");
  await submit(newcomer, { dns: emulator.dns, username: "basil", password: "something" });
  await newcomer.waitText("signin-error", /.+/);
  await submit(newcomer, { dns: emulator.dns, username: "zinnia", password: "zinnia-demo" });
  await newcomer.one("conversation-list");
  await openTab(newcomer, "me");
  await newcomer.waitText("connection", "online");
});

peopleTest("nobody is found by a name that nobody has, somebody by name and by id", async () => {
  await openTab(newcomer, "contacts");
  await newcomer.tap("add-contact");
  await newcomer.type("search-input", "nobody-at-all");
  await newcomer.tap("add-search");
  await newcomer.one("nobody");
  await back(newcomer, "contacts");
  await find(newcomer, ids.basil);
  await newcomer.waitText("person-name", "Basil Okafor");
  await home(newcomer);
});

peopleTest("an application is counted, and declined with a reason that is read at the other side", async () => {
  await apply(newcomer, "basil", "我是百日菊");
  await openTab(basil, "contacts");
  await basil.waitText("tab-count", /1/);
  await basil.tap("notices");
  await basil.waitText("notice-text", "zinnia wants to add you as a contact");
  await basil.waitText("reason", "“我是百日菊”");
  await basil.tap("decline");
  await agree(basil, "还不认识");
  await basil.one("no-notices");
  await back(basil, "contacts");
  await newcomer.tap("notices");
  await newcomer.waitText("notice-text", "Basil Okafor declined your request");
  await newcomer.waitText("reason", "“还不认识”");
  await newcomer.tap("dismiss");
  await newcomer.one("no-notices");
  await back(newcomer, "contacts");
});

peopleTest("an application that is accepted makes contacts of both, who chat", async () => {
  await apply(newcomer, "basil", "again");
  await basil.tap("notices");
  await basil.tap("accept");
  await basil.one("no-notices");
  await back(basil, "contacts");
  await basil.until("the new contact", async () => (await contacts(basil)).includes("zinnia"));
  await newcomer.until("the new contact", async () => (await contacts(newcomer)).includes("basil"));
  await newcomer.tapRow("contact", ids.basil);
  await newcomer.tap("person-message");
  await send(newcomer, "谢谢通过");
  await shown(newcomer, "谢谢通过", "sent");
  await openTab(basil, "conversations");
  await basil.until("the message", async () => (await row(basil, "zinnia"))?.note === "谢谢通过");
  await newcomer.tap("chat-info");
  await newcomer.one("person-remove");
  await newcomer.tap("person-search");
  await newcomer.waitText("empty", "Messages on this phone, in this conversation");
  await newcomer.type("search-input", "谢谢");
  await newcomer.one("hit");
  await back(newcomer, "contact");
});

peopleTest("a contact gets a remark, is blocked, let in again and removed", async () => {
  await newcomer.tap("person-alias");
  await agree(newcomer, "罗勒");
  await newcomer.waitText("person-name", "罗勒");
  const state = (blocked) =>
    newcomer.until(`blocked ${blocked}`, () =>
      // The switch shows it at once; whether they are a contact is what the cloud says afterwards.
      newcomer.run(
        "const { blocked, contact } = __mp.pages.top.page.data; return blocked === arguments[0] && contact !== arguments[0]",
        blocked,
      ),
    );
  await newcomer.tap("person-block");
  await state(true);
  await newcomer.tap("person-block");
  await state(false);
  await newcomer.run("__mp.setNetwork('none')");
  await newcomer.tap("person-block");
  await newcomer.dialog(/./);
  await newcomer.until("the switch to go back", () =>
    newcomer.run(
      "return __mp.pages.top.element.querySelector('[role=switch]').getAttribute('aria-checked') === 'false'",
    ),
  );
  await newcomer.run("__mp.setNetwork('wifi')");
  await online(newcomer);
  await newcomer.one("person-remove");
  await newcomer.tap("person-remove");
  await agree(newcomer);
  await onPage(newcomer, "conversations");
  await openTab(newcomer, "contacts");
  await newcomer.until("the contact to go", async () => (await contacts(newcomer)).length === 0);
});

peopleTest("a tap on the avatar of a message opens the profile", async () => {
  await openTab(basil, "conversations");
  await basil.tapRow("conversation", `user:${ids.amber}`);
  await basil.tap("face");
  await onPage(basil, "contact");
  await basil.waitText("person-name", /Amber Lin|Basil Okafor/);
});
