/** Cards of users and groups, and members of groups, with all that the cloud has told of them. */
import type { FlooClient } from "../client/client.js";
import { isId } from "../client/ids.js";
import type { Bus } from "./bus.js";
import { groupInfo, legacyId, rosterInfo } from "./convert.js";
import { ask } from "./rest.js";
import type { GroupInfo, MemberRow, RosterInfo } from "./shapes.js";

type Id = number | string;

/** A member as the cloud tells of it. */
interface RawMember {
  user_id: Id;
  display_name?: string;
  join_time?: unknown;
  expired_time?: unknown;
}

/** The cloud takes so many ids at once. */
const BATCH = 100;

/** What was fetched over what the client has: fetched cards get what the client hears later. */
function over<T>(cards: Record<string, T>, fetched: Map<string, T>): Record<string, T> {
  for (const [id, card] of fetched) cards[id] = { ...cards[id], ...card };
  return cards;
}

function renew<T>(fetched: Map<string, T>, id: string, card: T): void {
  const known = fetched.get(id);
  if (known) fetched.set(id, { ...known, ...card });
}

export class Cards {
  private readonly users = new Map<string, RosterInfo>();
  private readonly groups = new Map<string, GroupInfo>();
  private readonly members = new Map<string, RawMember[]>();
  private profile: unknown;

  constructor(
    private readonly client: FlooClient,
    private readonly bus: Bus,
  ) {
    client.on("roster", ({ users }) => {
      for (const user of users) renew(this.users, user.id, rosterInfo(user));
    });
    client.on("groups", ({ groups }) => {
      for (const group of groups) renew(this.groups, group.id, groupInfo(group));
    });
    client.on("group:members", ({ group, joined, left }) => {
      const list = this.members.get(group);
      if (!list) return; // was not asked for yet
      const gone = new Set<string>([...left, ...joined]);
      const stay = list.filter((member) => !gone.has(String(member.user_id)));
      this.members.set(group, [...stay, ...joined.map((id) => ({ user_id: legacyId(id) }))]);
    });
  }

  clear(): void {
    this.users.clear();
    this.groups.clear();
    this.members.clear();
    this.profile = undefined;
  }

  user(id: Id): RosterInfo {
    const card = isId(id) ? this.client.roster.get(id) : null;
    return { ...(card ? rosterInfo(card) : {}), ...this.users.get(String(id)), user_id: id };
  }

  /** By id. */
  allUsers(): Record<string, RosterInfo> {
    const cards = [...this.client.cards()].map((card) => [card.id, rosterInfo(card)]);
    return over(Object.fromEntries(cards), this.users);
  }

  /** By id. */
  allGroups(): Record<string, GroupInfo> {
    const cards = [...this.client.groupCards()].map((card) => [card.id, groupInfo(card)]);
    return over(Object.fromEntries(cards), this.groups);
  }

  /** One user, from the cloud unless it is known; `{}` for one that the cloud does not know. */
  async userInfo(id: Id, force?: boolean): Promise<RosterInfo | Record<string, never>> {
    if (!force && this.user(id).username) return this.user(id);
    const [found] = await this.fetchUsers([id]);
    return found ?? {};
  }

  /** The three answers of the former SDK: `{}` for no ids, undefined for ids that are known, else what was fetched. */
  async userInfos(ids: readonly Id[]): Promise<RosterInfo[] | undefined | Record<string, never>> {
    if (!Array.isArray(ids) || ids.length === 0) return {};
    const missing = ids.filter((id) => !this.user(id).username);
    return missing.length === 0 ? undefined : this.fetchUsers(missing);
  }

  async userProfile(force?: boolean): Promise<unknown> {
    if (force || this.profile === undefined) this.profile = await ask(this.client, "userProfile");
    return this.profile;
  }

  async group(id: Id, force?: boolean): Promise<GroupInfo> {
    const known = this.groups.get(String(id));
    if (known && !force) return known;
    const found = (await ask(this.client, "groupInfo", { group_id: id })) as GroupInfo;
    return this.keepGroup(String(id), found);
  }

  async groupInfos(ids: readonly Id[]): Promise<GroupInfo[] | Record<string, never>> {
    if (!Array.isArray(ids) || ids.length === 0) return {};
    const found = (await ask(this.client, "groupInfoBatch", { group_list: ids })) as GroupInfo[];
    for (const group of found) this.keepGroup(String(group.group_id), group);
    return found;
  }

  /** The ids of all members. Names follow: both are told by `onGroupMemberChanged`. */
  async open(id: Id): Promise<Id[]> {
    const group = String(id);
    const list: RawMember[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const params: object = cursor === "" ? { group_id: id } : { group_id: id, cursor };
      const page = (await ask(this.client, "groupMemberlist", params)) as { items: RawMember[]; cursor: string | null };
      list.push(...page.items);
      const next: string | null = page.cursor === null ? null : String(page.cursor);
      cursor = next === cursor ? null : next;
    }
    this.members.set(group, list);
    this.bus.emit("onGroupMemberChanged", legacyId(group));
    const unknown = list.map((member) => member.user_id).filter((user) => !this.user(user).username);
    this.fetchUsers(unknown).then(
      () => this.bus.emit("onGroupMemberChanged", legacyId(group)),
      (thrown: unknown) => this.client.complain("The names of a group's members could not be read", thrown),
    );
    return list.map((member) => member.user_id);
  }

  /** As of the last `open`, with those who came and went since. */
  groupMembers(id: Id): MemberRow[] {
    const me = this.client.session?.userId;
    return (this.members.get(String(id)) ?? []).map((member) => {
      const user = this.user(member.user_id);
      const alias = String(member.user_id) === me ? "" : user.alias;
      const names = [alias, member.display_name, user.nick_name, user.username, String(member.user_id)];
      return {
        user_id: member.user_id,
        display_name: names.find((name) => name) ?? "",
        has_nick: !!member.display_name,
        username: user.username ?? "",
        avatar: user.avatar ?? "",
        ...(member.join_time === undefined ? {} : { join_time: member.join_time }),
        ...(member.expired_time === undefined ? {} : { expired_time: member.expired_time }),
      };
    });
  }

  /** Those who are to tell that they have read a message: where the group wants that, all members known here. */
  receiptsFrom(group: string): string[] {
    if (this.groups.get(group)?.read_ack !== true) return [];
    const me = this.client.session?.userId;
    return (this.members.get(group) ?? []).map((member) => String(member.user_id)).filter((id) => id !== me);
  }

  private async fetchUsers(ids: readonly Id[]): Promise<RosterInfo[]> {
    const all: RosterInfo[] = [];
    for (let at = 0; at < ids.length; at += BATCH) {
      const list = ids.slice(at, at + BATCH);
      all.push(...((await ask(this.client, "rosterListPost", { list })) as RosterInfo[]));
    }
    for (const user of all) {
      const id = String(user.user_id);
      this.users.set(id, { ...this.users.get(id), ...user });
    }
    if (ids.length > 0) this.bus.emit("onRosterInfoUpdate", [...ids]);
    return all;
  }

  private keepGroup(id: string, group: GroupInfo): GroupInfo {
    const merged = { ...this.groups.get(id), ...group };
    this.groups.set(id, merged);
    return merged;
  }
}
