/** What the server tells of groups, contacts and the account, in the words of the former SDK (xsync 6.7, 6.8). */
import { parseJson } from "../client/json.js";
import type { Notice } from "../client/types.js";
import { ACCOUNT_NOTICES } from "./constants.js";
import { legacyId } from "./convert.js";
import type { RawNotice } from "./shapes.js";

type Emit = (event: string, payload?: unknown) => void;

const SPACES: Record<Notice["kind"], number> = { unknown: 0, group: 2, roster: 3, account: 4 };

/**
 * Events of the notices of groups. Before a name `=`: the list of groups changes, and the list gets the notice too;
 * `-` the list changes; `*` the list changes if it is about the user, else the members do.
 */
const GROUP: { readonly [type: string]: string | undefined } = {
  created: "=onGroupCreated",
  destroyed: "-onGroupDestoryed",
  joined: "*onGroupJoined",
  left: "*onGroupLeaved",
  "apply-accepted": "*onGroupApplyAccepted",
  "apply-declined": "onGroupApplyDeclined",
  invited: "onGroupNotice",
  "invite-accepted": "*onGroupInvitedAccepted",
  "invite-declined": "onGroupInvitedDeclined",
  kicked: "*onGroupKicked",
  blocked: "*",
  unblocked: "onGroupUnblocked",
  "owner-assigned": "onGroupOwnerAssigned",
  "admin-granted": "onGroupAdminGranted",
  "admin-revoked": "onGroupAdminRevoked",
  muted: "onGroupMuted",
  unmuted: "onGroupUnmuted",
  "announcement-updated": "onGroupAnnouncementUpdated",
};

/** Events of the notices of contacts, and whom the notice must be about to fire. */
const ROSTER: { readonly [type: string]: readonly [event: string, about: "to me" | "by me" | "one" | ""] | undefined } =
  {
    added: ["onRosterListUpdate", "to me"],
    removed: ["onRosterRemoved", "by me"],
    accepted: ["onRosterAccepted", "one"],
    declined: ["onRosterDeclined", "one"],
    applied: ["onRosterApplied", ""],
  };

/** The notice as the former SDK's events had it, with decimal text where it had 64-bit objects. */
export function rawNotice(notice: Notice, me: string): RawNotice {
  return {
    id: notice.id,
    from: { uid: notice.from, deviceSN: 0 },
    to: { uid: me, deviceSN: 0 },
    timestamp: String(notice.timestamp),
    ns: SPACES[notice.kind],
    payload: {
      type: notice.typeNumber,
      ...(notice.group === null ? {} : { gid: { uid: notice.group } }),
      from: { uid: notice.from },
      to: notice.to.map((uid) => ({ uid })),
      content: notice.content,
    },
  };
}

/** Whom a notice of a group is about. */
const isAbout = (notice: Notice, me: string): boolean =>
  notice.type === "kicked" || notice.type === "blocked"
    ? notice.to.some((id) => id === me)
    : notice.from === me || (notice.type === "apply-accepted" && notice.to.some((id) => id === me));

function tellGroup(notice: Notice, me: string, emit: Emit): void {
  const raw = rawNotice(notice, me);
  const groupId = legacyId(notice.group ?? "0");
  const toUids = notice.to.map(legacyId);
  const named = GROUP[notice.type];
  if (named !== undefined) {
    const mark = named.charAt(0);
    if (mark === "=") emit("onGroupListUpdate", raw);
    else if (mark === "-" || (mark === "*" && isAbout(notice, me))) emit("onGroupListUpdate");
    else if (mark === "*") emit("onGroupMemberChanged", groupId);
    const event = named.replace(/^[=*-]/, "");
    if (event !== "") emit(event, raw);
  } else if (notice.type === "banned") emit("onGroupBaned", { groupId, toUids, content: notice.content });
  else if (notice.type === "unbanned") emit("onGroupUnbaned", { groupId, toUids });
  else if (notice.type === "info-updated") {
    const patch = parseJson(notice.content) as { property?: unknown; ban_expire_time?: unknown } | null | undefined;
    const until = Number(patch?.ban_expire_time);
    if (patch?.property === "display_name") emit("onGroupMemberChanged", groupId);
    if (until === -1) emit("onGroupBaned", { groupId, toUids: [], content: -1, all: true });
    if (until === 0) emit("onGroupUnbaned", { groupId, toUids: [], all: true });
    emit("onGroupListUpdate");
  }
}

function tellRoster(notice: Notice, me: string, emit: Emit): void {
  if (notice.type === "info-updated") {
    emit("onRosterInfoUpdate", [legacyId(notice.from)]);
    emit("onRosterListUpdate");
    return;
  }
  const [event, about] = ROSTER[notice.type] ?? [];
  const one = notice.to.length === 1;
  const fits = about === "to me" ? one && notice.to[0] === me : about === "by me" ? notice.from === me : one || !about;
  if (event !== undefined && fits) emit(event, rawNotice(notice, me));
}

/** Tells of a notice. `ended`: the session is over, and that has been told. */
export function tellNotice(notice: Notice, me: string, ended: boolean, emit: Emit): void {
  if (notice.kind === "group") tellGroup(notice, me, emit);
  else if (notice.kind === "roster") tellRoster(notice, me, emit);
  else if (notice.kind === "account" && !ended) {
    emit("flooNotice", { category: "userNotice", desc: ACCOUNT_NOTICES[notice.typeNumber] ?? "UNKNOWN" });
  }
}
