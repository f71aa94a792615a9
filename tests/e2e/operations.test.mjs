// Every operation on messages and conversations, with two accounts and a second device of one of them, in a page
// against the real emulator: who sees what, and what is left on each device.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { ApiPage, apiMounts } from "../lib/api-page.mjs";
import { Stage, scenario } from "../lib/stage.mjs";

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
    async ({ enter, when }, { dns }) => {
      for (const [name, username] of [
        ["amber", "amber"],
        ["tablet", "amber"],
        ["basil", "basil"],
        ["clover", "clover"],
      ]) {
        const client = await enter(name, { dns, username, deliveryReceipts: true });
        await when(client, ["sync", "state"], () => client.sync.phase === "live");
      }
    },
    { dns: emulator.dns },
  );
});
after(() => stage.end());

/** A scenario whose function runs in the page with the clients and the ids. */
const step = (name, act, check) => scenario(stage, name, async () => check(await page.run(act, { ids })));

step(
  "every kind of content arrives as it was sent",
  async ({ clients: { amber, basil }, hears }, { ids }) => {
    const url = "https://files.example/f?file_sign=s";
    const contents = [
      { text: "plain 文字 🙂", ext: { k: [1] } },
      { image: { url, name: "a.png", size: 10, width: 4, height: 3 } },
      { audio: { url, name: "a.mp3", duration: 2 } },
      { video: { url, name: "a.mp4", size: 99, width: 16, height: 9, duration: 7 } },
      { file: { url, name: "a.pdf", size: 5 } },
      { location: { latitude: 1.5, longitude: -2.25, address: "here 这里" } },
      { command: "do" },
    ];
    const chat = amber.conversation({ user: ids.basil });
    const pairs = [];
    for (const content of contents) {
      const sent = await chat.send({ ...content, senderName: "Am", push: { title: "t", silent: true } });
      const { message } = await hears(basil, "message", (it) => it.message.id === sent.id);
      pairs.push([sent, message]);
    }
    const forwards = await chat.send({ forwards: [pairs[0][0], pairs[1][0]], text: "two" });
    const { message } = await hears(basil, "message", (it) => it.message.id === forwards.id);
    return { pairs, merged: message };
  },
  ({ pairs, merged }) => {
    assert.deepEqual(
      pairs.map(([, received]) => received.type),
      ["text", "image", "audio", "video", "file", "location", "command"],
    );
    for (const [sent, received] of pairs) {
      for (const field of ["type", "text", "ext", "attachment", "configText", "senderName"]) {
        assert.deepEqual(received[field], sent[field], `${sent.type}.${field}`);
      }
      assert.equal(received.senderName, "Am");
    }
    assert.equal(pairs[1][1].attachment.width, 4);
    assert.equal(pairs[5][1].attachment.address, "here 这里");
    assert.deepEqual([merged.type, merged.attachment.messages.length], ["forward", 2]);
  },
);

step(
  "an edit, appended text and a recall reach the other side and the other device",
  async ({ clients: { amber, tablet, basil }, hears, shows }, { ids }) => {
    const chat = amber.conversation({ user: ids.basil });
    const sent = await chat.send({ text: "first", ext: { a: 1 } });
    const last = (text) => (list) => list.at(-1)?.id === sent.id && list.at(-1).text === text;
    await shows(basil, { user: ids.amber }, last("first"));
    const edited = await chat.edit(sent, { text: "second", ext: { b: 2 } });
    await chat.append(sent, " and", { ext: { ai: { stream: true, finish: false } } });
    const grown = await chat.append(sent, " more");
    const there = (await shows(basil, { user: ids.amber }, last("second and more"))).at(-1);
    const tablets = (await shows(tablet, { user: ids.basil }, last("second and more"))).at(-1);
    const changes = () =>
      basil.heard.filter((it) => it.event === "message:updated" && it.message.id === sent.id).map((it) => it.change);
    await chat.recall(sent);
    await hears(basil, "message:updated", (it) => it.change === "recall" && it.message.id === sent.id);
    await shows(tablet, { user: ids.basil }, (list) => list.every((m) => m.id !== sent.id));
    const left = await Promise.all(
      [amber, basil].map((it, n) => it.conversation({ user: [ids.basil, ids.amber][n] }).messages()),
    );
    return {
      edited,
      grown,
      there,
      tablets,
      changes: changes(),
      left: left.flat().filter((m) => m.id === sent.id).length,
    };
  },
  ({ edited, grown, there, tablets, changes, left }) => {
    assert.deepEqual([edited.text, grown.text], ["second", "second and more"]);
    assert.deepEqual(JSON.parse(there.ext), { a: 1, b: 2, ai: { stream: true, finish: false } });
    assert.ok(there.editedAt > 0);
    assert.deepEqual([tablets.text, tablets.ext, tablets.editedAt], [there.text, there.ext, there.editedAt]);
    assert.deepEqual(changes, ["replace", "append", "append", "recall"], "each once");
    assert.equal(left, 0);
  },
);

