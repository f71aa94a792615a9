// A day of an application of floo-web 3.x: Vue 2, documented calls only (tests/apps/vue2), thousands of messages both
// ways, lost connections, recalls, edits, notices. In the end it shows what the server has, and nothing went wrong.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after } from "node:test";
import { build } from "esbuild";
import { ApiPage } from "../lib/api-page.mjs";
import { nodeClient } from "../lib/node-client.mjs";
import { at, built } from "../lib/paths.mjs";
import { Stage, scenario } from "../lib/stage.mjs";
import { until } from "../lib/until.mjs";

const APP = at("tests", "apps", "vue2");
const ROUNDS = 6;
/** Messages of each of two people in each of two places in a round, and of the page in each of three. */
const [THEIRS, OURS] = [60, 35];
const HOURS = 3_600_000;

const stage = new Stage();
after(() => stage.end());

/** The application as its authors would ship it, against the package as it is published. */
async function bundle() {
  const directory = stage.directory();
  await build({
    entryPoints: [path.join(APP, "main.js")],
    outfile: path.join(directory, "app.js"),
    bundle: true,
    format: "iife",
    alias: { vue: "vue2/dist/vue.esm.js", "floo-wasm/compat": built("npm", "compat.js") },
    define: { "process.env.NODE_ENV": '"development"' },
    logLevel: "error",
  });
  fs.copyFileSync(path.join(APP, "index.html"), path.join(directory, "index.html"));
  return directory;
}

