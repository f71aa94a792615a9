/**
 * What the cloud knows of users, groups and the account, and how it is asked (http-api 8, 9). Objects come as the
 * cloud sends them, with names in camel case and ids as decimal strings; what it does not tell is absent. Times are
 * milliseconds since the epoch unless noted. All calls take a signal and a timeout (20 s unless given); what only reads
 * is repeated when the network fails, and parallel reads of the same are one.
 */
import type { CallOptions, ConversationInput, Group, GroupId, IdInput, JsonValue, User, UserId } from "./types.js";

/** How a list is read page by page. */
export interface PageOptions extends CallOptions {
  /** Items a page, 1 to 500. Default: the cloud's. The time limit is that of one page. */
  pageSize?: number;
}

/** Pages of a list, one request each: `for await (const page of ...)`. Breaking off asks for no more. */
export type Pages<T> = AsyncIterable<readonly T[]>;

/** The user's own profile. */
export interface Profile {
  readonly userId: UserId;
  readonly username: string;
  readonly nickName?: string;
  readonly avatar?: string;
  readonly mobile?: string;
  readonly email?: string;
  readonly description?: string;
  /** For everybody. */
  readonly publicInfo?: string;
  /** For the user's own devices. */
  readonly privateInfo?: string;
}

/** Who may become a contact: 0 everybody, 1 after confirmation, 2 who answers a question, 3 nobody. */
export type AuthMode = 0 | 1 | 2 | 3;

/** The user's settings. Hours are 0 to 23. */
export interface Settings {
  readonly userId: UserId;
  readonly authMode?: AuthMode;
  readonly authQuestion?: string;
  readonly authAnswer?: string;
  readonly autoDownload?: boolean;
  /** Invitations to groups have to be accepted. */
  readonly groupConfirm?: boolean;
  readonly noPush?: boolean;
  readonly noPushDetail?: boolean;
  readonly noPushStartHour?: number;
  readonly noPushEndHour?: number;
  readonly noSounds?: boolean;
  readonly vibratory?: boolean;
  readonly pushNickName?: string;
  readonly pushToken?: string;
  readonly silenceStartTime?: number;
  readonly silenceEndTime?: number;
}

/** A user as the logged-in user sees them. */
export interface RosterItem {
  readonly userId: UserId;
  readonly username: string;
  readonly nickName?: string;
  readonly avatar?: string;
  readonly alias?: string;
  readonly ext?: string;
  readonly description?: string;
  readonly publicInfo?: string;
  /** 0 contact, 1 deleted, 2 stranger, 3 blocked. */
  readonly relation?: number;
  readonly muteNotification?: boolean;
  readonly authMode?: AuthMode;
  readonly authQuestion?: string;
}

/** Somebody wants to become a contact. `status`: 0 open, 1 accepted, 2 declined. */
export interface RosterApplication {
  readonly userId: UserId;
  readonly reason?: string;
  readonly status: number;
  readonly expiredTime?: number;
}

/** A group in full. */
export interface GroupDetails {
  readonly groupId: GroupId;
  readonly name: string;
  readonly avatar?: string;
  readonly description?: string;
  readonly ext?: string;
  readonly ownerId?: UserId;
  readonly owner?: UserId;
  /** 0 private, 1 public, 2 chat room, 3 temporary. */
  readonly type?: number;
  /** 0 normal, 1 dissolved. */
  readonly status?: number;
  readonly count?: number;
  readonly capacity?: number;
  readonly createdAt?: number;
  readonly updatedAt?: number;
  /** 0 everybody may join, 1 after approval, 2 nobody. */
  readonly applyApproval?: number;
  readonly memberInvite?: boolean;
  readonly memberModify?: boolean;
  readonly readAck?: boolean;
  readonly historyVisible?: boolean;
  readonly hideMemberInfo?: boolean;
  /** Until when only administrators may speak; 0 for all may, -1 for ever. */
  readonly banExpireTime?: number;
  readonly msgMuteMode?: number;
  readonly msgPushMode?: number;
}

