// The caller's profile, settings and pins.
import assert from "node:assert/strict";
import { until } from "../../lib/until.mjs";

/** A row of one setting, given as `value`. */
const setting = (field, value, bad) => ({
  params: { value },
  ...(bad === undefined ? {} : { bad: { value: bad } }),
  check: async (_, { owner }) => assert.deepEqual((await owner.api("userSettings"))[field], value),
});

const ALL = {
  ...{ auth_mode: 2, auth_question: "1+1?", auth_answer: "2", auto_download: false, group_confirm: true },
  ...{ no_push: true, no_push_detail: true, no_push_start_hour: 22, no_push_end_hour: 6, no_sounds: true },
  ...{ vibratory: false, push_nick_name: "P", push_token: "t", silence_start_time: 1, silence_end_time: 7 },
};
/** The own card on the own device follows. */
const cardSays =
  (field, value) =>
  async (_, { owner }) => {
    const { client, id } = owner;
    await until("the own card", () => client.roster.get(id)?.[field] === value);
  };
const PROFILE = { nick_name: "Nick", description: "d", public_info: "pub", private_info: "priv" };

export default {
  userAvatar: {
    params: { avatar: "/file/download/avatar?object_name=x" },
    check: async (_, s) => {
      assert.equal((await s.owner.api("userProfile")).avatar, "/file/download/avatar?object_name=x");
      await cardSays("avatar", "/file/download/avatar?object_name=x")(_, s);
    },
  },
  userNickname: {
    params: { nick_name: "Nick & 名" },
    check: async (_, s) => {
      assert.equal((await s.stranger.api("rosterId", { user_id: s.owner.id })).nick_name, "Nick & 名");
      await cardSays("nickname", "Nick & 名")(_, s);
    },
  },
  userProfile: {
    check: (answer, { owner }) => assert.deepEqual([answer.user_id, answer.username], [owner.id, owner.name]),
  },
  userProfilePost: {
    params: PROFILE,
    check: async (_, s) => {
      const now = await s.owner.api("userProfile");
      for (const [field, value] of Object.entries(PROFILE)) assert.equal(now[field], value, field);
      const shown = await s.stranger.api("rosterId", { user_id: s.owner.id });
      assert.deepEqual([shown.public_info, "private_info" in shown], ["pub", false]);
      await cardSays("nickname", "Nick")(_, s);
    },
  },
  userSettings: {
    check: (answer, { owner }) =>
      assert.deepEqual([answer.user_id, answer.auth_mode, answer.vibratory], [owner.id, 0, true]),
  },
  userSettingsPost: {
    params: ({ owner }) => ({ user_id: owner.id, ...ALL }),
    bad: { auth_mode: 4 },
    // Whose id is given has no effect: everybody changes their own.
    refused: [
      {
        params: ({ member }) => ({ user_id: member.id }),
        sees: async (_, { member }) => assert.equal((await member.api("userSettings")).no_push, false),
      },
    ],
    unknown: { user_id: async (_, { owner }) => assert.equal((await owner.api("userSettings")).no_push, true) },
    check: async (_, { owner }) => {
      const now = await owner.api("userSettings");
      for (const [field, value] of Object.entries(ALL)) assert.equal(now[field], value, field);
    },
  },
  userAuthmode: setting("auth_mode", 3, 4),
  userPush: setting("no_push", true),
  userPushDetail: setting("no_push_detail", true),
  userPushNickname: setting("push_nick_name", "Push & 名"),
  userSounds: setting("no_sounds", true),
  userVibratory: setting("vibratory", false),
  userPushLimit: {
    params: { no_push_start_hour: 22, no_push_end_hour: 6 },
    bad: { no_push_start_hour: 24, no_push_end_hour: -1 },
    check: async (_, { owner }) => {
      const { no_push_start_hour, no_push_end_hour } = await owner.api("userSettings");
      assert.deepEqual([no_push_start_hour, no_push_end_hour], [22, 6]);
    },
  },
  userPushTags: {
    setup: async ({ owner }) => void (await owner.api("userPushTagAdd", { tags: ["a", "b"] })),
    check: (answer) => assert.deepEqual(answer, ["a", "b"]),
  },
  userPushTagAdd: {
    setup: async ({ owner }) => void (await owner.api("userPushTagAdd", { tags: ["a"] })),
    params: { tags: ["a", "名"] },
    bad: { tags: "a" },
    check: async (_, { owner, member }) => {
      assert.deepEqual(await owner.api("userPushTags"), ["a", "名"]);
      assert.deepEqual(await member.api("userPushTags"), []);
    },
  },
  userPushTagRemove: {
    setup: async ({ owner }) => void (await owner.api("userPushTagAdd", { tags: ["a", "b", "c"] })),
    params: { tags: ["b", "nowhere"] },
    bad: { tags: 5 },
    check: async (_, { owner }) => assert.deepEqual(await owner.api("userPushTags"), ["a", "c"]),
  },
  userPushTagClear: {
    setup: async ({ owner }) => void (await owner.api("userPushTagAdd", { tags: ["a"] })),
    check: async (_, { owner }) => assert.deepEqual(await owner.api("userPushTags"), []),
  },
  userPushAlias: { params: { alias: "me", push_token: "t" }, check: (answer) => assert.equal(answer, true) },
  userPushBadge: { params: { badge: 3 }, bad: { badge: -1 }, check: (answer) => assert.equal(answer, true) },
  userConversationPin: {
    params: ({ member }) => ({ conversation_id: member.id }),
    unknown: { conversation_id: 10000 },
    check: async (_, { owner, member }) =>
      assert.deepEqual((await owner.api("userConversationPinList")).conversation_ids, [member.id]),
  },
  userConversationUnpin: {
    setup: async ({ owner, member }) => void (await owner.api("userConversationPin", { conversation_id: member.id })),
    params: ({ member }) => ({ conversation_id: member.id }),
    // What is gone can be unpinned.
    unknown: {
      conversation_id: async (_, { owner, member }) =>
        assert.deepEqual((await owner.api("userConversationPinList")).conversation_ids, [member.id]),
    },
    check: async (_, { owner }) => assert.deepEqual((await owner.api("userConversationPinList")).conversation_ids, []),
  },
  userConversationPinList: {
    setup: async (s) => {
      const group = await s.newGroup();
      await s.owner.api("userConversationPin", { conversation_id: group });
      return { group };
    },
    check: async (answer, { group, member }) => {
      assert.deepEqual(answer.conversation_ids, [group]);
      assert.deepEqual((await member.api("userConversationPinList")).conversation_ids, []);
    },
  },
};
