// The page is killed at random points while it takes messages in, KILLS times; every 20th time the whole browser. What
// it leaves in the database is looked at first without a network, then once it has caught up: no gap, no double, and
// counters that are right.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { ApiPage, apiMounts } from "../lib/api-page.mjs";
import { nodeClient } from "../lib/node-client.mjs";
import { Stage, scenario } from "../lib/stage.mjs";
import { until } from "../lib/until.mjs";

const KILLS = Number(process.env.KILLS || 200);
/** Every so many times the browser goes, not the tab. */
const BROWSER = 20;
/** Metas in a page of the emulator: a round is many pages. */
const PAGE = 4;
/** The longest time from resuming to a kill, in milliseconds. */
const LATEST = 1_000;
const SEED = Number(process.env.SEED || 11);

const stage = new Stage();
let emulator;
let address;
let profile;
let running;
let ids;
let senders;
/** Name of a conversation to what the server has of it: `{id, text}`, and how many of them were read. */
const truth = { basil: [], clover: [], Team: [] };
const read = { basil: 0, clover: 0, Team: 0 };

let state = SEED;
const random = (n) => {
  state = (state * 1103515245 + 12345) % 2147483648;
  return Math.floor((state / 2147483648) * n);
};

/** Sends a message to each conversation; answers their ids. */
async function newest() {
  const wanted = {};
  for (const name of Object.keys(truth)) wanted[name] = (await sendTo(name)).id;
  return wanted;
}

function sendTo(name) {
  const to = name === "Team" ? { group: ids.Team } : { user: ids.amber };
  return senders[SENDER[name]].conversation(to).send({ text: `message ${random(1e9)}` });
}

const keyOf = (name) => (name === "Team" ? { group: ids.Team } : { user: ids[name] });
const SENDER = { basil: "basil", clover: "clover", Team: "basil" };

async function start() {
  running = await stage.started("amber", "chromium", { profile });
}

/** A tab with the page in it, and no client. */
async function open() {
  const { driver } = running;
  await driver.switchTo().newWindow("tab");
  return new ApiPage(driver, address).open();
}

/** Closes all tabs but the first, crashed ones too. */
async function closeTabs() {
  const { driver } = running;
  const [first, ...rest] = await driver.getAllWindowHandles();
  for (const handle of rest) {
    await driver.switchTo().window(handle);
    await driver.close();
  }
  await driver.switchTo().window(first);
}

/** The renderer's process ends at once; the driver tells that as an error. */
async function crash(page) {
  await assert.rejects(page.driver.get("chrome://crash"), /crashed|disconnected/);
}

before(async () => {
  emulator = await stage.persistentEmulator();
  ids = await emulator.ids();
  await emulator.admin("app", { page_size: PAGE });
  address = await stage.serve(apiMounts());
  profile = stage.directory();
  senders = {};
  for (const username of ["basil", "clover"]) {
    const client = nodeClient({ appId: "floo-demo", servers: { dns: emulator.dns }, logger: () => {} });
    stage.later(() => client.close());
    await client.login({ username, password: `${username}-demo` });
    senders[username] = client;
  }
  await start();
  const page = await open();
  await page.run(
    async ({ createClient, APP_ID }, { dns }) => {
      const client = createClient({ appId: APP_ID, servers: { dns } });
      await client.login({ username: "amber", password: "amber-demo" });
      await client.close();
    },
    { dns: emulator.dns },
  );
  // The cloud has some messages from the beginning.
  const { all } = await look(page, { online: true, wanted: await newest() });
  for (const [name, { ids: kept, texts, counted }] of Object.entries(all)) {
    truth[name] = kept.map((id, at) => ({ id, text: texts[at] }));
    read[name] = kept.length - counted;
  }
  await closeTabs();
});
after(() => stage.end());

async function sendOne() {
  const name = Object.keys(truth)[random(3)];
  const { id, text } = await sendTo(name);
  truth[name].push({ id, text });
}

/** Sends so many messages, all at once or one after the other; resolves when the server has them. */
async function send(count, { slowly = false } = {}) {
  if (slowly) for (let n = 0; n < count; n += 1) await sendOne();
  else await Promise.all(Array.from({ length: count }, sendOne));
  for (const list of Object.values(truth)) list.sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
}

