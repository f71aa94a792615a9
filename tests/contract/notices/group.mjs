// GroupNotice: the owner, an admin and a member are in the group, the stranger is not.
const IN = "owner phone admin member tablet";
const MANAGERS = "owner phone admin";
const ALL = `${IN} stranger`;

const inGroup = ({ group }) => ({ group_id: group });
const theMember = (s) => ({ ...inGroup(s), user_list: [s.member.id] });
const theStranger = (s) => ({ ...inGroup(s), user_list: [s.stranger.id] });

/** Who was put out of the group, or has left it. */
const out = (why) => ({ groups: 0, count: 0, name: "", master: "", kept: [`group ${why}`] });
const withFriend = (why) => ({ ...out(why), rooms: ["owner"], gone: ["group"] });
/** Who came in. */
const inside = { groups: 1, count: 4, name: "Group", master: "owner" };
const plus = (more) => ({ count: 4, members: ["+stranger"], ...more });
const minus = { count: 2, members: ["-member"] };

const applied = async (s) => {
  await s.owner.api("groupSettingsRequireadminapproval", { ...inGroup(s), apply_approval: 1 });
  await s.stranger.api("groupApply", { ...inGroup(s), reason: "please" });
};
const invited = async (s) => {
  await s.stranger.api("userSettingsPost", { user_id: s.stranger.id, group_confirm: true });
  await s.owner.api("groupInvite", { ...theStranger(s), reason: "come" });
};
const handle = (approval) => (s) =>
  s.admin.api("groupApplyHandle", { ...inGroup(s), user_id: s.stranger.id, approval, reason: "r" });
const answer = (approval) => (s) =>
  s.stranger.api("groupInviteHandle", { ...inGroup(s), user_id: s.stranger.id, approval, reason: "r" });
/** A notice that no call causes: it is put into the member's queue. */
const uncaused = (type, name) => ({
  cause: ({ world, member, owner, group }) =>
    world.emulator.admin("notice", {
      ...{ kind: "group", type, user: member.id, group: Number(group), from: owner.id, to: [member.id], content: "c" },
    }),
  told: { "member tablet": [`group ${name} owner>member`] },
  content: "c",
});
/** A file of the owner's on the list. */
async function shared(s) {
  const slot = await s.owner.api("fileUploadChatFileUrl", { file_type: 200, to_id: s.group, to_type: 2 });
  await s.world.upload(slot, "hello");
  s.file = { ...inGroup(s), name: "a.txt", size: 5, url: slot.download_url };
}
const listed = async (s) => {
  await shared(s);
  Object.assign(s, await s.owner.api("groupFileupload", s.file));
};
const file = (name) => (s) => ({ files: [{ file_id: Number(s.file_id), name }] });

