/** The five managers of the former SDK: its names, in its spelling, and what stands behind each. */
import type { FlooClient } from "../client/client.js";
import type { FileKind, FileSource } from "../client/cloud-types.js";
import type { ConversationKey } from "../client/types.js";
import { badArgument, unsupported } from "../errors.js";
import type { Cards } from "./cards.js";
import type { Chat, Forward, GroupSend, MentionSend, RosterSend } from "./chat.js";
import { staticVars } from "./constants.js";
import { legacyId } from "./convert.js";
import type { Notices } from "./notices.js";
import { type Api, callsOf, GROUP_CALLS, ROSTER_CALLS, SYSTEM_CALLS, USER_CALLS } from "./rest.js";
import type { ImageQuery, Servers } from "./servers.js";
import type { Id } from "./shapes.js";

/** What the managers are made of. */
export interface Parts {
  readonly client: FlooClient;
  readonly chat: Chat;
  readonly cards: Cards;
  readonly notices: Notices;
  readonly servers: Servers;
  readonly ask: Api;
  readonly linkServer: string;
  /** Ends the session and forgets its token. */
  leave(): void;
}

/** What `asyncFileUpload` takes. */
export interface LegacyUpload {
  file: FileSource;
  toType: "chat" | "rosterAvatar" | "groupAvatar";
  fileType?: string;
  chatType?: "roster" | "group";
  to_id?: Id;
  group_id?: Id;
  processCallback?: (progress: { loaded: number; total: number }) => void;
}

/** The operations on messages that `rosterManage` and `groupManage` share. */
const operations = (chat: Chat, of: (id: Id) => ConversationKey) => ({
  recallMessage: (uid: Id, mid: Id): void => chat.recall(of(uid), mid),
  deleteMessage: (uid: Id, mid: Id): void => chat.delete(of(uid), mid),
  appendMessageContent: (uid: Id, mid: Id, content: string): void => chat.append(of(uid), mid, content),
  replaceMessage: (uid: Id, mid: Id, content?: string, config?: object | string | null, ext?: object | string | null) =>
    chat.replace(of(uid), mid, content, config, ext),
});

/** `im.rosterManage`. */
export const rosterManage = ({ chat, cards, ask }: Parts) => ({
  ...callsOf(ROSTER_CALLS, ask),
  // Pages use these for groups too.
  ...operations(chat, (id) => chat.either(id)),
  asyncGetRosterIdList: async (force?: boolean) => cards.rosterIds(force),
  asyncGetRosterInfo: async (id: Id, force?: boolean) => cards.rosterInfo(id, force),
  asnycGetRosterListDetailByIds: async (ids: readonly Id[]) => cards.rosterInfos(ids),
  asyncGetUserProfile: async (force?: boolean) => cards.profile(force),
  asyncDeleteRoster: async (params: { user_id: Id }) => cards.removeRoster(params),
  getAllRosterDetail: () => cards.allUsers(),
  getRosterInfo: (id: Id) => cards.user(id),
  /** Ascending by id: the last 100, and what was paged back to. */
  getRosterMessageByRid: (id: Id) => chat.messages(chat.known(id, "roster")),
  getUnreadCount: (id: Id) => chat.unread(chat.known(id, "roster")),
  readRosterMessage: (id: Id, mid?: Id) => chat.read(chat.user(id), id, mid),
  unreadMessage: (id: Id, mid: Id) => chat.cancelRead(chat.either(id), mid),
});

/** `im.groupManage`. */
export const groupManage = ({ chat, cards, ask }: Parts) => ({
  ...callsOf(GROUP_CALLS, ask),
  ...operations(chat, (id) => chat.group(id)),
  asyncGetGroupInfo: async (id: Id, force?: boolean) => cards.groupInfo(id, force),
  /** Ids with `force`, cards without: as ever. */
  asyncGetJoinedGroups: async (force?: boolean) => cards.joined(force),
  asyncGetGroupMembers: async (id: Id) => cards.loadMembers(id),
  asyncGetGroupListDetail: async (ids: readonly Id[]) => cards.groupInfos(ids),
  openGroup: (id: Id) => cards.openGroup(id),
  getGroupMembers: (id: Id) => cards.groupMembers(id),
  getAllGroupDetail: () => cards.allGroups(),
  getGruopMessage: (id: Id) => chat.messages(chat.known(id, "group")),
  getUnreadCount: (id: Id) => chat.unread(chat.known(id, "group")),
  readGroupMessage: (id: Id, mid?: Id) => chat.read(chat.group(id), id, mid),
  consumeGroupAtStatus: (id: Id) => chat.recents.consume(chat.group(id)),
});

/** `im.userManage`. */
export const userManage = ({ client, chat, servers, ask, leave }: Parts) => ({
  ...callsOf(USER_CALLS, ask),
  getToken: () => (client.session ? servers.token : undefined),
  getUid: () => (client.session ? legacyId(client.session.userId) : undefined),
  getAppid: () => servers.appId,
  getConversationList: () => chat.recents.list(),
  deleteToken: () => leave(),
  /** What the server knows this device by; undefined when nobody is logged in. */
  getDeviceSN: () => client.session?.deviceSn,
});

