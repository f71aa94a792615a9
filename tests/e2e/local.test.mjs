// What a device keeps and finds by itself, in a page with IndexedDB: search, dates, drafts, pins, mutes, wiping.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { ApiPage, apiMounts } from "../lib/api-page.mjs";
import { Stage, scenario } from "../lib/stage.mjs";

const stage = new Stage();
let emulator;
let page;
let ids;

const enterAll = () =>
  page.run(
    async ({ enter }, { dns }) => {
      await enter("amber", { dns, username: "amber", storage: "default" });
      await enter("basil", { dns, username: "basil" });
    },
    { dns: emulator.dns },
  );

before(async () => {
  emulator = await stage.persistentEmulator();
  ids = await emulator.ids();
  page = new ApiPage(await stage.browser("page"), await stage.serve(apiMounts()));
  await page.open();
  await enterAll();
});
after(() => stage.end());

const step = (name, act, check) => scenario(stage, name, async () => check(await page.run(act, { ids })));

step(
  "messages are found by words in any script, by type, sender, chat and time, page by page",
  async ({ clients: { amber, basil }, hears }, { ids }) => {
    const to = basil.conversation({ user: ids.amber });
    const texts = ["The Ｑuarterly report", "季度报告在这里", "no match", "quarter past nine"];
    const sent = [];
    for (const text of texts) sent.push(await to.send({ text }));
    sent.push(await to.send({ file: { url: "https://a.example/f", name: "quarterly.pdf" } }));
    sent.push(await basil.conversation({ group: ids.Team }).send({ text: "quarterly, all of you" }));
    await hears(amber, "message", (it) => it.message.id === sent.at(-1).id);
    const all = async (query) => {
      const pages = [];
      for await (const page of amber.search.messages(query))
        pages.push(page.map((it) => it.text || it.attachment.name));
      return pages;
    };
    return {
      words: (await all({ text: "quarter" })).flat(),
      paged: await all({ text: "quarter", pageSize: 2 }),
      dense: (await all({ text: "报告" })).flat(),
      files: (await all({ type: "file" })).flat(),
      group: (await all({ text: "QUARTERLY", conversation: { group: ids.Team } })).flat(),
      sender: (await all({ text: "quarter", from: ids.amber })).flat(),
      since: (await all({ text: "quarter", since: sent[3].timestamp })).flat(),
      signs: await all({ text: "?!" }),
      bad: await all({ text: 5 }).catch((error) => error.code),
      none: await all({ text: "nowhere" }),
      date: (await amber.conversation({ user: ids.basil }).messageAt(sent[0].timestamp)) === sent[0].id,
      one: (await amber.conversation({ user: ids.basil }).message(sent[1].id)).text,
      missing: await amber.conversation({ user: ids.basil }).message("1"),
      down: (await amber.conversation({ user: ids.basil }).messages({ after: sent[0].id, limit: 2 })).map(
        (it) => it.text,
      ),
    };
  },
  (seen) => {
    const hits = ["quarterly, all of you", "quarterly.pdf", "quarter past nine", "The Ｑuarterly report"];
    assert.deepEqual(seen, {
      words: hits,
      paged: [hits.slice(0, 2), hits.slice(2)],
      dense: ["季度报告在这里"],
      files: ["quarterly.pdf"],
      group: ["quarterly, all of you"],
      sender: [],
      since: hits.slice(0, 3),
      bad: "ArgumentInvalid",
      none: [],
      signs: [],
      date: true,
      one: "季度报告在这里",
      missing: null,
      down: ["季度报告在这里", "no match"],
    });
  },
);

step(
  "drafts, pins and mutes are shown at once, and muted chats are left out of the total",
  async ({ clients: { amber } }, { ids }) => {
    const chat = amber.conversation({ user: ids.basil });
    const before = amber.conversations.unread;
    const row = () => amber.conversations.snapshot.find((it) => it.key.id === ids.basil);
    await chat.setDraft("half a");
    await chat.setExtension('{"colour":"red"}');
    await chat.setMuted(true);
    await chat.setPinned(true);
    const { draft, extension, muted, pinned, unread } = row();
    const card = await amber.roster.fetch(ids.basil);
    return {
      row: { draft, extension, muted, pinned },
      less: before - amber.conversations.unread === unread && unread > 0,
      first: amber.conversations.snapshot[0].key.id === ids.basil,
      cloud: [card.muteNotification, await amber.conversations.pinned()],
    };
  },
  ({ row, less, first, cloud }) => {
    assert.deepEqual(row, { draft: "half a", extension: '{"colour":"red"}', muted: true, pinned: true });
    assert.ok(less && first);
    assert.deepEqual(cloud, [true, [ids.basil]]);
  },
);

