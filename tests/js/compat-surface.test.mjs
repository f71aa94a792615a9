// Every member of the previous SDK is there and is of its kind, and nothing else is.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { FACTS, loggedIn, make } from "./compat-fixture.mjs";

const { functions, events, constants, properties, config } = FACTS;
const MANAGERS = properties.filter((name) => name !== "baseUrl");
/** What there is no engine for. */
const UNSUPPORTED = Object.keys(functions.rtcManage)
  .filter((name) => name !== "sendRTCMessage" && name !== "getInCallStatus")
  .map((name) => `rtcManage.${name}`);
const ownerOf = (im, module) => (module === "base" ? im : im[module]);

describe("surface", () => {
  test("the facts are whole: 210 functions, 19 constants, 54 events", () => {
    const count = Object.values(functions).reduce((sum, names) => sum + Object.keys(names).length, 0);
    assert.deepEqual([count, constants.length, events.length, properties.length, config.length], [210, 19, 54, 6, 6]);
  });

  test("editors know every event by name", async () => {
    const source = await readFile(new URL("../../js/compat/shapes.ts", import.meta.url), "utf8");
    const [, union] = source.match(/type LegacyEventName =([^;]+);/);
    assert.deepEqual(
      [...union.matchAll(/"(\w+)"/g)].map(([, name]) => name),
      events,
    );
  });

  test("every function is there, and those that wait say so by a promise", () => {
    const { im } = make();
    const kinds = {};
    for (const [module, names] of Object.entries(functions)) {
      kinds[module] = {};
      for (const name of Object.keys(names)) {
        const it = ownerOf(im, module)[name];
        assert.equal(typeof it, "function", `${module}.${name}`);
        kinds[module][name] = it.constructor.name === "AsyncFunction" ? "async" : "sync";
      }
    }
    assert.deepEqual(kinds, functions);
  });

  test("there is nothing that was not there, but for the modern client", async () => {
    const { im } = await loggedIn();
    for (const module of MANAGERS) {
      assert.deepEqual(Object.keys(im[module]).sort(), Object.keys(functions[module]).sort());
    }
    const base = [...Object.keys(functions.base), ...properties, "client"];
    assert.deepEqual(Object.keys(im).sort(), base.sort());
    assert.equal(im.baseUrl, "https://ratel.test");
  });

  test("what is not supported says so by its name; functions work detached", () => {
    const { im } = make();
    for (const path of UNSUPPORTED) {
      const [module, name] = path.split(".");
      const { [name]: detached } = im[module];
      assert.throws(() => detached({}), { code: "Unsupported", message: new RegExp(path.replace(".", "\\.")) });
    }
  });

  test("every constant is there, with names counted from 0", () => {
    const all = make().im.sysManage.getStaticVars();
    assert.deepEqual(Object.keys(all).sort(), [...constants].sort());
    for (const [name, members] of Object.entries(all)) {
      assert.deepEqual(Object.values(members), [...Object.keys(members).keys()], name);
    }
    const sizes = Object.values(all).map((members) => Object.keys(members).length);
    assert.deepEqual(sizes, [2, 4, 2, 21, 7, 4, 9, 4, 10, 9, 3, 29, 7, 11, 14, 2, 3, 2, 3]);
    assert.equal(all.STATIC_FRAME_ERROR_STATUS.RATE_LIMIT_EXCEEDED, 20);
    assert.equal(all.STATIC_GROUPNOTICE_TYPE.FILE_UPDATED, 28);
    assert.equal(all.STATIC_ROSTERNONTICE_TYPE.INFO_UPDATED, 8);
    assert.equal(all.STATIC_MESSAGE_OPTYPE.REPLACE, 9);
  });

  test("no event has a name that was not there, and all but the one that never came are fired somewhere", async () => {
    const folder = new URL("../../js/compat/", import.meta.url);
    const files = (await readdir(folder)).filter((file) => file !== "shapes.ts"); // it has types only
    const texts = await Promise.all(files.map((file) => readFile(new URL(file, folder), "utf8")));
    const source = texts.join("\n");
    const emitted = [...source.matchAll(/emit\(\s*"(\w+)"/g)].map(([, name]) => name);
    assert.ok(emitted.length > 30);
    assert.deepEqual(
      emitted.filter((name) => !events.includes(name)),
      [],
    );
    const whole = (name) => source.includes(`"${name}"`) || source.includes(`"${name}:`);
    // Their names are put together of the kind of a conversation and what happened.
    const edits = events.filter((name) => /Message(ContentAppend|Replace)$/.test(name));
    const missing = events.filter((name) => !whole(name) && !edits.includes(name));
    assert.deepEqual(missing, ["onRosterNotice"]);
  });

  test("every option is taken", () => {
    const options = { appid: "other", autoLogin: false, ws: true, dnsServer: "https://dns.test/", logLevel: "off" };
    const { im } = make({ ...options, linkServer: "https://links.test/info" });
    assert.deepEqual(Object.keys({ ...options, linkServer: "" }).sort(), [...config].sort());
    assert.deepEqual([im.userManage.getAppid(), im.sysManage.getLinkServer()], ["other", "https://links.test/info"]);
    assert.equal(im.setLogLevel("warn"), undefined);
    assert.throws(() => im.setLogLevel("loud"), { code: "ArgumentInvalid", message: /logLevel/ });
  });

  test("every difference that docs/compat.md tells of names a test that is there", async () => {
    const text = await readFile(new URL("../../docs/compat.md", import.meta.url), "utf8");
    const [, table] = text.split("\n## What differs\n");
    const [, , ...rows] = table.split("\n").filter((line) => line.startsWith("|"));
    assert.ok(rows.length > 40);
    for (const row of rows) {
      const [, file, words] = /`([\w.-]+)`: ([^|]+) \|$/.exec(row) ?? assert.fail(row);
      const titles = [...(await readFile(new URL(file, import.meta.url), "utf8")).matchAll(/^ +test\(\s*"(.*)"/gm)];
      for (const part of words.split("; ")) {
        assert.ok(
          titles.some(([, title]) => title.includes(part.trim())),
          `${file} has no test "${part}"`,
        );
      }
    }
  });
});