/** `im.sysManage`. */
export const sysManage = (parts: Parts) => {
  const { client, chat, notices, servers, ask, linkServer } = parts;
  const audio = (url: string): string => servers.file(url, { format: "mp3" });
  return {
    ...callsOf(SYSTEM_CALLS, ask),
    getStaticVars: () => staticVars(),
    getConversationDraft: (id: Id, type: string) => chat.recents.draft(chat.known(id, type)),
    saveConversationDraft: (id: Id, type: string, draft: string, forcedTimestamp: number | "" = "") =>
      chat.recents.saveDraft(chat.of(id, type), draft, forcedTimestamp),
    touchConversation: (id: Id, type: string, forcedTimestamp: number | "" = "") =>
      chat.recents.touch(chat.of(id, type), forcedTimestamp),
    markMessageUnread: (id: Id, mid: Id, isGroup = false) => chat.markUnread(chat.of(id, isGroup && "group"), mid),
    getMessageStatus: (id: Id, mid: Id, isGroup = false) => chat.status(chat.known(id, isGroup && "group"), mid),
    /** The client id of the message. Fires `onSendingMessageStatusChanged` "sending" before it returns. */
    sendRosterMessage: (message: RosterSend) => chat.sendRoster(message),
    sendGroupMessage: (message: GroupSend) => chat.sendGroup(message),
    sendMentionMessage: (message: MentionSend) => chat.sendMention(message),
    sendInputStatusMessage: (uid: Id, status: string) => chat.typing(uid, status),
    /** A frame in the form of `encodeFrame` in `floo-wasm/codec`; what fails is told as of operations. */
    sendMessage: (frame: object): void => chat.emitFrame(frame),
    forwardMessage: (forward: Forward) => chat.forward(forward),
    getNoticeMessage: () => notices.list(),
    requireHistoryMessage: (uid: Id, sid: unknown, amount: number) => chat.history(chat.either(uid), sid, amount),
    deleteConversation: (id: Id, otherDevices = true) => chat.deleteConversation(id, otherDevices),
    makeSearch: (kw: string) => search(parts, kw),
    getImage: (query: ImageQuery) => servers.image(query),
    getAudio: ({ url }: { url: string }) => audio(url),
    getChatFile: ({ url = "", params = {} }: { url?: string; params?: object }) => servers.file(url, params),
    downloadAudio: async ({
      url,
      processCallback,
    }: {
      url: string;
      processCallback?: LegacyUpload["processCallback"];
    }) => (url ? client.files.download(audio(url), processCallback ? { onProgress: processCallback } : {}) : ""),
    asyncFileUpload: async (upload: LegacyUpload) => put(client, upload),
    getServers: (_appId?: string) => servers.servers(),
    getLinkServer: () => linkServer,
    getAppConfig: (_appId?: string) => servers.config(),
    getAppStatus: (_appId?: string) => servers.status(),
    getAccountVerification: (_appId?: string) => servers.verification(),
    getServerIp: (_appId?: string) => servers.ip(),
    aysncParseLink: async (url: string, params: { link: string }) =>
      ask("parseLink", { link: params?.link, server: /^https?:\/\/[^/]+/.exec(url)?.[0] }),
    aysncParseLinkV2: async (link: string) => ask("parseLink", { link }),
  };
};

/** What moves pictures and sound; there are no calls in this version, only their messages. */
const ENGINE = [
  "initRTCEngine",
  "destroy",
  "joinRoom",
  "leaveRoom",
  "publish",
  "unPublish",
  "subscribe",
  "unSubscribe",
  "muteLocalAudio",
  "muteLocalVideo",
  "muteRemoteAudio",
  "muteRemoteVideo",
  "getJanusObject",
  "getPublishHandler",
  "getSubscribeHandler",
] as const;

/** `im.rtcManage`. */
export const rtcManage = ({ chat }: Parts) => {
  const engine = {} as Record<(typeof ENGINE)[number], (...args: unknown[]) => never>;
  for (const name of ENGINE) {
    engine[name] = () => {
      throw unsupported(`rtcManage.${name}`);
    };
  }
  return {
    ...engine,
    sendRTCMessage: (message: RosterSend) => chat.sendRtc(message),
    getInCallStatus: () => chat.calls.active,
  };
};

/** Contacts by user name and groups by name, as ever. */
function search({ client, cards }: Parts, kw: string) {
  const word = String(kw).toLowerCase();
  const has = (name: string | undefined): boolean => name?.toLowerCase().includes(word) === true;
  const rosterArr = [...client.cards()]
    .filter((user) => user.isContact && has(user.username))
    .map(({ id, username, avatar }) => ({ user_id: legacyId(id), username, avatar }));
  const groupArr = Object.values(cards.allGroups())
    .filter((group) => has(group.name))
    .map(({ group_id, name = "" }) => ({ group_id, name }));
  return { rosterArr, groupArr };
}

async function put(client: FlooClient, upload: LegacyUpload): Promise<{ url: string }> {
  const { file, toType, fileType = "file", chatType, to_id, group_id, processCallback } = upload ?? {};
  const progress = processCallback ? { onProgress: processCallback } : {};
  if (toType === "rosterAvatar") return client.files.uploadAvatar(file, progress);
  if (toType === "groupAvatar") return client.files.uploadGroupAvatar(file, (group_id ?? to_id) as Id, progress);
  if (toType !== "chat") throw badArgument("toType", '"chat", "rosterAvatar" or "groupAvatar"');
  const id = to_id ?? group_id;
  if (id === undefined) throw badArgument("to_id or group_id", "given");
  const kind = fileType
    .replace(/^share/, "")
    .replace("-mp3", "")
    .toLowerCase() as FileKind;
  const to = { [chatType === "group" || to_id === undefined ? "group" : "user"]: id };
  return client.files.upload(file, to as { user: Id }, { ...progress, kind });
}
