/** From the modern shapes to the legacy ones (xsync 6.2, 6.10). */
import { parseJson } from "../client/json.js";
import type { ConversationInfo, FlooErrorShape, Group, Message, User } from "../client/types.js";
import type { RawUpdate } from "../tape.js";
import type { CustomerMessage, GroupInfo, RecentConversation, RosterInfo } from "./shapes.js";

/** A number where one can hold the id, as the former SDK had it; else the text. */
export function legacyId(id: string): number | string {
  const number = Number(id);
  return Number.isSafeInteger(number) ? number : id;
}

/** A message for the account `me`. */
export function customerMessage(message: Message, me: string): CustomerMessage {
  const { conversation, outgoing } = message;
  const group = conversation.kind === "group";
  const attach = message.attachmentText === "" ? undefined : parseJson(message.attachmentText);
  return {
    id: message.id ?? message.clientId ?? message.key,
    from: message.from,
    to: group || outgoing ? conversation.id : me,
    content: message.text,
    type: message.type === "unknown" ? undefined : message.type,
    ext: message.ext === "" && outgoing ? undefined : message.ext,
    status: message.read ? 2 : outgoing && message.delivered ? 1 : 0,
    timestamp: String(message.timestamp),
    toType: group ? "group" : "roster",
    is_system: conversation.kind === "system",
    isHistory: false,
    isNative: outgoing && message.type === "rtc",
    isPlayed: message.played,
    editTimestamp: String(message.editedAt),
    ...(attach === undefined ? {} : { attach }),
    ...(message.config === null ? {} : { config: message.config }),
  };
}

/** What a change adds to a message, for the events that tell of it (xsync 6.6); `before` is its text until then. */
export function editDetails(update: RawUpdate, before: string | undefined): Partial<CustomerMessage> {
  const { change, text, config, ext } = update;
  const patch = parseJson(config);
  if (change === "append") {
    return {
      appendedContent: text,
      ...(patch === undefined ? {} : { appendConfig: patch }),
      ...(ext === "" ? {} : { appendExt: ext }),
    };
  }
  return {
    ...(text === "" || before === undefined ? {} : { appendedContent: text.slice(before.length) }),
    ...(patch === undefined ? {} : { replaceConfig: patch }),
    ...(ext === "" ? {} : { replaceExt: ext }),
  };
}

/** A row of the list of conversations. */
export function recentConversation(row: ConversationInfo): RecentConversation {
  const last = row.lastMessage;
  const spoken = last?.type === "text" || last?.type === "rtc";
  return {
    type: row.key.kind === "group" ? "group" : "roster",
    id: legacyId(row.key.id),
    content: last ? (spoken ? last.text : last.type) : "",
    ext: last?.ext ?? "",
    timestamp: row.timestamp === 0 ? "" : String(row.timestamp),
    hasAt: false,
    draft: "",
    draftTimestamp: "",
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
