// Wrong, broken and hostile input against the real thing: each has its reaction, and the chat goes on.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { ApiPage, apiMounts } from "../lib/api-page.mjs";
import { ChatApp } from "../lib/chat-app.mjs";
import { startEmulator } from "../lib/emulator.mjs";
import { built } from "../lib/paths.mjs";
import { Stage, scenario } from "../lib/stage.mjs";

const RECONNECT = { limit: 60_000 };
const TEN_MEGABYTES = 10 * 1024 * 1024;

const stage = new Stage();
let emulator;
let demoUrl;
let amber;
let robot;
let ids;

before(async () => {
  emulator = await stage.persistentEmulator();
  ids = await emulator.ids();
  demoUrl = await stage.serve(built("demo-web"));
  amber = new ChatApp(await stage.browser("amber"), demoUrl, emulator.dns);
  robot = new ApiPage(await stage.browser("robot"), await stage.serve(apiMounts()));
  await robot.open();
});
after(() => stage.end());

const chat = (name) => `user:${ids[name]}`;

/** Basil, in the robot's page, writes to Amber; resolves when the server has it. */
const basilWrites = (text) =>
  robot.run(
    async ({ clients, enter }, { dns, to, text }) => {
      clients.basil ??= await enter("basil", { dns, username: "basil" });
      await clients.basil.conversation({ user: to }).send({ text });
    },
    { dns: emulator.dns, to: ids.amber, text },
  );

/** The rows of the demo's database whose value fits, spoiled by raw IndexedDB; answers how many. */
const spoil = (text) =>
  amber.driver.executeAsyncScript(
    `const [name, text, done] = arguments;
     const holds = (bytes) => new TextDecoder("latin1").decode(bytes).includes(text);
     const opening = indexedDB.open(name);
     opening.onerror = () => done(String(opening.error));
     opening.onsuccess = () => {
       const db = opening.result;
       const transaction = db.transaction("messages", "readwrite");
       let spoiled = 0;
       transaction.objectStore("messages").openCursor().onsuccess = ({ target: { result: row } }) => {
         if (!row) return;
         if (holds(row.value)) { row.update(new Uint8Array([0xff, 0xff, 0xff, 0xff])); spoiled += 1; }
         row.continue();
       };
       transaction.oncomplete = () => { db.close(); done(spoiled); };
       transaction.onabort = () => { db.close(); done(String(transaction.error)); };
     };`,
    `floo/floo-demo/${ids.amber}`,
    text,
  );

scenario(stage, "a wrong password and an unknown user are named, and signing in still works", async () => {
  await amber.open();
  await amber.submit("amber", "not-the-password");
  const wrong = await amber.text("signin-error");
  assert.match(wrong, /password/i);
  await amber.submit("nobody-of-that-name", "whatever-it-is");
  const unknown = await amber.until("another text", async () => {
    const text = await amber.text("signin-error");
    return text !== wrong && text;
  });
  assert.match(unknown, /user/i);
  await amber.submit("amber", "amber-demo");
  await amber.online();
  assert.doesNotMatch(await stage.report(), /not-the-password|whatever-it-is|amber-demo/);
});

scenario(stage, "a server that cannot be reached is named, and the form can be used again", async () => {
  const gone = await startEmulator();
  await gone.stop();
  const app = new ChatApp(await stage.browser("nowhere"), demoUrl, gone.dns);
  await app.open();
  await app.submit("clover", "clover-demo");
  assert.match(await app.text("signin-error"), /server|reach|network|connect/i);
  await app.fill("signin-server", emulator.dns);
  await app.submit("clover", "clover-demo");
  await app.online();
});

scenario(stage, "garbage, a cut frame and a message without a sender: the chat goes on", async () => {
  await amber.openChat(chat("basil"));
  await basilWrites("before the faults");
  await amber.shown("before the faults", "received");

  await emulator.faults({ match: { user: "amber" }, action: { type: "garbage" } });
  await basilWrites("after the garbage");
  await amber.shown("after the garbage", "received");

  await emulator.faults({ match: { user: "amber", command: "page" }, action: { type: "truncate" } });
  await basilWrites("in a cut frame");
  await emulator.faultsDone();
  await basilWrites("after the cut frame");
  await amber.shown("after the cut frame", "received", RECONNECT);
  await amber.shown("in a cut frame", "received", RECONNECT);

  await emulator.faults({ match: { user: "amber", command: "page" }, action: { type: "poison_meta" } });
  await basilWrites("without a sender");
  await emulator.faultsDone();
  await basilWrites("after the message without a sender");
  await amber.shown("after the message without a sender", "received", RECONNECT);
  assert.ok(!(await amber.texts()).includes("without a sender"));

  const menu = await amber.menu();
  assert.match(menu, /unreadable frames: 2/);
  assert.match(menu, /unusable messages: 1/);
  await amber.send("Amber can still write");
  await amber.shown("Amber can still write", "sent");
});