/** A member of a group; `expiredTime` stands for those who may not speak (-1 for ever). */
export interface GroupMember {
  readonly userId: UserId;
  readonly displayName?: string;
  readonly joinTime?: number;
  readonly expiredTime?: number;
}

/** Somebody who may not join. */
export interface BlockedMember {
  readonly groupId?: GroupId;
  readonly userId: UserId;
  readonly createdAt?: string;
}

/** What became of one of several users that a call was about. */
export interface UserResult {
  readonly userId: UserId;
  readonly result: "success" | "fail";
  readonly reason?: string;
}

/** An announcement of a group. */
export interface Announcement {
  readonly id: string;
  readonly groupId: GroupId;
  readonly author?: UserId;
  readonly title: string;
  readonly content: string;
  readonly createdAt?: number;
}

/** Somebody wants to join a group. */
export interface GroupApplication {
  readonly groupId: GroupId;
  readonly applicantId: UserId;
  readonly reason?: string;
  readonly status: number;
  readonly expiredTime?: number;
}

/** Somebody was invited to a group. */
export interface GroupInvitation {
  readonly groupId: GroupId;
  readonly inviterId: UserId;
  readonly inviteeId?: UserId;
  readonly reason?: string;
  readonly status: number;
  readonly expiredTime?: number;
  readonly updatedAt?: string;
}

/** A file that a group shares. */
export interface SharedFile {
  readonly fileId: string;
  readonly groupId: GroupId;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly type?: string;
  readonly url: string;
  readonly uploader?: UserId;
  readonly createdAt?: number;
  readonly updatedAt?: number;
}

/** One of the user's devices. `platform`: 1 iOS, 2 Android, 3 Windows, 4 macOS, 5 Linux, 6 web. */
export interface Device {
  readonly deviceSn: number;
  readonly platform?: number;
  readonly userAgent?: string;
  readonly userId?: UserId;
  readonly lastLogin?: number;
}

/** A code to be shown to other devices. Times are as the server gives them. */
export interface QrCode {
  readonly qrInfo: string;
  readonly expired?: number;
  readonly expireAt?: number;
  readonly createAt?: number;
}

/** Who may be logged in by a code from a phone. Empty while it waits. */
export interface QrLogin {
  readonly username?: string;
  readonly password?: string;
}

/** What a login by phone or WeChat gives; which of it depends on whether there is an account. */
export interface LoginTicket {
  readonly openid?: string;
  readonly userId?: UserId;
  readonly username?: string;
  readonly password?: string;
  /** For `account.bindMobile` after a registration. */
  readonly sign?: string;
}

/** A reason that the other side gets to read. */
export interface Reason extends CallOptions {
  reason?: string;
}

/** Contacts. Lists and cards of this device follow by themselves. */
export interface Roster {
  /** The contacts of the logged-in user, from this device; when it has never had them, once they are there. */
  list(): Promise<readonly User[]>;
  /** A user's card if this device has it. */
  get(id: IdInput): User | null;
  /** Ids of all contacts, from the cloud. */
  ids(options?: PageOptions): Pages<UserId>;
  /** A user, from the cloud. Errors: `UserNotExist`. */
  fetch(user: IdInput, options?: CallOptions): Promise<RosterItem>;
  /** Several users; those that do not exist are left out. At most 100 a request: more become several. */
  fetchMany(users: readonly IdInput[], options?: CallOptions): Promise<readonly RosterItem[]>;
  fetchByName(username: string, options?: CallOptions): Promise<RosterItem>;
  fetchByMobile(mobile: string, options?: CallOptions): Promise<RosterItem>;
  /** Asks somebody to become a contact; `answer` is for their question. */
  apply(user: IdInput, options?: { alias?: string; answer?: string } & Reason): Promise<void>;
  applyMany(
    wishes: readonly { user: IdInput; alias?: string; reason?: string }[],
    options?: CallOptions,
  ): Promise<JsonValue>;
  accept(user: IdInput, options?: CallOptions): Promise<void>;
  decline(user: IdInput, options?: Reason): Promise<void>;
  /** Takes a contact off the list, and the conversation with them off this device. */
  remove(user: IdInput, options?: CallOptions): Promise<void>;
  applications(options?: PageOptions): Pages<RosterApplication>;
  setAlias(user: IdInput, alias: string, options?: CallOptions): Promise<void>;
  /** Keeps a text of the application with a contact; `alias` is set along with it if given. */
  setExt(user: IdInput, ext: string, options?: { alias?: string } & CallOptions): Promise<void>;
  /** No push notifications of their messages. */
  setMuted(user: IdInput, muted: boolean, options?: CallOptions): Promise<void>;
  block(user: IdInput, options?: CallOptions): Promise<void>;
  unblock(user: IdInput, options?: CallOptions): Promise<void>;
  blocked(options?: CallOptions): Promise<readonly UserId[]>;
  /** Whether the logged-in user may write to somebody. */
  mayMessage(user: IdInput, options?: CallOptions): Promise<boolean>;
}

