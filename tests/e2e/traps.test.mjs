// A core that traps in a real page, in one that leads several tabs, and in a worker: another takes the account up from
// IndexedDB, what waited goes out once, and the other tabs go on.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { ApiPage, apiMounts } from "../lib/api-page.mjs";
import { nodeClient } from "../lib/node-client.mjs";
import { Stage, scenario } from "../lib/stage.mjs";
import { until } from "../lib/until.mjs";

const stage = new Stage();
const browsers = new Map();
let emulator;
let ids;
let basil;
let url;
/** What Basil has heard of Amber, each text as often as it came. */
const arrived = [];

before(async () => {
  emulator = await stage.persistentEmulator();
  ids = await emulator.ids();
  url = await stage.serve(apiMounts());
  for (const engine of ["chromium", "firefox", "webkit"]) browsers.set(engine, await stage.browser(engine, engine));
  basil = nodeClient({ appId: "floo-demo", servers: { dns: emulator.dns }, logger: () => {} });
  stage.later(() => basil.close());
  basil.on("message", ({ message }) => message.outgoing || arrived.push(message.text));
  await basil.login({ username: "basil", password: "basil-demo" });
});
after(() => stage.end());

const toAmber = (text) => basil.conversation({ user: ids.amber }).send({ text });

/** A page with a client whose core can be broken. */
class Breakable extends ApiPage {
  constructor(engine, inWorker) {
    super(browsers.get(engine), url);
    this.inWorker = inWorker;
  }

  /** Loads the page in the tab that it has, or in this one. */
  async load() {
    this.handle ??= await this.driver.getWindowHandle();
    await this.open();
    await this.run(
      async ({ createClient, clients, listen, APP_ID }, { dns, inWorker }) => {
        await new Promise((resolve, reject) => {
          const script = Object.assign(document.createElement("script"), { type: "module", src: "/breakable-page.js" });
          script.onload = resolve;
          script.onerror = reject;
          document.head.append(script);
        });
        const { worker } = window.breakable;
        const me = createClient({ appId: APP_ID, servers: { dns }, logLevel: "off", ...(inWorker ? { worker } : {}) });
        clients.me = me;
        me.heard = listen(me);
        me.recoveries = [];
        me.on("recovered", ({ reason, session }) => me.recoveries.push([reason.code, session?.userId ?? null]));
      },
      { dns: emulator.dns, inWorker: this.inWorker },
    );
    return this;
  }

  async run(act, value) {
    if (this.handle) await this.driver.switchTo().window(this.handle);
    return super.run(act, value);
  }

  login() {
    return this.run(({ clients: { me } }) => me.login({ username: "amber", password: "amber-demo" }));
  }

  /** The next call of such an export traps; see `breakable.js`. */
  break(part = "") {
    return this.run((_, { part }) => window.breakable.breakCore(part), { part });
  }

  recoveries() {
    return this.run(({ clients: { me } }) => me.recoveries);
  }

  state() {
    return this.run(({ clients: { me } }) => me.state);
  }

  send(text) {
    return this.run(({ clients: { me } }, { of, text }) => me.conversation({ user: of }).send({ text }), {
      of: ids.basil,
      text,
    });
  }

  /** Sends a message for whose end nobody waits yet. */
  begin(text) {
    return this.run(
      ({ clients: { me } }, { of, text }) => {
        const sent = me.conversation({ user: of }).send({ text });
        window.ends = [
          ...(window.ends ?? []),
          sent.then(
            ({ status }) => status,
            ({ code }) => code,
          ),
        ];
      },
      { of: ids.basil, text },
    );
  }

  /** How the sends that were begun have ended. */
  ends() {
    return this.run(() => Promise.all(window.ends));
  }

  /** The chat with Basil on the device: texts and status. */
  chat() {
    return this.run(
      async ({ clients: { me } }, { of }) =>
        (await me.conversation({ user: of }).messages({ limit: 200 })).map((it) => [it.text, it.status]),
      { of: ids.basil },
    );
  }

  /** How many messages of the chat are in the outbox. */
  async waiting() {
    return (await this.chat()).filter(([, status]) => status === "sending").length;
  }
}

const sockets = async () => (await emulator.state()).users.find((it) => it.username === "amber").sockets;
const online = (page) => until("the page to be online", async () => (await page.state()) === "online");
const texts = async (page) => (await page.chat()).map(([text]) => text);
const has = (page, text) => until(`the page to have ${text}`, async () => (await texts(page)).includes(text));
const times = (list, text) => list.filter((it) => it === text).length;

/**
 * Leaves two messages in the outbox: one that the server has, whose answer is lost, and one that was lost on its way. How
 * they end can be asked of `page.ends()`.
 */
async function unanswered(page, delivered, lost) {
  await emulator.faults({ match: { user: "amber" }, action: "drop_ack" });
  await page.begin(delivered);
  await emulator.faultsDone();
  await emulator.faults({
    match: { user: "amber", command: "send" },
    action: { type: "drop", direction: "from_client" },
  });
  await page.begin(lost);
  await emulator.faultsDone();
  await emulator.faults();
  assert.equal(await page.waiting(), 2);
}

/** Both ends know each of these messages once. */
async function onceEach(page, ...expected) {
  await until("Basil to hear of all", () => expected.every((text) => arrived.includes(text)));
  const here = await texts(page);
  const there = [];
  for await (const messages of basil.conversation({ user: ids.amber }).history()) there.push(...messages);
  for (const text of expected) {
    const counts = [times(here, text), times(arrived, text), there.filter((it) => it.text === text).length];
    assert.deepEqual(counts, [1, 1, 1], `"${text}": on the device, heard, in the cloud`);
  }
}

