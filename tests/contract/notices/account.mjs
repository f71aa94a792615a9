// UserNotice: about the account of the owner, who has two devices, or of the member.
import assert from "node:assert/strict";
import { until } from "../../lib/until.mjs";
import { ended } from "../stage.mjs";

const kicked = (error) => ({ state: "kicked", error });
const BOTH = "owner phone";

async function phoneOf({ owner, phone }) {
  const list = await owner.api("userDeviceList");
  assert.equal(list.length, 2);
  // Whose own number a device does not tell: it is the one that came last.
  assert.equal(phone.id, owner.id);
  return { device_sn: Math.max(...list.map(({ device_sn }) => device_sn)) };
}
/** What the phone alone is told about its end. */
const ends = (name, type) => ({
  setup: async (s) => Object.assign(s, await phoneOf(s)),
  cause: (s) => s.owner.api(name, { device_sn: s.device_sn }),
  told: { phone: [`account ${type} >`], owner: ["account device-logout >"] },
  content: ({ device_sn }) => ({ device_sn }),
  model: () => ({ phone: kicked("UserKickedByOtherDevices") }),
});
/** A notice that no call causes. */
const uncaused = (type, name) => ({
  cause: ({ world, owner }) => world.emulator.admin("notice", { kind: "user", user: owner.name, type, content: "c" }),
  told: { [BOTH]: [`account ${name} >`] },
  content: "c",
});
/** Both devices ask for the servers anew; the connection stays, or comes back. */
const moves = (type, name) => ({
  ...uncaused(type, name),
  setup: ({ world }) =>
    world.emulator.faults({ match: {}, action: { type: "http", path: "/v2/app_dns", ms: 1 }, times: 2 }),
  check: ({ world }) => world.emulator.faultsDone(),
});

export default {
  // Pushed, because the queue does not take it.
  UNKNOWN: {
    cause: ({ world, owner }) =>
      world.emulator.faults({
        match: { user: owner.name },
        action: { type: "user_notice", notice: "UNKNOWN", content: "c" },
      }),
    told: { [BOTH]: ["account unknown >"] },
    content: "c",
  },
  PASSWORD_CHANGED: {
    cause: ({ owner }) => owner.api("userChangePassword", { old_password: owner.password, new_password: "n" }),
    told: { phone: ["account password-changed >"] },
    model: () => ({ phone: kicked("UserPasswordChanged") }),
  },
  FROZEN: {
    cause: ({ world, owner }) => world.emulator.admin("user", { user: owner.name, state: "frozen" }),
    told: { [BOTH]: ["account frozen >"] },
    model: () => ({ [BOTH]: kicked("UserFrozen") }),
  },
  REMOVED: {
    cause: async ({ member, tablet }) => {
      await member.api("userDelete", { password: member.password });
      await Promise.all([ended(member), ended(tablet)]);
    },
    told: { "member tablet": ["account removed >"], "owner phone admin": ["group left member>"] },
    model: () => ({
      "member tablet": kicked("UserRemoved"),
      "owner phone admin": { count: 2, members: ["-member"] },
    }),
  },
  KICK_BY_SAME_DEVICE: {
    cause: async (s) => {
      s.other = await s.again();
      await until("the older one to end", () => s.phone.client.state === "kicked");
      assert.equal(s.other.client.state, "online");
    },
    told: { phone: ["account kicked-by-same-device >"], owner: ["account device-login >"] },
    model: () => ({ phone: kicked("UserKickedBySameDevice") }),
  },
  KICKED_BY_OTHER_DEVICE: ends("userKick", "kicked-by-other-device"),
  DEVICE_REMOVED: ends("userDeviceRemove", "device-removed"),
  DEVICE_LOGOUT: {
    setup: async (s) => Object.assign(s, { tab: await s.owner.secondDevice() }),
    cause: async (s) => {
      const list = await s.owner.api("userDeviceList");
      await s.owner.api("userKick", { device_sn: Math.max(...list.map(({ device_sn }) => device_sn)) });
      await until("the third device to end", () => s.tab.client.state === "kicked");
    },
    told: { [BOTH]: ["account device-logout >"] },
  },
  INFO_UPDATED: {
    cause: ({ owner }) => owner.api("userNickname", { nick_name: "Nick" }),
    told: { [BOTH]: ["account info-updated >"], "member tablet": ["roster info-updated owner>member"] },
    content: () => ({ nick_name: "Nick" }),
    model: () => ({ "owner phone member tablet": { nick: "Nick" } }),
  },
  DEVICE_ADDED: {
    cause: ({ owner }) => owner.secondDevice(),
    told: { [BOTH]: ["account device-added >"] },
  },
  DEVICE_LOGIN: {
    cause: async ({ phone }) => {
      await phone.client.logout();
      await phone.login();
    },
    told: { owner: ["account device-login >"] },
  },
  CLUSTER_CHANGED: moves("CLUSTER_CHANGED", "cluster-changed"),
  DNS_UPDATE: moves("DNS_UPDATE", "dns-updated"),
  TRAFFIC_LIMIT_EXCEEDED: uncaused("TRAFFIC_LIMIT_EXCEEDED", "traffic-limit-exceeded"),
};
