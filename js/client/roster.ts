/** Contacts: what the cloud does with them (http-api 8.6). */

import { badArgument } from "../errors.js";
import { type Api, fieldsOf, userIds } from "./cloud.js";
import type { Roster, RosterItem } from "./cloud-types.js";
import { userId } from "./ids.js";
import type { CallOptions, IdInput } from "./types.js";

/** As many as the cloud takes at once. */
const BATCH = 100;

/** The part of `Roster` that asks the cloud. */
export const rosterOf = (api: Api): Omit<Roster, "list" | "get"> => {
  const about = (user: IdInput): { user_id: string } => ({ user_id: userId(user, "user") });
  const act =
    (endpoint: string) =>
    async (user: IdInput, options?: CallOptions): Promise<void> =>
      api.do(endpoint, about(user), options);
  const fetch = async (user: IdInput, options?: CallOptions): Promise<RosterItem> =>
    api.get("rosterId", about(user), options);
  return {
    ids: (options) => api.pages("rosterList", {}, options),
    fetch,
    fetchMany: async (users, options) =>
      api.batches(userIds(users), BATCH, (list) => api.get("rosterListPost", { list }, options)),
    fetchByName: async (username, options) => api.get("rosterName", { username }, options),
    fetchByMobile: async (mobile, options) => api.get("rosterMobile", { mobile }, options),
    apply: async (user, options) => {
      const { answer: auth_answer, ...fields } = fieldsOf(options);
      await api.do("rosterApply", { ...about(user), ...fields, auth_answer }, options);
    },
    applyMany: async (wishes, options) => {
      if (!Array.isArray(wishes)) throw badArgument("wishes", "an array");
      const list = wishes.map(({ user, ...rest }, index) => ({
        user_id: userId(user, `wishes[${index}].user`),
        ...rest,
      }));
      return api.get("rosterApplyBatch", { list }, options);
    },
    accept: act("rosterAccept"),
    decline: async (user, options) => api.do("rosterDecline", { ...about(user), ...fieldsOf(options) }, options),
    remove: act("rosterDelete"),
    applications: (options) => api.pages("rosterApplylist", {}, options),
    setAlias: async (user, alias, options) => api.do("rosterAlias", { ...about(user), alias }, options),
    setExt: async (user, ext, options) => api.do("rosterExt", { ...about(user), ext, ...fieldsOf(options) }, options),
    setMuted: async (user, muted, options) => {
      // The cloud takes it together with the alias only.
      const { alias = "" } = await fetch(user, options);
      await api.do("rosterAlias", { ...about(user), alias, mute_notification: muted }, options);
    },
    block: act("rosterBlockedAdd"),
    unblock: act("rosterBlockeRemove"),
    blocked: async (options) => api.get("rosterBlockedlist", {}, options),
    mayMessage: async (user, options) =>
      api.get("rosterMayMessage", { user_id: api.me(), roster_id: userId(user, "user") }, options),
  };
};
