/** Notices of groups, contacts and the account in the words of the former SDK (xsync 6.7, 6.8, 3.7). */
import type { FlooClient } from "../client/client.js";
import { parseJson } from "../client/json.js";
import type { JsonObject, Notice } from "../client/types.js";
import type { Bus } from "./bus.js";
import { nameIn } from "./constants.js";
import { legacyId, rawNotice } from "./convert.js";
import type { Id, RawMeta } from "./shapes.js";

/** As many notices as the former SDK kept. */
const MOST = 50;

/**
 * By the number of the notice: its own event, and behind a colon who sees the list of groups change rather than a
 * list of members: `f` who acted, `t` whom it concerns, `*` everybody, `-` nobody sees either.
 */
const GROUP: { readonly [type: number]: string | undefined } = {
  3: "onGroupCreated:-", // with the notice as the payload of onGroupListUpdate
  4: "onGroupDestoryed:*",
  5: "onGroupJoined:f",
  6: "onGroupLeaved:f",
  8: "onGroupApplyAccepted:t",
  9: "onGroupApplyDeclined:-",
  10: "onGroupNotice:-",
  11: "onGroupInvitedAccepted:f",
  12: "onGroupInvitedDeclined:-",
  13: "onGroupKicked:t",
  14: ":t",
  15: "onGroupUnblocked:-",
  16: "onGroupOwnerAssigned:-",
  17: "onGroupAdminGranted:-",
  18: "onGroupAdminRevoked:-",
  19: "onGroupMuted:-",
  20: "onGroupUnmuted:-",
  21: "onGroupBaned:-",
  22: "onGroupUnbaned:-",
  24: "onGroupAnnouncementUpdated:-",
};

const ROSTER: { readonly [type: number]: string | undefined } = {
  1: "onRosterListUpdate",
  2: "onRosterRemoved",
  3: "onRosterAccepted",
  4: "onRosterDeclined",
  7: "onRosterApplied",
};

/** Account notices after which one has to log in anew: unknown, password, frozen, removed, kicked, device removed. */
const FINAL = [0, 1, 2, 3, 5, 10];

/** What `sysManage.getNoticeMessage()` gives: ids as texts, kinds as words. */
export interface RawNotice {
  id: string;
  from: { uid: string; deviceSN: number };
  to: { uid: string; deviceSN: number };
  timestamp: string;
  ns: "GROUP_NOTICE" | "ROSTER_NOTICE";
  payload: Record<string, unknown>;
}

const words = (meta: RawMeta): RawNotice => ({
  ...(JSON.parse(JSON.stringify(meta)) as RawNotice), // a `Long` is its digits there
  ns: meta.ns === 2 ? "GROUP_NOTICE" : "ROSTER_NOTICE",
  payload: {
    ...(JSON.parse(JSON.stringify(meta.payload)) as JsonObject),
    type: nameIn(meta.ns === 2 ? "GROUPNOTICE_TYPE" : "ROSTERNONTICE_TYPE", meta.payload["type"] as number),
  },
});

export class Notices {
  /** The newest first. */
  private kept: readonly Notice[] = [];
  /** Groups whose `onGroupMemberChanged` a notice has brought already. */
  private readonly announced = new Set<string>();
  /** The account notice that ended the session, once it is told. */
  private ended = "";

  constructor(
    private readonly client: FlooClient,
    private readonly bus: Bus,
  ) {
    client.on("notice", (notice) => this.take(notice));
    client.on("group:members", ({ group }) => {
      if (!this.announced.delete(group)) bus.emit("onGroupMemberChanged", legacyId(group));
    });
  }

  list(): RawNotice[] {
    return this.kept.map((notice) => words(rawNotice(notice, this.me)));
  }

  /** A new session: reads what is kept of it. */
  begin(): void {
    this.ended = "";
    this.kept = [];
    this.client.notices.list().then(
      (notices) => this.keep(notices),
      (thrown: unknown) => this.client.complain("The notices could not be read", thrown),
    );
  }

  /** The account notice that a session ended with; it comes as a notice and as the end of the session. */
  end(name: string): void {
    if (this.ended === name) return;
    this.ended = name;
    if (name === "KICK_BY_SAME_DEVICE") this.bus.emit("userKicked");
    else this.bus.emit("flooNotice", { category: "action", desc: "relogin_manually" });
    this.bus.emit("flooNotice", { category: "userNotice", desc: name });
  }

  private get me(): string {
    return this.client.session?.userId ?? "";
  }

  private keep(notices: readonly Notice[]): void {
    const others = this.kept.filter((it) => notices.every((other) => other.id !== it.id));
    this.kept = [...notices, ...others].slice(0, MOST);
  }

  private take(notice: Notice): void {
    if (notice.kept) this.keep([notice]);
    if (notice.kind === "group") this.group(notice);
    else if (notice.kind === "roster") this.roster(notice);
    else if (notice.kind === "account") this.account(notice.typeNumber);
  }

  private group(notice: Notice): void {
    const { typeNumber, from, to, content } = notice;
    const gid = legacyId(notice.group ?? "0");
    if (typeNumber === 23) {
      this.patched(gid, notice.group ?? "0", content);
      return;
    }
    const [event, list] = GROUP[typeNumber]?.split(":") ?? [];
    if (event === undefined) return;
    const meta = rawNotice(notice, this.me);
    const mine =
      (list === "f" && from === this.me) || (list === "t" && to.some((id) => id === this.me)) || list === "*";
    if (typeNumber === 3) this.bus.emit("onGroupListUpdate", meta);
    else if (mine) this.bus.emit("onGroupListUpdate");
    else if (list !== "-") this.members(notice.group ?? "0");
    if (typeNumber === 21 || typeNumber === 22) {
      const said = typeNumber === 21 ? { content } : {};
      this.bus.emit(event, { groupId: gid, toUids: to.map(legacyId), ...said });
    } else if (event !== "") this.bus.emit(event, meta);
  }

  /** A group's card, or one member's name in it. */
  private patched(gid: Id, group: string, content: string): void {
    const patch = (parseJson(content) ?? {}) as JsonObject;
    if (patch["property"] === "display_name") {
      this.members(group);
      return;
    }
    const until = patch["ban_expire_time"];
    const all = { groupId: gid, toUids: [], all: true };
    if (until === -1) this.bus.emit("onGroupBaned", { ...all, content: -1 });
    if (until === 0) this.bus.emit("onGroupUnbaned", all);
    this.bus.emit("onGroupListUpdate");
  }

  private members(group: string): void {
    this.announced.add(group);
    this.bus.emit("onGroupMemberChanged", legacyId(group));
  }

  private roster(notice: Notice): void {
    const { typeNumber, from, to } = notice;
    if (typeNumber === 8) {
      this.bus.emit("onRosterInfoUpdate", [legacyId(from)]);
      this.bus.emit("onRosterListUpdate");
      return;
    }
    const event = ROSTER[typeNumber];
    // Of the others nothing was ever said.
    const said =
      typeNumber === 1
        ? to.length === 1 && to[0] === this.me
        : typeNumber === 2
          ? from === this.me
          : typeNumber === 7 || to.length === 1;
    if (event && said) this.bus.emit(event, rawNotice(notice, this.me));
  }

  private account(type: number): void {
    const name = nameIn("USERNOTICE_TYPE", type) ?? "UNKNOWN";
    if (type === 4 || FINAL.includes(type)) this.end(name);
    else this.bus.emit("flooNotice", { category: "userNotice", desc: name });
  }
}
