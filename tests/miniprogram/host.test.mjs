// The test host itself: what it takes away, what it refuses, how it suspends. A host that is too kind proves nothing.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, before } from "node:test";
import binaryen from "binaryen";
import { phoneTest, repository, Stage } from "./lib/stage.mjs";

const stage = new Stage();
let phone;
let sockets;

const MODULES = {
  "plain.wasm": [
    '(module (func (export "f")) (global (export "g") i32 (i32.const 1)))',
    binaryen.Features.MVP | binaryen.Features.MutableGlobals,
  ],
  "signs.wasm": [
    '(module (func (export "f") (param i32) (result i32) (i32.extend8_s (local.get 0))))',
    binaryen.Features.SignExt,
  ],
  "refs.wasm": ['(module (func (export "f") (param externref)))', binaryen.Features.ReferenceTypes],
};

/** A server that accepts WebSockets, sends one frame of three bytes and one text, and notes what it gets. */
function socketServer() {
  const server = http.createServer((_, response) =>
    response.writeHead(204, { "access-control-allow-origin": "*", "access-control-allow-headers": "*" }).end(),
  );
  const state = { open: 0, received: 0 };
  server.on("upgrade", (request, socket) => {
    const accept = createHash("sha1")
      .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.write(Buffer.from([0x82, 3, 1, 2, 3]));
    state.open++;
    socket.on("data", (data) => {
      if ((data[0] & 0x0f) === 2) state.received++;
      if ((data[0] & 0x0f) === 8) socket.end();
    });
    socket.on("close", () => {
      state.open--;
    });
    socket.on("error", () => socket.destroy());
  });
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      resolve({
        state,
        ws: `ws://127.0.0.1:${port}/`,
        http: `http://127.0.0.1:${port}/`,
        close: () =>
          new Promise((done) => {
            server.close(done);
            server.closeAllConnections();
          }),
      });
    }),
  );
}

const ask = (name, ...values) =>
  phone.driver.executeAsyncScript(
    "const done = arguments[arguments.length - 1]; const page = __mp.pages.top.page; Promise.resolve(page[arguments[0]](...arguments[1])).then((v) => done(v === undefined ? null : v), (e) => done('rejected ' + (e.message || e.errMsg)))",
    name,
    values,
  );
const events = () => phone.run("return [...__mp.pages.top.page.events]");

before(async () => {
  const project = path.join(stage.directory(), "project");
  fs.cpSync(path.join(repository, "tests/miniprogram/fixture"), project, { recursive: true });
  fs.mkdirSync(path.join(project, "wasm"), { recursive: true });
  for (const [name, [text, features]] of Object.entries(MODULES)) {
    const module = binaryen.parseText(text);
    module.setFeatures(features);
    fs.writeFileSync(path.join(project, "wasm", name), module.emitBinary());
  }
  sockets = await socketServer();
  stage.later(sockets.close);
  phone = await stage.phone(await stage.host(project));
});
after(() => stage.end());

const hostTest = (name, body) => phoneTest(name, () => ({ phone }), body);

hostTest("the realm of the app has no browser globals and no eval", async () => {
  for (const profile of ["devtools", "android", "ios"]) {
    await phone.open({ profile });
    const globals = await ask("globals");
    const { Promise: promise, wx, WXWebAssembly, WeakRef: weak, queueMicrotask: queue, ...absent } = globals;
    assert.deepEqual([promise, wx, WXWebAssembly], ["function", "object", "object"]);
    assert.deepEqual(new Set(Object.values(absent)), new Set(["undefined"]), JSON.stringify(globals));
    const onPhones = profile === "devtools" ? "function" : "undefined";
    assert.deepEqual([weak, queue], [onPhones, onPhones]);
    assert.equal(await ask("evaluate"), "EvalError");
  }
});

hostTest("WXWebAssembly takes package paths only, and refuses per device what the device cannot do", async () => {
  const table = {
    devtools: { plain: "f,g", signs: "f", refs: "f" },
    android: { plain: "f,g", signs: "f", refs: /invalid wasm file.*reference-types/ },
    ios: { plain: "f", signs: /invalid wasm file.*sign-extension/, refs: /invalid wasm file.*reference-types/ },
  };
  for (const [profile, expected] of Object.entries(table)) {
    await phone.open({ profile });
    for (const [name, outcome] of Object.entries(expected)) {
      const answer = await ask("load", `/wasm/${name}.wasm`);
      if (typeof outcome === "string") assert.equal(answer, outcome, `${profile} ${name}`);
      else assert.match(answer, outcome, `${profile} ${name}`);
    }
  }
  assert.match(await ask("load", "http://127.0.0.1/x.wasm"), /not support/);
  assert.match(await ask("load", "/wasm/none.wasm"), /no wasm file/);
  assert.match(await ask("load", 7), /must be the path/);
});

