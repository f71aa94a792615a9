/** The members of a group, as a page shows them. */
import type { GroupDetails, GroupMember } from "floo-wasm";
import type { Store } from "../store.js";

export interface Member {
  readonly id: string;
  /** What they are called in the group. */
  readonly name: string;
  readonly role: "owner" | "admin" | "";
}

/** Who owns a group and who are its administrators. */
export interface Roles {
  readonly owner: string;
  readonly admins: ReadonlySet<string>;
}

export function rolesOf(group: GroupDetails, admins: readonly GroupMember[]): Roles {
  return { owner: group.ownerId ?? group.owner ?? "", admins: new Set(admins.map((admin) => admin.userId)) };
}

/** Members with their names; asks the cloud who those are that this device does not know. */
export async function asMembers(store: Store, roles: Roles, members: readonly GroupMember[]): Promise<Member[]> {
  await store.learn(members.map((member) => member.userId));
  return members.map((member) => ({
    id: member.userId,
    name: member.displayName || store.nameOf(member.userId),
    role: member.userId === roles.owner ? "owner" : roles.admins.has(member.userId) ? "admin" : "",
  }));
}
