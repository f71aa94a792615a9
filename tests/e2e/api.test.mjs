// The two interfaces of the built package, called in a page against the real emulator.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { ApiPage, apiMounts } from "../lib/api-page.mjs";
import { startEmulator } from "../lib/emulator.mjs";
import { Stage, scenario } from "../lib/stage.mjs";

const stage = new Stage();
let emulator;
let page;
let dns;
let ids;

before(async () => {
  emulator = await stage.persistentEmulator();
  ids = await emulator.ids();
  dns = emulator.dns;
  page = new ApiPage(await stage.browser("page"), await stage.serve(apiMounts()));
  await page.open();
});
after(() => stage.end());

/** Expects a rejection with a FlooError of that code and domain. */
const rejects = (promise, code, domain) =>
  assert.rejects(promise, (error) => {
    assert.deepEqual([error.name, error.code, error.domain], ["FlooError", code, domain], error.message);
    assert.equal(typeof error.number, "number");
    assert.notEqual(error.message, "");
    return true;
  });

/** Tries to log in with these credentials, at this DNS document. */
const login = (credentials, at = dns, options = { timeout: 30_000 }) =>
  page.run(
    async ({ createClient, APP_ID }, { at, credentials, options }) => {
      const client = createClient({ appId: APP_ID, servers: { dns: at }, storage: "memory" });
      try {
        return await client.login(credentials, options);
      } finally {
        await client.close();
      }
    },
    { at, credentials, options },
  );

scenario(stage, "login by name and by id; each wrong way has its code", async () => {
  for (const who of [{ username: "amber" }, { userId: ids.amber }]) {
    const { userId, deviceSn } = await login({ ...who, password: "amber-demo" });
    assert.equal(userId, ids.amber);
    assert.ok(Number.isInteger(deviceSn) && deviceSn > 0, String(deviceSn));
  }
  await rejects(login({ username: "amber", password: "wrong" }), "UserAuthFailed", "http");
  await rejects(login({ username: "no-such-user", password: "x" }), "UserNotExist", "http");
  await rejects(login({ username: "amber" }), "ArgumentInvalid", "argument");
  await rejects(login({ userId: "12x", password: "x" }), "ArgumentInvalid", "argument");
  const gone = await startEmulator();
  await gone.stop();
  await rejects(login({ username: "amber", password: "amber-demo" }, gone.dns), "ServerDNSFetchFailed", "dns");
  await rejects(login({ userId: ids.amber, token: "not-a-token" }), "InvalidToken", "frame");
});

scenario(stage, "a message: what each side hears, in which order, and the same rows afterwards", async () => {
  const answer = await page.run(
    async ({ enter, when }, { dns, ids, text }) => {
      const [amber, basil] = [
        await enter("amber", { dns, username: "amber" }),
        await enter("basil", { dns, username: "basil" }),
      ];
      await when(basil, ["sync", "state"], () => basil.sync.phase === "live");
      amber.heard.length = 0;
      basil.heard.length = 0;
      const conversation = amber.conversation({ user: ids.basil });
      const sent = await conversation.send({ text, ext: '{"k":"v"}' });
      const arrived = () => basil.heard.find((it) => it.event === "message" && it.message.text === text);
      const { message: received } = await when(basil, ["message"], arrived);
      const row = () => basil.conversations.snapshot.find(({ key }) => key.id === ids.amber);
      await when(basil, ["conversations"], () => row().lastMessage.id === sent.id);
      const unread = row().unread;
      await basil.conversation(row().key).markRead();
      const kept = (await conversation.messages({ limit: 1 }))[0];
      const events = (client, names) => client.heard.map((it) => it.event).filter((name) => names.includes(name));
      const answer = {
        sent,
        received,
        kept,
        unread,
        after: row().unread,
        sender: events(amber, ["message", "messages", "message:sent", "message:failed"]),
        receiver: events(basil, ["message", "messages", "message:sent"]),
        states: [amber.state, amber.storage, amber.session.userId],
        frozen: [amber.conversations.snapshot, amber.conversations.snapshot].every((it, _, [first]) => it === first),
        stats: amber.stats(),
      };
      await Promise.all([amber.close(), basil.close()]);
      return { ...answer, closed: amber.state };
    },
    { dns, ids, text: "order 次序 🔢" },
  );
  const { sent, received, kept } = answer;
  assert.equal(sent.status, "sent");
  assert.match(sent.id, /^[1-9]\d*$/);
  assert.match(sent.clientId, /^[1-9]\d*$/);
  assert.deepEqual([sent.outgoing, sent.from, sent.conversation], [true, ids.amber, { kind: "user", id: ids.basil }]);
  assert.deepEqual([received.outgoing, received.from, received.status], [false, ids.amber, "received"]);
  assert.deepEqual([received.id, received.ext, received.conversation.id], [sent.id, '{"k":"v"}', ids.amber]);
  assert.deepEqual(kept, sent);
  assert.deepEqual(answer.sender, ["message:sent"], "no echo of one's own message");
  assert.deepEqual(answer.receiver, ["messages", "message"], "a batch, then one by one, each once");
  assert.ok(answer.unread >= 1);
  assert.equal(answer.after, 0);
  assert.deepEqual(answer.states, ["online", "memory", ids.amber]);
  assert.ok(answer.frozen, "the same array until something changes");
  const { indexRows, ...lost } = answer.stats;
  assert.deepEqual(lost, { badFrames: 0, quarantined: 0, skipped: 0, badRows: 0, dropped: 0 });
  assert.ok(indexRows > 0);
  assert.equal(answer.closed, "closed");
});