hostTest("storage: 1 MB an entry, 10 MB in all, kept over a restart", async () => {
  await phone.open();
  assert.equal(await ask("store", "small", 1000), "setStorage:ok");
  assert.match(await ask("store", "large", 1024 * 1024), /fail entry size limit/);
  for (let i = 0; i < 9; i++) assert.equal(await ask("store", `k${i}`, 1024 * 1024 - 100), "setStorage:ok");
  assert.equal(await ask("store", "k9", 1024 * 1024 - 4000), "setStorage:ok");
  assert.match(await ask("store", "k10", 10_000), /fail storage limit/);
  assert.equal(await ask("stored", "large"), "getStorage:fail data not found");
  await phone.open();
  assert.equal(await ask("stored", "small"), 1000);
  assert.equal(await ask("stored", "k8"), 1024 * 1024 - 100);
});

hostTest("sockets: five at a time, ArrayBuffers only", async () => {
  await phone.open();
  for (let i = 0; i < 5; i++) {
    await ask("connect", sockets.ws);
    await phone.until("the socket to open", async () => (await events()).includes("bytes 3"));
  }
  assert.match(await ask("send", "view"), /fail data must be/);
  assert.equal(await ask("send", "buffer"), "sendSocketMessage:ok");
  await phone.until("the server to get the frame", async () => sockets.state.received === 1);
  await ask("connect", sockets.ws);
  await phone.until("the sixth to be refused", async () =>
    (await events()).some((e) => /fail exceed max socket count 5/.test(e)),
  );
  await ask("connect", "http://127.0.0.1/");
  await phone.until("a wrong address to be refused", async () =>
    (await events()).some((e) => /fail url not in ws/.test(e)),
  );
});

hostTest("a suspended app runs no code and loses its sockets; it learns of it on return", async () => {
  for (const queuedFirst of [true, false]) {
    await phone.open();
    await ask("connect", sockets.ws);
    await phone.until("the socket to open", async () => (await events()).includes("open"));
    await ask("tick");
    const ticks = () => phone.run("return __mp.pages.top.page.ticks");
    await phone.until("the timer to run", async () => (await ticks()) > 2);
    await phone.run("__mp.suspend()");
    await phone.until("the server to lose the socket", async () => sockets.state.open === 0);
    const held = await ticks();
    // Timers of the host itself go on: when twenty of them had their turn, one of the app would have had, too.
    await phone.driver.executeAsyncScript(
      "const done = arguments[0]; let n = 0; (function again() { ++n > 20 ? done() : setTimeout(again, 10) })()",
    );
    assert.ok(!(await events()).includes("close"), "no callback while suspended");
    assert.equal(await ticks(), held, "no timer while suspended");
    await phone.run("__mp.show({ queuedFirst: arguments[0] })", queuedFirst);
    await phone.until("onClose to arrive", async () => (await events()).includes("close"));
    assert.ok(!(await events()).some((e) => /fail/.test(e)), "onClose comes without onError");
    await phone.until("the timer to go on", async () => (await ticks()) > held);
  }
});

hostTest("without a network sockets close and requests fail; with it they work again", async () => {
  await phone.open();
  assert.equal(await ask("request", sockets.http), 204);
  await ask("connect", sockets.ws);
  await phone.until("the socket to open", async () => (await events()).includes("open"));
  await phone.run("__mp.setNetwork('none')");
  await phone.until("the socket to close", async () => (await events()).includes("close"));
  assert.match(await ask("request", sockets.http), /fail network is down/);
  await phone.run("__mp.setNetwork('wifi')");
  assert.equal(await ask("request", sockets.http), 204);
});

