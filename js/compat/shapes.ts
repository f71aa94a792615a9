/** The shapes that applications of the former SDK know. Ids are numbers or texts as they were there. */

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
  isHistory: boolean;
  isNative: boolean;
  isPlayed: boolean;
  /** Decimal milliseconds; "0" when never edited. */
  editTimestamp: string;
  /** The parsed attachment, as it was sent: `{url, dName, fLen, ...}` or `{lat, lon, addr}`. */
  attach?: unknown;
  /** The parsed config. Integers beyond 2^53 - 1 are decimal text. */
  config?: unknown;
  /** After an edit: what was added, and the patches. */
  appendedContent?: string;
  appendConfig?: unknown;
  appendExt?: string;
  replaceConfig?: unknown;
  replaceExt?: string;
}

/** What the server told, in events and from `getNoticeMessage`. Ids are decimal text. */
export interface RawNotice {
  id: string;
  from: { uid: string; deviceSN: number };
  to: { uid: string; deviceSN: number };
  timestamp: string;
  /** `STATIC_META_NAMESPACE`: 2 group, 3 roster, 4 user. */
  ns: number;
  payload: {
    /** `STATIC_GROUPNOTICE_TYPE`, `STATIC_ROSTERNONTICE_TYPE` or `STATIC_USERNOTICE_TYPE`. */
    type: number;
    gid?: { uid: string };
    from: { uid: string };
    to: Array<{ uid: string }>;
    content: string;
  };
}

/** A row of `userManage.getConversationList()`. */
export interface RecentConversation {
  type: "roster" | "group";
  id: number | string;
  content: string;
  ext: string;
  /** Decimal milliseconds; what the page gave to `touchConversation`. */
  timestamp: string | number;
  hasAt: boolean;
  draft: string;
  draftTimestamp: number | "";
}

/** A user's card. Unknown users have nothing but `user_id`. */
export interface RosterInfo {
  user_id: number | string;
  username?: string;
  nick_name?: string;
  alias?: string;
  avatar?: string;
  /** 0 contact, 2 stranger. */
  relation?: number;
  /** What the cloud has told beside these: `description`, `ext`, `public_info`, `auth_mode`, ... */
  [field: string]: unknown;
}

/** A group's card. The owner has two names, as ever. */
export interface GroupInfo {
  group_id: number | string;
  name: string;
  avatar: string;
  owner_id: number | string;
  owner: number | string;
  count: number;
  /** The group wants to know who has read its messages. Known after `asyncGetGroupInfo`. */
  read_ack?: boolean;
  /** The other fields of the cloud's card. */
  [field: string]: unknown;
}

/** A row of `groupManage.getGroupMembers()`. */
export interface MemberRow {
  user_id: number | string;
  /** The alias, else the name in the group, else the nickname, else the user name, else the id. */
  display_name: string;
  /** Whether there is a name in the group. */
  has_nick: boolean;
  username: string;
  avatar: string;
  join_time?: unknown;
  expired_time?: unknown;
}

/** What `onSendingMessageStatusChanged` listeners get. `mid` is the number that the send returned. */
export type SendingStatus =
  | { status: "sending"; uid: number | string; mid: number; message: CustomerMessage }
  | { status: "sent"; mid: number; message: CustomerMessage }
  | {
      status: "failed";
      mid: number;
      message: { status: { code: number; reason: string }; client_mid: string };
      errorCode: number;
      errorReason: string;
    };
