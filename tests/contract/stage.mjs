// Who plays in the contract tests: an emulator, and accounts with a client each.
import assert from "node:assert/strict";
import fs from "node:fs";
import { at } from "../../scripts/build/common.mjs";
import { startEmulator } from "../lib/emulator.mjs";
import { nodeClient, nodeWx } from "../lib/node-client.mjs";
import { until } from "../lib/until.mjs";

const CODES = JSON.parse(fs.readFileSync(at("src/core/model/error_codes.json"), "utf8"));

/** The SDK's name for a code of the cloud. */
function nameOf(code) {
  const known = CODES.find(({ http }) => http?.includes(code));
  assert.ok(known, `the SDK has no error for ${code}`);
  return known.name;
}

/** Resolves when a call fails with a code of the cloud, and says so. */
export const refusal = (what, call, code) =>
  assert.rejects(call, (error) => {
    assert.equal(error.code, nameOf(code), `${what}: ${error.message}`);
    assert.match(error.message, new RegExp(`\\(code ${code}\\b`), what);
    return true;
  });

/** An account with a client that is logged in. */
export class Person {
  /** All events since the login, as `[name, payload]`. */
  events = [];

  constructor(world, name, password, client = world.client()) {
    Object.assign(this, { world, name, password, client });
    for (const name of ["notice", "state", "group:members", "conversation:removed", "message"]) {
      this.client.on(name, (payload) => this.events.push([name, payload]));
    }
  }

  async login(credentials = { username: this.name, password: this.password }) {
    const { userId } = await this.client.login(credentials);
    this.id = userId;
    return this;
  }

  api(name, params) {
    return this.client.api(name, params);
  }

  /** The same account on another device. */
  secondDevice() {
    return this.world.admit(new Person(this.world, this.name, this.password));
  }
}

export class World {
  #people = [];
  #count = 0;
  emulator;
  /** A client that nobody is logged in on. */
  nobody;

  static async open() {
    const world = new World();
    world.emulator = await startEmulator();
    await world.emulator.admin("app", { http_rate: 0 });
    const client = world.client();
    world.nobody = { client, api: (name, params) => client.api(name, params) };
    return world;
  }

  client(options = { storage: "memory" }, platform = nodeWx()) {
    const servers = { dns: this.emulator.dns };
    return nodeClient({ appId: "floo-demo", servers, logLevel: "off", ...options }, platform);
  }

  /** A name or number that was not there before. */
  fresh(what = "user") {
    this.#count += 1;
    return `${what}${String(this.#count).padStart(8, "0")}`;
  }

  /** Opens an account and logs in. */
  async person() {
    const name = this.fresh();
    const password = `${name}-secret`;
    await this.nobody.api("userRegister", { username: name, password });
    return this.admit(new Person(this, name, password));
  }

  async admit(person, credentials) {
    this.#people.push(person.client);
    return person.login(credentials);
  }

  /** Closes the clients of all who came. */
  async dismiss() {
    await Promise.all(this.#people.splice(0).map((client) => client.close()));
  }

  async close() {
    await this.dismiss();
    await this.nobody.client.close();
    await this.emulator.stop();
  }

  /** A slip of the emulator's desk. */
  async slip(name) {
    const { data } = await (await fetch(`${this.emulator.url}/admin/api/desk`)).json();
    return data.find((slip) => slip.name === name);
  }

  /** The code that a phone gets. */
  async sms(mobile) {
    await this.nobody.api("userSendSms", { mobile });
    return (await this.slip(`sms ${mobile}`)).code;
  }

  /** A phone that was proven to be `person`'s. */
  async phoneOf(person) {
    const mobile = this.fresh("139");
    await person.api("userUpdateMobile", { mobile });
    return mobile;
  }

  /** Whom credentials belong to, in the way that `login` of the name says. */
  async whose(name, params) {
    return (await this.nobody.api(name, params)).user_id;
  }

  /** Puts bytes where an answer of `fileUpload...` says. */
  async upload({ upload_url, oss_body_param }, bytes) {
    const form = new FormData();
    for (const [name, value] of Object.entries(oss_body_param)) form.append(name, value);
    form.append("file", new Blob([bytes]), "a.txt");
    const answer = await (await fetch(upload_url, { method: "POST", body: form })).json();
    assert.equal(answer.code, 200, answer.message);
  }

  /** What somebody finds at an address: the text, or the status of a refusal. */
  async download(url, person) {
    const { token } = await this.nobody.api("tokenId", { user_id: person.id, password: person.password });
    const answer = await fetch(url, { headers: { app_id: "floo-demo", "access-token": token } });
    return answer.ok ? answer.text() : answer.status;
  }
}

/**
 * The people of one endpoint: `owner`, `admin`, `member` of a group, and a `stranger`. Owner, admin and member are no
 * friends either: rows make what they need.
 */
export class Cast {
  static async of(world) {
    const cast = new Cast();
    const roles = ["owner", "admin", "member", "stranger"];
    const people = await Promise.all(roles.map(() => world.person()));
    return Object.assign(cast, Object.fromEntries(roles.map((role, n) => [role, people[n]])), {
      world,
      nobody: world.nobody,
    });
  }

  /** A new group of theirs. */
  async newGroup(options = {}) {
    const people = [this.admin.id, this.member.id];
    const group = await this.owner.api("groupCreate", { name: "Group", user_list: people, ...options });
    await this.owner.api("groupAdminAdd", { group_id: group.group_id, user_list: [this.admin.id] });
    return group.group_id;
  }

  info(who = this.owner) {
    return who.api("groupInfo", { group_id: this.group });
  }

  /** Ids of the members of the group, in the order of `ids`. */
  async members() {
    const { items } = await this.owner.api("groupMemberlist", { group_id: this.group });
    return ids(...items.map(({ user_id }) => ({ id: user_id })));
  }

  /** Two become friends. */
  async befriend(one, other) {
    await one.api("rosterApply", { user_id: other.id });
    assert.ok((await one.api("rosterList")).items.includes(other.id));
  }
}

/** Ids in an order of their own. */
export const ids = (...people) => people.map(({ id }) => id).sort();

/** A line of an answer about several: what became of one. */
export const failed = (key, id) => (lines) => {
  assert.deepEqual([lines.length, String(lines[0][key]), lines[0].result], [1, String(id), "fail"]);
  assert.notEqual(lines[0].reason, "");
};

/** Waits until somebody's connection has ended for good; resolves to the error's code. */
export async function ended(person) {
  await until("the end of a session", () => person.client.state === "kicked");
  return person.events.findLast(([name, { to }]) => name === "state" && to === "kicked")[1].error.code;
}
