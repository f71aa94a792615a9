// A client whose core runs in a worker: the same calls, in three engines; tabs of both kinds; workers that do not start or die.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { ApiPage, apiMounts } from "../lib/api-page.mjs";
import { nodeClient } from "../lib/node-client.mjs";
import { Stage, scenario } from "../lib/stage.mjs";
import { until } from "../lib/until.mjs";

const stage = new Stage();
let emulator;
let ids;
let url;
let page;
let basil;
const ENGINES = ["chromium", "firefox", "webkit"];
/** A page in each engine. */
const pages = new Map();

before(async () => {
  emulator = await stage.persistentEmulator();
  ids = await emulator.ids();
  url = await stage.serve(apiMounts());
  for (const engine of ENGINES) pages.set(engine, new ApiPage(await stage.browser(engine, engine), url));
  page = pages.get("chromium");
  basil = nodeClient({ appId: "floo-demo", servers: { dns: emulator.dns }, logger: () => {} });
  stage.later(() => basil.close());
  await basil.login({ username: "basil", password: "basil-demo" });
});
after(() => stage.end());

for (const engine of ENGINES) {
  scenario(stage, `a chat in ${engine}: the one instance of the core is in the worker`, async () => {
    const own = pages.get(engine);
    await own.open();
    const heard = new Promise((resolve) => {
      const stop = basil.on("message", ({ message }) => {
        if (message.outgoing || message.text !== `from ${engine}`) return;
        stop();
        resolve(message);
      });
    });
    const before = await own.run(
      async ({ createClient, clients, listen, APP_ID }, { dns, of, text }) => {
        window.counts = { page: 0, worker: 0 };
        for (const name of ["instantiate", "instantiateStreaming", "compile", "compileStreaming"]) {
          const real = WebAssembly[name];
          WebAssembly[name] = (...what) => {
            window.counts.page++;
            return real(...what);
          };
        }
        const made = [];
        const worker = () => {
          const it = new Worker("counting-worker.js", { type: "module" });
          it.addEventListener("message", ({ data }) => {
            window.counts.worker = data.instances;
          });
          made.push(it);
          return it;
        };
        const me = createClient({ appId: APP_ID, servers: { dns }, worker });
        clients.me = me;
        me.heard = listen(me);
        await me.login({ username: "amber", password: "amber-demo" });
        const sent = await me.conversation({ user: of }).send({ text });
        const progress = [];
        const file = new File([new Uint8Array(3_000_000)], "zeros.bin");
        const upload = await me.files.upload(file, { user: of }, { onProgress: (it) => progress.push(it.loaded) });
        return {
          storage: me.storage,
          status: sent.status,
          id: sent.id,
          url: upload.url,
          progress,
          workers: made.length,
          counts: window.counts,
          stats: me.stats(),
        };
      },
      { dns: emulator.dns, of: ids.basil, text: `from ${engine}` },
    );
    assert.deepEqual([before.storage, before.status, before.workers], ["indexeddb", "sent", 1]);
    assert.deepEqual(before.counts, { page: 0, worker: 1 });
    const { indexRows, ...drops } = before.stats;
    assert.ok(indexRows > 0, "the core in the worker counts as any other");
    assert.deepEqual(drops, { badFrames: 0, quarantined: 0, skipped: 0, badRows: 0, dropped: 0 });
    assert.ok(before.progress.length > 0 && before.progress.at(-1) >= 3_000_000, String(before.progress));
    assert.match(before.url, /^https?:/);
    assert.equal((await heard).id, before.id);

    await basil.conversation({ user: ids.amber }).send({ text: `back to ${engine}` });
    const after = await own.run(
      async ({ clients: { me }, hears, allHistory }, { of, text }) => {
        await hears(me, "message", (it) => it.message.text === text);
        const all = (await allHistory(me.conversation({ user: of }), { pageSize: 2 })).map((it) => it.text);
        const stop = new AbortController();
        stop.abort();
        const given = await me.account.profile({ signal: stop.signal }).catch((error) => error.code);
        // More at once than the page has ids for at a time.
        const many = await Promise.all(
          Array.from({ length: 700 }, (_, n) => me.conversation({ user: of }).send({ text: `#${n}` })),
        );
        await me.logout();
        const state = me.state;
        await me.close();
        return { all, given, many: new Set(many.map((it) => it.id)).size, state, counts: window.counts };
      },
      { of: ids.basil, text: `back to ${engine}` },
    );
    assert.deepEqual(after.all.slice(-2), [`from ${engine}`, `back to ${engine}`]);
    assert.deepEqual([after.given, after.many, after.state], ["Cancelled", 700, "idle"]);
    assert.deepEqual(after.counts, { page: 0, worker: 1 });
    await until("the worker is gone, and what it held", async () => {
      const held = await own.run(async () => (await navigator.locks.query()).held.map(({ name }) => name));
      return !held.some((name) => name.startsWith("floo/"));
    });
  });
}

