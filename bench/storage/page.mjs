// Runs in the page: fills the database, opens a client over it and measures.
import { COMMON, confirms, frame, History, RARE, same } from "./rows.mjs";

const APP_ID = "floo-demo";
const FIRST = 200; // entries that make a list ready
const PAGE = 50;
/** Rows in one transaction of the filling. */
const LOT = 2_000;

let core; // the memory of the core
for (const name of ["instantiate", "instantiateStreaming"]) {
  const real = WebAssembly[name];
  WebAssembly[name] = async (...args) => {
    const made = await real.apply(WebAssembly, args);
    core = (made.instance ?? made).exports.memory ?? core;
    return made;
  };
}

/** The connection, which pages can be put into; what they are answered with does not go out. */
let socket;
let sending = () => false;
window.WebSocket = class extends WebSocket {
  constructor(...args) {
    super(...args);
    socket = this;
  }

  send(bytes) {
    if (!sending(bytes)) super.send(bytes);
  }
};

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
const committed = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
const database = (me) => done(indexedDB.open(`floo/${APP_ID}/${me}`));

async function when(client, event, probe) {
  while (!probe()) {
    await new Promise((resolve) => {
      const stop = client.on(event, () => {
        stop();
        resolve();
      });
    });
  }
}

/** Logs in, so that the databases and the session are there, and out of the way again. */
async function login({ dns, username }) {
  const { createClient } = await import("floo-wasm");
  const client = createClient({ appId: APP_ID, servers: { dns } });
  const { userId } = await client.login({ username, password: `${username}-demo` });
  await when(client, "sync", () => client.sync.pending === 0);
  await client.close();
  return userId;
}

async function fill({ me, total, chats, progress = () => {} }) {
  const history = new History(Number(me), total, chats);
  const db = await database(me);
  let lot = {};
  let size = 0;
  let rows = 0;
  let writing = Promise.resolve();
  const flush = async () => {
    await writing; // one transaction is written while the next is made
    const transaction = db.transaction(Object.keys(lot), "readwrite", { durability: "relaxed" });
    for (const [table, rows] of Object.entries(lot)) {
      const store = transaction.objectStore(table);
      for (const { key, value } of rows) store.put(value, key);
    }
    writing = committed(transaction);
    rows += size;
    [lot, size] = [{}, 0];
  };
  for (let chat = 0; chat < chats; chat += 1) {
    for (const tables of history.rows(chat)) {
      for (const [table, made] of Object.entries(tables)) {
        const kept = lot[table] ?? [];
        lot[table] = kept;
        for (const row of made) kept.push(row);
        size += made.length;
      }
      if (size >= LOT) await flush();
    }
    if (chat % 500 === 0) progress({ chat, rows });
  }
  if (size > 0) await flush();
  await writing;
  const count = (table) => done(db.transaction(table).objectStore(table).count());
  const counts = { messages: await count("messages"), terms: await count("terms") };
  db.close();
  return { ...counts, bytes: (await navigator.storage.estimate()).usage };
}

async function timed(act) {
  const begun = performance.now();
  const value = await act();
  return [performance.now() - begun, value];
}

const demand = (holds, what) => {
  if (!holds) throw new Error(`the bench is wrong: ${what}`);
};

