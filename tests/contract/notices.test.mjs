// Every type of notice in the schema: what causes it, which devices are told, and what becomes of what they know.
// Nobody else is told anything, and nothing else changes: that is held against all devices in every case.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { at } from "../../scripts/build/common.mjs";
import { nodeWx } from "../lib/node-client.mjs";
import { until } from "../lib/until.mjs";
import ACCOUNT from "./notices/account.mjs";
import GROUP from "./notices/group.mjs";
import ROSTER from "./notices/roster.mjs";
import { Cast, Person, World } from "./stage.mjs";

const schema = fs.readFileSync(at("src/core/proto/xsync.proto"), "utf8");

/** Names of the types of a notice, as the schema has them. */
function typesOf(message) {
  const [, body] = new RegExp(`^message ${message} \\{\\n  enum Type \\{\\n([^}]*)\\}`, "m").exec(schema);
  return [...body.matchAll(/^ +([A-Z_]+) = \d+;/gm)].map(([, name]) => name);
}

/**
 * Of each kind, rows by type: `setup(s)`; `cause(s)`; `told`: what which devices hear, as `"kind type from>to"`;
 * `content`: of the notices of this type; `model(s)`: which of the facets of which devices change, and to what;
 * `check(s)`: what else there is to see.
 */
const KINDS = [
  { message: "GroupNotice", rows: GROUP },
  { message: "RosterNotice", rows: ROSTER },
  { message: "UserNotice", rows: ACCOUNT },
];

/** Of the owner and of the member there are two devices. */
const DEVICES = ["owner", "phone", "admin", "member", "tablet", "stranger"];
const ROLES = ["owner", "admin", "member", "stranger"];

/** The devices in front of a group and of two friends, owner and member. In both chats something was said. */
class Scene extends Cast {
  static async of(world) {
    const s = Object.assign(new Scene(), await Cast.of(world));
    s.group = await s.newGroup();
    await s.befriend(s.owner, s.member);
    // What the phone keeps outlives its client.
    s.storage = new Map();
    s.phone = await s.again();
    s.tablet = await s.member.secondDevice();
    await s.owner.client.conversation({ group: s.group }).send({ text: "hello all" });
    await s.owner.client.conversation({ user: s.member.id }).send({ text: "hello" });
    await s.settle();
    return s;
  }

  /** A client on the owner's phone. */
  again() {
    const { world, owner } = this;
    const client = world.client({ storage: "default" }, nodeWx(this.storage));
    return world.admit(new Person(world, owner.name, owner.password, client));
  }

  roleOf(id) {
    return ROLES.find((role) => this[role].id === id) ?? (id === "0" ? "" : "nobody");
  }

  get online() {
    return DEVICES.map((device) => this[device]).filter(({ client }) => client.state !== "kicked");
  }

  /** Resolves when every device has seen what was sent so far: something is sent behind it. */
  async fence() {
    const content = this.world.fresh("fence");
    for (const user of new Set(this.online.map(({ id }) => id))) {
      await this.world.emulator.admin("notice", { kind: "message", user, content });
    }
    await until("the fence", () =>
      this.online.every(({ events }) => events.some(([name, it]) => name === "message" && it.message.text === content)),
    );
  }

  /** Everybody knows who is in the group and who is a friend; what came is forgotten. */
  async settle() {
    await this.fence();
    await until("what is known at first", () => {
      const all = [this.owner, this.phone, this.admin, this.member, this.tablet];
      return (
        all.every(({ client }) => client.groups.get(this.group)?.memberCount === 3) &&
        [this.owner, this.phone].every(({ client }) => client.roster.get(this.member.id)?.isContact) &&
        [this.member, this.tablet].every(({ client }) => client.roster.get(this.owner.id)?.isContact) &&
        all.every(({ client }) => client.roster.get(this.owner.id))
      );
    });
    for (const device of DEVICES) this[device].events.length = 0;
  }