hostTest("errors of the app and missing APIs are logged", async () => {
  await phone.open();
  await ask("explode");
  await phone.until("the error to be logged", async () =>
    (await phone.logs()).some((l) => l.kind === "error" && /boom/.test(l.text)),
  );
  await phone.run("__mp.pages.top.page.setData({}); document.querySelector('iframe').contentWindow.wx.scanCode");
  assert.ok((await phone.logs()).some((l) => l.kind === "missing-api" && l.text === "wx.scanCode"));
});

/** Starts a call of `wx`; `answer` waits for what comes of it: `{ result }` or `{ failure }`. */
async function call(name, options = {}) {
  await phone.run(
    `window.answer = null;
     document.querySelector("iframe").contentWindow.wx[arguments[0]]({ ...arguments[1],
       success: (result) => { window.answer = { result }; }, fail: ({ errMsg }) => { window.answer = { failure: errMsg }; } });`,
    name,
    options,
  );
  return () => phone.until(`the answer of ${name}`, () => phone.run("return window.answer"));
}

const press = async (css) =>
  (await phone.until(css, async () => (await phone.driver.findElements({ css }))[0])).click();

hostTest(
  "pictures and files are picked as the platform hands them out; a closed dialog fails with cancel",
  async () => {
    await phone.open({ profile: "ios" });
    for (const [name, options] of [
      ["chooseMedia", {}],
      ["chooseMessageFile", { count: 1 }],
    ]) {
      const answer = await call(name, options);
      await phone.pick();
      assert.deepEqual(await answer(), { failure: `${name}:fail cancel` });
    }
    assert.match((await (await call("chooseMedia", { count: 0 }))()).failure, /^chooseMedia:fail parameter error/);
    const picture = path.join(repository, "docs/demo-web-phone.png");
    const { size } = fs.statSync(picture);
    const media = await call("chooseMedia", { count: 1, mediaType: ["image"] });
    await phone.pick(picture);
    const { result } = await media();
    const [{ tempFilePath, ...known }] = result.tempFiles;
    assert.equal(result.type, "image");
    assert.deepEqual(known, { size, fileType: "image" });
    assert.match(tempFilePath, /^wxfile:\/\/tmp/);
    const head = fs.readFileSync(picture);
    const info = (await (await call("getImageInfo", { src: tempFilePath }))()).result;
    assert.deepEqual([info.width, info.height], [head.readUInt32BE(16), head.readUInt32BE(20)]);
    const files = await call("chooseMessageFile", { count: 2, type: "all" });
    await phone.pick(picture, import.meta.filename);
    const all = (await files()).result.tempFiles;
    assert.deepEqual(
      all.map(({ name, type }) => [name, type]),
      [
        ["demo-web-phone.png", "image"],
        ["host.test.mjs", "file"],
      ],
    );
    assert.deepEqual(Object.keys(all[0]).sort(), ["name", "path", "size", "time", "type"]);
  },
);

hostTest("a place needs its declaration, a dialog can ask for a text", async () => {
  assert.match((await (await call("chooseLocation"))()).failure, /requiredPrivateInfos/);
  const asked = await call("showModal", { title: "Name", content: "before", editable: true });
  await phone.until("the field", async () => (await phone.driver.findElements({ css: ".mp-modal-field" }))[0]);
  await press(".mp-confirm");
  assert.equal((await asked()).result.content, "before");
  const long = { content: "Sure?", cancelText: "Cancel" };
  assert.match((await (await call("showModal", long))()).failure, /cancelText length should not larger than 4/);
  const plain = await call("showModal", { content: "Sure?" });
  await press(".mp-cancel");
  const { confirm, cancel, content } = (await plain()).result;
  assert.deepEqual([confirm, cancel, content], [false, true, null]);
});

hostTest("there is one recorder, which is not started twice nor stopped without a start", async () => {
  const heard = await phone.driver.executeAsyncScript(`
    const done = arguments[0];
    const recorder = document.querySelector("iframe").contentWindow.wx.getRecorderManager();
    const heard = [];
    recorder.onStart(() => heard.push("start"));
    recorder.onError(({ errMsg }) => heard.push(errMsg));
    recorder.onStop((it) => { heard.push(Object.keys(it).sort().join(" ")); done(heard); });
    recorder.stop();
    recorder.start({ format: "mp3" });
    recorder.start();
    recorder.stop();`);
  assert.deepEqual(heard, [
    "operateRecorder:fail recorder not start",
    "start",
    "operateRecorder:fail is recording or paused",
    "duration fileSize tempFilePath",
  ]);
});
