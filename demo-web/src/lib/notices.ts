import type { Notice } from "floo-wasm";

/** How people and groups are called. */
export interface Names {
  user(id: string): string;
  group(id: string): string;
}

/** What notices say, by kind and type; `{from}`, `{to}` and `{group}` stand for names. */
const TEXTS: Readonly<Record<string, string>> = {
  "group/applied": "{from} would like to join {group}",
  "group/apply-accepted": "You are now a member of {group}",
  "group/apply-declined": "Your application to {group} was declined",
  "group/invited": "{from} invites you to {group}",
  "group/invite-accepted": "{to} has accepted the invitation to {group}",
  "group/invite-declined": "{to} has declined the invitation to {group}",
  "group/kicked": "You were removed from {group}",
  "group/blocked": "You were blocked in {group}",
  "group/destroyed": "{group} was dissolved",
  "group/owner-assigned": "You own {group} now",
  "roster/applied": "{from} would like to be your contact",
  "roster/accepted": "{from} has accepted your contact request",
  "roster/declined": "{from} has declined your contact request",
  "roster/removed": "{from} is no longer a contact",
  "account/device-added": "Your account was used on a new device",
};

/** A notice in one line. Kinds without words of their own are named as the SDK names them. */
export function noticeText(notice: Notice, names: Names): string {
  const text = TEXTS[`${notice.kind}/${notice.type}`] ?? `${notice.kind}: ${notice.type.replaceAll("-", " ")}`;
  return text.replace(/\{(from|to|group)\}/g, (_, part: string) => {
    if (part === "group") return notice.group === null ? "a group" : names.group(notice.group);
    if (part === "to") return notice.to.map((id) => names.user(id)).join(", ") || "Somebody";
    return names.user(notice.from);
  });
}

/** What a person wrote along with it; empty for the JSON and numbers that servers put there. */
export function noticeReason(notice: Notice): string {
  const words = notice.content.trim();
  return /^(?:[{["]|-?\d+$)/.test(words) ? "" : words.slice(0, 200);
}

/** Several names as people say them, at most three: `Ann, Ben, Cem and 2 more`. */
export function someNames(names: readonly string[]): string {
  const rest = names.length - 3;
  if (rest > 0) return `${names.slice(0, 3).join(", ")} and ${rest} more`;
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}
