/** The shapes that applications of the former SDK know. Ids are numbers or texts as they were there. */
import type { JsonObject } from "../client/types.js";
import type { Long } from "./long.js";

/** An id as applications give it. */
export type Id = number | string;

/** A message as legacy events and getters give it. */
export interface CustomerMessage {
  /** The server's id; the client's while it is being sent. */
  id: string;
  from: string;
  to: string;
  content: string;
  /** Lower-case name; undefined for a kind this version does not know. */
  type: string | undefined;
  ext: string | undefined;
  /** 0 unread, 1 delivered, 2 read. */
  status: 0 | 1 | 2;
  /** Decimal milliseconds since the epoch. */
  timestamp: string;
  toType: "roster" | "group";
  is_system: boolean;
  /** It came with a page of the past. */
  isHistory: boolean;
  /** The copy of an own message of type `rtc`. */
  isNative: boolean;
  isPlayed: boolean;
  /** Decimal milliseconds; "0" when never edited. */
  editTimestamp: string;
  /** The parsed attachment: `{url, dName, fLen, ...}` or `{lat, lon, addr}`; missing when there is none. */
  attach?: JsonObject;
  /** The parsed config; missing when there is none. Integers beyond 2^53 - 1 are decimal texts. */
  config?: JsonObject;
  /** What the last edit added, and its patches. */
  appendedContent?: string;
  appendConfig?: unknown;
  appendExt?: string;
  replaceConfig?: unknown;
  replaceExt?: string;
}

/** The events of the former SDK. */
export type LegacyEventName =
  | "flooError"
  | "flooNotice"
  | "imRostersGroupslistReady"
  | "loginFail"
  | "loginSuccess"
  | "logout"
  | "messageNormal"
  | "onActionMessage"
  | "onGroupAdminGranted"
  | "onGroupAdminRevoked"
  | "onGroupAnnouncementUpdated"
  | "onGroupApplyAccepted"
  | "onGroupApplyDeclined"
  | "onGroupBaned"
  | "onGroupCreated"
  | "onGroupDestoryed"
  | "onGroupInvitedAccepted"
  | "onGroupInvitedDeclined"
  | "onGroupJoined"
  | "onGroupKicked"
  | "onGroupLeaved"
  | "onGroupListUpdate"
  | "onGroupMemberChanged"
  | "onGroupMessage"
  | "onGroupMessageContentAppend"
  | "onGroupMessageReplace"
  | "onGroupMuted"
  | "onGroupNotice"
  | "onGroupOwnerAssigned"
  | "onGroupUnbaned"
  | "onGroupUnblocked"
  | "onGroupUnmuted"
  | "onInputStatusMessage"
  | "onMentionMessage"
  | "onMessageCanceled"
  | "onMessageDeleted"
  | "onMessageRecalled"
  | "onMessageStatusChanged"
  | "onReceiveHistoryMsg"
  | "onRosterAccepted"
  | "onRosterApplied"
  | "onRosterDeclined"
  | "onRosterInfoUpdate"
  | "onRosterListUpdate"
  | "onRosterMessage"
  | "onRosterMessageContentAppend"
  | "onRosterMessageReplace"
  | "onRosterNotice"
  | "onRosterRTCMessage"
  | "onRosterRemoved"
  | "onSendingMessageStatusChanged"
  | "onUnreadChange"
  | "recentlistUpdate"
  | "userKicked";

/** A listener; what it gets depends on the event. */
// biome-ignore lint/suspicious/noExplicitAny: applications of the former SDK say nothing of what they take
export type AnyListener = (payload: any) => void;

/** Listeners by event. What those of messages get is typed; what others get depends on the event. */
export interface Listeners extends Partial<Record<LegacyEventName, AnyListener>> {
  onRosterMessage?: (message: CustomerMessage) => void;
  onGroupMessage?: (message: CustomerMessage) => void;
  /** Others are never called. */
  [event: string]: AnyListener | undefined;
}

/** A row of `userManage.getConversationList()`. */
export interface RecentConversation {
  type: "roster" | "group";
  id: Id;
  content: string;
  ext: string;
  /** Decimal milliseconds, "" when unknown, or what `touchConversation` was given. */
  timestamp: string | number;
  hasAt: boolean;
  draft: string;
  draftTimestamp: number | "";
}

/** A user's card. Unknown users have nothing but `user_id`; which fields there are depends on what was asked for. */
export interface RosterInfo {
  user_id: Id;
  username?: string;
  nick_name?: string;
  alias?: string;
  avatar?: string;
  /** 0 contact, 2 stranger. */
  relation?: number;
  [field: string]: unknown;
}

/** A group's card. The owner has two names, as ever. */
export interface GroupInfo {
  group_id: Id;
  name?: string;
  avatar?: string;
  owner_id?: Id;
  owner?: Id;
  count?: number;
  [field: string]: unknown;
}

/** A member as `groupManage.getGroupMembers()` gives it. */
export interface LegacyGroupMember {
  user_id: Id;
  /** Alias, else the name in the group, else nickname, user name or id. */
  display_name: string;
  /** Whether there is a name in the group. */
  has_nick: boolean;
  username: string;
  avatar: string;
  join_time?: number;
  expired_time?: number;
}

/** An address of the protocol. */
export interface RawXid {
  uid: Long;
  deviceSN: number;
}

/** A notice or an operation as the server sent it. */
export interface RawMeta {
  id: Long;
  from: RawXid;
  to: RawXid;
  timestamp: Long;
  /** 1 message, 2 group, 3 roster. */
  ns: number;
  payload: Record<string, unknown>;
}

/** What `onSendingMessageStatusChanged` listeners get. `mid` is the number that the send returned; 0 for operations. */
export type SendingStatus =
  | { status: "sending"; uid: Id; mid: number; message: CustomerMessage }
  | { status: "sent"; mid: number; message: CustomerMessage }
  | {
      status: "failed";
      mid: number;
      message: { status: { code: number; reason: string }; client_mid: string };
      errorCode: number;
      errorReason: string;
    };
