// The mini-program platform over a small `wx`: sockets, requests, randomness, storage, life cycle.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { until } from "./fake-engine.mjs";

// The loader needs the built glue; only what stands beside it is tested here.
async function bundled() {
  const folder = await mkdtemp(join(tmpdir(), "floo-wx-"));
  try {
    const outfile = join(folder, "wechat.mjs");
    await build({
      entryPoints: [fileURLToPath(new URL("../../js/platform/wechat.ts", import.meta.url))],
      bundle: true,
      format: "esm",
      target: "es2018",
      outfile,
      logLevel: "error",
      plugins: [
        {
          name: "no-glue",
          setup(b) {
            b.onResolve({ filter: /^#glue$/ }, () => ({ path: "glue", namespace: "empty" }));
            b.onLoad({ filter: /.*/, namespace: "empty" }, () => ({ contents: "export const makeGlue = () => ({});" }));
          },
        },
      ],
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
const { wechat } = await bundled();

function makeWx() {
  const wx = {
    tasks: [],
    listeners: {},
    storage: new Map(),
    random: 0,
    requests: [],
    connectSocket(options) {
      const task = { options, sent: [], closed: 0 };
      for (const name of ["onOpen", "onMessage", "onError", "onClose"])
        task[name] = (listener) => (task[name.slice(2)] = listener);
      task.send = ({ data, fail }) => (task.refuse ? fail({ errMsg: "send:fail" }) : task.sent.push(data));
      task.close = () => task.closed++;
      wx.tasks.push(task);
      return task;
    },
    request(options) {
      wx.requests.push(options);
      wx.answer(options);
    },
    getRandomValues({ length, success, fail }) {
      if (wx.noRandom) return fail({ errMsg: "getRandomValues:fail" });
      wx.random++;
      success({ randomValues: crypto.getRandomValues(new Uint8Array(length)).buffer });
    },
    getStorage: ({ key, success, fail }) =>
      wx.storage.has(key) ? success({ data: wx.storage.get(key) }) : fail({ errMsg: "getStorage:fail data not found" }),
    setStorage({ key, data, success, fail }) {
      if (wx.full) return fail({ errMsg: "setStorage:fail exceed storage max size 10Mb" });
      wx.storage.set(key, data);
      success();
    },
    removeStorage: ({ key, success }) => {
      wx.storage.delete(key);
      success();
    },
  };
  for (const name of ["AppShow", "AppHide", "NetworkStatusChange"]) {
    wx[`on${name}`] = (listener) => (wx.listeners[name] = listener);
    wx[`off${name}`] = (listener) => wx.listeners[name] === listener && delete wx.listeners[name];
  }
  return wx;
}
const log = () => undefined;
async function makeHost(wx = makeWx()) {
  return { wx, host: await wechat("/a.wasm.br", wx).host(log) };
}
function connected(host, wx) {
  const heard = [];
  const socket = host.connect("ws://x", {
    open: () => heard.push("open"),
    message: (data) => heard.push([...data]),
    close: (reason) => heard.push(`close ${reason}`),
  });
  return { socket, heard, task: wx.tasks.at(-1) };
}

describe("socket", () => {
  test("bytes both ways, sent as an exact plain buffer", async () => {
    const { host, wx } = await makeHost();
    const { socket, heard, task } = connected(host, wx);
    assert.equal(task.options.url, "ws://x");
    assert.throws(() => socket.send(new Uint8Array([1])), /not open/);
    task.Open();
    socket.send(new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4));
    assert.equal(Object.prototype.toString.call(task.sent[0]), "[object ArrayBuffer]");
    assert.deepEqual([...new Uint8Array(task.sent[0])], [1, 2, 3]);
    task.Message({ data: new Uint8Array([4, 5]).buffer });
    assert.deepEqual(heard, ["open", [4, 5]]);
  });

  test("after close nothing comes", async () => {
    const { host, wx } = await makeHost();
    const { socket, heard, task } = connected(host, wx);
    task.Open();
    socket.close();
    task.Message({ data: new ArrayBuffer(1) });
    task.Error({ errMsg: "late" });
    task.Close({ code: 1006 });
    socket.close();
    assert.deepEqual([heard, task.closed], [["open"], 1]);
  });

  test("any end is told once: close, error, a text, a refused send, a refused connection", async () => {
    for (const [end, expected] of [
      [(task) => task.Close({ code: 1001, reason: "away" }), /1001 away/],
      [(task) => task.Error({ errMsg: "reset" }), /reset/],
      [(task) => task.Message({ data: "text" }), /text/],
      [
        (task, socket) => {
          task.refuse = true;
          socket.send(new Uint8Array(1));
        },
        /send:fail/,
      ],
      [(task) => task.options.fail({ errMsg: "connectSocket:fail" }), /connectSocket:fail/],
    ]) {
      const { host, wx } = await makeHost();
      const { socket, heard, task } = connected(host, wx);
      task.Open();
      end(task, socket);
      await until(() => heard.length === 2);
      assert.match(heard[1], expected);
      task.Close({ code: 1006 });
      task.Error({ errMsg: "again" });
      assert.equal(heard.length, 2);
    }
  });

  test("a connectSocket that throws is a close, later", async () => {
    const { host, wx } = await makeHost();
    wx.connectSocket = () => {
      throw new Error("too many");
    };
    const heard = [];
    host.connect("ws://x", { open: log, message: log, close: (reason) => heard.push(reason) });
    assert.deepEqual(heard, []);
    await until(() => heard.length === 1);
    assert.match(heard[0], /too many/);
  });
});

describe("the rest of the host", () => {
  test("every status is an answer, only silence rejects", async () => {
    const { host, wx } = await makeHost();
    wx.answer = ({ success }) => success({ statusCode: 500, data: '{"id":18446744073709551615}' });
    const ask = { method: "POST", url: "http://x", headers: { app_id: "a" }, body: "{}" };
    assert.deepEqual(await host.request(ask), { status: 500, body: '{"id":18446744073709551615}' });
    assert.deepEqual(
      [wx.requests[0].method, wx.requests[0].header, wx.requests[0].data, wx.requests[0].dataType],
      ["POST", { app_id: "a" }, "{}", "text"],
    );
    wx.answer = ({ fail }) => fail({ errMsg: "request:fail timeout" });
    await assert.rejects(host.request(ask), /timeout/);
  });

  test("random bytes come from a pool, are refilled and never weak", async () => {
    const { host, wx } = await makeHost();
    const one = host.randomBytes(16);
    assert.equal(one.length, 16);
    assert.notDeepEqual(one, host.randomBytes(16));
    assert.equal(wx.random, 1);
    host.randomBytes(3500);
    assert.equal(wx.random, 2, "refilled at a quarter");
    wx.noRandom = true;
    host.randomBytes(4000);
    assert.throws(() => host.randomBytes(1000), /empty/);
    const without = makeWx();
    without.noRandom = true;
    await assert.rejects(makeHost(without), /getRandomValues/);
  });

  test("timers can be taken back", async () => {
    const { host } = await makeHost();
    const heard = [];
    host.setTimer(0, () => heard.push("kept"));
    host.setTimer(0, () => heard.push("cancelled"))();
    await until(() => heard.length > 0);
    assert.deepEqual(heard, ["kept"]);
  });

  test("the store lives in wx storage and says when it is full", async () => {
    const { host, wx } = await makeHost();
    const store = await host.openStore("floo/app/1");
    const key = new Uint8Array([1]);
    await store.apply([[0, key, new Uint8Array([7, 8])]]);
    assert.deepEqual([...wx.storage.keys()], ["floo/app/1/a/0"]);
    wx.full = true;
    await assert.rejects(store.apply([[0, key, new Uint8Array([9])]]), { name: "QuotaExceededError" });
    const again = await host.openStore("floo/app/1");
    const [[, value]] = await again.range(0, new Uint8Array(), new Uint8Array([255]), 9, false);
    assert.deepEqual([...value], [7, 8]);
  });

  test("show, hide and the network are signals until the end", () => {
    const wx = makeWx();
    const heard = [];
    const stop = wechat(undefined, wx).watch((name) => heard.push(name));
    wx.listeners.AppHide();
    wx.listeners.AppShow();
    wx.listeners.NetworkStatusChange({ isConnected: false });
    wx.listeners.NetworkStatusChange({ isConnected: true });
    assert.deepEqual(heard, ["background", "foreground", "offline", "online"]);
    stop();
    assert.deepEqual(wx.listeners, {});
  });

  test("bad options and a place without wx", async () => {
    assert.throws(() => wechat("", makeWx()), { code: "ArgumentInvalid", message: /wasmPath/ });
    assert.throws(() => wechat(undefined, {}), { code: "ArgumentInvalid", message: /platform/ });
    await assert.rejects(wechat(undefined, undefined).load(), { code: "Unsupported" });
  });
});