/** Everything that a device has, as its application can see it; `online` lets it catch up before. */
const look = (page, { online, wanted = {} }) =>
  page.run(
    async ({ createClient, APP_ID, when }, { dns, online, conversations, wanted }) => {
      const real = window.WebSocket;
      // One that never opens: only what the kill has left is there.
      if (!online) {
        window.WebSocket = class extends EventTarget {
          readyState = 0;
          close() {}
        };
      }
      const client = createClient({ appId: APP_ID, servers: { dns } });
      client.resume().catch(() => {}); // has no answer without a network
      const complete = () =>
        Object.entries(conversations).every(([name, of]) => {
          const row = client.conversations.snapshot.find((it) => it.key.id === (of.user ?? of.group));
          return !wanted[name] || row?.lastMessage?.id === wanted[name];
        });
      await when(client, ["state", "sync", "conversations"], () =>
        online ? client.state === "online" && client.sync.pending === 0 && complete() : client.session !== null,
      );
      const all = {};
      const list = await client.conversations.list();
      for (const [name, of] of Object.entries(conversations)) {
        const messages = [];
        for (let before; ; ) {
          const page = await client.conversation(of).messages({ limit: 200, ...(before ? { before } : {}) });
          messages.unshift(...page);
          if (page.length < 200) break;
          before = page[0].id;
        }
        const row = list.find((it) => it.key.id === (of.user ?? of.group));
        const unread = messages.filter((it) => !it.outgoing && !it.read).length;
        all[name] = {
          ids: messages.map((it) => it.id),
          texts: messages.map((it) => it.text),
          unread,
          counted: row?.unread ?? 0,
          last: row?.lastMessage?.id ?? null,
        };
      }
      const { badRows } = client.stats();
      await client.close();
      window.WebSocket = real;
      return { all, badRows };
    },
    {
      dns: emulator.dns,
      online,
      wanted,
      conversations: Object.fromEntries(Object.keys(truth).map((name) => [name, keyOf(name)])),
    },
  );

/** What is there is the beginning of what the server has, each once, and the row of the list fits to it. */
function consistent({ all, badRows }, { complete }) {
  assert.equal(badRows, 0, "unreadable rows");
  for (const [name, { ids: kept, texts, unread, counted, last }] of Object.entries(all)) {
    const has = complete ? truth[name] : truth[name].slice(0, kept.length);
    assert.deepEqual(
      kept,
      has.map(({ id }) => id),
      `${name}: a gap, or a double`,
    );
    assert.deepEqual(
      texts,
      has.map(({ text }) => text),
      `${name}: other texts`,
    );
    assert.equal(counted, unread, `${name}: the counter is not what is unread`);
    assert.equal(counted, has.length - read[name], `${name}: the counter`);
    assert.equal(last, has.at(-1)?.id ?? null, `${name}: the last message`);
  }
}

/** Reads a conversation to its end, for the counters. */
async function markRead(page, name) {
  await page.run(
    async ({ createClient, APP_ID, when }, { dns, of }) => {
      const client = createClient({ appId: APP_ID, servers: { dns } });
      await client.resume();
      await when(client, ["state", "sync"], () => client.state === "online" && client.sync.pending === 0);
      await client.conversation(of).markRead();
      await client.close();
    },
    { dns: emulator.dns, of: keyOf(name) },
  );
  read[name] = truth[name].length;
}

/** What a page had reached when it was killed; empty before its client has heard anything. */
const reached = (page) =>
  page.driver.executeScript(
    `const { me } = window.sdk.clients;
     return { state: me.state, pending: me.sync.pending, taken: me.taken };`,
  );

const MINUTE = 60_000;

scenario(
  stage,
  `${KILLS} kills during synchronisation leave a consistent store each time`,
  async () => {
    const figures = { tabs: 0, browsers: 0, before: 0, during: 0, after: 0, behind: 0 };
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await send(40 + random(60));
      const page = await open();
      await page.run(
        ({ createClient, clients, APP_ID }, { dns }) => {
          const me = createClient({ appId: APP_ID, servers: { dns } });
          me.taken = 0;
          me.on("messages", ({ messages }) => {
            me.taken += messages.length;
          });
          me.resume().catch(() => {}); // it is going to be killed
          clients.me = me;
        },
        { dns: emulator.dns },
      );
      const more = send(random(60), { slowly: true }); // also while it synchronises
      await pause(random(LATEST));
      const at = await reached(page);
      const whole = kill % BROWSER === 0;
      if (whole) {
        await running.kill();
        await start();
      } else {
        await crash(page);
        await closeTabs();
      }
      await more;
      figures[whole ? "browsers" : "tabs"] += 1;
      figures[at.state !== "online" ? "before" : at.pending > 0 ? "during" : "after"] += 1;

      const next = await open();
      const left = await look(next, { online: false });
      consistent(left, { complete: false });
      const kept = Object.values(left.all).reduce((sum, { ids: kept }) => sum + kept.length, 0);
      if (kept < Object.values(truth).flat().length) figures.behind += 1;
      const wanted = Object.fromEntries(Object.entries(truth).map(([name, list]) => [name, list.at(-1)?.id]));
      consistent(await look(next, { online: true, wanted }), { complete: true });
      if (kill % 3 === 0) await markRead(next, Object.keys(truth)[random(3)]);
      await closeTabs();
      await until("amber's sockets to be gone", async () => {
        const { users } = await emulator.state();
        return users.find(({ username }) => username === "amber").sockets === 0;
      });
      if (kill % 10 === 0) console.log(`${kill} kills, ${JSON.stringify(figures)}`);
    }
    assert.ok(figures.behind > 0, "no kill came before everything was there: they test nothing");
  },
  { timeout: Math.max(5 * MINUTE, KILLS * 15_000) },
);