  /** What a device knows, in words. */
  async facets({ client, events }) {
    const of = (name) => events.filter(([event]) => event === name).map(([, payload]) => payload);
    if (client.state === "kicked") {
      return { state: "kicked", error: of("state").find(({ to }) => to === "kicked").error.code };
    }
    const group = client.groups.get(this.group);
    const roles = (sign, list) => list.map((id) => sign + this.roleOf(id));
    const members = of("group:members").flatMap(({ joined, left, changed }) => [
      ...roles("+", joined),
      ...roles("-", left),
      ...roles("~", changed),
    ]);
    // Strangers get to know the owner by what is told of them.
    const { nickname } = client.roster.get(this.owner.id) ?? { nickname: "" };
    const rooms = (await client.conversations.list()).filter(({ key }) => key.kind !== "system");
    return {
      state: client.state,
      groups: (await client.groups.list()).length,
      count: group?.memberCount ?? 0,
      name: group?.name ?? "",
      master: group ? this.roleOf(group.ownerId) : "",
      contacts: (await client.roster.list()).map(({ id }) => this.roleOf(id)).sort(),
      rooms: rooms.map(({ key }) => (key.kind === "group" ? "group" : this.roleOf(key.id))).sort(),
      gone: of("conversation:removed").map(({ conversation: { kind, id } }) =>
        kind === "group" ? kind : this.roleOf(id),
      ),
      kept: (await client.notices.list()).map(({ kind, type }) => `${kind} ${type}`).sort(),
      members: members.sort(),
      nick: nickname === this.owner.name ? "" : nickname,
      alias: client.roster.get(this.member.id)?.alias ?? "",
    };
  }

  async all() {
    return Object.fromEntries(await Promise.all(DEVICES.map(async (one) => [one, await this.facets(this[one])])));
  }

  /** The contents of the notices that the first line of `told` is about, on all devices that hear it. */
  contents(told) {
    const [event] = Object.values(told)[0];
    const devices = Object.keys(told).filter((one) => told[one].includes(event));
    return devices.map(
      (one) => this[one].events.filter(([name]) => name === "notice")[told[one].indexOf(event)][1].content,
    );
  }

  heard({ events }) {
    const notices = events.filter(([name]) => name === "notice").map(([, notice]) => notice);
    return notices.map(({ kind, type, from, to }) => {
      return `${kind} ${type} ${this.roleOf(from)}>${to.map((id) => this.roleOf(id)).join()}`;
    });
  }
}

/** `{"a b": x}` as `{a: x, b: x}`. */
const spread = (given) =>
  Object.fromEntries(Object.entries(given).flatMap(([names, value]) => names.split(" ").map((name) => [name, value])));

function checkContent(expected, text, s) {
  if (typeof expected === "string") assert.equal(text, expected);
  else assert.deepEqual(JSON.parse(text), expected(s));
}

const seen = [];

describe("notices", () => {
  let world;
  before(async () => {
    world = await World.open();
  });
  after(async () => {
    await world.close();
    console.log(`${seen.length} types of notices`);
    for (const line of seen) console.log(line);
  });

  for (const { message, rows } of KINDS) {
    test(`${message}: every type of the schema is here`, () => {
      assert.deepEqual(Object.keys(rows).sort(), typesOf(message).sort());
    });
    for (const [type, row] of Object.entries(rows)) test(`${message} ${type}`, () => run(`${message} ${type}`, row));
  }

  async function run(what, row) {
    const s = await Scene.of(world);
    try {
      await row.setup?.(s);
      await s.settle();
      const known = await s.all();
      await row.cause(s);
      await s.fence();
      const told = spread(row.told);
      for (const device of DEVICES)
        assert.deepEqual(s.heard(s[device]), told[device] ?? [], `${what}: ${device} hears`);
      if (row.content !== undefined) for (const text of s.contents(told)) checkContent(row.content, text, s);
      const changes = spread(row.model?.(s) ?? {});
      const expected = Object.fromEntries(
        DEVICES.map((one) => [
          one,
          changes[one]?.state === "kicked" ? changes[one] : { ...known[one], ...changes[one] },
        ]),
      );
      // Cards are fetched behind the notice.
      let found;
      const same = async () => {
        found = await s.all();
        return isDeepStrictEqual(found, expected);
      };
      await until("what is known", same, { limit: 5000 }).catch(() => undefined);
      assert.deepEqual(found, expected, `${what}: what is known`);
      await row.check?.(s);
      seen.push(
        `${what.padEnd(36)}${Object.entries(row.told)
          .map(([who, all]) => `${who}: ${all.join("; ")}`)
          .join(" | ")}`,
      );
    } finally {
      await world.dismiss();
    }
  }
});
