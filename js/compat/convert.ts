/** From the modern shapes to the legacy ones (xsync 6.2, 6.10). */
import { TYPES } from "../client/details.js";
import { parseJson } from "../client/json.js";
import type { FlooErrorShape, Group, JsonObject, Message, Notice, User } from "../client/types.js";
import { Long } from "./long.js";
import type { CustomerMessage, GroupInfo, RawMeta, RawXid, RosterInfo } from "./shapes.js";

/** A number where one can hold the id, as the former SDK had it; else the text. */
export function legacyId(id: string): number | string {
  const number = Number(id);
  return Number.isSafeInteger(number) ? number : id;
}

/** A message for the account `me`. */
export function customerMessage(message: Message, me: string, more: Partial<CustomerMessage> = {}): CustomerMessage {
  const { conversation, outgoing, config } = message;
  const group = conversation.kind === "group";
  const attach = message.attachmentText === "" ? undefined : parseJson(message.attachmentText);
  return {
    id: message.id ?? message.clientId ?? message.key,
    from: message.from,
    to: group || outgoing ? conversation.id : me,
    content: message.text,
    type: message.type === "unknown" ? undefined : message.type,
    ext: message.ext === "" && outgoing ? undefined : message.ext,
    status: message.read ? 2 : message.delivered ? 1 : 0,
    timestamp: String(message.timestamp),
    toType: group ? "group" : "roster",
    is_system: conversation.kind === "system",
    isHistory: false,
    isNative: false,
    isPlayed: message.played,
    editTimestamp: String(message.editedAt),
    ...(attach ? { attach: attach as JsonObject } : {}),
    ...(config ? { config } : {}),
    ...more,
  };
}

export const rosterInfo = (user: User): RosterInfo => ({
  user_id: legacyId(user.id),
  username: user.username,
  nick_name: user.nickname,
  alias: user.alias,
  avatar: user.avatar,
  relation: user.isContact ? 0 : 2,
});

export const groupInfo = (group: Group): GroupInfo => ({
  group_id: legacyId(group.id),
  name: group.name,
  avatar: group.avatar,
  owner_id: legacyId(group.ownerId),
  owner: legacyId(group.ownerId),
  count: group.memberCount,
});

/** An address as raw metas have it. */
export const xid = (id: string): RawXid => ({ uid: new Long(id), deviceSN: 0 });

/** A message of the type `NORMAL` as it was sent, `to` somebody. */
export const rawMessage = (message: Message, to: string): RawMeta => ({
  id: new Long(message.id ?? "0"),
  from: xid(message.from),
  to: xid(to),
  timestamp: new Long(String(message.timestamp)),
  ns: 1,
  payload: {
    type: 0,
    content: message.text,
    ctype: (TYPES as readonly string[]).indexOf(message.type),
    config: message.configText,
    attachment: message.attachmentText,
    ext: message.ext,
  },
});

/** A notice as it was sent. */
export const rawNotice = (notice: Notice, me: string): RawMeta => ({
  id: new Long(notice.id),
  from: xid(notice.from),
  to: xid(me),
  timestamp: new Long(String(notice.timestamp)),
  ns: notice.kind === "group" ? 2 : 3,
  payload: {
    type: notice.typeNumber,
    ...(notice.group ? { gid: xid(notice.group) } : {}),
    from: xid(notice.from),
    to: notice.to.map(xid),
    content: notice.content,
  },
});

/** Names that hold ids in answers of the HTTP API. Codes, app ids and the like stay texts. */
const IDS =
  /^(?:id|uid|owner|author|uploader|success|(?:\w+_)?(?:user|group|owner|roster|inviter|invitee|applicant|file|announcement)_ids?)$/;

/** An answer of the HTTP API with ids as numbers, in place of the decimal texts of the core. A bare text is no id. */
export function legacyAnswer(value: unknown, isId = Array.isArray(value)): unknown {
  if (typeof value === "string") return isId && /^[1-9]\d*$/.test(value) ? legacyId(value) : value;
  if (Array.isArray(value)) return value.map((it) => legacyAnswer(it, isId));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, it]) => [name, legacyAnswer(it, IDS.test(name))]));
}

/** The server's own words in a refusal of a frame, as the former SDK told them; else ours. */
export const reasonOf = ({ domain, message }: FlooErrorShape): string =>
  (domain === "frame" && /\((?:status \d+: )?([\s\S]+)\)$/.exec(message)?.[1]) || message;

/** What a call of the HTTP API rejects with: the server's own number and words, as ever; anything else as it is. */
export function legacyError(thrown: unknown, url: string): unknown {
  const { domain, message } = thrown as FlooErrorShape;
  const said = domain === "http" ? /\(code (\d+)(?:: ([\s\S]*))?\)$/.exec(message) : null;
  return said ? { url, code: Number(said[1]), message: said[2] ?? message, cause: thrown } : thrown;
}

/** What the former SDK made of a refusal by the message server. */
export interface FrameFailure {
  /** Number of the frame's status (xsync 3.6). */
  readonly status: number;
  /** `flooError.category`; the status when there is no name. */
  readonly category: string | number;
  /** `flooNotice` of category `action`, if the application has to act. */
  readonly action?: "relogin" | "relogin_manually";
}

const FRAMES: Record<string, FrameFailure | undefined> = {
  ServerDecryptionFailed: { status: 5, category: 5 },
  InvalidToken: { status: 7, category: 7, action: "relogin" },
  InvalidRequestParameter: { status: 8, category: 8 },
  UserNotLogin: { status: 9, category: 9, action: "relogin" },
  UserAuthFailed: { status: 9, category: 9 },
  UserFrozen: { status: 10, category: "USER_FROZEN", action: "relogin_manually" },
  UserBanned: { status: 11, category: "USER_BANNED" },
  MessageCensored: { status: 12, category: 12 },
  UserTooManyDevice: { status: 13, category: 13 },
  ServerEncryptMethodUnsupported: { status: 14, category: 14 },
  ServerInvalidLicense: { status: 17, category: "LICENSE", action: "relogin_manually" },
  ServerLicenseLimit: { status: 18, category: "LICENSE", action: "relogin_manually" },
  ServerAppFrozen: { status: 19, category: "APP_FROZEN", action: "relogin_manually" },
  MessageRateLimitExceeded: { status: 20, category: 20 },
};

/** Codes without an equivalent count as the general refusal, status 2. */
export const frameFailure = (error: FlooErrorShape): FrameFailure =>
  FRAMES[error.code] ?? { status: 2, category: "FAIL" };

/** The name of the account notice that ends a session; undefined when it was something else. */
export const KICKS: Record<string, string | undefined> = {
  UserPasswordChanged: "PASSWORD_CHANGED",
  UserFrozen: "FROZEN",
  UserRemoved: "REMOVED",
  UserKickedBySameDevice: "KICK_BY_SAME_DEVICE",
  UserKickedByOtherDevices: "KICKED_BY_OTHER_DEVICE",
};