scenario(stage, "history in pages, from the newest to the first, without gaps", async () => {
  const count = 45;
  const pages = await page.run(
    async ({ enter }, { dns, ids, count }) => {
      const clover = await enter("clover", { dns, username: "clover" });
      for (let i = 1; i <= count; i++) await clover.conversation({ user: ids.basil }).send({ text: `h${i}` });
      await clover.close();
      const basil = await enter("basil", { dns, username: "basil" });
      const pages = [];
      for await (const page of basil.conversation({ user: ids.clover }).history({ pageSize: 20 })) {
        pages.push(page.map(({ text, id }) => ({ text, id })));
      }
      await basil.close();
      return pages;
    },
    { dns, ids, count },
  );
  assert.ok(pages.length >= 3, `${pages.length} pages`);
  for (const rows of pages) assert.ok(rows.length <= 20);
  const all = pages.toReversed().flat();
  assert.deepEqual(
    all.map(({ text }) => text),
    Array.from({ length: count }, (_, i) => `h${i + 1}`),
  );
  for (let i = 1; i < all.length; i++) assert.ok(BigInt(all[i].id) > BigInt(all[i - 1].id));
});

scenario(stage, "signals and timeouts end the wait, and the sending goes on", async () => {
  await emulator.faults({ match: { user: "amber", command: "ack" }, action: { type: "delay", ms: 1500 }, times: 2 });
  const answer = await page.run(
    async ({ enter, when }, { dns, ids }) => {
      const amber = await enter("amber", { dns, username: "amber" });
      const conversation = amber.conversation({ user: ids.basil });
      const code = (promise) =>
        promise.then(
          () => "resolved",
          (error) => error.code,
        );
      const stop = new AbortController();
      const aborted = conversation.send({ text: "aborted wait" }, { signal: stop.signal });
      stop.abort();
      const timedOut = conversation.send({ text: "timed-out wait" }, { timeout: 50 });
      const codes = [await code(aborted), await code(timedOut)];
      const never = conversation.send({ text: "never begun" }, { signal: AbortSignal.abort() });
      codes.push(await code(never));
      codes.push(await code(conversation.send({ text: "x" }, { timeout: -1 })));
      const accepted = (text) => amber.heard.some((it) => it.event === "message:sent" && it.message.text === text);
      await when(amber, ["message:sent"], () => accepted("aborted wait") && accepted("timed-out wait"));
      const texts = (await conversation.messages()).map(({ text }) => text);
      await amber.close();
      return { codes, begun: texts.includes("never begun"), statuses: texts.filter((text) => text.endsWith("wait")) };
    },
    { dns, ids },
  );
  assert.deepEqual(answer.codes, ["Cancelled", "ServerTimeOut", "Cancelled", "ArgumentInvalid"]);
  assert.equal(answer.begun, false);
  assert.deepEqual(answer.statuses, ["aborted wait", "timed-out wait"]);
  await emulator.faults();
});

