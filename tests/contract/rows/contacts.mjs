// Contacts: applications, notes, blocks, look-ups.
import assert from "node:assert/strict";
import { until } from "../../lib/until.mjs";
import { ids } from "../stage.mjs";

/** A setup that adds nothing to the cast. */
const made = async (call) => void (await call);
const aboutMember = ({ member }) => ({ user_id: member.id });
const card = ({ owner, member }) => owner.api("rosterId", { user_id: member.id });
const friends = async ({ owner }) => (await owner.api("rosterList")).items;
const wantsToBeAsked = (who) => who.api("userAuthmode", { value: 1 });

/** The member has applied to the owner, who wants to be asked. */
async function applied({ owner, member }) {
  await wantsToBeAsked(owner);
  await member.api("rosterApply", { user_id: owner.id, reason: "please" });
}
const statusOf = async ({ owner, member }) =>
  (await owner.api("rosterApplylist")).items.find(({ user_id }) => user_id === member.id).status;
const answer = {
  setup: applied,
  params: aboutMember,
  unknown: { user_id: 10000 },
  refused: [{ params: ({ stranger }) => ({ user_id: stranger.id }), code: 10007 }],
};
const note = (params, check) => ({
  params: (s) => ({ ...aboutMember(s), ...params }),
  unknown: { user_id: 10000 },
  refused: "nobody",
  check: async (_, s) => {
    const now = await card(s);
    for (const [field, value] of Object.entries(params)) assert.equal(now[field], value, field);
    await check?.(s);
  },
});
const aliasShows =
  (alias) =>
  async ({ owner, member }) =>
    until("the alias", () => owner.client.roster.get(member.id)?.displayName === alias);
const byName = { refused: "nobody", check: (found, { member }) => assert.equal(found.user_id, member.id) };
const mayWrite = ({ owner, member }) => member.api("rosterMayMessage", { user_id: member.id, roster_id: owner.id });

