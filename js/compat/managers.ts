/** The five managers of the legacy object: names, and what answers them. */
import type { FlooClient } from "../client/client.js";
import { parseJson } from "../client/json.js";
import type { ConversationKey } from "../client/types.js";
import type { Cards } from "./cards.js";
import { staticVars } from "./constants.js";
import { legacyId } from "./convert.js";
import type { Legacy } from "./legacy.js";
import type { Forward, GroupSend, MentionSend, Outgoing, RosterSend } from "./outgoing.js";
import type { Recents } from "./recents.js";
import { CALLS, callsOf } from "./rest.js";
import type { FileUpload, System } from "./system.js";

type Id = number | string;

/** What the managers stand on. */
export interface Parts {
  readonly client: FlooClient;
  readonly appId: string;
  readonly legacy: Legacy;
  readonly cards: Cards;
  readonly recents: Recents;
  readonly system: System;
}

/** An object as it is, or of JSON text. */
function patch(value: unknown): object {
  const parsed = typeof value === "string" ? parseJson(value) : value;
  return (parsed ?? {}) as object;
}

/** What can be done to a message; the same for users and groups. */
const operations = (place: (id: Id) => ConversationKey, outgoing: Outgoing) => ({
  recallMessage: (id: Id, mid: Id) => outgoing.operate(place(id), (conversation) => conversation.recall(mid)),
  deleteMessage: (id: Id, mid: Id) => outgoing.operate(place(id), (conversation) => conversation.delete(mid)),
  appendMessageContent: (id: Id, mid: Id, content: string) =>
    outgoing.operate(place(id), (conversation) => conversation.append(mid, content)),
  replaceMessage: (id: Id, mid: Id, content?: string, config?: unknown, ext?: unknown) => {
    if (!content && !config && !ext) return; // as ever
    const changes = {
      ...(content ? { text: content } : {}),
      ...(config ? { config: patch(config) } : {}),
      ...(ext ? { ext: ext as object } : {}),
    };
    outgoing.operate(place(id), (conversation) => conversation.edit(mid, changes));
  },
});

export const rosterManage = ({ client, legacy, cards }: Parts) => ({
  ...callsOf(client, CALLS.rosterManage),
  ...operations((id) => legacy.places.find(id), legacy.outgoing),
  unreadMessage: (id: Id, mid: Id) =>
    legacy.outgoing.operate(legacy.places.find(id), (conversation) => conversation.markUnread(mid)),
  getAllRosterDetail: () => (client.session ? cards.allUsers() : undefined),
  getRosterInfo: (id: Id) => cards.user(id),
  getUnreadCount: (id: Id) => legacy.unread(legacy.places.known(id, false)),
  getRosterMessageByRid: (id: Id) => legacy.messages(legacy.places.known(id, false)),
  readRosterMessage: (id: Id, mid?: Id) => legacy.read(legacy.places.user(id), id, mid),
  asyncGetRosterIdList: async (_force?: boolean) => (await client.roster.list()).map((user) => legacyId(user.id)),
  asyncGetRosterInfo: (id: Id, force?: boolean) => cards.userInfo(id, force),
  asnycGetRosterListDetailByIds: (ids: readonly Id[]) => cards.userInfos(ids),
  asyncGetUserProfile: (force?: boolean) => cards.userProfile(force),
});

export const groupManage = ({ client, legacy, cards, recents }: Parts) => ({
  ...callsOf(client, CALLS.groupManage),
  ...operations((id) => legacy.places.group(id), legacy.outgoing),
  getUnreadCount: (id: Id) => legacy.unread(legacy.places.known(id, true)),
  getGruopMessage: (id: Id) => legacy.messages(legacy.places.known(id, true)),
  readGroupMessage: (id: Id, mid?: Id) => legacy.read(legacy.places.group(id), id, mid),
  consumeGroupAtStatus: (id: Id) => recents.consumeAt(id),
  getAllGroupDetail: () => cards.allGroups(),
  asyncGetJoinedGroups: async (force?: boolean) => {
    const groups = (await client.groups.list()).map((group) => legacyId(group.id));
    const details = cards.allGroups();
    return force ? groups : groups.map((id) => details[id] ?? { group_id: id });
  },
  asyncGetGroupInfo: (id: Id, force?: boolean) => cards.group(id, force),
  asyncGetGroupListDetail: (ids: readonly Id[]) => cards.groupInfos(ids),
  asyncGetGroupMembers: (id: Id) => cards.open(id),
  getGroupMembers: (id: Id) => cards.groupMembers(id),
  openGroup: (id: Id) => {
    cards.open(id).catch((thrown: unknown) => client.complain("A group's members could not be read", thrown));
  },
});