scenario(stage, "an ack that is lost and a connection cut behind an ack double nothing", async () => {
  await emulator.faults(
    { match: { user: "amber", command: "ack" }, action: { type: "drop_ack" } },
    { match: { user: "amber", command: "ack" }, action: { type: "close_after_ack" } },
  );
  const texts = await page.run(
    async ({ enter, allHistory }, { dns, ids }) => {
      const amber = await enter("amber", { dns, username: "amber" });
      const conversation = amber.conversation({ group: ids.Team });
      await Promise.all(["ack lost 1", "ack lost 2"].map((text) => conversation.send({ text })));
      const witness = await enter("witness", { dns, username: "basil" });
      const texts = (await allHistory(witness.conversation({ group: ids.Team }))).map(({ text }) => text);
      await Promise.all([amber.close(), witness.close()]);
      return texts.filter((text) => text.startsWith("ack lost"));
    },
    { dns, ids },
  );
  assert.deepEqual(texts, ["ack lost 1", "ack lost 2"]);
  await emulator.faultsDone();
  await emulator.faults();
});

scenario(stage, "after close() and after logout() calls are refused by their reason", async () => {
  const codes = await page.run(
    async ({ enter, createClient, APP_ID }, { dns, ids }) => {
      const code = (promise) =>
        promise.then(
          () => "resolved",
          (error) => error.code,
        );
      const amber = await enter("amber", { dns, username: "amber" });
      await amber.logout();
      const out = [amber.session, await code(amber.conversation({ user: ids.basil }).send({ text: "x" }))];
      await amber.login({ username: "basil", password: "basil-demo" });
      const other = amber.session.userId;
      await amber.close();
      await amber.close();
      const late = await code(amber.login({ username: "amber", password: "amber-demo" }));
      const fresh = createClient({ appId: APP_ID, servers: { dns } });
      const early = await code(fresh.conversation({ user: ids.basil }).send({ text: "x" }));
      const nobody = await fresh.resume();
      await fresh.close();
      return [...out, other, late, early, nobody];
    },
    { dns, ids },
  );
  assert.deepEqual(codes, [null, "UserNotLogin", ids.basil, "Cancelled", "UserNotLogin", null]);
});

scenario(
  stage,
  "a login is taken up again after a reload, and ends with a typed error when its token has expired",
  async () => {
    await page.run(
      async ({ enter, clients }, { dns }) => {
        await enter("amber", { dns, username: "amber", storage: "default" });
        await clients.amber.close();
      },
      { dns },
    );
    const resume = async ({ createClient, listen, when, APP_ID }, { dns, goal }) => {
      const client = createClient({ appId: APP_ID, servers: { dns } });
      const heard = listen(client);
      const session = await client.resume();
      const end = await when(client, ["state"], () => heard.find((it) => it.event === "state" && goal.includes(it.to)));
      await client.close();
      return {
        user: session.userId,
        to: end.to,
        error: end.error && { code: end.error.code, domain: end.error.domain },
      };
    };
    const goal = ["online", "idle"];
    await page.open();
    assert.deepEqual(await page.run(resume, { dns, goal }), {
      user: ids.amber,
      to: "online",
      error: null,
    });
    await emulator.faults({ match: { user: "amber" }, action: { type: "expire_token" } });
    await page.open();
    assert.deepEqual(await page.run(resume, { dns, goal }), {
      user: ids.amber,
      to: "idle",
      error: { code: "InvalidToken", domain: "frame" },
    });
  },
);