/** The page, and what somebody in front of it does. */
class App extends ApiPage {
  async open() {
    await super.open();
    await this.run(() => {
      const one = (selector) => document.querySelector(selector);
      const wait = async (what, look) => {
        const end = Date.now() + 60_000;
        for (;;) {
          const seen = await look();
          if (seen) return seen;
          if (Date.now() > end) throw new Error(`waited in vain for ${what}; ${window.trouble.join(" | ")}`);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      const click = async (selector) => {
        const it = await wait(selector, () => one(`${selector}:not(:disabled)`));
        it.click();
        await window.app.$nextTick();
      };
      const type = async (selector, text) => {
        const it = await wait(selector, () => one(selector));
        it.value = text;
        it.dispatchEvent(new Event("input"));
        await window.app.$nextTick();
      };
      const show = (tab) => click(`.tab-${tab}`);
      const chat = async (key) => {
        window.appState.view = "chat";
        const [kind, id] = key.split(":");
        window.appState.chat = { type: kind, id: Number(id) };
        await wait(`the chat ${key}`, () => one(`.chat[data-key="${key}"]`) && !one(".chat[data-loading]"));
      };
      /** Nothing is on its way any more. */
      const sent = () => wait("everything to be sent", () => !one(".sending"));
      const write = async (texts) => {
        for (const text of texts) {
          await type(".composer .text", text);
          await click(".composer .send");
        }
        await sent();
      };
      const act = async (text, name) => {
        const find = () =>
          [...document.querySelectorAll(".message")].find((it) => it.querySelector(".text")?.textContent === text);
        (await wait(text, find)).querySelector(".act").click();
        await window.app.$nextTick();
        await click(`.menu .${name}`);
        await wait(`${text} to be another`, () => !find());
      };
      window.ui = { one, wait, click, type, show, chat, write, act, sent };
    });
    return this;
  }

  /** All of a chat, back to its beginning: ids and what they say. */
  whole(key) {
    return this.run(
      async (_, { key }) => {
        const { one, wait, click, chat, show } = window.ui;
        await show("settings"); // so that it is opened anew
        await chat(key);
        while (!one(".chat[data-complete]")) {
          await click(".earlier");
          await wait("the page", () => !one(".chat[data-loading]"));
        }
        const it = window.app.$children[0].$children.find((child) => child.messages);
        return it.messages.map(({ id, content, type }) => [id, type === "text" ? content : type]);
      },
      { key },
    );
  }
}

scenario(
  stage,
  "a day in an application of the former SDK goes by without an error, and ends with what the server has",
  async () => {
    const emulator = await stage.emulator();
    await emulator.admin("app", { http_rate: 0 });
    const ids = await emulator.ids();
    const url = await stage.serve(await bundle());
    const driver = await stage.browser("the application");
    await driver.manage().setTimeouts({ script: 600_000 });
    const app = await new App(driver, url, `index.html?dns=${encodeURIComponent(emulator.dns)}`).open();
    const client = async (username, password = `${username}-demo`) => {
      const servers = { dns: emulator.dns };
      const made = nodeClient({ appId: "floo-demo", servers, logLevel: "off", storage: "memory" });
      stage.later(() => made.close());
      await made.login({ username, password });
      return made;
    };
    const [basil, clover] = [await client("basil"), await client("clover")];
    const applied = (of) => async () => (await of.api("rosterApplylist", { cursor: "" })).items.length > 0;

    // The morning: an account, two friends, one who is turned down, a group.
    const me = await app.run(async () => {
      const { click, type, wait, show, one } = window.ui;
      await type(".login .name", "dora");
      await type(".login .password", "dora-secret");
      await click(".register");
      await wait("the login", () => window.appState.loggedIn);
      await show("settings");
      await click(".settings .ask");
      await wait("to be asked", () => one(".mode").textContent === "1");
      return String(window.appState.uid);
    });
    await basil.api("userAuthmode", { value: 1 });
    await app.run(async () => {
      const { click, type, show } = window.ui;
      await show("contacts");
      await type(".contacts .search", "basil");
      await click(".contacts .find");
      await click(".contacts .apply");
    });
    await until("the application", applied(basil));
    await basil.api("rosterAccept", { user_id: me });
    await clover.api("rosterApply", { user_id: me, alias: "", reason: "hello" });
    const amber = await client("amber");
    await amber.api("rosterApply", { user_id: me, alias: "", reason: "hello too" });
    const friends = await app.run(
      async (_, { ids }) => {
        const { click, wait, one } = window.ui;
        await wait("basil", () => one(`.users [data-id="${ids.basil}"]`));
        await click(`.applications [data-id="${ids.clover}"] .accept`);
        await click(`.applications [data-id="${ids.amber}"] .decline`);
        await wait("no application", () => !one(".applications li"));
        await wait("clover", () => one(`.users [data-id="${ids.clover}"]`));
        await click(`.users [data-id="${ids.clover}"] .rename`);
        await wait("the alias", () => one(`.users [data-id="${ids.clover}"] a`).textContent.startsWith("Friend"));
        return [...document.querySelectorAll(".users li")].map((it) => it.dataset.id).sort();
      },
      { ids },
    );
    assert.deepEqual(friends, [ids.basil, ids.clover].sort());
    const group = await app.run(
      async (_, { ids }) => {
        const { click, type, show, wait, one } = window.ui;
        await show("groups");
        await type(".groups .name", "Day");
        await click(".groups .create");
        const managed = await wait("the group", () => one(".managed"));
        for (const uid of [ids.basil, ids.clover]) {
          await type(".managed .uid", uid);
          await click(".managed .invite");
        }
        await wait("three members", () => document.querySelectorAll(".members li").length >= 1);
        return managed.dataset.id;
      },
      { ids },
    );
    for (const it of [basil, clover]) {
      await until("the group", async () => (await it.groups.list()).some((one) => one.id === group));
    }
    await app.run(
      async (_, { ids }) => {
        const { click, type, wait, one } = window.ui;
        const members = () => document.querySelectorAll(".members li").length;
        await click(`.groups [data-id] .choose`);
        await wait("three members", () => members() === 3);
        await type(".groups .name", "The day");
        await click(".managed .rename");
        await wait("the name", () => one(".groups ul a").textContent === "The day");
        await type(".groups .name", "Lunch at one");
        await click(".managed .announce");
        await wait("the announcement", () => one(".announcement")?.textContent === "Lunch at one");
        await type(".managed .uid", ids.basil);
        await click(".managed .ban");
        await wait("the silence", () => one(`.banned [data-id="${ids.basil}"]`));
        await click(".managed .unban");
        await wait("the end of the silence", () => !one(".banned li"));
        await type(".managed .uid", ids.clover);
        await click(".managed .promote");
      },
      { ids },
    );

    // The day: both sides write at once; each round the connection is lost in another way.
    const keys = { basil: `roster:${ids.basil}`, clover: `roster:${ids.clover}`, group: `group:${group}` };
    const people = { basil, clover };
    let [incoming, outgoing] = [0, 0];
    const write = async (who, to, round) => {
      const chat = people[who].conversation(to);
      const place = "group" in to ? "all" : "you";
      const sends = Array.from({ length: THEIRS }, (_, number) =>
        chat.send({ text: `${who} to ${place} ${round}.${number}` }),
      );
      incoming += THEIRS;
      return { chat, sent: await Promise.all(sends) };
    };
    for (let round = 0; round < ROUNDS; round++) {
      await emulator.admin("clock", { offset_ms: round * 3 * HOURS });
      const lost = [
        [{ match: { user: "dora" }, action: "close", times: 1 }],
        [{ match: { user: "dora", command: "send" }, action: "close_after_ack", times: 2 }],
        [{ match: { user: "dora", command: "ack" }, action: "drop_ack", times: 1 }],
        [{ match: { user: "dora", command: "page" }, action: "duplicate_page", times: 3 }],
        [{ match: {}, action: { type: "restart", ms: 300 }, times: 1 }],
        [{ match: { user: "dora", command: "page" }, action: "close", times: 2 }],
      ][round % 6];
      const [mine, place] = round % 2 === 0 ? ["basil", "group"] : ["group", "basil"];
      const theirs = Promise.all([
        write("basil", { user: me }, round),
        write("clover", { user: me }, round),
        write("basil", { group }, round),
        write("clover", { group }, round),
      ]);
      const ours = app.run(
        async (_, { keys, mine, place, round, OURS }) => {
          const { chat, write, click, sent, act } = window.ui;
          const texts = (to) => Array.from({ length: OURS }, (_, number) => `dora in ${to} ${round}.${number}`);
          for (const to of [mine, place, "clover"]) {
            await chat(keys[to]);
            await write(texts(to));
          }
          await chat(keys[mine]);
          for (const kind of ["image", "audio", "video", "file", "location", "command"]) {
            await click(`.composer .send-${kind}`);
            await sent();
          }
          await write(mine === "group" ? ["@basil are you there", "@all lunch"] : ["a last one"]);
          await act(`dora in ${mine} ${round}.${OURS - 1}`, "recall");
          await act(`dora in ${mine} ${round}.${OURS - 2}`, "append");
          await act(`dora in ${mine} ${round}.${OURS - 3}`, "replace");
          await act(`dora in ${mine} ${round}.${OURS - 4}`, "remove");
        },
        { keys, mine, place, round, OURS },
      );
      await emulator.faults(...lost);
      const [first, , third] = await theirs;
      await ours;
      outgoing += 3 * OURS + 7;
      await emulator.faults();
      // They change their minds too.
      for (const { chat, sent } of [first, third]) {
        await chat.recall(sent[0].id);
        await chat.append(sent[1].id, ", and so on");
        await chat.edit(sent[2].id, { text: `instead of ${sent[2].text}` });
      }
      // Notices: somebody asks again and again, a group comes and goes.
      await amber.api("rosterApply", { user_id: me, alias: "", reason: `round ${round}` });
      const passing = await basil.groups.create({ name: `Passing ${round}`, members: [me] });
      await app.run(
        async (_, { gid, amber }) => {
          const { show, wait, one, click } = window.ui;
          await show("groups");
          await wait("the passing group", () => one(`.groups li[data-id="${gid}"]`));
          await show("contacts");
          await click(`.applications [data-id="${amber}"] .decline`);
          await show("notices");
        },
        { gid: passing.groupId, amber: ids.amber },
      );
      await basil.api("groupDestroy", { group_id: passing.groupId });
      await app.run(
        async (_, { gid }) => {
          const { show, wait, one } = window.ui;
          await show("groups");
          await wait("the end of the passing group", () => !one(`.groups li[data-id="${gid}"]`));
        },
        { gid: passing.groupId },
      );
    }
    assert.ok(incoming + outgoing >= 2_000, `${incoming} + ${outgoing}`);

    // The evening: read all, then what came since is unread, and everything is there once.
    const last = async () => {
      for (const key of Object.values(keys)) await app.whole(key);
      await app.run(() => window.ui.show("conversations"));
    };
    await last();
    const unread = { basil: 3, clover: 5, group: 4 };
    for (const [who, chat] of [
      ["basil", basil.conversation({ user: me })],
      ["clover", clover.conversation({ user: me })],
      ["group", clover.conversation({ group })],
    ]) {
      for (let number = 0; number < unread[who]; number++) await chat.send({ text: `good night ${who} ${number}` });
    }
    const counts = await app.run(
      async (_, { keys, unread }) => {
        const { one, wait } = window.ui;
        const count = (key) => Number(one(`[data-key="${key}"] .unread`)?.textContent ?? -1);
        await wait("the counters", () => Object.entries(unread).every(([who, n]) => count(keys[who]) === n));
        return Object.fromEntries(Object.entries(keys).map(([who, key]) => [who, count(key)]));
      },
      { keys, unread },
    );
    assert.deepEqual(counts, unread);

    const second = await client("dora", "dora-secret");
    const shown = {};
    for (const [who, key] of Object.entries(keys)) {
      const [kind, id] = key.split(":");
      const history = [];
      for await (const page of second.conversation(kind === "group" ? { group: id } : { user: id }).history()) {
        history.push(...page);
      }
      const kept = history.filter(({ type }) => type !== "command");
      kept.sort((one, other) => (BigInt(one.id) < BigInt(other.id) ? -1 : 1));
      shown[who] = await app.whole(key);
      assert.deepEqual(
        shown[who],
        kept.map(({ id, type, text }) => [id, type === "text" ? text : type]),
        who,
      );
      assert.equal(new Set(shown[who].map(([id]) => id)).size, shown[who].length, `${who}: nothing twice`);
    }
    const total = Object.values(shown).reduce((sum, list) => sum + list.length, 0);
    assert.ok(total > 1_900, `${total} messages are shown`);

    // Every message was told as new once; reading them here has emptied the counters.
    const end = await app.run(
      async (_, { keys }) => {
        const { one, show, wait } = window.ui;
        await show("conversations");
        const count = (key) => Number(one(`[data-key="${key}"] .unread`)?.textContent ?? -1);
        await wait("empty counters", () => Object.values(keys).every((key) => count(key) === 0));
        const told = Object.entries(window.appState.told);
        return { told: told.length, twice: told.filter(([, times]) => times !== 1), trouble: window.trouble };
      },
      { keys },
    );
    assert.deepEqual([end.twice, end.trouble], [[], []]);
    assert.ok(end.told >= total, `${end.told} were told, ${total} are shown`);

    // The night: settings, out, and in again by itself never.
    const left = await app.run(async () => {
      const { click, type, show, wait, one } = window.ui;
      await show("settings");
      await type(".settings .name", "Dora of the day");
      await click(".settings .rename");
      await wait("the name", () => one(".nick")?.textContent === "Dora of the day");
      await click(".settings .quiet");
      await wait("silence", () => one(".sounds").textContent === "quiet");
      await click(".settings .logout");
      await wait("the login form", () => one(".login"));
      return window.trouble;
    });
    assert.deepEqual(left, []);
  },
  { timeout: 1_200_000 },
);