/** A new group. */
export interface GroupInput {
  name: string;
  avatar?: string;
  description?: string;
  /** 0 private (default), 1 public, 2 chat room. */
  type?: number;
  members?: readonly IdInput[];
  /**
   * A word to the members. The group is made without them then, and they are invited: when that fails the call rejects,
   * and the group is there.
   */
  reason?: string;
}

/** What the logged-in user is in a group. */
export interface Membership {
  /** Null for who is no member, where the cloud tells strangers of its groups: else the call rejects. */
  readonly role: "owner" | "admin" | "member" | null;
  /** Their name in it; empty when they have none of their own. */
  readonly displayName: string;
}

/** All groups. */
export interface Groups {
  /** The groups of the logged-in user, from this device; when it has never had them, once they are there. */
  list(): Promise<readonly Group[]>;
  get(id: IdInput): Group | null;
  /** Those of them that have this in their name, in any case, from this device. */
  find(name: string): Promise<readonly Group[]>;
  /** Ids of the groups of the logged-in user, from the cloud. */
  ids(options?: CallOptions): Promise<readonly GroupId[]>;
  publicIds(options?: CallOptions): Promise<readonly GroupId[]>;
  /** Short infos of several groups; at most 20 a request: more become several. */
  fetchMany(groups: readonly IdInput[], options?: CallOptions): Promise<readonly GroupDetails[]>;
  create(group: GroupInput, options?: CallOptions): Promise<GroupDetails>;
  /** Invitations of the logged-in user. */
  invitations(options?: PageOptions): Pages<GroupInvitation>;
  /** Applications to groups that the logged-in user manages. */
  applications(groups: readonly IdInput[], options?: PageOptions): Pages<GroupApplication>;
  /** Joins the group of a code; see `GroupHandle.qrCode`. */
  joinByQrCode(qrInfo: string, options?: CallOptions): Promise<void>;
}

/** What can be changed of a group; each given field is one request, in this order. */
export interface GroupChanges {
  name?: string;
  /** An address; see `files.uploadGroupAvatar`. */
  avatar?: string;
  description?: string;
  ext?: string;
  /** The user's own name in the group. */
  displayName?: string;
  /** 0 everybody may join, 1 after approval, 2 nobody. */
  applyApproval?: 0 | 1 | 2;
  memberInvite?: boolean;
  memberModify?: boolean;
  readAck?: boolean;
  historyVisible?: boolean;
  hideMemberInfo?: boolean;
  /** For the logged-in user: 0 all, 1 no notifications, 2 no messages. */
  msgMuteMode?: 0 | 1 | 2;
  /** For the logged-in user: 0 all, 1 none, 2 administrators and mentions, 3 administrators, 4 mentions. */
  msgPushMode?: 0 | 1 | 2 | 3 | 4;
  notDisturb?: JsonValue;
}