step(
  "reading is seen by the writer and by the reader's other device; unread again by the latter only",
  async ({ clients: { amber, tablet, basil }, hears, when }, { ids }) => {
    const chat = basil.conversation({ user: ids.amber });
    const sent = [await chat.send({ text: "one" }), await chat.send({ text: "two" })];
    await hears(tablet, "message", (it) => it.message.id === sent[1].id);
    const row = (client) => client.conversations.snapshot.find((it) => it.key.id === ids.basil);
    await when(amber, ["conversations"], () => row(amber)?.unread >= 2);
    await hears(basil, "receipt", (it) => it.change === "delivered" && it.messageId === sent[1].id);
    await amber.conversation({ user: ids.basil }).markRead();
    await when(tablet, ["conversations"], () => row(tablet).unread === 0);
    await hears(basil, "receipt", (it) => it.change === "read" && it.messageId === sent[0].id && it.by === ids.amber);
    await hears(basil, "receipt", (it) => it.change === "read" && it.messageId === sent[1].id);
    const readBy = await chat.readBy(sent[1]);
    await amber.conversation({ user: ids.basil }).markUnread(sent[1].id);
    await when(tablet, ["conversations"], () => row(tablet).unread === 1);
    await tablet.conversation({ user: ids.basil }).markRead();
    await when(amber, ["conversations"], () => row(amber).unread === 0);
    const kept = (await chat.messages({ limit: 1 }))[0];
    return { readBy, kept, unread: [row(amber).unread, row(tablet).unread] };
  },
  ({ readBy, kept, unread }) => {
    assert.deepEqual(readBy.read, [ids.amber]);
    assert.deepEqual([kept.delivered, kept.read], [true, true]);
    assert.deepEqual(unread, [0, 0]);
  },
);

step(
  "a played sound, a deleted message, a message off one device only",
  async ({ clients: { amber, tablet, basil }, hears, shows }, { ids }) => {
    const chat = basil.conversation({ user: ids.amber });
    const url = "https://files.example/v.mp3";
    const sound = await chat.send({ audio: { url, name: "v.mp3", duration: 1 } });
    const text = await chat.send({ text: "mine to forget" });
    await hears(amber, "message", (it) => it.message.id === text.id);
    await hears(tablet, "message", (it) => it.message.id === text.id);
    const mine = amber.conversation({ user: ids.basil });
    await mine.markPlayed(sound.id);
    await hears(basil, "receipt", (it) => it.change === "played" && it.messageId === sound.id);
    await mine.delete(sound.id);
    await shows(tablet, { user: ids.basil }, (list) => list.every((m) => m.id !== sound.id));
    await mine.delete(text.id, { scope: "device" });
    const has = async (client, of, id) => (await client.conversation(of).messages()).some((m) => m.id === id);
    return {
      sound: [await has(amber, { user: ids.basil }, sound.id), await has(basil, { user: ids.amber }, sound.id)],
      text: [await has(amber, { user: ids.basil }, text.id), await has(tablet, { user: ids.basil }, text.id)],
      played: (await chat.messages()).find((m) => m.id === sound.id).played,
    };
  },
  ({ sound, text, played }) => {
    assert.deepEqual(sound, [false, true], "gone from the own devices, still with its author");
    assert.deepEqual(text, [false, true]);
    assert.equal(played, true);
  },
);