for (const [engine, inWorker] of [
  ["chromium", false],
  ["chromium", true],
  ["firefox", false],
  ["firefox", true],
  ["webkit", false],
  ["webkit", true],
]) {
  const where = `${inWorker ? "in a worker" : "in the page"}, ${engine}`;

  scenario(stage, `a core that traps ${where}: nothing is lost, what waited goes out once`, async () => {
    const page = await new Breakable(engine, inWorker).load();
    await page.login();
    assert.equal(await page.run(({ clients: { me } }) => me.storage), "indexeddb");
    await page.send(`sent ${where}`);
    await toAmber(`received ${where}`);
    await has(page, `received ${where}`);
    await page.run(({ clients: { me } }, { of }) => me.conversation({ user: of }).setDraft("a draft"), {
      of: ids.basil,
    });
    const before = await page.chat();
    await unanswered(page, `no answer ${where}`, `lost ${where}`);

    const made = await page.break("engine_command");
    const code = await page.run(({ clients: { me } }) => me.conversations.list().then(String, (error) => error.code));
    assert.equal(code, "CoreStopped", "the call that met the trap");
    await until("the event", async () => (await page.recoveries()).length > 0);
    assert.deepEqual(await page.recoveries(), [["CoreStopped", ids.amber]]);
    assert.deepEqual(await page.ends(), ["sent", "sent"]);
    await online(page);
    assert.equal(await page.waiting(), 0);
    assert.deepEqual((await page.chat()).slice(0, before.length), before, "what was there before");
    assert.equal(
      await page.run(({ clients: { me } }, { of }) => me.conversations.snapshot.find((it) => it.key.id === of).draft, {
        of: ids.basil,
      }),
      "a draft",
    );
    await toAmber(`afterwards ${where}`);
    await has(page, `afterwards ${where}`);
    await page.send(`sent afterwards ${where}`);
    await onceEach(page, `sent ${where}`, `no answer ${where}`, `lost ${where}`, `sent afterwards ${where}`);
    await until("one connection", async () => (await sockets()) === 1);
    // A worker goes with its core; a page has another instance.
    assert.equal(await page.break("no such export"), inWorker ? 1 : made + 1);

    // Nobody has called: it is the server's word, or the database's, that meets the trap.
    await page.break("");
    await toAmber(`met the trap ${where}`);
    await until("the event", async () => (await page.recoveries()).length > 1);
    await has(page, `met the trap ${where}`);
    assert.equal(times(await texts(page), `met the trap ${where}`), 1);

    // And all of it is on the device.
    await page.load();
    await page.run(({ clients: { me } }) => me.resume());
    await has(page, `met the trap ${where}`);
    await onceEach(page, `no answer ${where}`, `lost ${where}`);
    await page.run(({ clients: { me } }) => me.logout());
  });
}

for (const inWorker of [false, true]) {
  const where = inWorker ? "in workers" : "in the pages";

  scenario(stage, `the core of the leading tab traps, ${where}: the tabs go on with one connection`, async (t) => {
    const driver = browsers.get("chromium");
    const first = await driver.getWindowHandle();
    // Also when it fails: a tab that is left has the account, and the next case would follow it.
    t.after(async () => {
      for (const handle of (await driver.getAllWindowHandles()).filter((it) => it !== first)) {
        await driver.switchTo().window(handle);
        await driver.close();
      }
      await driver.switchTo().window(first);
    });
    const tabs = [];
    for (let n = 0; n < 3; n++) {
      await driver.switchTo().newWindow("tab");
      tabs.push(await new Breakable("chromium", inWorker).load());
      await tabs[n].login();
    }
    const [leader, second, third] = tabs;
    assert.equal(await sockets(), 1);
    await second.send(`before ${where}`);
    for (const tab of tabs) await has(tab, `before ${where}`);
    const before = await third.chat();
    // Of the leading tab and of one that follows: both are in the outbox of the account.
    await unanswered(second, `no answer ${where}`, `lost ${where}`);

    await leader.break("engine_command");
    const code = await leader.run(({ clients: { me } }) => me.conversations.list().then(String, (error) => error.code));
    assert.equal(code, "CoreStopped");
    await until("the event", async () => (await leader.recoveries()).length > 0);
    assert.deepEqual(await leader.recoveries(), [["CoreStopped", ids.amber]]);
    assert.deepEqual([await second.recoveries(), await third.recoveries()], [[], []], "their cores have not stopped");
    assert.deepEqual(await second.ends(), ["sent", "sent"]);
    for (const tab of tabs) await online(tab);
    await until("one connection", async () => (await sockets()) === 1);
    for (const tab of tabs) {
      assert.deepEqual((await tab.chat()).slice(0, before.length), before, "what was there before");
      assert.equal(await tab.waiting(), 0);
    }
    await toAmber(`afterwards ${where}`);
    for (const [n, tab] of tabs.entries()) {
      await has(tab, `afterwards ${where}`);
      assert.equal((await tab.send(`from tab ${n} ${where}`)).status, "sent");
    }
    const all = ["before", "no answer", "lost", "from tab 0", "from tab 1", "from tab 2"];
    for (const tab of tabs) {
      await has(tab, `from tab 2 ${where}`);
      await onceEach(tab, ...all.map((text) => `${text} ${where}`));
    }
    // The tab whose core has stopped can lead again, when it is its turn.
    for (const tab of [second, third]) {
      await tab.run(({ clients: { me } }) => me.close());
      await driver.close();
    }
    await online(leader);
    assert.equal((await leader.send(`alone ${where}`)).status, "sent");
    await onceEach(leader, `alone ${where}`);
    assert.equal(await sockets(), 1);
    await leader.run(({ clients: { me } }) => me.logout());
  });
}