/** One group. Holds no data of its own. Errors of all: `GroupNotExist`, `GroupPermissionDenied` and others. */
export interface GroupHandle {
  readonly id: GroupId;
  info(options?: CallOptions): Promise<GroupDetails>;
  /** The own role and name in it. */
  me(options?: CallOptions): Promise<Membership>;
  settings(options?: CallOptions): Promise<JsonValue>;
  update(changes: GroupChanges, options?: CallOptions): Promise<void>;
  members(options?: PageOptions): Pages<GroupMember>;
  /** Members by id, with their names in the group. */
  membersById(users: readonly IdInput[], options?: CallOptions): Promise<readonly GroupMember[]>;
  invite(users: readonly IdInput[], options?: Reason): Promise<readonly UserResult[]>;
  kick(users: readonly IdInput[], options?: Reason): Promise<readonly UserResult[]>;
  apply(options?: Reason): Promise<JsonValue>;
  acceptApplication(user: IdInput, options?: CallOptions): Promise<void>;
  declineApplication(user: IdInput, options?: Reason): Promise<void>;
  /** Answers an invitation by `inviter`. */
  acceptInvitation(inviter: IdInput, options?: CallOptions): Promise<void>;
  declineInvitation(inviter: IdInput, options?: Reason): Promise<void>;
  leave(options?: CallOptions): Promise<void>;
  destroy(options?: CallOptions): Promise<void>;
  transfer(newOwner: IdInput, options?: CallOptions): Promise<void>;
  admins(options?: CallOptions): Promise<readonly GroupMember[]>;
  addAdmins(users: readonly IdInput[], options?: CallOptions): Promise<readonly UserResult[]>;
  removeAdmins(users: readonly IdInput[], options?: CallOptions): Promise<readonly UserResult[]>;
  /** Members who may not speak, `minutes` long; -1 for ever. */
  mute(users: readonly IdInput[], minutes: number, options?: CallOptions): Promise<readonly UserResult[]>;
  unmute(users: readonly IdInput[], options?: CallOptions): Promise<readonly UserResult[]>;
  muted(options?: PageOptions): Pages<GroupMember>;
  /** Only administrators may speak, `minutes` long; -1 for ever. */
  muteAll(minutes: number, options?: CallOptions): Promise<void>;
  unmuteAll(options?: CallOptions): Promise<void>;
  /** Who may not join; members among them are removed. */
  block(users: readonly IdInput[], options?: CallOptions): Promise<readonly UserResult[]>;
  unblock(users: readonly IdInput[], options?: CallOptions): Promise<readonly UserResult[]>;
  blocked(options?: PageOptions): Pages<BlockedMember>;
  announcements(options?: CallOptions): Promise<readonly Announcement[]>;
  announcement(id: IdInput, options?: CallOptions): Promise<Announcement>;
  latestAnnouncement(options?: CallOptions): Promise<Announcement>;
  announce(announcement: { title: string; content: string }, options?: CallOptions): Promise<Announcement>;
  deleteAnnouncement(id: IdInput, options?: CallOptions): Promise<void>;
  files(options?: CallOptions): Promise<readonly SharedFile[]>;
  file(id: IdInput, options?: CallOptions): Promise<SharedFile>;
  renameFile(id: IdInput, name: string, options?: CallOptions): Promise<void>;
  deleteFiles(ids: readonly IdInput[], options?: CallOptions): Promise<JsonValue>;
  /** A code by which others join. */
  qrCode(options?: CallOptions): Promise<QrCode>;
}

/** What can be changed of the profile. */
export interface ProfileChanges {
  nickName?: string;
  description?: string;
  publicInfo?: string;
  privateInfo?: string;
  /** An address; see `files.uploadAvatar`. */
  avatar?: string;
}

