// Two people chat: the built web demo in two Chromium browsers, against the real emulator.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { ApiPage, apiMounts } from "../lib/api-page.mjs";
import { ChatApp } from "../lib/chat-app.mjs";
import { built } from "../lib/paths.mjs";
import { Stage, scenario } from "../lib/stage.mjs";

// After a working session is lost, the client waits up to ten seconds before it comes back.
const RECONNECT = { limit: 60_000 };

const stage = new Stage();
let emulator;
let amber;
let basil;
let ids;
let robot;

before(async () => {
  emulator = await stage.persistentEmulator();
  ids = await emulator.ids();
  const url = await stage.serve(built("demo-web"));
  amber = new ChatApp(await stage.browser("amber"), url, emulator.dns);
  basil = new ChatApp(await stage.browser("basil"), url, emulator.dns);
  robot = new ApiPage(await stage.browser("robot"), await stage.serve(apiMounts()));
  await robot.open();
});
after(() => stage.end());

const chat = (name) => `user:${ids[name]}`;

/** What the server has of a conversation, as a user sees it who has never been on this device: texts, oldest first. */
const onServer = (username, conversation) =>
  robot.run(
    async ({ enter, allHistory }, { dns, username, conversation }) => {
      const client = await enter("witness", { dns, username });
      const messages = await allHistory(client.conversation(conversation));
      await client.close();
      return messages.map(({ text }) => text);
    },
    { dns: emulator.dns, username, conversation },
  );

scenario(stage, "both sign in and write, in Chinese and with emoji too", async () => {
  await amber.signIn("amber");
  await basil.signIn("basil");
  await amber.openChat(chat("basil"));
  await basil.openChat(chat("amber"));
  for (const [from, to, text] of [
    [amber, basil, "Good morning, Basil"],
    [basil, amber, "早上好，琥珀！今天天气很好。"],
    [amber, basil, "👩‍👩‍👧‍👦 family, 🇨🇳 flag, 𠮷 and e\u0301"],
    [basil, amber, 'two lines\nand <b>no markup</b> & "quotes"'],
  ]) {
    await from.send(text);
    await from.shown(text, "sent");
    await to.shown(text, "received");
  }
  assert.deepEqual(await amber.texts(), await basil.texts());
  assert.deepEqual(
    (await amber.messages()).map(({ outgoing }) => outgoing),
    (await basil.messages()).map(({ outgoing }) => !outgoing),
  );
});

scenario(stage, "the badge counts what is unread and goes when the chat is opened", async () => {
  await amber.openChat(`group:${ids.Team}`);
  await basil.send("one");
  await amber.unreadIs(chat("basil"), 1);
  await basil.send("two");
  await amber.unreadIs(chat("basil"), 2);
  assert.match(await amber.run("return document.title"), /2/);
  await amber.openChat(chat("basil"));
  await amber.unreadIs(chat("basil"), 0);
  await amber.shown("two", "received");
  await amber.until("the title without a count", async () => !/\d/.test(await amber.run("return document.title")));
});

scenario(stage, "the group hears everybody once", async () => {
  await amber.openChat(`group:${ids.Team}`);
  await basil.openChat(`group:${ids.Team}`);
  await amber.send("大家好 👋 from amber");
  await basil.shown("大家好 👋 from amber", "received");
  await basil.send("hello from basil");
  await amber.shown("hello from basil", "received");
  await amber.shown("大家好 👋 from amber", "sent");
  assert.deepEqual(await amber.texts(), await basil.texts());
});

scenario(stage, "a long past comes in pages while one scrolls up", async () => {
  const count = 70;
  await robot.run(
    async ({ enter }, { dns, to, count }) => {
      const client = await enter("clover", { dns, username: "clover" });
      for (let i = 1; i <= count; i++) await client.conversation({ user: to }).send({ text: `past ${i}` });
      await client.close();
    },
    { dns: emulator.dns, to: ids.amber, count },
  );
  await amber.unreadIs(chat("clover"), count);
  await amber.openChat(chat("clover"));
  await amber.shown(`past ${count}`, "received");
  const atFirst = (await amber.messages()).length;
  assert.ok(atFirst < count, `all ${atFirst} messages were shown at once`);
  await amber.scrollToBeginning("past 1");
  assert.deepEqual(
    await amber.texts(),
    Array.from({ length: count }, (_, i) => `past ${i + 1}`),
  );
});

