// Files as the SDK moves them, in sizes that would not fit into the server's memory many times.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { startEmulator } from "../lib/emulator.mjs";
import { until } from "../lib/until.mjs";
import { call, login } from "./wire.mjs";

const MB = 1 << 20;

describe("files", () => {
  let folder;
  let emulator;
  let amber;
  let basil;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "floo-files-"));
    emulator = await startEmulator({ data: path.join(folder, "demo.sqlite") });
    [amber, basil] = [await login(emulator.url, "amber"), await login(emulator.url, "basil")];
  });
  after(async () => {
    await emulator.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const slot = () =>
    call(emulator.url, "GET", `/file/upload/chat?file_type=100&to_type=1&to_id=${basil.uid}`, { token: amber.token });

  function form({ oss_body_param }, blob, name) {
    const body = new FormData();
    for (const [field, value] of Object.entries(oss_body_param)) body.set(field, value);
    body.set("file", blob, name);
    return body;
  }

  const download = (url, headers = {}) =>
    fetch(url, { headers: { app_id: "floo-demo", "access-token": basil.token, ...headers } });
  const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");
  const stored = async () => readdir(path.join(folder, "demo.files")).catch(() => []);

  /** Bytes that no chunk repeats. */
  function noise(size) {
    const bytes = Buffer.alloc(size);
    for (let at = 0, x = size | 1; at + 4 <= size; at += 4) {
      x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
      bytes.writeUInt32LE(x, at);
    }
    return bytes;
  }

  for (const size of [0, 1, 5 * MB, 60 * MB, 100 * MB]) {
    test(`${size} bytes there and back`, async () => {
      const bytes = noise(size);
      const target = await slot();
      const answer = await fetch(target.upload_url, {
        method: target.upload_method,
        body: form(target, new Blob([bytes], { type: "application/x-noise" }), "noise 猫.bin"),
      });
      assert.deepEqual(await answer.json(), { code: 200, message: null, data: true, Status: "OK" });
      const back = await download(target.download_url);
      assert.equal(back.headers.get("content-type"), "application/x-noise");
      assert.equal(back.headers.get("content-length"), String(size));
      assert.equal(digest(Buffer.from(await back.arrayBuffer())), digest(bytes));
      if (size > 1) {
        const part = await download(target.download_url, { range: `bytes=${size - 1000}-` });
        assert.equal(part.status, 206);
        assert.equal(digest(Buffer.from(await part.arrayBuffer())), digest(bytes.subarray(-1000)));
      }
    });
  }

  test("none of it went through the server's memory", { skip: process.platform !== "linux" }, async () => {
    const status = await readFile(`/proc/${emulator.pid}/status`, "utf8");
    const peak = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)[1]) / 1024;
    assert.ok(peak < 60, `it took ${peak.toFixed(0)} MB`);
  });

  test("100 MB and a byte are refused", async () => {
    const target = await slot();
    const blob = new Blob([new Uint8Array(100 * MB + 1)]);
    const answer = await fetch(target.upload_url, { method: "POST", body: form(target, blob, "big") });
    assert.equal(answer.status, 413);
    assert.match((await answer.json()).message, /^file:/);
  });

  test("an upload that is given up leaves nothing, and works the second time", async () => {
    const files = (await stored()).length;
    const target = await slot();
    const bytes = noise(60 * MB);
    const stop = new AbortController();
    // Half of it, and then nothing more.
    const encoded = new Response(form(target, new Blob([bytes]), "again"));
    let passed = 0;
    const half = new TransformStream({
      transform(chunk, controller) {
        controller.enqueue(chunk);
        passed += chunk.length;
        return passed > bytes.length / 2 ? new Promise(() => undefined) : undefined;
      },
    });
    const upload = fetch(target.upload_url, {
      method: "POST",
      headers: { "content-type": encoded.headers.get("content-type") },
      body: encoded.body.pipeThrough(half),
      duplex: "half",
      signal: stop.signal,
    });
    upload.catch(() => undefined); // looked at below
    await until("the upload to begin", async () => (await stored()).some((name) => name.endsWith(".part")));
    stop.abort();
    await assert.rejects(upload, { name: "AbortError" });
    await until("nothing to be left", async () => (await stored()).length === files);
    assert.equal((await download(target.download_url)).status, 403);
    const again = await fetch(target.upload_url, { method: "POST", body: form(target, new Blob([bytes]), "again") });
    assert.equal(again.status, 200);
    assert.equal((await stored()).length, files + 1);
  });

  test("a download that is given up can be taken up where it was", async () => {
    const bytes = noise(20 * MB);
    const target = await slot();
    await fetch(target.upload_url, { method: "POST", body: form(target, new Blob([bytes]), "long") });
    const first = await download(target.download_url);
    const reader = first.body.getReader();
    const have = [];
    for (let size = 0; size < MB; ) {
      const { value } = await reader.read();
      have.push(value);
      size += value.length;
    }
    await reader.cancel();
    const start = have.reduce((sum, chunk) => sum + chunk.length, 0);
    const rest = await download(target.download_url, {
      range: `bytes=${start}-`,
      "if-range": first.headers.get("etag"),
    });
    assert.equal(rest.status, 206);
    assert.equal(rest.headers.get("content-range"), `bytes ${start}-${bytes.length - 1}/${bytes.length}`);
    assert.equal(digest(Buffer.concat([...have, Buffer.from(await rest.arrayBuffer())])), digest(bytes));
  });

  test("files are there after kill -9", async () => {
    const target = await slot();
    await fetch(target.upload_url, { method: "POST", body: form(target, new Blob(["kept"]), "kept") });
    await emulator.kill();
    await emulator.start();
    assert.equal(await (await download(target.download_url)).text(), "kept");
  });
});
