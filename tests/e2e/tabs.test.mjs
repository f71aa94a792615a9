// Several tabs with one account: one connection, the same lists, and another takes over when the one that has it goes.
// With the core in the page, in a worker, and in either.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { ApiPage, apiMounts } from "../lib/api-page.mjs";
import { nodeClient } from "../lib/node-client.mjs";
import { Stage, scenario } from "../lib/stage.mjs";
import { until } from "../lib/until.mjs";

for (const [where, inWorker] of [
  ["in the page", () => false],
  ["in a worker", () => true],
  ["in either", (tab) => tab % 2 === 0],
]) {
  const stage = new Stage();
  let emulator;
  let driver;
  let address;
  let ids;
  let basil;
  /** The window that the browser began with, which stays empty. */
  let first;

  /** A tab of the browser. */
  class Tab extends ApiPage {
    static #opened = 0;

    static async open() {
      await driver.switchTo().window(first); // the last one may be closed
      await driver.switchTo().newWindow("tab");
      const tab = new Tab(driver, address);
      tab.handle = await driver.getWindowHandle();
      tab.inWorker = inWorker(Tab.#opened++);
      await tab.load();
      return tab;
    }

    /** Loads the page, anew if it is there. */
    async load() {
      await driver.switchTo().window(this.handle);
      await this.open();
      await this.run(
        ({ createClient, clients, listen, APP_ID, worker }, { dns, inWorker }) => {
          clients.me = createClient({ appId: APP_ID, servers: { dns }, ...(inWorker ? { worker } : {}) });
          clients.me.heard = listen(clients.me);
        },
        { dns: emulator.dns, inWorker: this.inWorker },
      );
    }

    async run(act, value) {
      await driver.switchTo().window(this.handle);
      return super.run(act, value);
    }

    login(username) {
      const act = ({ clients: { me } }, { username }) => me.login({ username, password: `${username}-demo` });
      return this.run(act, { username });
    }

    resume() {
      return this.run(({ clients: { me } }) => me.resume());
    }

    state() {
      return this.run(({ clients: { me } }) => [me.state, me.session?.userId ?? null]);
    }

    /** The texts of the chat with basil, oldest first. */
    texts() {
      return this.run(
        async ({ clients: { me } }, { of }) => {
          const all = [];
          for (let before; ; ) {
            const page = await me.conversation({ user: of }).messages({ limit: 200, ...(before ? { before } : {}) });
            all.unshift(...page.map((it) => it.text));
            if (page.length < 200) return all;
            before = page[0].id;
          }
        },
        { of: ids.basil },
      );
    }

    async close() {
      await driver.switchTo().window(this.handle);
      await driver.close();
    }
  }

  const sockets = async (username) => (await emulator.state()).users.find((it) => it.username === username).sockets;
  const online = (tab) => until("the tab to be online", async () => (await tab.state())[0] === "online");
  const has = (tab, text) => until(`the tab to have ${text}`, async () => (await tab.texts()).includes(text));

  before(async () => {
    emulator = await stage.persistentEmulator();
    ids = await emulator.ids();
    driver = await stage.browser("tabs");
    first = await driver.getWindowHandle();
    address = await stage.serve(apiMounts());
    basil = nodeClient({ appId: "floo-demo", servers: { dns: emulator.dns }, logger: () => {} });
    stage.later(() => basil.close());
    await basil.login({ username: "basil", password: "basil-demo" });
  });
  after(() => stage.end());

  const toAmber = (text) => basil.conversation({ user: ids.amber }).send({ text });
  let tabs;

  scenario(stage, `${where}: three tabs of one account have one connection and the same lists`, async () => {
    tabs = [await Tab.open(), await Tab.open(), await Tab.open()];
    await tabs[0].login("amber");
    await tabs[1].login("amber");
    await tabs[2].resume();
    assert.equal(await sockets("amber"), 1);
    for (const tab of tabs) assert.deepEqual(await tab.state(), ["online", ids.amber]);
    await toAmber("to all tabs");
    for (const tab of tabs) await has(tab, "to all tabs");
    const lists = [];
    for (const tab of tabs) {
      lists.push(
        await tab.run(async ({ clients: { me } }) => ({
          conversations: me.conversations.snapshot,
          roster: await me.roster.list(),
          groups: await me.groups.list(),
          unread: me.conversations.unread,
        })),
      );
    }
    assert.deepEqual(lists[1], lists[0]);
    assert.deepEqual(lists[2], lists[0]);
    assert.ok(lists[0].unread > 0);
  });

  scenario(stage, `${where}: what one tab does, all show; each message once`, async () => {
    const sent = await tabs[1].run(
      ({ clients: { me } }, { of }) => me.conversation({ user: of }).send({ text: "from the second tab" }),
      { of: ids.basil },
    );
    assert.equal(sent.status, "sent");
    await tabs[2].run(({ clients: { me } }, { of }) => me.conversation({ user: of }).markRead(), { of: ids.basil });
    for (const tab of tabs) {
      await has(tab, "from the second tab");
      assert.equal((await tab.texts()).filter((it) => it === "from the second tab").length, 1);
      await until("the tab to count none unread", () =>
        tab.run(
          ({ clients: { me } }, { of }) => me.conversations.snapshot.find((it) => it.key.id === of).unread === 0,
          {
            of: ids.basil,
          },
        ),
      );
      const heard = await tab.run(
        ({ clients: { me } }) => me.heard.filter((it) => it.message?.text === "to all tabs").length,
      );
      assert.equal(heard, 2, "as a message, and as read");
    }
    const profile = await tabs[2].run(({ clients: { me } }) => me.account.profile());
    assert.equal(profile.username, "amber");
    const refused = await tabs[1].run(
      ({ clients: { me } }, { of }) =>
        me
          .conversation({ user: of })
          .recall("1")
          .catch((error) => error.domain),
      { of: ids.basil },
    );
    assert.equal(refused, "frame");
  });

  scenario(stage, `${where}: another tab takes over when the one with the connection is closed`, async () => {
    await tabs.shift().close();
    for (const tab of tabs) await online(tab);
    await toAmber("after the first was closed");
    for (const tab of tabs) await has(tab, "after the first was closed");
    assert.equal(await sockets("amber"), 1);
    const sent = await tabs[1].run(
      ({ clients: { me } }, { of }) => me.conversation({ user: of }).send({ text: "still there" }),
      { of: ids.basil },
    );
    assert.equal(sent.status, "sent");
    for (const tab of tabs) await has(tab, "still there");
  });

  scenario(stage, `${where}: a reload in between, and a client that is closed, make way as well`, async () => {
    await tabs[0].load();
    await tabs[0].resume();
    for (const tab of tabs) await online(tab);
    await tabs[1].run(({ clients: { me } }) => me.close());
    await online(tabs[0]);
    await toAmber("to the last one");
    await has(tabs[0], "to the last one");
    assert.equal(await sockets("amber"), 1);
    await tabs.pop().close();
  });

  scenario(stage, `${where}: a tab that the browser freezes lets another lead, and follows when it wakes`, async () => {
    const chats = [await Tab.open(), await Tab.open()];
    const turn = async (tab, state) => {
      await driver.switchTo().window(tab.handle);
      await driver.sendDevToolsCommand("Page.setWebLifecycleState", { state });
    };
    const toClover = (text) => basil.conversation({ user: ids.clover }).send({ text });
    for (const tab of chats) await tab.login("clover");
    for (const [leads, follows, text] of [
      [...chats, "while the first sleeps"],
      [...chats.toReversed(), "while the second sleeps"],
    ]) {
      await turn(leads, "frozen");
      await toClover(text);
      await has(follows, text);
      await online(follows);
      assert.equal(await sockets("clover"), 1);
      await turn(leads, "active");
      await online(leads);
      await has(leads, text);
      const sent = await leads.run(
        ({ clients: { me } }, { of, text }) => me.conversation({ user: of }).send({ text }),
        { of: ids.basil, text: `awake after "${text}"` },
      );
      assert.equal(sent.status, "sent");
      assert.equal(await sockets("clover"), 1);
    }
    for (const tab of chats) await tab.close();
  });

  scenario(stage, `${where}: two accounts in two tabs side by side`, async () => {
    const other = await Tab.open();
    await other.login("clover");
    assert.deepEqual(await other.state(), ["online", ids.clover]);
    assert.deepEqual(await tabs[0].state(), ["online", ids.amber]);
    assert.deepEqual([await sockets("amber"), await sockets("clover")], [1, 1]);
    await other.run(({ clients: { me } }) => me.logout());
    assert.deepEqual(await other.state(), ["idle", null]);
    assert.deepEqual(await tabs[0].state(), ["online", ids.amber]);
    await other.close();
  });

  scenario(
    stage,
    `${where}: a thousand messages while tabs come and go: one connection, nothing lost or doubled`,
    async () => {
      let random = 7;
      const next = (n) => {
        random = (random * 1103515245 + 12345) % 2147483648;
        return random % n;
      };
      const before = (await tabs[0].texts()).length;
      let most = 0;
      let sending = true;
      const sends = (async () => {
        for (let n = 0; n < 1000; n += 20) {
          await Promise.all(Array.from({ length: 20 }, (_, i) => toAmber(`#${n + i}`)));
          most = Math.max(most, await sockets("amber"));
        }
        sending = false;
      })();
      while (sending) {
        if (tabs.length < 2 || (tabs.length < 4 && next(2) === 0)) {
          const tab = await Tab.open();
          await tab.resume();
          tabs.push(tab);
        } else {
          const [gone] = tabs.splice(next(tabs.length), 1);
          await gone.close();
        }
      }
      await sends;
      assert.equal(most, 1);
      const expected = Array.from({ length: 1000 }, (_, n) => `#${n}`);
      for (const tab of tabs) {
        await until("the tab to have all", async () => (await tab.texts()).length >= before + 1000);
        assert.deepEqual((await tab.texts()).slice(before).sort(), expected.toSorted());
      }
      const lists = [];
      for (const tab of tabs) lists.push(await tab.run(({ clients: { me } }) => me.conversations.snapshot));
      for (const list of lists) assert.deepEqual(list, lists[0]);
    },
  );

  scenario(stage, `${where}: logging out in one tab ends the session in all`, async () => {
    await tabs.at(-1).run(({ clients: { me } }) => me.logout());
    for (const tab of tabs) await until("the tab to be logged out", async () => (await tab.state())[0] === "idle");
    assert.equal(await sockets("amber"), 0);
    for (const tab of tabs) assert.equal(await tab.resume(), null);
  });
}