scenario(
  stage,
  "flooim(config): login, sends that answer at once, events; one client under both interfaces",
  async () => {
    const answer = await page.run(
      async ({ flooim, enter, when }, { dns, ids, text, reply }) => {
        const config = { appid: "floo-demo", dnsServer: dns, storage: "memory", autoLogin: false, logLevel: "warn" };
        const im = flooim(config);
        const once = (event, fits = () => true) =>
          new Promise((resolve) => {
            im.on({ [event]: (payload) => (fits(payload) ? resolve(payload) : undefined) });
          });
        const loggedIn = once("loginSuccess");
        im.login({ name: "amber", password: "amber-demo" });
        await loggedIn;
        const basil = await enter("basil", { dns, username: "basil" });

        const statuses = [];
        const sent = new Promise((resolve) => {
          im.on("onSendingMessageStatusChanged", (change) => {
            statuses.push(change);
            if (change.status !== "sending") resolve(change);
          });
        });
        const id = im.sysManage.sendRosterMessage({ type: "text", uid: Number(ids.basil), content: text });
        const atOnce = { type: typeof id, statuses: statuses.map(({ status, mid }) => [status, mid === id]) };
        await sent;
        const arrived = () => basil.heard.find((it) => it.event === "message" && it.message.text === text);
        const { message } = await when(basil, ["message"], arrived);

        const answered = once("onRosterMessage", ({ content }) => content === reply);
        await basil.conversation({ user: ids.amber }).send({ text: reply });
        const received = await answered;
        const unread = im.rosterManage.getUnreadCount(ids.basil);
        const rows = (await im.client.conversation({ user: ids.basil }).messages({ limit: 2 })).map(({ text }) => text);
        const legacy = im.rosterManage
          .getRosterMessageByRid(ids.basil)
          .slice(-2)
          .map(({ content }) => content);
        let refused;
        try {
          im.rtcManage.joinRoom();
        } catch (error) {
          refused = error.code;
        }
        const same = flooim(config) === im;
        const answer = {
          atOnce,
          statuses: statuses.map(({ status, mid }) => [status, mid === id]),
          server: statuses.at(-1).message.id === message.id,
          from: message.from,
          received: [String(received.from), String(received.to), received.toType, received.type],
          unread,
          rows,
          legacy,
          refused,
          same,
          isLogin: im.isLogin(),
          uid: String(im.userManage.getUid()),
          session: im.client.session.userId,
        };
        await Promise.all([im.client.close(), basil.close()]);
        return { ...answer, afterwards: flooim(config) === im };
      },
      { dns, ids, text: "旧接口 via flooim 🕰️", reply: "received, 好的" },
    );
    assert.deepEqual(answer.atOnce, { type: "number", statuses: [["sending", true]] });
    assert.deepEqual(answer.statuses, [
      ["sending", true],
      ["sent", true],
    ]);
    assert.ok(answer.server, "the id in the event is the server's");
    assert.equal(answer.from, ids.amber);
    assert.deepEqual(answer.received, [ids.basil, ids.amber, "roster", "text"]);
    assert.ok(answer.unread >= 1);
    const both = ["旧接口 via flooim 🕰️", "received, 好的"];
    assert.deepEqual([answer.rows, answer.legacy], [both, both]);
    assert.equal(answer.refused, "Unsupported");
    assert.deepEqual([answer.same, answer.isLogin, answer.afterwards], [true, true, false]);
    assert.deepEqual([answer.uid, answer.session], [ids.amber, ids.amber]);
  },
);

scenario(stage, "two clients in one page know nothing of each other's accounts", async () => {
  const answer = await page.run(
    async ({ enter, when }, { dns, ids }) => {
      const [amber, basil] = await Promise.all(["amber", "basil"].map((name) => enter(name, { dns, username: name })));
      await amber.conversation({ user: ids.clover }).send({ text: "only between amber and clover" });
      await amber.conversation({ user: ids.basil }).send({ text: "for basil" });
      await when(basil, ["message"], () => basil.heard.some((it) => it.message?.text === "for basil"));
      const seen = JSON.stringify([basil.heard, await basil.conversations.list()]);
      await amber.close();
      const alive = basil.state;
      await basil.close();
      return [seen.includes("only between"), alive];
    },
    { dns, ids },
  );
  assert.deepEqual(answer, [false, "online"]);
});
