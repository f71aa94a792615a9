/** The members of a group, as a page shows them. */
import type { GroupHandle, GroupMember } from "floo-wasm";
import type { Store } from "../store.js";

export type Role = "owner" | "admin" | "";

export interface Member {
  readonly id: string;
  /** What they are called in the group. */
  readonly name: string;
  readonly role: Role;
}

/** Who owns a group and who are its administrators. */
export interface Roles {
  readonly owner: string;
  readonly admins: ReadonlySet<string>;
}

export async function readRoles(group: GroupHandle): Promise<Roles> {
  const [info, admins] = await Promise.all([group.info(), group.admins()]);
  return { owner: info.ownerId ?? info.owner ?? "", admins: new Set(admins.map((admin) => admin.userId)) };
}

export function roleOf(roles: Roles, id: string): Role {
  return id === roles.owner ? "owner" : roles.admins.has(id) ? "admin" : "";
}

/** Members with their names; asks the cloud who those are that this device does not know. */
export async function asMembers(store: Store, roles: Roles, members: readonly GroupMember[]): Promise<Member[]> {
  await store.learn(members.map((member) => member.userId));
  return members.map((member) => ({
    id: member.userId,
    name: member.displayName || store.nameOf(member.userId),
    role: roleOf(roles, member.userId),
  }));
}
