/** Checks and brands ids. Ids are unsigned 64-bit numbers, kept as decimal text. */
import { badArgument } from "../errors.js";
import type { ConversationInput, ConversationKey, GroupId, IdInput, MessageId, UserId } from "./types.js";

/** The largest id. */
export const MAX_ID = "18446744073709551615";
const EXPECTED = "an id above 0: a decimal string, a bigint or an integer up to 2^53 - 1";

/** Orders two decimal texts without leading zeros by their value. */
export const compareIds = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);

/** Whether it is an id. */
export function isId(input: unknown): boolean {
  if (typeof input === "number" && !Number.isSafeInteger(input)) return false;
  if (typeof input !== "string" && typeof input !== "number" && typeof input !== "bigint") return false;
  const text = String(input);
  return /^[1-9][0-9]{0,19}$/.test(text) && compareIds(text, MAX_ID) <= 0;
}

function decimal(input: unknown, field: string): string {
  if (!isId(input)) throw badArgument(field, EXPECTED);
  return String(input);
}

/** A user's id; throws `ArgumentInvalid` naming the field. */
export const userId = (input: IdInput, field: string): UserId => decimal(input, field) as UserId;
/** A group's id; throws `ArgumentInvalid` naming the field. */
export const groupId = (input: IdInput, field: string): GroupId => decimal(input, field) as GroupId;
/** A message's id; throws `ArgumentInvalid` naming the field. */
export const messageId = (input: IdInput, field: string): MessageId => decimal(input, field) as MessageId;

/** The id behind one, for engines without bigints. */
export const following = (id: string): string =>
  /^9+$/.test(id)
    ? `1${"0".repeat(id.length)}`
    : id.replace(
        /([0-8])(9*)$/,
        (_, digit: string, nines: string) => `${Number(digit) + 1}${"0".repeat(nines.length)}`,
      );

/** A time as the core wants it; throws `ArgumentInvalid` naming the field. */
export function timestamp(input: unknown, field: string): string {
  if (typeof input === "number" && input >= 0 && input <= Number.MAX_SAFE_INTEGER) return String(Math.floor(input));
  throw badArgument(field, "milliseconds since the epoch");
}

/** A conversation's key; throws `ArgumentInvalid` naming the field. */
export function conversationKey(input: ConversationInput): ConversationKey {
  const of = input as { user?: IdInput; group?: IdInput; kind?: string; id?: IdInput } | null | undefined;
  if (typeof of === "object" && of !== null) {
    if (of.user !== undefined && of.group !== undefined)
      throw badArgument("conversation", "of a user or of a group, not both");
    if (of.user !== undefined) return { kind: "user", id: userId(of.user, "user") };
    if (of.group !== undefined) return { kind: "group", id: groupId(of.group, "group") };
    if (of.kind === "user") return { kind: "user", id: userId(of.id as IdInput, "id") };
    if (of.kind === "group") return { kind: "group", id: groupId(of.id as IdInput, "id") };
    if (of.kind === "system" && String(of.id) === "0") return { kind: "system", id: "0" as UserId };
  }
  throw badArgument("conversation", "{user}, {group} or the key of a conversation");
}
