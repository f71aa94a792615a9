// Files go up and come down whole, in a page against the real emulator; what is given up ends, what fails is tried again.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { ApiPage, apiMounts } from "../lib/api-page.mjs";
import { Stage, scenario } from "../lib/stage.mjs";

const MB = 1024 * 1024;

const stage = new Stage();
let emulator;
let page;
let ids;

before(async () => {
  emulator = await stage.persistentEmulator();
  ids = await emulator.ids();
  page = new ApiPage(await stage.browser("page"), await stage.serve(apiMounts()));
  await page.open();
  await page.run(
    async ({ enter }, { dns }) => {
      await enter("amber", { dns, username: "amber" });
      await enter("basil", { dns, username: "basil" });
      await enter("clover", { dns, username: "clover" });
      /** Bytes that repeat late, so that a lost or doubled part shows. */
      window.bytes = (size) => {
        const words = new Uint32Array(Math.ceil(size / 4));
        for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + 1, 2654435761);
        return new Uint8Array(words.buffer, 0, size);
      };
      window.same = async (blob, size) => {
        const [got, want] = [new Uint8Array(await blob.arrayBuffer()), window.bytes(size)];
        return got.length === want.length && got.every((byte, index) => byte === want[index]);
      };
    },
    { dns: emulator.dns },
  );
});
after(() => stage.end());

for (const [name, size] of [
  ["no bytes", 0],
  ["1 byte", 1],
  ["5 MB", 5 * MB],
  ["60 MB", 60 * MB],
]) {
  scenario(stage, `${name} reach the other side as they were`, async () => {
    const went = await page.run(
      async ({ clients: { amber, basil }, hears }, { ids, size }) => {
        const progress = [];
        const file = new File([window.bytes(size)], "a name 文.bin");
        const { url } = await amber.files.upload(file, { user: ids.basil }, { onProgress: (it) => progress.push(it) });
        const sent = await amber.conversation({ user: ids.basil }).send({ file: { url, name: file.name, size } });
        const { message } = await hears(basil, "message", (it) => it.message.id === sent.id);
        const down = [];
        const blob = await basil.files.download(message.attachment.url, { onProgress: (it) => down.push(it) });
        return {
          same: await window.same(blob, size),
          up: progress.at(-1) ?? null,
          down: down.at(-1) ?? null,
          rising: [progress, down].every((list) => list.every((it, i) => i === 0 || it.loaded >= list[i - 1].loaded)),
        };
      },
      { ids, size },
    );
    assert.ok(went.same && went.rising);
    if (size > 0) {
      assert.deepEqual(went.down, { loaded: size, total: size });
      assert.ok(went.up.loaded >= size && went.up.total === went.up.loaded, "a form is a little more than its file");
    }
  });
}

scenario(stage, "a message takes its file along, and without the file there is no message", async () => {
  const went = await page.run(
    async ({ clients: { amber, basil }, hears }, { ids }) => {
      const chat = amber.conversation({ user: ids.basil });
      const progress = [];
      const file = new File([window.bytes(300_000)], "平面图.png", { type: "image/png" });
      const sent = await chat.send({ image: { source: file, width: 2 } }, { onProgress: (it) => progress.push(it) });
      const { message } = await hears(basil, "message", (it) => it.message.id === sent.id);
      const { name, size, width, url } = message.attachment;
      const blob = await basil.files.download(url);
      const before = (await chat.messages()).length;
      const abort = new AbortController();
      const given = chat.send(
        { file: { source: new File([window.bytes(30_000_000)], "large") } },
        { signal: abort.signal, onProgress: () => abort.abort() },
      );
      return {
        file: [name, size, width, await window.same(blob, 300_000), progress.length > 0],
        given: await given.catch((error) => error.code),
        more: (await chat.messages()).length - before,
      };
    },
    { ids },
  );
  assert.deepEqual(went, { file: ["平面图.png", 300_000, 2, true, true], given: "Cancelled", more: 0 });
});

scenario(stage, "an answer that comes bit by bit is followed to its end", async () => {
  const seen = await page.run(
    async ({ clients: { amber, basil }, hears }, { ids }) => {
      const chat = basil.conversation({ user: ids.amber });
      const ai = (finish) => ({ ai: { stream: true, finish } });
      const first = await chat.send({ text: "Once", ext: ai(false) });
      await hears(amber, "message", (it) => it.message.id === first.id);
      const texts = [];
      const followed = (async () => {
        for await (const { text } of amber.conversation({ user: ids.basil }).growth(first.id)) texts.push(text);
      })();
      for (const word of [" upon", " a", " time"]) await chat.append(first, word);
      await chat.append(first, ".", { ext: ai(true) });
      await followed;
      return texts;
    },
    { ids },
  );
  assert.equal(seen.at(-1), "Once upon a time.");
  assert.ok(seen.every((text, at) => at === 0 || text.startsWith(seen[at - 1])));
});

scenario(stage, "an upload that is given up ends, and works the second time", async () => {
  const { code, whole } = await page.run(
    async ({ clients: { amber } }, { ids, size }) => {
      const file = new Blob([window.bytes(size)]);
      const stop = new AbortController();
      const given = amber.files.upload(
        file,
        { user: ids.basil },
        { signal: stop.signal, onProgress: () => stop.abort() },
      );
      const code = await given.then(
        () => "none",
        (error) => error.code,
      );
      const { url } = await amber.files.upload(file, { user: ids.basil });
      return { code, whole: await window.same(await amber.files.download(url), size) };
    },
    { ids, size: 60 * MB },
  );
  assert.equal(code, "Cancelled");
  assert.ok(whole);
});

