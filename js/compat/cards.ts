/** Cards of users and groups and lists of members, as far as pages have asked for them, with the events they cause. */
import type { FlooClient } from "../client/client.js";
import { isId } from "../client/ids.js";
import type { Bus } from "./bus.js";
import { groupInfo, legacyId, rosterInfo } from "./convert.js";
import type { Api } from "./rest.js";
import type { GroupInfo, Id, LegacyGroupMember, RosterInfo } from "./shapes.js";

interface WireMember {
  user_id: Id;
  display_name?: string;
  join_time?: number;
  expired_time?: number;
}

export class Cards {
  /** What the HTTP API has said, on top of what the client knows. */
  private readonly users = new Map<string, RosterInfo>();
  private readonly groups = new Map<string, GroupInfo>();
  private readonly members = new Map<string, readonly WireMember[]>();
  private own: Record<string, unknown> | undefined;

  constructor(
    private readonly client: FlooClient,
    private readonly bus: Bus,
    private readonly ask: Api,
  ) {}

  clear(): void {
    this.users.clear();
    this.groups.clear();
    this.members.clear();
    this.own = undefined;
  }

  allUsers(): Record<string, RosterInfo> | undefined {
    if (!this.client.session) return undefined;
    const all: Record<string, RosterInfo> = {};
    for (const [id, card] of this.users) all[id] = card;
    for (const user of this.client.cards()) all[user.id] = { ...all[user.id], ...rosterInfo(user) };
    return all;
  }

  /** Never empty: of somebody unknown it has the id, of the type that was given. */
  user(id: Id): RosterInfo {
    const user = isId(id) ? this.client.roster.get(id) : null;
    return { ...this.users.get(String(id)), ...(user ? rosterInfo(user) : {}), user_id: id };
  }

  async rosterIds(force?: boolean): Promise<Id[]> {
    if (force) return (await this.ask("rosterList", {})) as Id[];
    return (await this.client.roster.list()).map((user) => legacyId(user.id));
  }

  async rosterInfo(id: Id, force?: boolean): Promise<RosterInfo | object> {
    const known = this.user(id);
    if (known.username && !force) return known;
    const [card] = await this.fetch([id]);
    this.bus.emit("onRosterInfoUpdate", [id]);
    return card ?? {};
  }

  /** What was fetched; undefined when all were known; `{}` for nobody. All of it is in `getAllRosterDetail()`. */
  async rosterInfos(ids: readonly Id[]): Promise<RosterInfo[] | object | undefined> {
    if (!Array.isArray(ids) || ids.length === 0) return {};
    const missing = ids.filter((id) => !this.user(id).username);
    if (missing.length === 0) return undefined;
    const cards = await this.fetch(missing);
    this.bus.emit("onRosterInfoUpdate", missing);
    return cards;
  }

  async profile(force?: boolean): Promise<unknown> {
    if (!this.own || force) this.own = (await this.ask("userProfile", {})) as Record<string, unknown>;
    return this.own;
  }

  async removeRoster(params: { user_id: Id }): Promise<unknown> {
    const done = await this.ask("rosterDelete", { user_id: params?.user_id });
    this.bus.emit("onRosterListUpdate");
    return done;
  }

  allGroups(): Record<string, GroupInfo> {
    const all: Record<string, GroupInfo> = {};
    for (const [id, card] of this.groups) all[id] = card;
    for (const group of this.client.groupCards()) all[group.id] = { ...all[group.id], ...groupInfo(group) };
    return all;
  }

  async joined(force?: boolean): Promise<GroupInfo[] | Id[]> {
    if (force) return (await this.ask("groupUserjoined", {})) as Id[];
    const all = this.allGroups();
    return (await this.client.groups.list()).map((group) => all[group.id] ?? groupInfo(group));
  }

  async groupInfo(id: Id, force?: boolean): Promise<GroupInfo> {
    const known = this.groups.get(String(id));
    if (known?.name && !force) return known;
    return this.keepGroup((await this.ask("groupInfo", { group_id: id })) as GroupInfo);
  }

  async groupInfos(ids: readonly Id[]): Promise<GroupInfo[] | object> {
    if (!Array.isArray(ids) || ids.length === 0) return {};
    const cards = (await this.ask("groupInfoBatch", { group_list: ids })) as GroupInfo[];
    return cards.map((card) => this.keepGroup(card));
  }

  /** The members' ids as soon as the list is there; names follow, and an event tells. */
  async loadMembers(id: Id): Promise<Id[]> {
    const list = (await this.ask("groupMemberlist", { group_id: id })) as WireMember[];
    const ids = list.map((member) => member.user_id);
    this.members.set(String(id), list);
    this.bus.emit("onGroupMemberChanged", legacyId(String(id)));
    this.nameMembers(id, list).catch((thrown: unknown) =>
      this.client.complain("The names of a group's members could not be read", thrown),
    );
    return ids;
  }

  openGroup(id: Id): void {
    this.loadMembers(id).catch((thrown: unknown) => this.client.complain("The members could not be read", thrown));
  }

  groupMembers(id: Id): LegacyGroupMember[] {
    const me = this.client.session?.userId;
    return (this.members.get(String(id)) ?? []).map((member) => {
      const card = this.user(member.user_id);
      const alias = String(member.user_id) === me ? "" : card.alias;
      const { username = "", nick_name, avatar = "" } = card;
      const { display_name: own, ...rest } = member;
      const display_name = alias || own || nick_name || username || String(member.user_id);
      return { ...rest, display_name, has_nick: Boolean(own), username, avatar };
    });
  }

  /** Who has to acknowledge messages in a group: the other members, where the group wants that. */
  readers(gid: string): readonly string[] {
    if (this.groups.get(gid)?.["read_ack"] !== true) return [];
    const me = this.client.session?.userId;
    return (this.members.get(gid) ?? []).map((member) => String(member.user_id)).filter((id) => id !== me);
  }

  private async nameMembers(id: Id, list: readonly WireMember[]): Promise<void> {
    const ids = list.map((member) => member.user_id);
    if (ids.length === 0) return;
    const named = (await this.ask("groupMembersDidpayname", { group_id: id, user_list: ids })) as WireMember[];
    const names = new Map(named.map((member) => [String(member.user_id), member]));
    this.members.set(
      String(id),
      list.map((member) => ({ ...member, ...names.get(String(member.user_id)) })),
    );
    const missing = ids.filter((user) => !this.user(user).username);
    if (missing.length > 0) {
      await this.fetch(missing);
      this.bus.emit("onRosterListUpdate");
    }
    this.bus.emit("onGroupMemberChanged", legacyId(String(id)));
  }

  private async fetch(ids: readonly Id[]): Promise<RosterInfo[]> {
    const cards = (await this.ask("rosterListPost", { list: ids })) as RosterInfo[];
    for (const card of cards) {
      const id = String(card.user_id);
      this.users.set(id, { ...this.users.get(id), ...card });
    }
    return cards;
  }

  private keepGroup(card: GroupInfo): GroupInfo {
    const id = String(card.group_id);
    const whole = { ...this.groups.get(id), ...card };
    this.groups.set(id, whole);
    return whole;
  }
}