scenario(
  stage,
  "the token provider, the logger and listeners run in the page; a refused token is replaced",
  async () => {
    await page.open();
    const { userId, token } = await (async () => {
      const answer = await fetch(`${emulator.url}/token/user`, {
        method: "POST",
        headers: { app_id: "floo-demo", "content-type": "application/json" },
        body: JSON.stringify({ name: "amber", password: "amber-demo" }),
      });
      const { data } = await answer.json();
      return { userId: String(data.user_id), token: data.token };
    })();
    const went = await page.run(
      async ({ createClient, APP_ID, worker }, { dns, tokens }) => {
        const reasons = [];
        const lines = [];
        const client = createClient({
          appId: APP_ID,
          servers: { dns },
          storage: "memory",
          worker,
          logger: (_, text) => lines.push(text),
          tokenProvider: async (reason) => {
            reasons.push(reason);
            return tokens.shift();
          },
        });
        const session = await client.login();
        await client.close();
        return { userId: session.userId, reasons, lines: lines.length > 0 };
      },
      {
        dns: emulator.dns,
        tokens: [
          { userId, token: "not-a-token" },
          { userId, token },
        ],
      },
    );
    assert.deepEqual(went, { userId, reasons: ["initial", "expired"], lines: true });
  },
);

scenario(stage, "the legacy object works on it too", async () => {
  const went = await page.run(
    async ({ flooim, worker }, { dns, of }) => {
      const im = flooim({ appid: "floo-demo", dnsServer: dns, storage: "memory", worker, logLevel: "off" });
      const ready = new Promise((resolve, reject) => im.on({ loginSuccess: resolve, loginFail: reject }));
      im.login({ name: "amber", password: "amber-demo" });
      await ready;
      const sent = new Promise((resolve) =>
        im.on("onSendingMessageStatusChanged", (it) => it.status === "sent" && resolve(it)),
      );
      const id = im.sysManage.sendRosterMessage({ uid: of, content: "from the legacy object" });
      const { status } = await sent;
      await im.client.close();
      return { id: typeof id, status };
    },
    { dns: emulator.dns, of: Number(ids.basil) },
  );
  assert.equal(went.status, "sent");
});

/** What a login with that worker ends with, in a page that is served with such headers. */
async function failing(driver, script, options, headers) {
  const own = new ApiPage(driver, headers ? await stage.serve(apiMounts(), headers) : url);
  await own.open();
  return own.run(
    async ({ createClient, APP_ID, clients }, { dns, script, options }) => {
      const worker = () => new Worker(script, options);
      const client = createClient({ appId: APP_ID, servers: { dns }, storage: "memory", worker, logLevel: "off" });
      clients.failing = client;
      const { code, message, remediation } = await client
        .login({ username: "amber", password: "x" })
        .catch((error) => error);
      return { code, message, remediation, state: client.state };
    },
    { dns: emulator.dns, script, options },
  );
}

for (const engine of ENGINES) {
  scenario(stage, `a worker that cannot start in ${engine} is an error that names it`, async () => {
    const module = { type: "module" };
    for (const [script, options, headers, code, words] of [
      ["/nothing-here.js", module, undefined, "WasmUnavailable", /worker.*not found/],
      ["/nothing-here.js", {}, undefined, "WasmUnavailable", /worker.*not found/],
      ["/api.html", module, undefined, "WasmUnavailable", /worker/],
      ["/throwing-worker.js", module, undefined, "WasmUnavailable", /worker.*no luck at the start/],
      ["https://example.invalid/worker.js", module, undefined, "WasmUnavailable", /worker/],
      ["/npm/worker.js", module, { csp: "worker-src 'none'" }, "WasmUnavailable", /worker/],
      ["/npm/worker.js", module, { csp: "script-src 'self' 'unsafe-inline'" }, "CspBlocked", /wasm-unsafe-eval/],
    ]) {
      const error = await failing(pages.get(engine).driver, script, options, headers);
      assert.equal(error.code, code, JSON.stringify([script, error]));
      assert.match(error.message, words);
      assert.match(error.remediation, code === "CspBlocked" ? /wasm-unsafe-eval/ : /floo-wasm\/worker.*worker-src/);
      assert.equal(error.state, "idle");
    }
  });
}

scenario(
  stage,
  "a worker that is ended by others is followed by another, twice; then the client is closed",
  async () => {
    await page.open();
    const went = await page.run(
      async ({ createClient, APP_ID, worker }, { dns }) => {
        let made;
        const give = () => (made = worker());
        const client = createClient({ appId: APP_ID, servers: { dns }, worker: give, logLevel: "off" });
        await client.login({ username: "amber", password: "amber-demo" });
        const told = [];
        const end = async () => {
          const next = new Promise((resolve) => {
            client.on("recovered", ({ reason, session }) => resolve([reason.message, session?.userId]));
            client.on("state", ({ to, error }) => to === "closed" && resolve([error.message, "closed"]));
          });
          made.terminate();
          const call = client.account.profile().catch((error) => error);
          told.push(await next);
          return (await call).code;
        };
        const codes = [await end(), await end(), await end()];
        await client.close();
        return { told, codes, after: (await client.account.profile().catch((it) => it)).code };
      },
      { dns: emulator.dns },
    );
    for (const [message] of went.told) assert.match(message, /stopped.*worker was ended/);
    const { amber } = await emulator.ids();
    assert.deepEqual(
      went.told.map(([, what]) => what),
      [amber, amber, "closed"],
    );
    assert.deepEqual([went.codes, went.after], [Array(3).fill("CoreStopped"), "Cancelled"]);
  },
);

scenario(stage, "classic workers run it as well", async () => {
  const userId = await page.run(
    async ({ createClient, APP_ID }, { dns }) => {
      const client = createClient({ appId: APP_ID, servers: { dns }, worker: () => new Worker("/npm/worker.js") });
      const session = await client.login({ username: "amber", password: "amber-demo" });
      await client.close();
      return session.userId;
    },
    { dns: emulator.dns },
  );
  assert.equal(userId, ids.amber);
});
