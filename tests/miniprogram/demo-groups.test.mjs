// Groups in the mini-program demo, on two iPhones against the local cloud.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { agree, amberAndBasil, back, online, onPage, openTab, row, send, shown } from "./lib/chat.mjs";
import { healthyTest, Stage } from "./lib/stage.mjs";

const stage = new Stage();
let emulator;
let ids;
let amber;
let basil;
/** The group that is made here. */
let group;

before(async () => {
  ({ emulator, amber, basil } = await amberAndBasil(stage));
  ids = await emulator.ids();
});
after(() => stage.end());

const groupTest = (name, body) => healthyTest(name, () => ({ amber, basil }), body);

const titleIs = (phone, wanted) => phone.until(`the title ${wanted}`, async () => (await phone.title()) === wanted);
const data = (phone, key) => phone.run("return __mp.pages.top.page.data[arguments[0]]", key);
const dataIs = (phone, key, fits) => phone.until(`${key} to fit`, async () => fits(await data(phone, key)));

groupTest("a group is made of contacts and appears at both", async () => {
  await amber.tap("new");
  await amber.choose("New group");
  await amber.tapRow("person", ids.basil);
  await amber.waitText("pick-done", "Done (1)");
  await amber.tapTwice("pick-done");
  await agree(amber, "周末爬山");
  await onPage(amber, "chat");
  await titleIs(amber, "周末爬山");
  await send(amber, "周六八点集合");
  await shown(amber, "周六八点集合", "sent");
  const found = await basil.until("the group", () => row(basil, "周末爬山"));
  group = found.id.split(":")[1];
  await basil.tapRow("conversation", found.id);
  await shown(basil, "周六八点集合", "received");
});

groupTest("the owner renames it, and everybody sees the new name", async () => {
  await amber.tap("chat-info");
  await amber.tap("group-name");
  await agree(amber, "周日爬山");
  await dataIs(amber, "group", (it) => it.name === "周日爬山");
  await titleIs(basil, "周日爬山");
  await amber.tap("group-my-name");
  await agree(amber, "山长");
  await amber.until(
    "the dialog to go",
    async () => (await amber.run("return document.querySelector('.mp-modal')")) === null,
  );
  await amber.tap("group-my-name");
  await amber.until("the name from before", () =>
    amber.run("return document.querySelector('.mp-modal-field')?.value === '山长'"),
  );
  await amber.driver.findElement({ css: ".mp-cancel" }).click();
});

groupTest("a contact is invited", async () => {
  await amber.tap("group-invite");
  await amber.tapRow("person", ids.clover);
  assert.ok(!(await amber.dataset("person")).some(({ id }) => id === ids.basil), "members are offered");
  await amber.tap("pick-done");
  await onPage(amber, "group");
  await dataIs(amber, "members", (members) => members.some(({ id }) => id === ids.clover));
});

groupTest("an administrator is made, a member is removed", async () => {
  await amber.tap("group-members");
  await amber.one("members-end");
  const badge = (id) => data(amber, "rows").then((rows) => rows.find((one) => one.id === id)?.badge);
  assert.equal(await badge(ids.amber), "Owner");
  await amber.tapRow("member-row", ids.basil);
  await amber.choose("Make admin");
  await amber.until("the badge", async () => (await badge(ids.basil)) === "Admin");
  await amber.tapRow("member-row", ids.basil);
  await amber.choose("Take admin rights");
  await amber.until("the badge to go", async () => (await badge(ids.basil)) === "");
  await amber.tapRow("member-row", ids.clover);
  await amber.choose("Remove from the group");
  await agree(amber);
  await amber.until("the member to go", async () => (await badge(ids.clover)) === undefined);
  await back(amber, "group");
});

groupTest("a plain member can do none of it", async () => {
  await basil.tap("chat-info");
  await dataIs(basil, "group", (it) => it !== null);
  assert.equal(await data(basil, "manager"), false);
  assert.equal((await basil.texts("group-leave"))[0], "Leave the group");
  await basil.tap("group-members");
  await basil.one("members-end");
  await basil.tapRow("member-row", ids.amber);
  await onPage(basil, "contact");
  await back(basil, "members");
  await back(basil, "group");
});

groupTest("an announcement is posted and read at the other side", async () => {
  await amber.tap("group-announcements");
  await amber.tap("announcement-new");
  await amber.tap("announcement-post");
  await amber.waitText("announcement-error", "Please enter a title.");
  await amber.type("announcement-title", "集合地点");
  await amber.type("announcement-text", "北门售票处");
  await amber.tapTwice("announcement-post");
  await amber.waitText("announcement-title", "集合地点");
  await amber.tap("announcement-new");
  await amber.type("announcement-title", "时间");
  await amber.type("announcement-text", "早上八点");
  await amber.tap("announcement-post");
  await amber.until(
    "both, the newest first",
    async () => (await data(amber, "rows")).map(({ title }) => title).join() === "时间,集合地点",
  );
  await back(amber, "group");
  await dataIs(amber, "latest", (latest) => latest === "时间");
  await basil.tap("group-announcements");
  await basil.waitText("announcement-content", "北门售票处");
  assert.equal((await basil.all("announcement-new")).length, 0);
  await back(basil, "group");
});

groupTest("notifications are switched off and on, and the chat is pinned", async () => {
  await basil.tap("group-mute");
  await dataIs(basil, "muted", (muted) => muted);
  await basil.tap("group-pin");
  await dataIs(basil, "pinned", (pinned) => pinned);
  await back(basil, "chat");
  await back(basil);
  const found = await row(basil, "周日爬山");
  assert.deepEqual([found.muted, found.pinned], [true, true]);
  assert.equal((await basil.dataset("conversation"))[0].id, found.id);
});

groupTest("who leaves loses it from the list; the owner dissolves it", async () => {
  await basil.tapRow("conversation", `group:${group}`);
  await basil.tap("chat-info");
  await basil.tap("group-leave");
  await agree(basil);
  await onPage(basil, "conversations");
  await basil.until("the group to go", async () => (await row(basil, "周日爬山")) === null);
  await dataIs(amber, "members", (members) => members.length === 1);
  await amber.waitText("group-leave", "Dissolve the group");
  await amber.tap("group-leave");
  await agree(amber);
  await onPage(amber, "conversations");
  await amber.until("the group to go", async () => (await row(amber, "周日爬山")) === null);
});

groupTest("members of a large group come page by page", async () => {
  await emulator.admin("crowd", { group: Number(ids.Team), members: 80 });
  await openTab(amber, "contacts");
  await amber.tapRow("group-row", ids.Team);
  await amber.tap("chat-info");
  await amber.tap("group-members");
  await dataIs(amber, "rows", (rows) => rows.length === 30);
  const scroll = () =>
    amber.run(
      "const v = [...document.querySelectorAll('wx-scroll-view')].at(-1); v.scrollTop = v.scrollTop === 0 ? v.scrollHeight : 0",
    );
  // A page that fails is not the last one.
  await amber.run("__mp.setNetwork('none')");
  await scroll();
  await amber.dialog(/./);
  await amber.run("__mp.setNetwork('wifi')");
  await online(amber);
  await amber.until("all members", async () => {
    await scroll();
    return (await data(amber, "complete")) && (await data(amber, "rows")).length >= 80;
  });
  const found = (await data(amber, "rows")).map((one) => one.id);
  assert.equal(new Set(found).size, found.length);
});