scenario(stage, "a refusal by the server is shown with the message, with its reason", async () => {
  await emulator.faults({
    match: { user: "amber", command: "send" },
    action: { type: "status", code: "WORD_CENSORED", reason: "not today" },
    times: 5, // a receipt may come first; it fails without a word
  });
  await amber.send("this one is refused");
  await amber.shown("this one is refused", "failed");
  await emulator.faults();
  assert.match(
    await amber.run(`return [...document.querySelectorAll("[data-status=failed]")].at(-1).textContent`),
    /Not sent\..*not today/s,
  );
});

scenario(stage, "an empty text cannot be sent, one of 10 MB is refused by name, the limit itself passes", async () => {
  const send = await amber.one("send");
  await amber.fill("composer", "   ");
  assert.equal(await send.isEnabled(), false);
  // Made in the page: the way there is not what is tested.
  await amber.run(
    `const field = document.querySelector("[data-testid=composer]");
     field.value = "龍".repeat(arguments[0] / 3);
     field.dispatchEvent(new Event("input", { bubbles: true }));`,
    TEN_MEGABYTES,
  );
  assert.match(await amber.text("composer-error"), /too long/);
  assert.equal(await send.isEnabled(), false);

  const largest = "x".repeat(64 * 1024);
  await amber.send(largest);
  await amber.shown(largest, "sent");

  const answers = await robot.run(
    async ({ clients }, { to, size }) => {
      const refused = async (text) => {
        const error = await clients.basil
          .conversation({ user: to })
          .send({ text })
          .then(
            () => null,
            (e) => e,
          );
        return (
          error && [error.name, error.code, error.domain, error.message.length < 200 && /text/.test(error.message)]
        );
      };
      return [await refused(""), await refused("x".repeat(size)), await refused("龍".repeat(21846))];
    },
    { to: ids.amber, size: TEN_MEGABYTES },
  );
  for (const answer of answers) assert.deepEqual(answer, ["FlooError", "MessageInvalid", "argument", true]);
  await basilWrites("after the long texts");
  await amber.shown("after the long texts", "received");
});

scenario(stage, "a spoiled row of the database costs that row only, and is reported", async () => {
  await basilWrites("this row will be spoiled");
  await amber.shown("this row will be spoiled", "received");
  await basilWrites("the row behind it");
  await amber.shown("the row behind it", "received");
  const shown = await amber.texts();
  // With the cloud gone nothing can come from there in its place.
  await emulator.stop();
  await amber.offline();
  assert.equal(await spoil("this row will be spoiled"), 1);
  await amber.open();
  await amber.openChat(chat("basil"));
  await amber.shown("the row behind it");
  const kept = shown.filter((text) => text !== "this row will be spoiled");
  const newest = (list) => list.slice(-10);
  await amber.until("the other rows", async () => newest(await amber.texts()).join() === newest(kept).join());
  const menu = await amber.menu();
  assert.match(menu, /unreadable rows: [1-9]/);
  assert.match(menu, /Last trouble: .*messages/);
  assert.match(await stage.report(), /DbOperationFailed \(storage\)/);
  await emulator.start();
  await amber.online(RECONNECT);
  await basilWrites("after the spoiled row");
  await amber.shown("after the spoiled row", "received", RECONNECT);
});

scenario(stage, "an expired token ends the resumed session where the user can see it", async () => {
  await emulator.faults({ match: { user: "amber" }, action: { type: "expire_token" } });
  await amber.open();
  // Either the form is there again, or a word about it with a way to sign in.
  await amber.until("the way back in", async () => {
    if (await amber.has("signin-submit")) return true;
    return (await amber.has("banner")) && /sign in/i.test(await amber.text("banner"));
  });
});
