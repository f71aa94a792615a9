// Much data in the mini-program demo: what crosses to its views, which the platform limits, is counted.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { startEmulator } from "../lib/emulator.mjs";
import { nodeClient } from "../lib/node-client.mjs";
import { act, back, messages, online, openChat, openTab, row, send, shown, signIn } from "./lib/chat.mjs";
import { healthyTest, Stage } from "./lib/stage.mjs";

const MANY = 400;
const GROUPS = 120;
/** Bytes of one call: the platform takes 1 MB and advises a quarter of that. */
const ADVISED = 256 * 1024;
const LIST = "pages/conversations/conversations";
const CELL = "components/cell/cell";
const SEARCH = "pages/search/search";
const CHAT = "pages/chat/chat";

/** The view of the messages, in a script. */
const VIEW = `document.querySelector('.mp-page:not([hidden]) [exparser\\\\:info-attr-id="messages"]')`;

const stage = new Stage();
let ids;
let amber;
let basil;

before(async () => {
  const emulator = await startEmulator();
  stage.later(() => emulator.stop());
  ids = await emulator.ids();
  basil = nodeClient({ appId: "floo-demo", servers: { dns: emulator.dns }, logger() {} });
  stage.later(() => basil.close());
  await basil.login({ username: "basil", password: "basil-demo" });
  for (let number = 1; number <= MANY; number++) await say(`number ${number}`);
  amber = await stage.phone(await stage.demo());
  await signIn(amber, emulator.dns, "amber", "ios");
});
after(() => stage.end());

/** A test that begins at the list, whatever became of the one before. */
const largeTest = (name, body) =>
  healthyTest(
    name,
    () => ({ amber }),
    async () => {
      await amber.until("the list", () =>
        amber.run(
          `const { stack } = __mp.pages;
           if (stack.length > 1) document.querySelector("iframe").contentWindow.wx.navigateBack({ delta: stack.length - 1 });
           return stack.length === 1;`,
        ),
      );
      await body();
    },
  );
const say = (text) => basil.conversation({ user: ids.amber }).send({ text });

/** What the app has handed to the view of a page or component since the last look: `{ calls, bytes, largest }`. */
async function crossed(part) {
  const updates = await amber.run(
    "return __mp.updates.splice(0).filter((update) => update.part === arguments[0])",
    part,
  );
  const sizes = updates.map(({ bytes }) => bytes);
  return {
    calls: sizes.length,
    bytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
    largest: Math.max(0, ...sizes),
  };
}

/** The numbers of the messages that are shown, in their order. */
async function numbers() {
  const found = (await messages(amber)).map(({ text }) => /^number (\d+)$/.exec(text)?.[1]);
  return found.filter((number) => number !== undefined).map(Number);
}

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Scrolls the chat to its beginning, or end, until that comes about; the edge is left in between to be reached again. */
const scroll = (to, what, probe) =>
  amber.until(what, async () => {
    await amber.run(
      `const view = ${VIEW};
       const edge = arguments[0] === "end" ? view.scrollHeight - view.clientHeight : 0;
       view.scrollTop = Math.abs(view.scrollTop - edge) > 1 ? edge : Math.abs(edge - 200);`,
      to,
    );
    return probe();
  });

const allOfThem = () => scroll("top", "all of them", () => amber.run("return __mp.pages.top.page.data.complete"));

/** Scrolls the chat to its end and waits until the page knows; a look at the page alone could see what was before. */
const toEnd = () =>
  amber.until("the end", () =>
    amber.run(
      `const view = ${VIEW};
       if (Math.abs(view.scrollHeight - view.clientHeight - view.scrollTop) <= 1) return __mp.pages.top.page.atEnd;
       view.scrollTop = view.scrollHeight;
       return false;`,
    ),
  );

/** Whether the message with that text is within the view. */
const inSight = (text) =>
  amber.until(`"${text}" in sight`, () =>
    amber.run(
      `const view = ${VIEW};
       const found = [...view.querySelectorAll("[class*=message-text]")].find((e) => e.textContent.trim() === arguments[0]);
       if (!found) return false;
       const [inner, outer] = [found.getBoundingClientRect(), view.getBoundingClientRect()];
       return inner.top >= outer.top && inner.bottom <= outer.bottom;`,
      text,
    ),
  );