/** Opens a client over the database, and measures everything once; `round` makes the pages new. */
async function measure({ dns, me, total, chats, round }) {
  const { createClient } = await import("floo-wasm");
  const history = new History(Number(me), total, chats);
  const [load, client] = await timed(async () => {
    const made = createClient({ appId: APP_ID, servers: { dns } });
    await made.ready();
    return made;
  });
  const [open] = await timed(async () => {
    const listed = new Promise((resolve) => {
      client.conversations.subscribe(() => client.conversations.snapshot.length >= FIRST && resolve());
    });
    client.resume().catch(() => {}); // whoever waits below waits for what it leads to
    await listed;
    demand(client.conversations.snapshot[0].lastMessage?.text, "the list has no last messages");
  });
  await when(client, "state", () => client.state === "online");
  await when(client, "sync", () => client.sync.pending === 0);
  for (let n = 0; n < 2; n += 1) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 500)); // the browser does not look at every moment
  }
  const memory = { wasm: core.buffer.byteLength, heap: performance.memory.usedJSHeapSize };
  const numbers = history.numbers(0);
  const large = client.conversation({ user: String(History.user(0)) });

  const [newest, page] = await timed(() => large.messages({ limit: PAGE }));
  demand(page.length === PAGE, `the newest page has ${page.length} messages`);

  const middle = numbers[Math.floor(numbers.length / 2)];
  const [jump, before] = await timed(async () => {
    const id = await large.messageAt(History.time(middle));
    demand(id === String(History.id(middle)), "messageAt has found another message");
    return large.messages({ before: id, limit: PAGE });
  });
  demand(before.length === PAGE, `the page in the middle has ${before.length} messages`);

  const search = async (text) => {
    for await (const found of client.search.messages({ text, pageSize: PAGE })) return found;
    return [];
  };
  const [rare, few] = await timed(() => search(RARE));
  demand(few.length === 10, `the rare word is in ${few.length} messages`);
  const [common, many] = await timed(() => search(COMMON));
  demand(many.length === PAGE, `the common word is in ${many.length} messages`);

  const inserts = [];
  for (let n = 0; n < 4; n += 1) {
    const first = total + (round * 4 + n) * 100 + 1;
    const added = Array.from({ length: 100 }, (_, at) => first + at);
    inserts.push(await insert(history, added));
    if (round === 0 && n === 0) await compare(me, history, added);
  }
  const [last] = await large.messages({ limit: 1 });
  demand(last.id === String(History.id(total + (round * 4 + 4) * 100)), "the pages were not taken in");
  demand(client.stats().badRows === 0, `${client.stats().badRows} rows are unreadable`);
  await client.close();
  return { load, open, newest, jump, rare, common, insert: inserts, ...memory };
}

/** From a page of 100 messages at the socket until it is confirmed, which is after it is durable. */
async function insert(history, numbers) {
  const key = History.id(numbers.at(-1));
  const bytes = frame(
    0,
    numbers.map((n) => history.meta(0, n)),
    key,
  );
  const receive = (data) => socket.dispatchEvent(new MessageEvent("message", { data: data.slice().buffer }));
  const [time] = await timed(
    () =>
      new Promise((resolve) => {
        sending = (sent) => {
          const confirmed = confirms(sent, key);
          if (confirmed) resolve();
          return confirmed;
        };
        receive(bytes);
      }),
  );
  sending = () => false;
  receive(frame(0, [], 0));
  await new Promise((resolve) => setTimeout(resolve, 200)); // what follows is not part of it
  return time;
}

/** The rows of a page as the core has written them are those that the filling would have written. */
async function compare(me, history, numbers) {
  const db = await database(me);
  const wanted = { messages: numbers.map((n) => history.message(0, n)), terms: history.terms(0, numbers) };
  for (const [table, rows] of Object.entries(wanted)) {
    const store = db.transaction(table).objectStore(table);
    const kept = await Promise.all(rows.map(({ key }) => done(store.get(key))));
    rows.forEach(({ value }, at) => {
      demand(kept[at] !== undefined && same(kept[at], value), `row ${at} of ${table} is not as the core writes it`);
    });
  }
  db.close();
}

const acts = { login, fill, measure };
let result;
window.bench = {
  start(name, value) {
    result = undefined;
    window.progress = undefined;
    const progress = (at) => {
      window.progress = at;
    };
    acts[name]({ ...value, progress }).then(
      (value) => {
        result = { value };
      },
      (error) => {
        result = { error: String(error?.stack ?? error) };
      },
    );
  },
  result: () => result ?? null,
};
window.ready = true;
