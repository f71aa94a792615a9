// The whole surface of the former SDK, as js-api.json lists it: 210 functions, 19 tables of numbers, 54 events.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import {
  conversationsTape,
  keysTape,
  listsTape,
  messagesTape,
  noticesTape,
  raw,
  until,
  updatesTape,
} from "./fake-engine.mjs";
import { loggedIn, make } from "./legacy.mjs";

const api = JSON.parse(await readFile(new URL("js-api.json", import.meta.url), "utf8"));
const functions = Object.entries(api.functions).flatMap(([owner, names]) =>
  Object.entries(names).map(([name, kind]) => ({ owner, name, kind })),
);
const ownerOf = (im, owner) => (owner === "base" ? im : im[owner]);

/** What throws `Unsupported`: the engine of calls, and what docs/compat.md tells the reason of. */
const UNSUPPORTED = [
  "base.kickAllWeb",
  "userManage.getDeviceSN",
  "sysManage.sendMessage",
  ..."initRTCEngine destroy joinRoom leaveRoom publish unPublish subscribe unSubscribe muteLocalAudio muteLocalVideo muteRemoteAudio muteRemoteVideo"
    .split(" ")
    .map((name) => `rtcManage.${name}`),
];

/** Events that nothing fires: nothing did, or nothing of that kind comes. */
const SILENT = ["messageNormal", "onRosterNotice"];

test("all functions are there, and those that answer later give promises", async () => {
  const { im } = await loggedIn();
  assert.equal(functions.length, 210);
  for (const { owner, name, kind } of functions) {
    const it = ownerOf(im, owner)[name];
    assert.equal(typeof it, "function", `${owner}.${name}`);
    if (kind === "sync" || name === "downloadAudio") continue;
    const answer = it();
    assert.equal(typeof answer?.then, "function", `${owner}.${name} gives a promise`);
    answer.catch(() => undefined);
  }
  assert.equal(im.sysManage.downloadAudio({ url: "" }), "", "as ever");
});

test("nothing but what is listed is unsupported, and says so by its name", async () => {
  const { im } = await loggedIn();
  const stub = String(im.rtcManage.joinRoom);
  const found = functions.filter(({ owner, name }) => String(ownerOf(im, owner)[name]) === stub);
  assert.deepEqual(found.map(({ owner, name }) => `${owner}.${name}`).sort(), [...UNSUPPORTED].sort());
  for (const { owner, name } of found) {
    assert.throws(ownerOf(im, owner)[name], { code: "Unsupported", message: new RegExp(name) });
  }
  assert.deepEqual(
    [im.rtcManage.getInCallStatus(), im.rtcManage.getJanusObject(), im.rtcManage.getPublishHandler()],
    [false, null, null],
  );
});

test("functions work without their manager", async () => {
  const { im } = await loggedIn();
  const { getUid } = im.userManage;
  const { getRosterInfo } = im.rosterManage;
  assert.deepEqual([getUid(), getRosterInfo(2).username], [1, "basil"]);
});

test("the tables of numbers are the protocol's", () => {
  const { im } = make();
  const vars = im.sysManage.getStaticVars();
  assert.equal(Object.keys(api.constants).length, 19);
  assert.deepEqual(vars, api.constants);
  vars.STATIC_MESSAGE_STATUS.READ = 7;
  assert.equal(im.sysManage.getStaticVars().STATIC_MESSAGE_STATUS.READ, 2);
});

test("all events are told but those that nothing can cause", async () => {
  assert.equal(api.events.length, 54);
  const told = new Set();
  const { core, im, heard } = await loggedIn({}, api.events);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const say = async (...batch) => {
    core.engine.say(...batch);
    await turn();
  };
  const group = { kind: 2, with: "9" };
  const mine = { id: "50", from: "1", outgoing: true, status: "sent", text: "hi" };
  await say(["messages", messagesTape({ id: "5" }, { ...group, id: "6", config: '{"mentionList":[1]}' })]);
  await say(["messages", messagesTape({ id: "7", type: 8 })]);
  await say(["sent", messagesTape({ ...mine, clientId: "4" })]);
  await say(["typing", keysTape({ id: "2" }), "2", true]);
  await say(["conversations", conversationsTape({ id: "2" })]);
  for (const change of ["recall", "delete", "unread", "append", "replace"]) {
    const update = { change, target: "50", by: "2", operation: "60" };
    await say([
      "updates",
      updatesTape({ ...update, message: mine }, { ...update, ...group, message: { ...mine, ...group } }),
    ]);
  }
  for (let type = 0; type < 29; type++) await say(["notices", noticesTape({ id: "70", type, group: "9", from: "1" })]);
  for (let type = 0; type < 11; type++)
    await say(["notices", noticesTape({ id: "70", kind: 3, type, from: "1", to: ["1"] })]);
  await say(["members", "9", listsTape(["8"], [], [])]);
  core.answers.history = () => ({ messages: messagesTape(), next: "0" });
  im.sysManage.requireHistoryMessage(2, 0, 20);
  await until(() => heard.some(([event]) => event === "onReceiveHistoryMsg"));
  await say(["state", "online", "kicked", raw("UserKickedBySameDevice", "frame")]);
  im.logout({ linkLogin: true });
  core.answers.login = () => {
    throw raw("UserFrozen", "frame");
  };
  im.login({ name: "a", password: "b" });
  await until(() => heard.some(([event]) => event === "loginFail"));
  for (const [event] of heard) told.add(event);
  assert.deepEqual(
    api.events.filter((event) => !told.has(event)),
    SILENT,
  );
});

test("every deliberate difference of docs/compat.md is named in a test", async () => {
  const at = (path) => new URL(`../../${path}`, import.meta.url);
  const docs = await readFile(at("docs/compat.md"), "utf8");
  const legacy = (await readdir(at("tests/js"))).filter((name) => /^compat.*\.test\.mjs$/.test(name));
  const files = [...legacy.map((name) => `tests/js/${name}`), "tests/contract/compat.test.mjs"];
  const texts = await Promise.all(files.map((path) => readFile(at(path), "utf8")));
  const table = docs.split("## Deliberate differences")[1].matchAll(/^\|.*\| `([^`]+)` \|$/gm);
  const named = [...table].map(([, name]) => name);
  assert.ok(named.length > 25);
  const tests = texts.join("\n");
  assert.deepEqual(
    named.filter((name) => !tests.includes(`test("${name}"`)),
    [],
  );
});
