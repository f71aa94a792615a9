// The browser's database refused, full, interrupted and taken away, in a page whose application goes on.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { ApiPage, apiMounts } from "../lib/api-page.mjs";
import { Stage, scenario } from "../lib/stage.mjs";

const stage = new Stage();
let emulator;
let driver;
let ids;

before(async () => {
  emulator = await stage.persistentEmulator();
  ids = await emulator.ids();
  driver = await stage.browser("page");
});
after(() => stage.end());

/** An origin of its own, so with an empty database; `prelude` runs before any script of the page. */
async function fresh(prelude) {
  const url = await stage.serve(apiMounts());
  const page = new ApiPage(driver, url);
  page.origin = url;
  if (prelude === undefined) return page.open();
  const { identifier } = await driver.sendAndGetDevToolsCommand("Page.addScriptToEvaluateOnNewDocument", {
    source: prelude,
  });
  await page.open();
  await driver.sendDevToolsCommand("Page.removeScriptToEvaluateOnNewDocument", { identifier });
  return page;
}

/** Amber with a database, Basil, who writes to her, without. */
const enterBoth = (page) =>
  page.run(
    async ({ enter }, { dns }) => {
      await enter("amber", { dns, username: "amber", storage: "default" });
      await enter("basil", { dns, username: "basil" });
    },
    { dns: emulator.dns },
  );

/** Basil writes these; resolves when the server has them. */
const basilWrites = (page, ...texts) =>
  page.run(
    async ({ clients }, { to, texts }) => {
      for (const text of texts) await clients.basil.conversation({ user: to }).send({ text });
    },
    { to: ids.amber, texts },
  );

/** Waits until Amber has heard of these texts; answers how often of each. */
const amberHears = (page, ...texts) =>
  page.run(
    async ({ clients: { amber }, hears }, { texts }) => {
      for (const text of texts) await hears(amber, "message", (it) => it.message.text === text);
      return texts.map((text) => amber.heard.filter((it) => it.event === "message" && it.message.text === text).length);
    },
    { texts },
  );

/** Amber writes to Basil, who hears of it. */
const amberWrites = (page, text) =>
  page.run(
    async ({ clients: { amber, basil }, hears }, { to, text }) => {
      await amber.conversation({ user: to }).send({ text });
      await hears(basil, "message", (it) => it.message.text === text);
    },
    { to: ids.basil, text },
  );

/** The next start on this device: what Amber's database holds of the chat with Basil, by itself and from the server. */
const nextStart = async (page) => {
  await page.open();
  return page.run(
    async ({ createClient, clients, listen, when, APP_ID, allHistory }, { dns, id }) => {
      const amber = createClient({ appId: APP_ID, servers: { dns } });
      clients.amber = amber;
      amber.heard = listen(amber);
      await amber.resume();
      const chat = amber.conversation({ user: id });
      const texts = (list) => list.map((it) => it.text);
      const kept = texts(await chat.messages({ limit: 200 }));
      await when(amber, ["state"], () => amber.state === "online");
      return { kind: amber.storage, kept, all: texts(await allHistory(chat)) };
    },
    { dns: emulator.dns, id: ids.basil },
  );
};

/** The codes of the errors that Amber was told of, by event. */
const told = (page) =>
  page.run(async ({ clients: { amber } }) =>
    amber.heard.filter((it) => it.error).map((it) => `${it.event} ${it.error.code}`),
  );

const REFUSALS = {
  "there is none": "Object.defineProperty(window, 'indexedDB', { value: undefined })",
  "opening throws": `IDBFactory.prototype.open = () => { throw new DOMException("not here", "SecurityError"); }`,
  "opening fails": `
    const open = IDBFactory.prototype.open;
    IDBFactory.prototype.open = function (name) {
      const request = open.call(this, name, 3);
      // Behind the one who asks: what it makes in the upgrade is taken back.
      queueMicrotask(() => request.addEventListener("upgradeneeded", () => request.transaction.abort()));
      return request;
    };`,
};

for (const [how, prelude] of Object.entries(REFUSALS)) {
  scenario(stage, `IndexedDB is refused (${how}): in memory, told, and the chat works`, async () => {
    const page = await fresh(prelude);
    await enterBoth(page);
    await basilWrites(page, `to memory, as ${how}`);
    assert.deepEqual(await amberHears(page, `to memory, as ${how}`), [1]);
    await amberWrites(page, `from memory, as ${how}`);
    const seen = await page.run(async ({ clients: { amber } }) => [
      amber.storage,
      amber.heard.find((it) => it.event === "storage").error.code,
    ]);
    assert.deepEqual(seen, ["memory", "StorageUnavailable"]);
  });
}