/** The user's own account, and what leads to one. */
export interface Account {
  /** Makes an account; log in with it then. Errors: `UserAlreadyExist`, `InvalidRequestParameter` and others. */
  register(user: { username: string; password: string }, options?: CallOptions): Promise<Settings>;
  /** Whether a user name can be had. */
  isNameFree(username: string, options?: CallOptions): Promise<boolean>;
  profile(options?: CallOptions): Promise<Profile>;
  updateProfile(changes: ProfileChanges, options?: CallOptions): Promise<void>;
  settings(options?: CallOptions): Promise<Settings>;
  updateSettings(changes: Partial<Omit<Settings, "userId">>, options?: CallOptions): Promise<void>;
  /** The user's devices. */
  devices(options?: CallOptions): Promise<readonly Device[]>;
  /** Ends the session of a device. */
  kickDevice(deviceSn: number, options?: CallOptions): Promise<void>;
  /** Forgets a device. */
  removeDevice(deviceSn: number, options?: CallOptions): Promise<void>;
  changePassword(passwords: { old: string; new: string }, options?: CallOptions): Promise<void>;
  /** A new password after `verifyForPassword`. */
  resetPassword(change: { password: string; sign: string }, options?: CallOptions): Promise<void>;
  verifyForPassword(
    by: { password: string } | { mobile: string; captcha: string },
    options?: CallOptions,
  ): Promise<{ readonly sign: string }>;
  /** Deletes the account for good. */
  delete(password: string, options?: CallOptions): Promise<void>;
  /** Whether the logged-in user counts as online. */
  isOnline(options?: CallOptions): Promise<boolean>;
  /** Sends a code by SMS; with a picture's answer where the cloud asks for one. */
  sendCode(mobile: string, options?: { imageId?: string; answer?: string } & CallOptions): Promise<void>;
  /** A picture with letters, for `sendCode`. */
  captcha(options?: CallOptions): Promise<string>;
  /** What to log in with, by phone. */
  ticketByMobile(by: { mobile: string; captcha: string }, options?: CallOptions): Promise<LoginTicket>;
  bindMobile(
    by: { mobile: string; captcha: string } | { mobile: string; sign: string },
    options?: CallOptions,
  ): Promise<void>;
  /** The number without a check of it. */
  setMobile(mobile: string, options?: CallOptions): Promise<void>;
  verifyForMobile(
    by: { password: string } | { mobile: string; captcha: string },
    options?: CallOptions,
  ): Promise<{ readonly sign: string }>;
  changeMobile(change: { mobile: string; captcha: string; sign: string }, options?: CallOptions): Promise<void>;
  /** How far the account is verified. */
  verification(options?: CallOptions): Promise<{ readonly status?: JsonValue; readonly mobile?: string }>;
  verifyByMobile(by: { mobile: string; captcha: string }, options?: CallOptions): Promise<void>;
  /** A code to be read by a phone that is logged in. */
  qrCode(options?: CallOptions): Promise<{ readonly qrCode: string; readonly url?: string; readonly expired?: number }>;
  /** Whether the phone has agreed; ask again in a second while it is empty. */
  qrLogin(qrCode: string, options?: CallOptions): Promise<QrLogin>;
  /** Parks a text for so many seconds under a code that anybody can redeem once. */
  shareSecret(secret: string, seconds: number, options?: CallOptions): Promise<{ readonly code: string }>;
  redeemSecret(code: string, options?: CallOptions): Promise<{ readonly secretText: string }>;
  readonly push: Push;
  readonly wechat: WeChat;
}

/** Push notifications on the user's phones. */
export interface Push {
  setEnabled(value: boolean, options?: CallOptions): Promise<void>;
  /** Whether notifications show what was written. */
  setDetail(value: boolean, options?: CallOptions): Promise<void>;
  setNickname(value: string, options?: CallOptions): Promise<void>;
  setSounds(value: boolean, options?: CallOptions): Promise<void>;
  setVibration(value: boolean, options?: CallOptions): Promise<void>;
  /** No notifications between these hours, 0 to 23. */
  setQuietHours(from: number, to: number, options?: CallOptions): Promise<void>;
  /** What the user's devices are called by, when the application's server pushes to many. */
  tags(options?: CallOptions): Promise<readonly string[]>;
  addTags(tags: readonly string[], options?: CallOptions): Promise<void>;
  removeTags(tags: readonly string[], options?: CallOptions): Promise<void>;
  clearTags(options?: CallOptions): Promise<void>;
  /** The name that the application's server pushes to; `pushToken` is that of a device. */
  setAlias(alias: string, options?: { pushToken?: string } & CallOptions): Promise<void>;
  /** The number that the cloud has for the icon of the application. */
  setBadge(badge: number, options?: CallOptions): Promise<void>;
  bindDevice(device: { deviceSn: number; token: string; notifier: string }, options?: CallOptions): Promise<void>;
  unbindDevice(deviceSn: number, options?: CallOptions): Promise<void>;
}