/** Opens the chat at a message, as a hit of the search does. */
async function openAt(text) {
  const failed = await amber.driver.executeAsyncScript(
    `const [text, user, done] = arguments;
     const { client } = __mp.pages.stack[0].page;
     const pages = client.search.messages({ text, conversation: { user } })[Symbol.asyncIterator]();
     pages.next().then(({ value }) => {
       const { id } = value.find((message) => message.text === text);
       const { wx } = document.querySelector("iframe").contentWindow;
       return wx.navigateTo({ url: "/pages/chat/chat?kind=user&id=" + user + "&at=" + id });
     }).then(() => done(""), (error) => done(error.errMsg ?? error.message));`,
    text,
    ids.basil,
  );
  assert.equal(failed, "");
  await amber.one("composer");
  await inSight(text);
}

const far = () => amber.run("return __mp.pages.top.page.data.later");

largeTest("a page towards the past costs a page, however many messages are shown", async () => {
  await openChat(amber, "basil");
  await inSight(`number ${MANY}`);
  await crossed(CHAT);
  const early = await numbers();
  // Looked for and scrolled in one step: once the page is there, it is left alone.
  await amber.until("an older page", () =>
    amber.run(
      `const { data } = __mp.pages.top.page;
       if (data.rowsOrder.length > arguments[0]) return true;
       const view = ${VIEW};
       if (!data.loading) view.scrollTop = view.scrollTop === 0 ? 200 : 0;
       return false;`,
      early.length,
    ),
  );
  await inSight(`number ${early[0]}`);
  await allOfThem();
  assert.deepEqual(await numbers(), range(1, MANY));
  const { bytes, largest } = await crossed(CHAT);
  const all = await amber.run("return JSON.stringify(__mp.pages.top.page.data.rows).length");
  assert.ok(bytes < 2 * all, `${bytes} bytes for rows of ${all}`);
  assert.ok(largest < all / 10, `${largest} bytes in one call for rows of ${all}`);
  await back(amber);
});

largeTest("what arrives in a long chat costs itself", async () => {
  await openChat(amber, "basil");
  await inSight(`number ${MANY}`);
  await allOfThem();
  await toEnd();
  await crossed(CHAT);
  await say("one more");
  await inSight("one more");
  const { bytes } = await crossed(CHAT);
  assert.ok(bytes < 4096, `${bytes} bytes`);
  await back(amber);
});

largeTest("a hit far back shows what is around it, and pages lead both ways", async () => {
  await crossed(CHAT);
  await openAt("number 100");
  assert.deepEqual(await numbers(), range(80, 120));
  assert.ok((await crossed(CHAT)).bytes < 64 * 1024);
  await say("meanwhile");
  await amber.waitText("new-messages", "1 new");
  assert.deepEqual(await numbers(), range(80, 120), "nothing newer stands behind a gap");
  await scroll("end", "newer pages", async () => (await numbers()).includes(160));
  await scroll("top", "an older page", async () => (await numbers()).includes(79));
  const both = await numbers();
  assert.deepEqual(both, range(both[0], both.at(-1)));
  await amber.tap("new-messages");
  await inSight("meanwhile");
  const newest = await numbers();
  assert.deepEqual(newest, range(newest[0], MANY));
  assert.ok(newest[0] > both.at(-1), "only the newest are left");
  await scroll("top", "an older page", async () => (await numbers())[0] < newest[0]);
  const older = await numbers();
  assert.deepEqual(older, range(older[0], MANY));
  await back(amber);
});

largeTest("from a hit the pages lead to the newest message, and what arrives is shown again", async () => {
  await openAt(`number ${MANY - 50}`);
  await amber.waitText("new-messages", "Newest messages");
  await scroll("end", "the newest message", async () => !(await far()));
  await shown(amber, "meanwhile");
  assert.deepEqual(await numbers(), range(MANY - 70, MANY));
  await amber.until("the button to go", async () => (await amber.all("new-messages")).length === 0);
  await toEnd();
  await say("at the end");
  await inSight("at the end");
  await back(amber);
});

largeTest("what is written far back is shown at the end", async () => {
  await openAt("number 200");
  await send(amber, "from far back");
  await inSight("from far back");
  await shown(amber, "from far back", "sent");
  assert.ok(!(await numbers()).includes(200));
  await back(amber);
});