step(
  "typing begins, ends by word, and is no message",
  async ({ clients: { amber, basil }, hears }, { ids }) => {
    const before = basil.heard.filter((it) => it.event === "message").length;
    await amber.conversation({ user: ids.basil }).typing();
    await hears(basil, "typing", (it) => it.active && it.user === ids.amber);
    await amber.conversation({ user: ids.basil }).typing(false);
    await hears(basil, "typing", (it) => !it.active);
    return basil.heard.filter((it) => it.event === "message").length - before;
  },
  (messages) => assert.equal(messages, 0),
);

step(
  "in a group: being called on, receipts by reader, edits and a recall",
  async ({ clients: { amber, basil, clover }, hears, shows, when }, { ids }) => {
    const [team] = await amber.groups.list();
    const chat = amber.conversation({ group: team.id });
    const sent = await chat.send({ text: "@basil?", mentions: [ids.basil], readReceiptsFrom: [ids.basil, ids.clover] });
    const { message } = await hears(basil, "message", (it) => it.message.id === sent.id);
    await hears(clover, "message", (it) => it.message.id === sent.id);
    const row = (client) => client.conversations.snapshot.find((it) => it.key.id === team.id);
    await when(basil, ["conversations"], () => row(basil)?.mention === "me");
    const others = row(clover)?.mention;
    await basil.conversation({ group: team.id }).markRead();
    await hears(amber, "receipt", (it) => it.change === "read" && it.messageId === sent.id && it.by === ids.basil);
    const readBy = await chat.readBy(sent);
    const all = await chat.send({ text: "everybody", mentions: "all" });
    await when(clover, ["conversations"], () => row(clover)?.mention === "all");
    await chat.append(all, "!");
    await shows(clover, { group: team.id }, (list) => list.at(-1)?.text === "everybody!");
    await chat.recall(all);
    await shows(clover, { group: team.id }, (list) => list.every((m) => m.id !== all.id));
    return { mentioned: message.mentioned, others, readBy, after: row(basil).mention };
  },
  ({ mentioned, others, readBy }) => {
    assert.equal(mentioned, "me");
    assert.notEqual(others, "me");
    assert.deepEqual([readBy.read, readBy.unread], [[ids.basil], [ids.clover]]);
  },
);

step(
  "what the server refuses is undone and says why",
  async ({ clients: { amber, basil }, hears, shows }, { ids }) => {
    const chat = basil.conversation({ user: ids.amber });
    const theirs = await chat.send({ text: "not yours" });
    await hears(amber, "message", (it) => it.message.id === theirs.id);
    const mine = amber.conversation({ user: ids.basil });
    const code = (promise) =>
      promise.then(
        () => "accepted",
        (error) => error.code,
      );
    const codes = [await code(mine.edit(theirs.id, { text: "mine now" })), await code(mine.recall(theirs.id))];
    const kept = (await shows(amber, { user: ids.basil }, (list) => list.at(-1)?.id === theirs.id)).at(-1);
    return { codes, text: kept.text, status: amber.heard.filter((it) => it.change === "status").length };
  },
  ({ codes, text, status }) => {
    assert.ok(
      codes.every((code) => code !== "accepted"),
      codes.join(),
    );
    assert.equal(text, "not yours");
    assert.equal(status, 2, "each was told to be undone");
  },
);

step(
  "history pages both ways, and what was recalled is in none of them",
  async ({ clients: { amber, clover }, allHistory, hears }, { ids }) => {
    const chat = amber.conversation({ user: ids.clover });
    const sent = [];
    for (let n = 0; n < 5; n++) sent.push(await chat.send({ text: `h${n}` }));
    await hears(clover, "message", (it) => it.message.id === sent[4].id);
    await chat.recall(sent[2]);
    await hears(clover, "message:updated", (it) => it.change === "recall" && it.message.id === sent[2].id);
    const there = clover.conversation({ user: ids.amber });
    const back = await allHistory(there, { pageSize: 2 });
    const forth = [];
    for await (const page of there.history({ after: sent[0].id, pageSize: 2 })) forth.push(...page);
    return { back: back.map((m) => m.text), forth: forth.map((m) => m.text) };
  },
  ({ back, forth }) => {
    assert.deepEqual(back.slice(-4), ["h0", "h1", "h3", "h4"]);
    assert.deepEqual(forth, ["h1", "h3", "h4"]);
  },
);