/** What the cloud does with WeChat accounts. */
export interface WeChat {
  login(code: string, options?: { iv?: string; data?: string } & CallOptions): Promise<LoginTicket>;
  isBound(options?: CallOptions): Promise<boolean>;
  bind(openId: string, type: number, options?: CallOptions): Promise<void>;
  unbind(options?: CallOptions): Promise<void>;
  /** Of an official account: a code to be scanned, whether it was, and the login then. */
  officialCode(options?: CallOptions): Promise<JsonValue>;
  officialStatus(qrcodeId: string, options?: CallOptions): Promise<JsonValue>;
  officialLogin(code: string, options?: CallOptions): Promise<LoginTicket>;
  officialIsBound(options?: CallOptions): Promise<JsonValue>;
  urlLink(link: { path: string; query: string; version?: string }, options?: CallOptions): Promise<JsonValue>;
}

/** What the application itself is told. */
export interface App {
  /** Switches of the application in the console. */
  config(options?: CallOptions): Promise<JsonValue>;
  /** The DNS document. */
  servers(options?: CallOptions): Promise<JsonValue>;
  /**
   * What a share link stands for. `server` is whom to ask; without it a link to the host of `options.servers` is asked of
   * that host, and any other of the cloud's public server of links.
   */
  parseLink(link: string, options?: { server?: string } & CallOptions): Promise<JsonValue>;
  /** Staff that users can turn to. */
  supportStaff(options?: CallOptions): Promise<readonly JsonValue[]>;
}

/** How a transfer goes. `total` is 0 while it is not known. */
export interface Progress {
  readonly loaded: number;
  readonly total: number;
}

/** Options of a transfer. `timeout` is for the whole of it; there is none unless given. */
export interface TransferOptions extends CallOptions {
  /** Hears how far it is. Of uploads in Node only their beginning and end: `fetch` there tells no more. */
  onProgress?: (progress: Progress) => void;
}

/** What can be uploaded: a file in a browser, a path of a mini-program. */
export type FileSource = Blob | { path: string };

/** What kind of file it is, for the cloud. */
export type FileKind = "file" | "image" | "audio" | "video";

/** Files. The cloud's token is sent to the cloud's own hosts only. */
export interface Files {
  /**
   * Uploads a file for a conversation. Resolves with its address, for an attachment. A failure of the network is tried
   * again twice, at a new place. Errors: `Cancelled`, `FileUploadFailed`-like codes of the cloud.
   */
  upload(
    file: FileSource,
    to: ConversationInput,
    options?: { kind?: FileKind; name?: string } & TransferOptions,
  ): Promise<{ readonly url: string }>;
  /** Uploads the user's own picture and makes it that. */
  uploadAvatar(file: FileSource, options?: TransferOptions): Promise<{ readonly url: string }>;
  uploadGroupAvatar(file: FileSource, group: IdInput, options?: TransferOptions): Promise<{ readonly url: string }>;
  /** Uploads a file and shares it in a group. */
  share(
    file: FileSource,
    group: IdInput,
    options?: { kind?: FileKind; name?: string; type?: string } & TransferOptions,
  ): Promise<SharedFile>;
  /**
   * A file by its address or the bare name of a picture: a `Blob` in a browser; in a mini-program `{path}` of a
   * temporary file. With `thumbnail` a small picture of it. With `cache` it is kept in, and taken from, the page's
   * Cache API where there is one.
   */
  download(
    url: string,
    options?: { thumbnail?: boolean; cache?: boolean } & TransferOptions,
  ): Promise<Blob | { path: string }>;
  /** Makes the address of a chat's file good for another conversation. */
  forward(url: string, to: ConversationInput, options?: CallOptions): Promise<{ readonly url: string }>;
}

/** Conversations that the user has pinned, on all devices; `ConversationInfo.pinned` follows. */
export interface Pins {
  pin(of: ConversationInput, options?: CallOptions): Promise<void>;
  unpin(of: ConversationInput, options?: CallOptions): Promise<void>;
  /** Ids of their users and groups; the cloud does not say which is what. */
  pinned(options?: CallOptions): Promise<readonly string[]>;
}
