/** Groups: what the cloud does with them (http-api 8.7). */
import { badArgument } from "../errors.js";
import { type Api, fieldsOf, userIds } from "./cloud.js";
import type {
  GroupApplication,
  GroupChanges,
  GroupDetails,
  GroupHandle,
  GroupInvitation,
  GroupMember,
  Groups,
  Reason,
  UserResult,
} from "./cloud-types.js";
import { groupId, messageId, userId } from "./ids.js";
import type { CallOptions, GroupId, IdInput } from "./types.js";

/** As many as the cloud takes at once. */
const BATCH = 20;

const groupIds = (groups: readonly IdInput[]): GroupId[] => {
  if (!Array.isArray(groups)) throw badArgument("groups", "an array of ids");
  return groups.map((it, index) => groupId(it, `groups[${index}]`));
};

/** The part of `Groups` that asks the cloud. */
export const groupsOf = (api: Api): Omit<Groups, "list" | "get" | "find"> => ({
  ids: async (options) => api.get("groupUserjoined", {}, options),
  publicIds: async (options) => api.get("groupPubliclist", {}, options),
  fetchMany: async (groups, options) =>
    api.batches(groupIds(groups), BATCH, (group_list) => api.get("groupInfoBatch", { group_list }, options)),
  create: async (group, options) => {
    if (typeof group !== "object" || group === null) throw badArgument("group", "an object");
    const { members, reason, ...fields } = group;
    const user_list = members && userIds(members, "group.members");
    if (reason === undefined) return api.get("groupCreate", { ...fields, user_list }, options);
    if (typeof reason !== "string") throw badArgument("group.reason", "a text");
    if (!user_list?.length) throw badArgument("group.members", "given along with a reason");
    // The cloud takes a word with an invitation only.
    const made = await api.get<GroupDetails>("groupCreate", fields, options);
    await groupOf(api, made.groupId).invite(user_list, { ...options, reason });
    return made;
  },
  invitations: (options) => api.pages<GroupInvitation>("groupInvitationlist", {}, options),
  applications: (groups, options) =>
    api.pages<GroupApplication>("groupApplicationlist", { group_list: groupIds(groups) }, options),
  joinByQrCode: async (qr_info, options) => api.do("groupQrInvite", { qr_info }, options),
});

/** Which endpoint sets what, and under which name. */
const CHANGES: Record<keyof GroupChanges, readonly [endpoint: string, field: string]> = {
  name: ["groupInfoName", "value"],
  avatar: ["groupInfoAvatar", "value"],
  description: ["groupInfoDdscription", "value"],
  ext: ["groupInfoExt", "value"],
  displayName: ["groupDisplayname", "value"],
  applyApproval: ["groupSettingsRequireadminapproval", "apply_approval"],
  memberInvite: ["groupSettingsAllowmemberinvitation", "value"],
  memberModify: ["groupSettingsAllowmembermodify", "value"],
  readAck: ["groupSettingsEnablereadack", "value"],
  historyVisible: ["groupSettingsHistoryvisible", "value"],
  hideMemberInfo: ["groupSettingsHideMemberInfo", "value"],
  msgMuteMode: ["groupMsgMutemode", "msg_mute_mode"],
  msgPushMode: ["groupMsgPushMode", "msg_push_mode"],
  notDisturb: ["groupMsgNotdisturb", "value"],
};