export default {
  UNKNOWN: uncaused("UNKNOWN", "unknown"),
  PRESENCE: uncaused("PRESENCE", "presence"),
  ABSENCE: uncaused("ABSENCE", "absence"),
  MESSAGE_SETTING: uncaused("MESSAGE_SETTING", "message-setting"),
  CREATED: {
    cause: (s) => s.owner.api("groupCreate", { name: "New" }),
    told: { "owner phone": ["group created owner>"] },
    model: () => ({ "owner phone": { groups: 2 } }),
  },
  DESTROYED: {
    cause: (s) => s.owner.api("groupDestroy", inGroup(s)),
    told: { [IN]: ["group destroyed owner>"] },
    model: () => ({
      "owner phone": { ...out("destroyed"), rooms: ["member"], gone: ["group"] },
      admin: { ...out("destroyed"), rooms: [], gone: ["group"] },
      "member tablet": withFriend("destroyed"),
    }),
  },
  JOINED: {
    cause: (s) => s.stranger.api("groupApply", inGroup(s)),
    told: { [ALL]: ["group joined stranger>"] },
    model: () => ({ [IN]: plus(), stranger: inside }),
  },
  LEAVED: {
    cause: (s) => s.member.api("groupLeave", inGroup(s)),
    told: { [IN]: ["group left member>"] },
    model: () => ({ [MANAGERS]: minus, "member tablet": withFriend("left") }),
  },
  APPLYED: {
    setup: (s) => s.owner.api("groupSettingsRequireadminapproval", { ...inGroup(s), apply_approval: 1 }),
    cause: (s) => s.stranger.api("groupApply", { ...inGroup(s), reason: "please" }),
    told: { [MANAGERS]: ["group applied stranger>"] },
    content: "please",
    model: () => ({ [MANAGERS]: { kept: ["group applied"] } }),
  },
  APPLY_ACCEPTED: {
    setup: applied,
    cause: handle(true),
    told: {
      "admin stranger": ["group apply-accepted admin>stranger"],
      "owner phone member tablet": ["group joined stranger>"],
    },
    model: () => ({ [MANAGERS]: plus({ kept: [] }), "member tablet": plus(), stranger: inside }),
  },
  APPLY_DECLINED: {
    setup: applied,
    cause: handle(false),
    told: { "admin stranger": ["group apply-declined admin>stranger"] },
    content: "r",
    model: () => ({ admin: { kept: [] }, stranger: { kept: ["group apply-declined"] } }),
  },
  INVITED: {
    cause: invited,
    told: { "owner phone": ["group invited owner>stranger"], stranger: ["group invited owner>stranger"] },
    content: "come",
    model: () => ({ stranger: { kept: ["group invited"] } }),
  },
  INVITE_ACCEPTED: {
    setup: invited,
    cause: answer(true),
    told: { [ALL]: ["group invite-accepted stranger>owner"] },
    model: () => ({ [IN]: plus(), stranger: { ...inside, kept: [] } }),
  },
  INVITE_DECLINED: {
    setup: invited,
    cause: answer(false),
    told: { "owner phone stranger": ["group invite-declined stranger>owner"] },
    content: "r",
    model: () => ({ stranger: { kept: ["group invite-declined"] } }),
  },
  KICKED: {
    cause: (s) => s.admin.api("groupKick", { ...theMember(s), reason: "r" }),
    told: { [IN]: ["group kicked admin>member"] },
    content: "r",
    model: () => ({ [MANAGERS]: minus, "member tablet": withFriend("kicked") }),
  },
  BLOCKED: {
    cause: (s) => s.admin.api("groupBlock", theMember(s)),
    told: { [IN]: ["group blocked admin>member"] },
    model: () => ({ [MANAGERS]: minus, "member tablet": withFriend("blocked") }),
  },
  UNBLOCKED: {
    setup: (s) => s.owner.api("groupBlock", theStranger(s)),
    cause: (s) => s.admin.api("groupUnblock", theStranger(s)),
    told: { [MANAGERS]: ["group unblocked admin>stranger"] },
  },
  OWNER_ASSIGNED: {
    cause: (s) => s.owner.api("groupTransfer", { ...inGroup(s), new_owner: s.member.id }),
    told: { [IN]: ["group owner-assigned owner>member", "group info-updated owner>"] },
    model: () => ({ [IN]: { master: "member", members: ["~member", "~owner"] } }),
  },
  ADMIN_GRANTED: {
    cause: (s) => s.owner.api("groupAdminAdd", theMember(s)),
    told: { [IN]: ["group admin-granted owner>member"] },
    model: () => ({ [IN]: { members: ["~member", "~owner"] } }),
  },
  ADMIN_REVOKED: {
    cause: (s) => s.owner.api("groupAdminRemove", { ...inGroup(s), user_list: [s.admin.id] }),
    told: { [IN]: ["group admin-revoked owner>admin"] },
    model: () => ({ [IN]: { members: ["~admin", "~owner"] } }),
  },
  MUTED: {
    cause: (s) => s.owner.api("groupMsgMutemode", { ...inGroup(s), msg_mute_mode: 2 }),
    told: { "owner phone": ["group muted owner>"] },
  },
  UNMUTED: {
    setup: (s) => s.owner.api("groupMsgMutemode", { ...inGroup(s), msg_mute_mode: 2 }),
    cause: (s) => s.owner.api("groupMsgMutemode", { ...inGroup(s), msg_mute_mode: 0 }),
    told: { "owner phone": ["group unmuted owner>"] },
  },
  BANNED: {
    cause: (s) => s.admin.api("groupBab", { ...theMember(s), duration: 10 }),
    told: { [IN]: ["group banned admin>member"] },
    content: "10",
    model: () => ({ [IN]: { members: ["~member"] } }),
  },
  UNBANNED: {
    setup: (s) => s.admin.api("groupBab", { ...theMember(s), duration: 10 }),
    cause: (s) => s.admin.api("groupUnban", theMember(s)),
    told: { [IN]: ["group unbanned admin>member"] },
    model: () => ({ [IN]: { members: ["~member"] } }),
  },
  INFO_UPDATED: {
    cause: async (s) => {
      await s.admin.api("groupInfoName", { ...inGroup(s), value: "Crew" });
      await s.member.api("groupDisplayname", { ...inGroup(s), value: "M." });
    },
    told: { [IN]: ["group info-updated admin>", "group info-updated member>"] },
    content: () => ({ property: "name", name: "Crew" }),
    model: () => ({ [IN]: { name: "Crew", members: ["~member"] } }),
  },
  ANNOUNCEMENT_UPDATED: {
    cause: (s) => s.admin.api("groupAnnouncementEdit", { ...inGroup(s), title: "T", content: "C" }),
    told: { [IN]: ["group announcement-updated admin>"] },
  },
  FILE_UPLOADED: {
    setup: shared,
    cause: async (s) => Object.assign(s, await s.owner.api("groupFileupload", s.file)),
    told: { [IN]: ["group file-uploaded owner>"] },
    content: file("a.txt"),
  },
  FILE_UPDATED: {
    setup: listed,
    cause: (s) => s.admin.api("groupFileUpdateName", { ...inGroup(s), file_id: s.file_id, name: "b.txt" }),
    told: { [IN]: ["group file-updated admin>"] },
    content: file("b.txt"),
  },
  FILE_DELETED: {
    setup: listed,
    cause: (s) => s.owner.api("groupFiledelete", { ...inGroup(s), file_list: [s.file_id] }),
    told: { [IN]: ["group file-deleted owner>"] },
    content: file("a.txt"),
  },
};