scenario(stage, "a transaction that the browser aborts is done again: nothing is lost or told twice", async () => {
  const page = await fresh();
  await enterBoth(page);
  await page.run(async () => {
    const { put } = IDBObjectStore.prototype;
    window.crashes = [];
    addEventListener("error", (event) => window.crashes.push(event.error?.stack ?? event.message));
    let left = 1;
    window.aborted = 0;
    window.abortNext = (times) => {
      left = times;
    };
    IDBObjectStore.prototype.put = function (...row) {
      const request = put.apply(this, row);
      if (left > 0 && this.name === "messages") {
        left -= 1;
        window.aborted += 1;
        this.transaction.abort();
      }
      return request;
    };
  });
  await basilWrites(page, "aborted once");
  assert.deepEqual(await amberHears(page, "aborted once"), [1]);
  assert.deepEqual(await told(page), []);
  // Longer than the store's own patience: the session starts over, and the server sends it again.
  await page.run(async () => window.abortNext(4));
  await basilWrites(page, "aborted four times");
  assert.deepEqual(await amberHears(page, "aborted four times"), [1]);
  assert.equal(await page.run(async () => window.aborted), 5);
  assert.deepEqual(await page.run(async () => window.crashes), []);
  assert.deepEqual([...new Set(await told(page))].sort(), ["error DbOperationFailed", "state DbOperationFailed"]);
  await amberWrites(page, "after the aborts");
  const { kept } = await nextStart(page);
  for (const text of ["aborted once", "aborted four times", "after the aborts"])
    assert.equal(kept.filter((it) => it === text).length, 1, text);
});

scenario(stage, "the database is deleted while in use: told, started over, and history has all of it", async () => {
  const page = await fresh();
  await enterBoth(page);
  await basilWrites(page, "before the deletion");
  await amberHears(page, "before the deletion");
  await page.run(
    async (_, { id }) => {
      await new Promise((resolve, reject) => {
        const deletion = indexedDB.deleteDatabase(`floo/floo-demo/${id}`);
        deletion.onsuccess = resolve;
        deletion.onerror = () => reject(deletion.error);
      });
    },
    { id: ids.amber },
  );
  await basilWrites(page, "after the deletion");
  await amberHears(page, "after the deletion");
  await amberWrites(page, "she can still write");
  assert.ok((await told(page)).includes("error DbOperationFailed"));
  const { kind, kept, all } = await nextStart(page);
  assert.equal(kind, "indexeddb");
  // What the server was told to be durable comes with the history, the rest by itself.
  for (const text of ["before the deletion", "after the deletion", "she can still write"])
    assert.equal(all.filter((it) => it === text).length, 1, `${text}: ${JSON.stringify(all)}`);
  assert.deepEqual(kept, ["after the deletion", "she can still write"]);
});

scenario(stage, "no quota left: typed, going on, and when there is room again nothing is missing", async () => {
  const url = await stage.serve(apiMounts());
  const quota = (quotaSize) => driver.sendDevToolsCommand("Storage.overrideQuotaForOrigin", { origin: url, quotaSize });
  // Before the page: what a browser has once found it does not ask for again at each write.
  await driver.get("about:blank");
  await quota(600_000);
  const page = await new ApiPage(driver, url).open();
  await enterBoth(page);
  await basilWrites(page, "while there is room");
  await amberHears(page, "while there is room");
  // Another database of the same origin takes what is left, down to the last kilobyte.
  await page.run(async () => {
    const open = indexedDB.open("filler", 1);
    open.onupgradeneeded = () => open.result.createObjectStore("rows", { autoIncrement: true });
    await new Promise((resolve) => {
      open.onsuccess = resolve;
    });
    const noise = (size) => crypto.getRandomValues(new Uint8Array(size));
    const fits = (size) =>
      new Promise((resolve) => {
        const transaction = open.result.transaction("rows", "readwrite");
        transaction.objectStore("rows").add(noise(size));
        transaction.oncomplete = () => resolve(true);
        transaction.onabort = () => resolve(false);
      });
    for (let size = 65_536; size >= 16; size /= 2) while (await fits(size));
    open.result.close();
  });
  await basilWrites(page, "into the full store", "and another");
  await page.run(async ({ clients: { amber }, hears }) => {
    await hears(amber, "error", (it) => it.error.code === "StorageQuota");
  });
  const refused = await page.run(
    async ({ clients: { amber } }, { to }) =>
      amber
        .conversation({ user: to })
        .send({ text: "cannot be kept" })
        .then(
          () => "sent",
          (error) => error.code,
        ),
    { to: ids.basil },
  );
  assert.equal(refused, "StorageQuota");
  await quota();
  assert.deepEqual(await amberHears(page, "into the full store", "and another"), [1, 1]);
  await amberWrites(page, "when there is room again");
  const { kept, all } = await nextStart(page);
  for (const text of ["while there is room", "into the full store", "and another", "when there is room again"]) {
    assert.ok(kept.includes(text), `${text}: not on the device, which has ${JSON.stringify(kept)}`);
    assert.equal(all.filter((it) => it === text).length, 1, text);
  }
  assert.ok(!all.includes("cannot be kept"));
});