export const userManage = ({ client, appId, legacy, recents, system }: Parts) => ({
  ...callsOf(client, CALLS.userManage),
  getUid: () => (client.session ? legacyId(client.session.userId) : undefined),
  getAppid: () => appId,
  getToken: () => system.getToken(),
  deleteToken: () => legacy.leave(undefined),
  getConversationList: () => recents.list(),
});

export const sysManage = ({ client, legacy, recents, cards, system }: Parts) => ({
  ...callsOf(client, CALLS.sysManage),
  getStaticVars: staticVars,
  getConversationDraft: (id: Id, type: string) => recents.draft(id, type),
  saveConversationDraft: (id: Id, type: string, draft: string, time?: number | "") =>
    recents.saveDraft(id, type, draft, time),
  touchConversation: (id: Id, type: string, time?: number | "") => recents.touch(id, type, time),
  markMessageUnread: (id: Id, mid: Id, isGroup?: boolean) =>
    legacy.outgoing.markUnread(legacy.places.of(id, isGroup), mid),
  sendRosterMessage: (message: RosterSend) => legacy.outgoing.roster(message),
  sendGroupMessage: (message: GroupSend) => legacy.outgoing.group(message),
  sendMentionMessage: (message: MentionSend) => legacy.outgoing.mention(message),
  sendInputStatusMessage: (id: Id, status: string) => legacy.outgoing.typing(id, status),
  forwardMessage: (it: Forward) => legacy.outgoing.forward(it),
  getNoticeMessage: () => legacy.notices(),
  getMessageStatus: (id: Id, mid: Id, isGroup?: boolean) =>
    legacy.outgoing.status(legacy.places.known(id, isGroup), mid),
  requireHistoryMessage: (id: Id, sid: Id, amount: number) => legacy.history(id, sid, amount),
  deleteConversation: (id: Id, everywhere = true) => legacy.remove(id, everywhere),
  makeSearch: (text: string) => {
    const friends = [...client.cards()].filter((user) => user.isContact && user.username.includes(text));
    const groups = Object.values(cards.allGroups()).filter((group) => String(group.name).includes(text));
    return {
      rosterArr: friends.map(({ id, username, avatar }) => ({ user_id: legacyId(id), username, avatar })),
      groupArr: groups.map(({ group_id, name }) => ({ group_id, name })),
    };
  },
  asyncFileUpload: (given: FileUpload) => system.upload(given),
  getImage: (given: Parameters<System["image"]>[0]) => system.image(given),
  getAudio: (given: { url?: string }) => system.audio(given),
  getChatFile: (given: { url?: string; params?: object }) => system.chatFile(given),
  downloadAudio: (given: Parameters<System["downloadAudio"]>[0]) => system.downloadAudio(given),
  getServers: (_appId?: string) => system.servers(),
  getLinkServer: () => system.linkServer(),
  getAppConfig: (_appId?: string) => system.appConfig(),
  getAppStatus: (_appId?: string) => system.status(),
  getAccountVerification: (_appId?: string) => system.verification(),
  getServerIp: (_appId?: string) => system.serverIp(),
  aysncParseLink: (url: string, params?: { link?: string }) => system.parseLink(params?.link ?? "", url),
  aysncParseLinkV2: (link: string) => system.parseLink(link),
});

export const rtcManage = ({ legacy }: Parts) => ({
  sendRTCMessage: (message: RosterSend) => legacy.outgoing.roster({ ...message, type: "rtc" }),
  // No call can be on: calls are what is missing.
  getInCallStatus: () => false,
  getJanusObject: () => null,
  getPublishHandler: () => null,
  getSubscribeHandler: () => null,
});