step(
  "a conversation is removed from this device, then from all, and comes back with the next message",
  async ({ clients: { amber, tablet, clover }, hears, when }, { ids }) => {
    const has = (client) => client.conversations.snapshot.some((it) => it.key.id === ids.clover);
    await when(tablet, ["conversations"], () => has(tablet));
    await amber.conversation({ user: ids.clover }).remove({ scope: "device" });
    const first = [has(amber), has(tablet)];
    await clover.conversation({ user: ids.amber }).send({ text: "still there?" });
    await when(amber, ["conversations"], () => has(amber));
    const back = (await amber.conversation({ user: ids.clover }).messages()).map((m) => m.text);
    await amber.conversation({ user: ids.clover }).remove();
    await hears(tablet, "conversation:removed", (it) => it.conversation.id === ids.clover);
    return { first, back, last: [has(amber), has(tablet)] };
  },
  ({ first, back, last }) => {
    assert.deepEqual(first, [false, true]);
    assert.deepEqual(back, ["still there?"]);
    assert.deepEqual(last, [false, false]);
  },
);

scenario(stage, "notices of groups and contacts change the lists and are kept until they are dismissed", async () => {
  const group = ids.Team;
  const notice = (body) => emulator.admin("notice", body);
  await notice({ kind: "roster", user: "basil", type: "APPLIED", from: "clover", content: "hello" });
  await notice({
    kind: "group",
    user: "clover",
    type: "INFO_UPDATED",
    group: Number(group),
    from: "amber",
    content: JSON.stringify({ property: "name", name: "Renamed" }),
  });
  await notice({ kind: "group", user: "clover", type: "KICKED", group: Number(group), from: "amber", to: ["clover"] });
  const answer = await page.run(
    async ({ clients: { basil, clover }, hears }, { group }) => {
      await hears(basil, "notice", (it) => it.kind === "roster" && it.type === "applied");
      const kept = await basil.notices.list();
      const left = await basil.notices.dismiss(kept);
      await hears(clover, "notice", (it) => it.kind === "group" && it.type === "kicked");
      await hears(clover, "conversation:removed", (it) => it.conversation.id === group);
      return { kept, left, groups: (await clover.groups.list()).map((it) => it.id) };
    },
    { group },
  );
  assert.deepEqual([answer.kept[0].from, answer.kept[0].content, answer.left.length], [ids.clover, "hello", 0]);
  assert.ok(!answer.groups.includes(group));
});

scenario(
  stage,
  "a queue made offline goes out in order when the connection is back; one of it is cancelled",
  async () => {
    await page.run(async ({ clients: { amber }, when }) => {
      await when(amber, ["state"], () => amber.state === "online");
    });
    await emulator.faults({ action: { type: "restart", ms: 1500 } });
    const answer = await page.run(
      async ({ clients: { amber, basil }, when, hears }, { ids }) => {
        await when(amber, ["state"], () => amber.state !== "online");
        const chat = amber.conversation({ user: ids.basil });
        const sends = [1, 2, 3].map((n) =>
          chat.send({ text: `queued ${n}` }).then(
            (m) => m.text,
            (e) => e.code,
          ),
        );
        const waiting = (await chat.messages()).filter((m) => m.status === "sending");
        await amber.outbox.cancel(waiting[1]);
        const results = await Promise.all(sends);
        await hears(basil, "message", (it) => it.message.text === "queued 3");
        return {
          results,
          heard: basil.heard
            .filter((it) => it.event === "message" && /^queued/.test(it.message.text))
            .map((it) => it.message.text),
        };
      },
      { ids },
    );
    assert.deepEqual(answer.results, ["queued 1", "Cancelled", "queued 3"]);
    assert.deepEqual(answer.heard, ["queued 1", "queued 3"]);
  },
);

scenario(
  stage,
  "the log can be exported and holds no text, password or token; nothing was dropped on the way",
  async () => {
    const { log, stats } = await page.run(async ({ clients }) => ({
      log: Object.values(clients)
        .map((client) => client.logs.export())
        .join("\n"),
      stats: Object.fromEntries(Object.entries(clients).map(([name, client]) => [name, client.stats()])),
    }));
    for (const secret of ["queued 1", "everybody", "amber-demo", "plain"]) assert.ok(!log.includes(secret), secret);
    assert.match(log, /online/);
    for (const [name, { badFrames, quarantined, badRows }] of Object.entries(stats)) {
      assert.deepEqual([badFrames, quarantined, badRows], [0, 0, 0], name);
    }
  },
);
