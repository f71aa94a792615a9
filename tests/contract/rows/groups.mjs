// Groups: who comes and goes, who may do what, cards and switches, announcements.
import assert from "node:assert/strict";
import { until } from "../../lib/until.mjs";
import { NOBODY } from "../endpoints.mjs";
import { failed, ids, refusal } from "../stage.mjs";

const inGroup = ({ group }) => ({ group_id: group });
const theMember = (s) => ({ ...inGroup(s), user_list: [s.member.id] });
const theStranger = (s) => ({ ...inGroup(s), user_list: [s.stranger.id] });
const GONE = { group_id: 20001 };
/** A call about several: what becomes of nobody. */
const LINES = { ...GONE, user_list: failed("user_id", NOBODY) };
const MANAGERS = { member: 20012, stranger: 20012 };
const OWNERS = { admin: 20013, member: 20013, stranger: 20013 };
const INSIDERS = { stranger: 20011 };
const succeeded = (lines, person) => assert.deepEqual(lines, [{ user_id: person.id, result: "success", reason: "" }]);
const isIn = async (s, person) => (await s.members()).includes(person.id);
/** What the devices of somebody know of their groups. */
const hasGroup = ({ client }, group, there) =>
  until("the list of groups", async () => (client.groups.get(group) !== null) === there);

/** A row that changes one field of the card. */
const field = (name, value, refused, { parameter = "value", bad } = {}) => ({
  params: (s) => ({ ...inGroup(s), [parameter]: value }),
  unknown: GONE,
  refused,
  ...(bad === undefined ? {} : { bad: { [parameter]: bad } }),
  check: async (_, s) => {
    assert.deepEqual((await s.info())[name], value);
    assert.deepEqual((await s.info(s.stranger))[name], value);
  },
});
const cardField = (name, value) => field(name, value, { member: 20012, stranger: 20011 });
const switchField = (name, value, more) => field(name, value, MANAGERS, more);
/** A mode of the caller's own. */
const mode = (name, value, most) => ({
  params: (s) => ({ ...inGroup(s), [name]: value }),
  unknown: GONE,
  refused: INSIDERS,
  bad: { [name]: [most + 1, 20003] },
  check: async (_, s) => {
    assert.equal((await s.info())[name], value);
    assert.equal((await s.info(s.member))[name], 0);
  },
});

const set = (name, parameter, value) => (s) => s.owner.api(name, { ...inGroup(s), [parameter]: value });
const approval = (value) => set("groupSettingsRequireadminapproval", "apply_approval", value);
const closedToMembers = set("groupSettingsAllowmemberinvitation", "value", false);
const ban = async (s) => void (await s.owner.api("groupBab", { ...theMember(s), duration: -1 }));
const block = async (s) => void (await s.owner.api("groupBlock", theMember(s)));
const announce = (s) => s.owner.api("groupAnnouncementEdit", { ...inGroup(s), title: "T", content: "C" });
/** The stranger wants in, and has to wait. */
async function applied(s) {
  await approval(1)(s);
  await s.stranger.api("groupApply", { ...inGroup(s), reason: "please" });
}
/** The stranger was asked, and has to answer. */
async function invited(s) {
  await s.stranger.api("userSettingsPost", { user_id: s.stranger.id, group_confirm: true });
  await s.owner.api("groupInvite", { ...theStranger(s), reason: "come" });
}
const withGroup = (more) => async (s) => {
  s.group = await s.newGroup();
  await more?.(s);
};
const banned = async (s) =>
  (await s.owner.api("groupBannedList", inGroup(s))).items.map(({ user_id, expired_time }) => [user_id, expired_time]);