step(
  "messages of the application's own, changes and reading stay on this device, and a chat is cleared here only",
  async ({ clients: { amber, basil }, hears, when, allHistory }, { ids }) => {
    const chat = amber.conversation({ user: ids.basil });
    const to = basil.conversation({ user: ids.amber });
    await chat.markRead();
    await chat.clear();
    const row = () => amber.conversations.snapshot.find((it) => it.key.id === ids.basil);
    const cleared = { count: await chat.count(), last: row().lastMessage, unread: row().unread };
    const placed = row().timestamp > 0;
    const one = await to.send({ text: "one", ext: { a: 1 } });
    const two = await to.send({ text: "two" });
    await hears(amber, "message", (it) => it.message.id === two.id);
    const own = await chat.insert({ text: "own" }, { after: one.id, from: ids.basil });
    const end = await chat.insert({ text: "end" });
    await chat.insert({ text: "the end" }, { replace: end });
    const texts = async () => (await chat.messages()).map((it) => it.text);
    const inserted = await texts();
    const last = row().lastMessage.text;
    const found = [];
    for await (const some of amber.search.messages({ text: "own" }))
      found.push(...some.map((it) => it.key === own.key));
    const patched = await chat.patch(one.id, { text: "eins", ext: { b: 2 } });
    await to.edit(one, { text: "uno" });
    await hears(amber, "message:updated", (it) => it.change === "replace" && it.message.id === one.id);
    const over = (await chat.message(one.id)).text;
    const under = (await chat.patch(one.id, null)).text;
    const unread = (await amber.conversations.list({ unreadOnly: true })).filter((it) => it.key.id === ids.basil);
    await chat.markRead({ scope: "device" });
    await when(amber, ["conversations"], () => row().unread === 0);
    const told = basil.heard.filter((it) => it.event === "receipt" && it.change === "read" && it.messageId === two.id);
    const rest = (await amber.conversations.list({ unreadOnly: true })).filter((it) => it.key.id === ids.basil);
    await chat.delete(own, { scope: "device" });
    const bad = [];
    for (const act of [
      () => chat.delete(own),
      () => chat.insert({ text: "x", qos: "atMostOnce" }),
      () => chat.insert({ text: "" }),
      () => chat.insert({ text: "x" }, { replace: one }),
      () => chat.recall(end),
    ])
      bad.push(await act().catch((error) => error.code));
    return {
      cleared,
      placed,
      inserted,
      last,
      found,
      own: [own.status, own.id, own.from === ids.basil],
      patched: [patched.text, patched.ext, patched.patched],
      over,
      under,
      unread: unread.map((it) => it.unread),
      told: told.length,
      rest: rest.length,
      left: await texts(),
      count: await chat.count(),
      bad,
      history: (await allHistory(chat)).map((it) => it.text).includes("季度报告在这里"),
    };
  },
  (seen) => {
    assert.deepEqual(seen, {
      cleared: { count: 0, last: null, unread: 0 },
      placed: true,
      inserted: ["one", "own", "two", "the end"],
      last: "the end",
      found: [true],
      own: ["local", null, true],
      patched: ["eins", '{"a":1,"b":2}', true],
      over: "eins",
      under: "uno",
      unread: [2],
      told: 0,
      rest: 0,
      left: ["uno", "two", "the end"],
      count: 3,
      bad: ["ArgumentInvalid", "MessageInvalid", "MessageInvalid", "ArgumentInvalid", "ArgumentInvalid"],
      history: true,
    });
  },
);

scenario(stage, "all of it is there after a reload, and nothing after wiping", async () => {
  await page.open();
  const kept = await page.run(
    async ({ createClient, clients, APP_ID }, { dns, ids }) => {
      const amber = createClient({ appId: APP_ID, servers: { dns } });
      clients.amber = amber;
      await amber.resume();
      const [row] = await amber.conversations.list();
      const found = [];
      for await (const some of amber.search.messages({ text: "quarter" })) found.push(...some);
      return { id: row.key.id === ids.basil, draft: row.draft, pinned: row.pinned, found: found.length };
    },
    { dns: emulator.dns, ids },
  );
  assert.deepEqual(kept, { id: true, draft: "half a", pinned: true, found: 4 });
  const left = await page.run(async ({ clients: { amber } }) => {
    await amber.wipe();
    const state = amber.state;
    await amber.close();
    const rows = {};
    for (const { name } of await indexedDB.databases()) {
      const db = await new Promise((resolve, reject) => {
        const open = indexedDB.open(name);
        open.onsuccess = () => resolve(open.result);
        open.onerror = () => reject(open.error);
      });
      for (const table of db.objectStoreNames) {
        const count = db.transaction(table).objectStore(table).count();
        await new Promise((resolve) => {
          count.onsuccess = resolve;
        });
        if (count.result > 0 && !/^floo\/[^/]+$/.test(name)) rows[`${name} ${table}`] = count.result;
      }
      db.close();
    }
    return { state, rows };
  });
  assert.deepEqual(left, { state: "idle", rows: {} });
});
