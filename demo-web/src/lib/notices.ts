import type { Client, Notice } from "floo-wasm";
import { type TextKey, t } from "../i18n/index.js";

/** How people and groups are called. */
export interface Names {
  user(id: string): string;
  group(id: string): string;
}

/** What notices say, by kind and type; `{from}`, `{to}` and `{group}` stand for names. */
const TEXTS: Readonly<Record<string, TextKey>> = {
  "group/applied": "notices.groupApplied",
  "group/apply-accepted": "notices.groupApplyAccepted",
  "group/apply-declined": "notices.groupApplyDeclined",
  "group/invited": "notices.groupInvited",
  "group/invite-accepted": "notices.groupInviteAccepted",
  "group/invite-declined": "notices.groupInviteDeclined",
  "group/kicked": "notices.groupKicked",
  "group/blocked": "notices.groupBlocked",
  "group/destroyed": "notices.groupDestroyed",
  "group/owner-assigned": "notices.groupOwner",
  "roster/applied": "notices.rosterApplied",
  "roster/accepted": "notices.rosterAccepted",
  "roster/declined": "notices.rosterDeclined",
  "roster/removed": "notices.rosterRemoved",
  "account/device-added": "notices.deviceAdded",
};

/** How a question is answered. The reason is for the other side. */
export interface Answers {
  accept(client: Client, notice: Notice): Promise<void>;
  decline(client: Client, notice: Notice, reason: string): Promise<void>;
}

/** By the kind and type of the notice. */
const ANSWERS: Readonly<Record<string, Answers>> = {
  "roster/applied": {
    accept: (client, { from }) => client.roster.accept(from),
    decline: (client, { from }, reason) => client.roster.decline(from, { reason }),
  },
  "group/applied": {
    accept: (client, { from, group }) => client.group(group ?? "").acceptApplication(from),
    decline: (client, { from, group }, reason) => client.group(group ?? "").declineApplication(from, { reason }),
  },
  "group/invited": {
    accept: (client, { from, group }) => client.group(group ?? "").acceptInvitation(from),
    decline: (client, { from, group }, reason) => client.group(group ?? "").declineInvitation(from, { reason }),
  },
};

/** How a notice is answered; undefined for one that asks nothing. */
export const answersOf = (notice: Notice) => ANSWERS[`${notice.kind}/${notice.type}`];

/** A notice in one line. Kinds without words of their own are named as the SDK names them. */
export function noticeText(notice: Notice, names: Names): string {
  const key = TEXTS[`${notice.kind}/${notice.type}`];
  if (!key) return `${notice.kind}: ${notice.type.replaceAll("-", " ")}`;
  return t(key, {
    from: names.user(notice.from),
    to: someNames(notice.to.map((id) => names.user(id))) || t("common.somebody"),
    group: notice.group === null ? t("notices.aGroup") : names.group(notice.group),
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
  const comma = t("names.comma");
  if (rest > 0) return t("names.more", { first: names.slice(0, 3).join(comma), n: rest });
  const last = names[names.length - 1];
  if (names.length < 2 || last === undefined) return names.join();
  return t("names.two", { first: names.slice(0, -1).join(comma), last });
}