largeTest("with a panel open, reading above the end is not disturbed by what arrives", async () => {
  await openChat(amber, "basil");
  await inSight("from far back");
  await amber.tap("emoji");
  await amber.one("choice");
  await inSight("from far back");
  await amber.run(`const view = ${VIEW}; view.scrollTop -= 160`);
  await amber.until("the end to be left", () => amber.run("return !__mp.pages.top.page.atEnd"));
  await say("not now");
  await amber.waitText("new-messages", "1 new");
  await back(amber);
});

largeTest("a long message that is found is a line of the search", async () => {
  await say(`needle ${"长".repeat(20_000)}`);
  await amber.until("it on this phone", async () => (await row(amber, "basil")).note.includes("needle"));
  await amber.tap("search");
  await crossed(SEARCH);
  await amber.type("search-input", "needle");
  await amber.one("hit");
  const { largest } = await crossed(SEARCH);
  assert.ok(largest < 4096, `${largest} bytes in one call`);
  await back(amber);
});

largeTest("a list behind a chat keeps still, and is up to date when it is shown", async () => {
  await openChat(amber, "basil");
  await crossed(LIST);
  await basil.conversation({ group: ids.Team }).send({ text: "seen later" });
  await say("seen now");
  await shown(amber, "seen now");
  assert.equal((await crossed(LIST)).calls, 0);
  await back(amber);
  await amber.until("the row", async () => (await row(amber, "team")).note.endsWith("seen later"));
});

largeTest("a long list of long messages comes in pages of short rows", async () => {
  const groups = [];
  for (let number = 1; number <= GROUPS; number++) {
    const { groupId } = await basil.groups.create({ name: `Group ${number}`, members: [ids.amber] });
    await basil.conversation({ group: groupId }).send({ text: "长".repeat(1000) });
    groups.push(groupId);
  }
  await amber.until("all of them", () =>
    amber.run("return __mp.pages.top.page.client.conversations.snapshot.length >= arguments[0]", GROUPS),
  );
  await crossed(LIST);
  await amber.open({ profile: "ios" });
  await online(amber);
  await amber.until("the list", async () => (await amber.all("conversation")).length > 0);
  for (let count = 0; count < GROUPS; ) {
    const more = (await amber.all("conversation")).length;
    assert.ok(more <= count + 50, `${more} rows after ${count}`);
    count = more;
    await amber.run(
      "const page = document.querySelector('.mp-page:not([hidden])'); page.scrollTop = page.scrollHeight",
    );
    if (count < GROUPS) await amber.until("more rows", async () => (await amber.all("conversation")).length > count);
  }
  const { largest } = await crossed(LIST);
  assert.ok(largest < ADVISED / 8, `${largest} bytes in one call`);

  // The last row moves to the top.
  const top = async () => (await amber.dataset("conversation"))[0].id;
  const last = `group:${groups[0]}`;
  assert.notEqual(await top(), last);
  await basil.conversation({ group: groups[0] }).send({ text: "up again" });
  await amber.until("it at the top", async () => (await top()) === last);
  const { bytes } = await crossed(LIST);
  assert.ok(bytes < 4096, `${bytes} bytes for one row`);

  // It has unread messages, and says so once.
  const changed = () => amber.run("return __mp.pages.top.page.data.rows.find((one) => one.id === arguments[0])", last);
  assert.ok((await changed()).unread > 0);
  await crossed(CELL);
  await amber.run("__mp.pages.top.page.client.conversation({ group: arguments[0] }).setMuted(true)", groups[0]);
  await amber.until("the mark of a muted one", async () => (await changed()).muted);
  assert.equal((await crossed(CELL)).calls, 0);
});

largeTest("the other long lists come in pages too", async () => {
  const grows = async (name) => {
    await amber.one(name);
    for (let count = 0; count < GROUPS; ) {
      const more = (await amber.all(name)).length;
      assert.ok(more > count && more <= count + 50, `${more} rows after ${count}`);
      count = more;
      await amber.run(
        "const page = document.querySelector('.mp-page:not([hidden])'); page.scrollTop = page.scrollHeight",
      );
      if (count < GROUPS) await amber.until("more rows", async () => (await amber.all(name)).length > count);
    }
  };
  await openTab(amber, "contacts");
  await grows("group-row");
  await openTab(amber, "conversations");
  await say("to be forwarded");
  await openChat(amber, "basil");
  await act(amber, "to be forwarded", "Forward");
  await grows("target");
});
