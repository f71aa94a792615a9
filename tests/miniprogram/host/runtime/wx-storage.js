// wx storage: entries in memory, kept in an IndexedDB database so that they survive a restart of the page.
import { makeApi } from "./wx-call.js";

const TABLE = "entries";

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

function openDatabase(name) {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE);
  return settled(opening);
}

async function readAll(database) {
  const store = database.transaction(TABLE).objectStore(TABLE);
  const [keys, values] = await Promise.all([settled(store.getAllKeys()), settled(store.getAll())]);
  return new Map(keys.map((key, i) => [key, values[i]]));
}

/** Bytes that a text takes. */
const sizeOf = (text) => new TextEncoder().encode(text).length;

/** Reads what an earlier run left and makes the storage part of `wx`. */
export async function createStorage(context, appId) {
  const { device } = context;
  const database = await openDatabase(`miniprogram-host/${appId}`);
  const entries = await readAll(database);
  const sizes = new Map([...entries].map(([key, text]) => [key, sizeOf(text)]));
  const total = () => [...sizes.values()].reduce((sum, size) => sum + size, 0);

  /** Writes or, without a text, deletes; resolves when it is on disk. */
  const persist = (key, text) => {
    const transaction = database.transaction(TABLE, "readwrite", { durability: "strict" });
    const store = transaction.objectStore(TABLE);
    if (text === undefined) store.delete(key);
    else store.put(text, key);
    return new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
  };
  const put = (key, data) => {
    if (typeof key !== "string" || key === "") throw new Error("parameter error: key should be a text");
    const text = JSON.stringify({ data });
    const size = sizeOf(text);
    if (size > device.limits.storageEntry) throw new Error("entry size limit reached");
    if (total() - (sizes.get(key) ?? 0) + size > device.limits.storageTotal) throw new Error("storage limit reached");
    entries.set(key, text);
    sizes.set(key, size);
    return persist(key, text);
  };
  const remove = (key) => {
    entries.delete(key);
    sizes.delete(key);
    return persist(key, undefined);
  };
  const info = () => ({
    keys: [...entries.keys()],
    currentSize: Math.ceil(total() / 1024),
    limitSize: device.limits.storageTotal / 1024,
  });
  const late = (promise) => promise.catch((error) => device.log("error", error));
  const api = (name, work) => makeApi(context, name, work);

  return {
    setStorage: api("setStorage", ({ key, data }, ok, fail) => {
      put(key, data).then(
        () => ok({}),
        (error) => fail(error.message),
      );
    }),
    getStorage: api("getStorage", ({ key }, ok, fail) => {
      setTimeout(() => (entries.has(key) ? ok(JSON.parse(entries.get(key))) : fail("data not found")));
    }),
    removeStorage: api("removeStorage", ({ key }, ok, fail) => {
      remove(key).then(
        () => ok({}),
        (error) => fail(error.message),
      );
    }),
    getStorageInfo: api("getStorageInfo", (_, ok) => {
      setTimeout(() => ok(info()));
    }),
    setStorageSync: (key, data) => void late(put(key, data)),
    getStorageSync: (key) => (entries.has(key) ? JSON.parse(entries.get(key)).data : ""),
    removeStorageSync: (key) => void late(remove(key)),
    getStorageInfoSync: info,
    clearStorageSync: () => {
      for (const key of [...entries.keys()]) late(remove(key));
    },
  };
}