scenario(stage, "with the cloud stopped a reload still shows list, history and what is written now", async () => {
  await amber.openChat(chat("basil"));
  await amber.shown("two");
  const before = await amber.messages();
  const list = await amber.conversations();
  await emulator.stop();
  await amber.open();
  await amber.openChat(chat("basil"));
  await amber.until("the history", async () => (await amber.messages()).length >= before.length);
  assert.deepEqual(await amber.messages(), before);
  assert.deepEqual(await amber.conversations(), list);
  assert.ok(await amber.has("banner"));

  await amber.send("written while offline");
  await amber.shown("written while offline", "sending");
  await amber.open();
  await amber.openChat(chat("basil"));
  await amber.shown("written while offline", "sending");

  await emulator.start();
  await amber.shown("written while offline", "sent", RECONNECT);
  await basil.openChat(chat("amber"));
  await basil.shown("written while offline", "received", RECONNECT);
  await amber.until("the banner to go", async () => !(await amber.has("banner")));
});

scenario(stage, "the cloud dies amid messages of both: nothing is lost, nothing is doubled", async () => {
  const each = 24;
  const names = (who) => Array.from({ length: each }, (_, i) => `${who} ${i + 1}`);
  let halfway;
  const middle = new Promise((resolve) => {
    halfway = resolve;
  });
  let sent = 0;
  const stream = async (app, texts) => {
    for (const text of texts) {
      await app.send(text);
      if (++sent === each) halfway();
    }
  };
  await amber.openChat(chat("basil"));
  await basil.openChat(chat("amber"));
  await amber.online();
  await basil.online(RECONNECT);
  const streams = Promise.all([stream(amber, names("amber")), stream(basil, names("basil"))]);
  await Promise.race([middle, streams]);
  await emulator.kill();
  await streams;
  await amber.offline();
  await basil.offline();
  for (const app of [amber, basil]) {
    assert.ok(
      (await app.messages()).some(({ status }) => status === "sending"),
      "some wait for the cloud",
    );
  }
  await emulator.start();

  const wanted = [...names("amber"), ...names("basil")];
  for (const [app, own, other] of [
    [amber, "amber", "basil"],
    [basil, "basil", "amber"],
  ]) {
    await app.shown(`${own} ${each}`, "sent", RECONNECT);
    await app.shown(`${other} ${each}`, "received", RECONNECT);
    const shown = (await app.texts()).filter((text) => /^(amber|basil) \d+$/.test(text));
    assert.deepEqual(shown.toSorted(), wanted.toSorted(), `${own} sees every message once`);
    for (const who of ["amber", "basil"]) {
      assert.deepEqual(
        shown.filter((text) => text.startsWith(who)),
        names(who),
        `${own} sees ${who}'s in order`,
      );
    }
    assert.deepEqual([...new Set((await app.messages()).map(({ status }) => status))].toSorted(), ["received", "sent"]);
  }
  await amber.scrollToBeginning((await onServer("amber", { user: ids.basil }))[0]);
  await basil.scrollToBeginning((await onServer("basil", { user: ids.amber }))[0]);
  const truth = await onServer("amber", { user: ids.basil });
  assert.deepEqual(await amber.texts(), truth);
  assert.deepEqual(await basil.texts(), truth);

  await amber.open();
  await amber.openChat(chat("basil"));
  await amber.scrollToBeginning(truth[0]);
  assert.deepEqual(await amber.texts(), truth, "and after a reload");
});

scenario(stage, "a link that names another server does not get the last login", async () => {
  const own = amber.address;
  amber.address = own.replace(encodeURIComponent(emulator.dns), encodeURIComponent("http://127.0.0.1:9/v2/app_dns"));
  await amber.open();
  assert.ok(await amber.has("signin-submit"), "to be signed in to");
  amber.address = own;
  await amber.open();
  await amber.online(RECONNECT);
});