/** One group; see `GroupHandle`. */
export function groupOf(api: Api, given: IdInput): GroupHandle {
  const id = groupId(given, "group");
  const of = { group_id: id };
  const get =
    <T>(endpoint: string) =>
    async (options?: CallOptions): Promise<T> =>
      api.get(endpoint, of, options);
  const act =
    (endpoint: string) =>
    async (options?: CallOptions): Promise<void> =>
      api.do(endpoint, of, options);
  const many =
    (endpoint: string) =>
    async (users: readonly IdInput[], options?: Reason): Promise<readonly UserResult[]> =>
      api.get(endpoint, { ...of, user_list: userIds(users), ...fieldsOf(options) }, options);
  const handle =
    (endpoint: string, approval: boolean) =>
    async (user: IdInput, options?: Reason): Promise<void> =>
      api.do(endpoint, { ...of, user_id: userId(user, "user"), approval, ...fieldsOf(options) }, options);
  return {
    id,
    info: get("groupInfo"),
    me: async (options) => {
      const me = api.me();
      const [{ ownerId, owner }, admins, [self]] = await Promise.all([
        api.get<GroupDetails>("groupInfo", of, options),
        api.get<readonly GroupMember[]>("groupAdminList", of, options),
        api.get<readonly GroupMember[]>("groupMembersDidpayname", { ...of, user_list: [me] }, options),
      ]);
      const among = admins.some((it) => it.userId === me);
      const role = !self ? null : (ownerId ?? owner) === me ? "owner" : among ? "admin" : "member";
      return { role, displayName: self?.displayName ?? "" };
    },
    settings: get("groupSettings"),
    update: async (changes, options) => {
      const names = Object.keys(changes ?? {}) as (keyof GroupChanges)[];
      const odd = names.find((name) => !Object.keys(CHANGES).includes(name));
      if (odd !== undefined || names.length === 0) {
        throw badArgument(
          odd === undefined ? "changes" : `changes.${odd}`,
          `one of ${Object.keys(CHANGES).join(", ")}`,
        );
      }
      for (const name of Object.keys(CHANGES) as (keyof GroupChanges)[]) {
        const [endpoint, field] = CHANGES[name];
        if (changes[name] !== undefined) await api.do(endpoint, { ...of, [field]: changes[name] }, options);
      }
    },
    members: (options) => api.pages("groupMemberlist", of, options),
    membersById: async (users, options) =>
      api.get("groupMembersDidpayname", { ...of, user_list: userIds(users) }, options),
    invite: many("groupInvite"),
    kick: many("groupKick"),
    apply: async (options) => api.get("groupApply", { ...of, ...fieldsOf(options) }, options),
    acceptApplication: handle("groupApplyHandle", true),
    declineApplication: handle("groupApplyHandle", false),
    acceptInvitation: handle("groupInviteHandle", true),
    declineInvitation: handle("groupInviteHandle", false),
    leave: act("groupLeave"),
    destroy: act("groupDestroy"),
    transfer: async (user, options) => api.do("groupTransfer", { ...of, new_owner: userId(user, "newOwner") }, options),
    admins: get("groupAdminList"),
    addAdmins: many("groupAdminAdd"),
    removeAdmins: many("groupAdminRemove"),
    mute: async (users, duration, options) =>
      api.get("groupBab", { ...of, duration, user_list: userIds(users) }, options),
    unmute: many("groupUnban"),
    muted: (options) => api.pages("groupBannedList", of, options),
    muteAll: async (duration, options) => api.do("groupSettingsBanAll", { ...of, duration }, options),
    unmuteAll: act("groupSettingsUnBanAll"),
    block: many("groupBlock"),
    unblock: many("groupUnblock"),
    blocked: (options) => api.pages("groupBockedlist", of, options),
    announcements: get("groupAnnouncementList"),
    announcement: async (it, options) =>
      api.get("groupAnnouncement", { ...of, announcement_id: messageId(it, "id") }, options),
    latestAnnouncement: get("groupAnnouncementLast"),
    announce: async ({ title, content }, options) =>
      api.get("groupAnnouncementEdit", { ...of, title, content }, options),
    deleteAnnouncement: async (it, options) =>
      api.do("groupAnnouncementDelete", { ...of, announcement_id: messageId(it, "id") }, options),
    files: get("groupFilelist"),
    file: async (it, options) => api.get("groupFileGet", { ...of, file_id: messageId(it, "id") }, options),
    renameFile: async (it, name, options) =>
      api.do("groupFileUpdateName", { ...of, file_id: messageId(it, "id"), name }, options),
    deleteFiles: async (ids, options) => api.get("groupFiledelete", { ...of, file_list: userIds(ids, "ids") }, options),
    qrCode: get("groupQrSign"),
  };
}
