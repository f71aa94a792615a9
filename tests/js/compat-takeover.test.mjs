// What floo-web 3.0.19 has left in a page's storage is taken over once, and never deleted.
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { loggedIn, make, settled } from "./compat-fixture.mjs";
import { raw, until } from "./fake-engine.mjs";
import { profile } from "./profile-3.0.19.mjs";

const WHO = { appid: "app", me: "1", token: "legacy-token", peer: "2", group: "9" };

class Storage {
  constructor(values = {}) {
    this.values = new Map(Object.entries(values));
  }
  getItem(key) {
    return this.values.get(key) ?? null;
  }
  setItem(key, value) {
    this.values.set(key, String(value));
  }
}

const NAMES = ["localStorage", "sessionStorage"];
const before = NAMES.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));

function storages(local = {}, tab = {}) {
  const made = [new Storage(local), new Storage(tab)];
  NAMES.forEach((name, at) => {
    Object.defineProperty(globalThis, name, { value: made[at], configurable: true, writable: true });
  });
  return made;
}

/** A page that takes up what it finds. */
function resumed(config = {}) {
  const made = make({ autoLogin: true, ...config });
  const { core } = made;
  Object.assign(core.answers, { adopt: () => undefined, import: () => undefined, setLocal: () => undefined });
  core.answers.resume = () =>
    core.commands.some(([name, { token }]) => name === "adopt" && token) ? { userId: "1", deviceSn: 12 } : undefined;
  made.all = (name) => core.commands.filter(([it]) => it === name).map(([, params]) => params);
  return made;
}

describe("a profile of 3.0.19", () => {
  beforeEach(() => storages());
  afterEach(() => {
    NAMES.forEach((name, at) => {
      delete globalThis[name];
      if (before[at]) Object.defineProperty(globalThis, name, before[at]);
    });
  });

  test("login, device, messages and drafts go to the core; bad ones are left out", async () => {
    const old = profile(WHO);
    const [local] = storages(old);
    const { im, all } = resumed();
    await until(() => im.isLogin() && local.getItem("floo_taken_over_app_1"));
    assert.deepEqual(all("adopt"), [
      { userId: "1", token: "legacy-token", publicKey: "", deviceGuid: "1_1073741824", deviceSn: 12 },
    ]);
    const [roster, team] = all("import");
    assert.deepEqual([roster.kind, roster.of, team.kind, team.of], [1, "2", 2, "9"]);
    assert.deepEqual(
      roster.messages.map(({ id, text, status }) => [id.slice(-1), text, status]),
      [
        ["2", "an old one", 2],
        ["3", "an answer", 2],
        ["4", "", 2],
        ["5", "edited", 2],
        ["6", "not read yet", 0],
      ],
    );
    assert.deepEqual([roster.messages[2].type, JSON.parse(roster.messages[2].attachment).dName], [4, "plan.pdf"]);
    assert.equal(roster.messages[3].editedAt, "1700000000009");
    assert.equal(team.messages[0].config, '{"mentionAll":true}');
    assert.deepEqual(
      all("setLocal").map(({ of, draft }) => [of, draft]),
      [
        ["9", ""],
        ["2", "half a th"],
      ],
    );
    for (const [key, value] of Object.entries(old)) {
      if (key !== "1_key_user_token") assert.equal(local.getItem(key), value, key);
    }
  });

  test("once: the next page finds what is there already", async () => {
    const [local] = storages(profile(WHO));
    resumed();
    await until(() => local.getItem("floo_taken_over_app_1"));
    const { all } = resumed();
    await settled();
    assert.deepEqual([all("adopt"), all("import")], [[], []]);
  });

  test("what fails is tried again by the next page", async () => {
    const [local] = storages(profile(WHO));
    const { core, im } = resumed();
    core.answers.import = () => {
      throw raw("StorageQuota", "storage");
    };
    await until(() => im.isLogin());
    await settled();
    assert.equal(local.getItem("floo_taken_over_app_1"), null);
    const next = resumed();
    await until(() => local.getItem("floo_taken_over_app_1"));
    assert.equal(next.all("import").length, 2);
  });

  test("without auto login, or after a logout there, only the device; of another application nothing", async () => {
    for (const [config, tab] of [
      [{ autoLogin: false }, {}],
      [{}, { key_stop_auto_login: "true" }],
    ]) {
      storages(profile(WHO), tab);
      const { im, all } = resumed(config);
      await until(() => all("adopt").length === 1);
      assert.deepEqual([all("adopt")[0].token, all("adopt")[0].deviceGuid], [undefined, "1_1073741824"]);
      await settled();
      assert.equal(im.isLogin(), false);
    }
    storages(profile({ ...WHO, appid: "another" }));
    const { all } = resumed();
    await settled();
    assert.deepEqual(all("adopt"), []);
  });

  test("a storage that is kept from the page is none", async () => {
    Object.defineProperty(globalThis, "localStorage", {
      configurable: true,
      get: () => {
        throw new DOMException("no", "SecurityError");
      },
    });
    const { im } = await loggedIn();
    assert.equal(im.isLogin(), true);
  });

  test("who is logged in, and the token, stand where older versions look for them until the logout", async () => {
    const [local, tab] = storages({ other: "kept" });
    const { im } = await loggedIn();
    await until(() => tab.getItem("1_key_user_token"));
    for (const store of [local, tab]) {
      const keys = ["key_user_id", "key_app_id", "1_key_user_token"];
      assert.deepEqual(
        keys.map((key) => store.getItem(key)),
        ["1", "app", "secret-token"],
      );
    }
    assert.equal(local.getItem("1_key_user_token_app_id"), "app");
    im.logout({ linkLogin: true });
    await until(() => local.getItem("1_key_user_token") === "");
    assert.deepEqual([tab.getItem("1_key_user_token"), local.getItem("other")], ["", "kept"]);
    // That is not a profile of the former SDK.
    const { all } = resumed();
    await settled();
    assert.deepEqual(all("adopt"), []);
  });
});