const blocked = async (s) => (await s.owner.api("groupBockedlist", inGroup(s))).items.map(({ user_id }) => user_id);
const admins = async (s) => (await s.owner.api("groupAdminList", inGroup(s))).map(({ user_id }) => user_id).sort();
const announcements = async (s) => (await s.owner.api("groupAnnouncementList", inGroup(s))).map(({ id }) => id);
const maySpeak = (s, who, may) => {
  const sent = who.client.conversation({ group: s.group }).send({ text: "x" });
  return may ? sent : assert.rejects(sent, { domain: "frame" });
};
const PAGES = { limit: -1, cursor: "x" };
/** A list comes whole, and in pages of one. */
const paged = async (person, name, params, whole) => {
  let [items, cursor] = [[], null];
  do {
    const page = await person.api(name, { ...params, limit: 1, ...(cursor === null ? {} : { cursor }) });
    assert.equal(page.items.length, 1);
    items = [...items, ...page.items];
    cursor = page.cursor;
  } while (cursor !== null);
  assert.deepEqual(items, whole.items);
  assert.equal(whole.total, items.length);
};

export default {
  groupCreate: {
    params: ({ member }) => ({
      ...{ name: "New", avatar: "/a", description: "d", type: 1, user_list: [member.id] },
    }),
    bad: { type: 4 },
    refused: [
      {
        before: async ({ owner, world }) => {
          await owner.api("groupCreate", { name: "First" });
          await world.emulator.admin("app", { max_own_groups: 1 });
        },
        after: ({ world }) => world.emulator.admin("app", { max_own_groups: 0 }),
        code: 20008,
      },
    ],
    unknown: { user_list: ({ count }) => assert.equal(count, 1) },
    check: async ({ group_id, name, description, avatar, type, owner_id, count }, s) => {
      assert.deepEqual([name, description, avatar, type, owner_id, count], ["New", "d", "/a", 1, s.owner.id, 2]);
      Object.assign(s, { group: group_id });
      assert.deepEqual(await s.members(), ids(s.owner, s.member));
      for (const one of [s.owner, s.member]) await hasGroup(one, group_id, true);
    },
  },
  groupDestroy: {
    params: inGroup,
    unknown: GONE,
    refused: OWNERS,
    check: async (_, s) => {
      await refusal("its card", s.info(), 20001);
      for (const one of [s.owner, s.admin, s.member]) await hasGroup(one, s.group, false);
    },
  },
  groupInfo: {
    params: inGroup,
    unknown: GONE,
    refused: "nobody",
    check: (info, s) => assert.deepEqual([info.group_id, info.name, info.count], [s.group, "Group", 3]),
  },
  groupSettings: {
    params: inGroup,
    unknown: GONE,
    refused: "nobody",
    check: (info) => assert.deepEqual([info.apply_approval, info.member_invite], [0, true]),
  },
  groupInfoBatch: {
    setup: withGroup(),
    params: ({ group }) => ({ group_list: [group] }),
    unknown: { group_list: (list) => assert.deepEqual(list, []) },
    refused: "nobody",
    check: (list, { group }) =>
      assert.deepEqual(
        list.map(({ group_id }) => group_id),
        [group],
      ),
  },
  groupUserjoined: {
    setup: withGroup(),
    check: async (list, s) => {
      assert.deepEqual(list, [s.group]);
      assert.deepEqual(await s.stranger.api("groupUserjoined"), []);
    },
  },
  groupPubliclist: {
    setup: async (s) => ({ group: await s.newGroup({ type: 1 }), other: await s.newGroup({ type: 0 }) }),
    check: (list, { group, other }) => assert.deepEqual([list.includes(group), list.includes(other)], [true, false]),
  },
  groupMemberlist: {
    params: inGroup,
    unknown: GONE,
    refused: INSIDERS,
    bad: PAGES,
    check: async (page, s) => {
      assert.deepEqual(page.items.map(({ user_id }) => user_id).sort(), ids(s.owner, s.admin, s.member));
      await paged(s.owner, "groupMemberlist", inGroup(s), page);
    },
  },
  groupMembersDidpayname: {
    setup: (s) => s.member.api("groupDisplayname", { ...inGroup(s), value: "M." }).then(() => ({})),
    params: theMember,
    unknown: { ...GONE, user_list: (list) => assert.deepEqual(list, []) },
    refused: INSIDERS,
    check: ([{ user_id, display_name }], { member }) => assert.deepEqual([user_id, display_name], [member.id, "M."]),
  },
  groupDisplayname: {
    as: "member",
    params: (s) => ({ ...inGroup(s), value: "M. 名" }),
    unknown: GONE,
    refused: INSIDERS,
    check: async (_, s) => {
      const [{ display_name }] = await s.owner.api("groupMembersDidpayname", theMember(s));
      assert.equal(display_name, "M. 名");
    },
  },
  groupAdminAdd: {
    params: theMember,
    unknown: LINES,
    refused: OWNERS,
    check: async (lines, s) => {
      succeeded(lines, s.member);
      assert.deepEqual(await admins(s), ids(s.admin, s.member));
      await s.member.api("groupInfoName", { ...inGroup(s), value: "Ours" });
    },
  },
  groupAdminRemove: {
    params: (s) => ({ ...inGroup(s), user_list: [s.admin.id] }),
    unknown: LINES,
    refused: OWNERS,
    check: async (lines, s) => {
      succeeded(lines, s.admin);
      assert.deepEqual(await admins(s), []);
    },
  },
  groupAdminList: {
    params: inGroup,
    unknown: GONE,
    refused: "nobody",
    check: (list, s) =>
      assert.deepEqual(
        list.map(({ user_id }) => user_id),
        [s.admin.id],
      ),
  },
  groupTransfer: {
    params: (s) => ({ ...inGroup(s), new_owner: s.member.id }),
    unknown: { ...GONE, new_owner: 20005 },
    refused: [
      ...Object.entries(OWNERS).map(([as, code]) => ({ as, code })),
      { params: ({ stranger }) => ({ new_owner: stranger.id }), code: 20005 },
    ],
    check: async (line, s) => {
      succeeded([line], s.member);
      assert.equal((await s.info()).owner_id, s.member.id);
      await until("the card", () => s.member.client.groups.get(s.group)?.ownerId === s.member.id);
      await refusal("no longer", s.owner.api("groupDestroy", inGroup(s)), 20013);
    },
  },
  groupAnnouncementEdit: {
    params: (s) => ({ ...inGroup(s), title: "T", content: "C" }),
    unknown: GONE,
    refused: MANAGERS,
    check: async ({ id, author }, s) => {
      assert.equal(author, s.owner.id);
      assert.deepEqual(await announcements(s), [id]);
    },
  },
  groupAnnouncementList: {
    setup: announce,
    params: inGroup,
    unknown: GONE,
    refused: INSIDERS,
    check: (list) =>
      assert.deepEqual(
        list.map(({ title, content }) => [title, content]),
        [["T", "C"]],
      ),
  },
  groupAnnouncementLast: {
    setup: announce,
    params: inGroup,
    unknown: GONE,
    refused: INSIDERS,
    check: async ({ title, id }, s) => {
      assert.equal(title, "T");
      await s.owner.api("groupAnnouncementDelete", { ...inGroup(s), announcement_id: id });
      await refusal("none left", s.owner.api("groupAnnouncementLast", inGroup(s)), 20020);
    },
  },
  groupAnnouncement: {
    setup: announce,
    params: (s) => ({ ...inGroup(s), announcement_id: s.id }),
    unknown: { ...GONE, announcement_id: 20020 },
    refused: INSIDERS,
    check: ({ content, created_at }) => assert.deepEqual([content, created_at > 0], ["C", true]),
  },
  groupAnnouncementDelete: {
    setup: announce,
    params: (s) => ({ ...inGroup(s), announcement_id: s.id }),
    unknown: { ...GONE, announcement_id: 20020 },
    refused: MANAGERS,
    check: async (_, s) => assert.deepEqual(await announcements(s), []),
  },
  groupInfoName: cardField("name", "Name 名"),
  groupInfoAvatar: cardField("avatar", "/a?b=c"),
  groupInfoDdscription: cardField("description", "about us"),
  groupInfoExt: cardField("ext", '{"a":1}'),
  groupSettingsAllowmemberinvitation: switchField("member_invite", false),
  groupSettingsAllowmembermodify: switchField("member_modify", true),
  groupSettingsEnablereadack: switchField("read_ack", true),
  groupSettingsHistoryvisible: switchField("history_visible", false),
  groupSettingsHideMemberInfo: switchField("hide_member_info", true),
  groupSettingsRequireadminapproval: switchField("apply_approval", 1, { parameter: "apply_approval", bad: 3 }),
  groupSettingsBanAll: {
    params: (s) => ({ ...inGroup(s), duration: -1 }),
    unknown: GONE,
    refused: MANAGERS,
    check: async (answer, s) => {
      assert.deepEqual(answer, { ban_expire_time: -1 });
      await maySpeak(s, s.member, false);
      await maySpeak(s, s.admin, true);
    },
  },
  groupSettingsUnBanAll: {
    setup: (s) => s.owner.api("groupSettingsBanAll", { ...inGroup(s), duration: -1 }).then(() => ({})),
    params: inGroup,
    unknown: GONE,
    refused: MANAGERS,
    check: async (_, s) => {
      assert.equal((await s.info()).ban_expire_time, 0);
      await maySpeak(s, s.member, true);
    },
  },
  groupMsgMutemode: mode("msg_mute_mode", 2, 2),
  groupMsgPushMode: mode("msg_push_mode", 4, 4),
  groupMsgNotdisturb: {
    params: (s) => ({ ...inGroup(s), value: true }),
    unknown: GONE,
    refused: INSIDERS,
    bad: { value: 5 },
    check: async (_, s) => {
      assert.equal((await s.info()).msg_mute_mode, 1);
      await s.owner.api("groupMsgNotdisturb", { ...inGroup(s), value: false });
      assert.equal((await s.info()).msg_mute_mode, 0);
    },
  },
  groupBab: {
    params: (s) => ({ ...theMember(s), duration: -1 }),
    unknown: LINES,
    refused: MANAGERS,
    check: async (lines, s) => {
      succeeded(lines, s.member);
      assert.deepEqual(await banned(s), [[s.member.id, -1]]);
      await maySpeak(s, s.member, false);
    },
  },
  groupUnban: {
    setup: ban,
    params: theMember,
    unknown: LINES,
    refused: MANAGERS,
    check: async (lines, s) => {
      succeeded(lines, s.member);
      assert.deepEqual(await banned(s), []);
      await maySpeak(s, s.member, true);
    },
  },
  groupBannedList: {
    setup: async (s) => {
      await ban(s);
      await s.owner.api("groupBab", { ...inGroup(s), user_list: [s.admin.id], duration: 10 });
    },
    params: inGroup,
    unknown: GONE,
    refused: INSIDERS,
    bad: PAGES,
    check: async (page, s) => {
      assert.deepEqual(page.items.map(({ user_id }) => user_id).sort(), ids(s.member, s.admin));
      await paged(s.owner, "groupBannedList", inGroup(s), page);
    },
  },
  groupBlock: {
    params: theMember,
    unknown: LINES,
    refused: MANAGERS,
    check: async (lines, s) => {
      succeeded(lines, s.member);
      assert.deepEqual([await blocked(s), await isIn(s, s.member)], [[s.member.id], false]);
      await refusal("coming back", s.member.api("groupApply", inGroup(s)), 20018);
      await hasGroup(s.member, s.group, false);
    },
  },
  groupUnblock: {
    setup: block,
    params: theMember,
    unknown: LINES,
    refused: { member: 20012, stranger: 20012 },
    check: async (lines, s) => {
      succeeded(lines, s.member);
      assert.deepEqual(await blocked(s), []);
      await s.member.api("groupApply", inGroup(s));
    },
  },
  groupBockedlist: {
    setup: async (s) => {
      await block(s);
      await s.owner.api("groupBlock", theStranger(s));
    },
    params: inGroup,
    unknown: GONE,
    refused: MANAGERS,
    bad: PAGES,
    check: async (page, s) => {
      assert.deepEqual(page.items.map(({ user_id }) => user_id).sort(), ids(s.member, s.stranger));
      await paged(s.owner, "groupBockedlist", inGroup(s), page);
    },
  },
  groupKick: {
    params: (s) => ({ ...theMember(s), reason: "r" }),
    unknown: LINES,
    refused: [
      ...Object.entries(MANAGERS).map(([as, code]) => ({ as, code })),
      {
        as: "admin",
        params: ({ owner }) => ({ user_list: [owner.id] }),
        sees: (lines, { owner }) => failed("user_id", owner.id)(lines),
      },
    ],
    check: async (lines, s) => {
      succeeded(lines, s.member);
      assert.equal(await isIn(s, s.member), false);
      await hasGroup(s.member, s.group, false);
    },
  },
  groupInvite: {
    params: (s) => ({ ...theStranger(s), reason: "come" }),
    unknown: LINES,
    refused: [
      { as: "stranger", code: 20011 },
      { as: "member", before: closedToMembers, code: 20012 },
    ],
    check: async (lines, s) => {
      succeeded(lines, s.stranger);
      assert.equal(await isIn(s, s.stranger), true);
      await hasGroup(s.stranger, s.group, true);
    },
  },
  groupInviteHandle: {
    as: "stranger",
    setup: invited,
    params: (s) => ({ ...inGroup(s), approval: true, user_id: s.stranger.id, reason: "r" }),
    // Whose id is given has no effect: everybody answers for themselves.
    unknown: { ...GONE, user_id: async (_, s) => assert.equal(await isIn(s, s.stranger), true) },
    refused: [
      {
        as: ({ uninvited }) => uninvited,
        before: async (s) => Object.assign(s, { uninvited: await s.world.person() }),
        code: 20015,
      },
      { as: "member", code: 20017 },
    ],
    check: async (_, s) => {
      assert.equal(await isIn(s, s.stranger), true);
      assert.equal((await s.stranger.api("groupInvitationlist")).items[0].status, 1);
    },
  },
  groupInvitationlist: {
    as: "stranger",
    setup: withGroup(async (s) => {
      await invited(s);
      const other = await s.newGroup({ name: "Other" });
      await s.owner.api("groupInvite", { group_id: other, user_list: [s.stranger.id] });
    }),
    bad: PAGES,
    check: async (page, s) => {
      const line = page.items.find(({ group_id }) => group_id === s.group);
      const { inviter_id, invitee_id, reason, status } = line;
      assert.deepEqual([inviter_id, invitee_id, reason, status], [s.owner.id, s.stranger.id, "come", 0]);
      await paged(s.stranger, "groupInvitationlist", {}, page);
    },
  },
  groupApply: {
    as: "stranger",
    params: (s) => ({ ...inGroup(s), reason: "please" }),
    unknown: GONE,
    refused: [
      { before: approval(2), code: 10010 },
      { before: (s) => s.owner.api("groupBlock", theStranger(s)), code: 20018 },
      { as: "member", code: 20017 },
    ],
    check: async (line, s) => {
      succeeded([line], s.stranger);
      assert.equal(await isIn(s, s.stranger), true);
    },
  },
  groupApplyHandle: {
    as: "admin",
    setup: applied,
    params: (s) => ({ ...inGroup(s), approval: true, user_id: s.stranger.id, reason: "r" }),
    unknown: { ...GONE, user_id: 20014 },
    refused: MANAGERS,
    check: async (line, s) => {
      succeeded([line], s.stranger);
      assert.equal(await isIn(s, s.stranger), true);
      const { items } = await s.owner.api("groupApplicationlist", { group_list: [s.group] });
      assert.equal(items[0].status, 1);
    },
  },
  groupApplicationlist: {
    setup: withGroup(async (s) => {
      await applied(s);
      await (await s.world.person()).api("groupApply", inGroup(s));
    }),
    params: ({ group }) => ({ group_list: [group] }),
    unknown: { group_list: ({ items }) => assert.deepEqual(items, []) },
    // Groups of others are left out.
    refused: [{ as: "member", sees: ({ items }) => assert.deepEqual(items, []) }],
    bad: PAGES,
    check: async (page, s) => {
      const line = page.items.find(({ applicant_id }) => applicant_id === s.stranger.id);
      assert.deepEqual([line.group_id, line.reason, line.status], [s.group, "please", 0]);
      await paged(s.owner, "groupApplicationlist", { group_list: [s.group] }, page);
    },
  },
  groupLeave: {
    as: "member",
    params: inGroup,
    unknown: GONE,
    refused: { owner: 20004, stranger: 20002 },
    check: async (_, s) => {
      assert.equal(await isIn(s, s.member), false);
      await hasGroup(s.member, s.group, false);
    },
  },
};