export default {
  rosterAccept: {
    ...answer,
    check: async (_, s) => {
      assert.deepEqual(await friends(s), [s.member.id]);
      assert.deepEqual((await s.member.api("rosterList")).items, [s.owner.id]);
      for (const [one, other] of [
        [s.owner, s.member],
        [s.member, s.owner],
      ]) {
        await until("a new contact", async () => one.client.roster.get(other.id)?.isContact);
      }
    },
  },
  rosterDecline: {
    ...answer,
    params: (s) => ({ ...aboutMember(s), reason: "no" }),
    check: async (_, s) => {
      assert.equal(await statusOf(s), 2);
      assert.deepEqual(await friends(s), []);
    },
  },
  rosterApply: {
    params: (s) => ({ ...aboutMember(s), alias: "Al", reason: "r", auth_answer: "2" }),
    unknown: { user_id: 10000 },
    refused: [
      { before: ({ member }) => member.api("userAuthmode", { value: 3 }), code: 10012 },
      { before: ({ member, owner }) => member.api("rosterBlockedAdd", { user_id: owner.id }), code: 10006 },
      { before: ({ member, owner }) => member.api("rosterApply", { user_id: owner.id }), code: 10005 },
      {
        before: ({ member }) => member.api("userSettingsPost", { user_id: member.id, auth_mode: 2, auth_answer: "3" }),
        code: 10007,
      },
    ],
    check: async (_, s) => {
      assert.deepEqual(await friends(s), [s.member.id]);
      assert.equal((await card(s)).alias, "Al");
    },
  },
  rosterApplyBatch: {
    params: ({ member, admin }) => ({
      list: [
        { user_id: member.id, alias: "Al" },
        { user_id: admin.id, reason: "r" },
      ],
    }),
    unknown: { list: ({ success, fails }) => assert.deepEqual([success.length, fails.length], [0, 1]) },
    refused: [
      {
        before: ({ member }) => member.api("userAuthmode", { value: 3 }),
        sees: ({ success, fails }, { member, admin }) =>
          assert.deepEqual([success, fails[0].user_id], [[admin.id], member.id]),
      },
    ],
    check: async ({ success }, s) => {
      assert.deepEqual([...success].sort(), ids(s.member, s.admin));
      assert.deepEqual([...(await friends(s))].sort(), ids(s.member, s.admin));
    },
  },
  rosterDelete: {
    setup: ({ owner, member }) => made(member.api("rosterApply", { user_id: owner.id })),
    params: aboutMember,
    unknown: { user_id: 10000 },
    refused: "nobody",
    check: async (_, s) => {
      assert.deepEqual(await friends(s), []);
      assert.deepEqual(
        (await s.owner.client.roster.list()).map(({ id }) => id),
        [],
      );
    },
  },
  rosterExt: note({ ext: '{"a":1}', alias: "Al", mute_notification: true }, aliasShows("Al")),
  rosterAlias: note({ alias: "Al & 名", mute_notification: true }, aliasShows("Al & 名")),
  rosterId: {
    params: aboutMember,
    unknown: { user_id: 10000 },
    refused: "nobody",
    check: (found, { member }) =>
      assert.deepEqual([found.user_id, found.username, found.relation], [member.id, member.name, 2]),
  },
  rosterList: {
    setup: async ({ owner, member, admin }) => {
      for (const one of [member, admin]) await one.api("rosterApply", { user_id: owner.id });
    },
    bad: { limit: -1, cursor: "x" },
    check: async ({ items, cursor, total }, s) => {
      assert.deepEqual([[...items].sort(), cursor, total], [ids(s.member, s.admin), null, 2]);
      const first = await s.owner.api("rosterList", { limit: 1 });
      const second = await s.owner.api("rosterList", { limit: 1, cursor: first.cursor });
      assert.deepEqual([...first.items, ...second.items, second.cursor], [...items, null]);
    },
  },
  rosterListPost: {
    params: ({ owner, stranger }) => ({ list: [owner.id, stranger.id] }),
    unknown: { list: (found) => assert.deepEqual(found, []) },
    check: (found, { owner, stranger }) =>
      assert.deepEqual(found.map(({ user_id }) => user_id).sort(), ids(owner, stranger)),
  },
  rosterName: { params: ({ member }) => ({ username: member.name }), unknown: { username: 10000 }, ...byName },
  rosterMobile: {
    setup: async ({ world, member }) => ({ mobile: await world.phoneOf(member) }),
    params: ({ mobile }) => ({ mobile }),
    unknown: { mobile: 10000 },
    ...byName,
  },
  rosterApplylist: {
    setup: async (s) => {
      await applied(s);
      await s.admin.api("rosterApply", { user_id: s.owner.id, reason: "me too" });
    },
    bad: { limit: -1, cursor: "x" },
    check: async ({ items, cursor, total }, { owner, admin, member }) => {
      const told = items.map(({ user_id, reason, status }) => [user_id, reason, status]);
      assert.deepEqual(
        told.sort(),
        [
          [admin.id, "me too", 0],
          [member.id, "please", 0],
        ].sort(),
      );
      assert.deepEqual([cursor, total], [null, 2]);
      const first = await owner.api("rosterApplylist", { limit: 1 });
      const second = await owner.api("rosterApplylist", { limit: 1, cursor: first.cursor });
      assert.deepEqual([...first.items, ...second.items], items);
    },
  },
  rosterBlockedlist: {
    setup: ({ owner, member }) => made(owner.api("rosterBlockedAdd", { user_id: member.id })),
    check: (list, { member }) => assert.deepEqual(list, [member.id]),
  },
  rosterBlockedAdd: {
    params: aboutMember,
    unknown: { user_id: 10000 },
    refused: "nobody",
    check: async (_, s) => {
      assert.deepEqual(await s.owner.api("rosterBlockedlist"), [s.member.id]);
      assert.equal(await mayWrite(s), false);
      const sent = s.member.client.conversation({ user: s.owner.id }).send({ text: "x" });
      await assert.rejects(sent, { code: "CurrentUserIsInBlocklist" });
    },
  },
  rosterBlockeRemove: {
    setup: ({ owner, member }) => made(owner.api("rosterBlockedAdd", { user_id: member.id })),
    params: aboutMember,
    unknown: { user_id: 10000 },
    refused: "nobody",
    check: async (_, s) => {
      assert.deepEqual(await s.owner.api("rosterBlockedlist"), []);
      assert.equal(await mayWrite(s), true);
    },
  },
  rosterMayMessage: {
    params: ({ owner, member }) => ({ user_id: owner.id, roster_id: member.id }),
    unknown: { user_id: 10010, roster_id: 10000 },
    refused: { admin: 10010 },
    check: async (may, s) => {
      assert.equal(may, true);
      await s.member.api("rosterBlockedAdd", { user_id: s.owner.id });
      const params = { user_id: s.owner.id, roster_id: s.member.id };
      assert.equal(await s.owner.api("rosterMayMessage", params), false);
    },
  },
};