scenario(stage, "a download that is given up ends, and works the second time", async () => {
  const { code, whole } = await page.run(
    async ({ clients: { amber } }, { ids, size }) => {
      const { url } = await amber.files.upload(new Blob([window.bytes(size)]), { user: ids.basil });
      const stop = new AbortController();
      const code = await amber.files.download(url, { signal: stop.signal, onProgress: () => stop.abort() }).then(
        () => "none",
        (error) => error.code,
      );
      return { code, whole: await window.same(await amber.files.download(url), size) };
    },
    { ids, size: 60 * MB },
  );
  assert.equal(code, "Cancelled");
  assert.ok(whole);
});

scenario(stage, "an upload is tried again when the storage fails, and says so when it goes on failing", async () => {
  const upload = () =>
    page.run(
      async ({ clients: { amber } }, { ids }) => {
        const { url } = await amber.files.upload(new Blob([window.bytes(1000)]), { user: ids.basil });
        return window.same(await amber.files.download(url), 1000);
      },
      { ids },
    );
  const broken = (times) =>
    emulator.faults({ action: { type: "http", status: 503, path: "/file/upload/store" }, times });
  await broken(2);
  assert.ok(await upload());
  await broken(3);
  await assert.rejects(upload(), { code: "ServerFileUploadUnknownError", domain: "http", retriable: true });
  await emulator.faults();
  await emulator.admin("app", { upload_method: "PUT" });
  assert.ok(await upload(), "without a form");
  await emulator.admin("app", { upload_method: "POST" });
});

scenario(stage, "pictures have small ones, and are kept in the cache where that is asked for", async () => {
  const seen = await page.run(
    async ({ clients: { amber, basil } }, { ids }) => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [1200, 900];
      const brush = canvas.getContext("2d");
      for (let i = 0; i < 400; i++) {
        brush.fillStyle = `hsl(${i * 7} 80% 50%)`;
        brush.fillRect((i * 37) % 1200, (i * 91) % 900, 90, 60);
      }
      const picture = await new Promise((done) => canvas.toBlob(done, "image/png"));
      const { url } = await amber.files.upload(picture, { user: ids.basil }, { kind: "image", name: "p.png" });
      const small = await basil.files.download(url, { thumbnail: true, cache: true });
      const { width } = await createImageBitmap(small);
      const keys = (await (await caches.open("floo-files")).keys()).map((it) => it.url);
      const again = await basil.files.download(url, { thumbnail: true, cache: true });
      const avatar = await amber.files.uploadAvatar(picture);
      const profile = await amber.account.profile();
      const { groupId } = await amber.groups.create({ name: "Pictured" });
      const groups = await amber.files.uploadGroupAvatar(picture, groupId);
      const { avatar: shown } = await amber.group(groupId).info();
      return {
        url,
        ours: shown === groups.url,
        width,
        kept: keys.length,
        secret: keys.some((it) => /token/.test(it)),
        same: again.size === small.size,
        mine: profile.avatar === avatar.url,
      };
    },
    { ids },
  );
  assert.ok(seen.width < 1200, `${seen.width} pixels`);
  assert.deepEqual([seen.kept, seen.secret, seen.same, seen.mine, seen.ours], [1, false, true, true, true]);
});

scenario(stage, "a message that is forwarded, alone or among others, takes the right to its file along", async () => {
  const sizes = await page.run(
    async ({ clients: { amber, basil, clover }, hears }, { ids }) => {
      const source = new Blob([window.bytes(91)]);
      const sent = await amber.conversation({ user: ids.basil }).send({ file: { source, name: "a.bin" } });
      const { message } = await hears(basil, "message", (it) => it.message.id === sent.id);
      const refused = await clover.files.download(message.attachment.url).catch((error) => error.code);
      const chat = basil.conversation({ user: ids.clover });
      const elsewhere = { ...message, attachmentText: '{"url":"https://files.example/f?sign=1"}' };
      const alone = await chat.send({ forward: message });
      const several = await chat.send({ forwards: [elsewhere, message], text: "two" });
      const came = async (id) => (await hears(clover, "message", (it) => it.message.id === id)).message.attachment;
      const [foreign, own] = (await came(several.id)).messages;
      const sizeOf = async (url) => (await clover.files.download(url)).size;
      return [
        refused,
        await sizeOf((await came(alone.id)).url),
        await sizeOf(own.attachment.url),
        foreign.attachment.url,
      ];
    },
    { ids },
  );
  assert.deepEqual(sizes, ["ServerFileDownloadUnknownError", 91, 91, "https://files.example/f?sign=1"]);
});

scenario(stage, "a file is shared in a group, and handed on to another chat", async () => {
  const { mine, list, forwarded, stranger } = await page.run(
    async ({ clients: { amber, basil } }, { ids }) => {
      const shared = await amber.files.share(new Blob([window.bytes(10)]), ids.Team, {
        name: "plan.txt",
        type: "text/plain",
      });
      const list = await basil.group(ids.Team).files();
      const { url } = await amber.files.upload(new Blob([window.bytes(77)]), { group: ids.Team });
      const { url: forwarded } = await basil.files.forward(url, { user: ids.amber });
      const stranger = await amber.files
        .download("https://files.example/none", { timeout: 5000 })
        .catch((error) => error.code);
      return {
        mine: shared,
        list,
        stranger,
        forwarded: forwarded !== url && (await window.same(await amber.files.download(forwarded), 77)),
      };
    },
    { ids },
  );
  assert.ok(forwarded);
  assert.deepEqual([mine.name, mine.size], ["plan.txt", 10]);
  assert.deepEqual(
    list.map((it) => it.fileId),
    [mine.fileId],
  );
  assert.equal(stranger, "ServerNotReachable");
});
