// RosterNotice: owner and member are friends, the others are not.
const about = (who) => ({ user_id: who.id });
const wantsToBeAsked = ({ owner }) => owner.api("userAuthmode", { value: 1 });
const apply = (s) => s.stranger.api("rosterApply", { ...about(s.owner), reason: "please" });
const applied = async (s) => {
  await wantsToBeAsked(s);
  await apply(s);
};
const mute = (on) => (s) => s.owner.api("rosterExt", { ...about(s.member), ext: "e", mute_notification: on });
const muted = (name) => ({
  owner: [`roster ${name} owner>member`],
  phone: ["roster info-updated owner>member", `roster ${name} owner>member`],
});

export default {
  UNKNOWN: {
    cause: ({ world, member, owner }) =>
      world.emulator.admin("notice", {
        ...{ kind: "roster", type: "UNKNOWN", user: member.id, from: owner.id, content: "c" },
      }),
    told: { "member tablet": ["roster unknown owner>member"] },
    content: "c",
  },
  ADDED: {
    cause: apply,
    told: { "owner phone": ["roster added stranger>owner"], stranger: ["roster added owner>stranger"] },
    model: () => ({ "owner phone": { contacts: ["member", "stranger"] }, stranger: { contacts: ["owner"] } }),
  },
  REMOVED: {
    cause: (s) => s.owner.api("rosterDelete", about(s.member)),
    told: { "owner phone member tablet": ["roster removed owner>member"] },
    // What was said stays with who was removed.
    model: () => ({
      "owner phone": { contacts: [], rooms: ["group"], gone: ["member"], kept: ["roster removed"] },
      "member tablet": { contacts: [] },
    }),
  },
  ACCEPTED: {
    setup: applied,
    cause: (s) => s.owner.api("rosterAccept", about(s.stranger)),
    told: { "owner phone stranger": ["roster accepted owner>stranger"] },
    model: () => ({
      "owner phone": { contacts: ["member", "stranger"], kept: [] },
      stranger: { contacts: ["owner"] },
    }),
  },
  DECLINED: {
    setup: applied,
    cause: (s) => s.owner.api("rosterDecline", { ...about(s.stranger), reason: "no" }),
    told: { "owner phone stranger": ["roster declined owner>stranger"] },
    content: "no",
    // In the place of the application.
    model: () => ({ "owner phone stranger": { kept: ["roster declined"] } }),
  },
  BLOCKED: {
    cause: (s) => s.owner.api("rosterBlockedAdd", about(s.member)),
    told: { "owner phone": ["roster blocked owner>member"] },
  },
  UNBLOCKED: {
    setup: (s) => s.owner.api("rosterBlockedAdd", about(s.member)),
    cause: (s) => s.owner.api("rosterBlockeRemove", about(s.member)),
    told: { "owner phone": ["roster unblocked owner>member"] },
  },
  APPLIED: {
    setup: wantsToBeAsked,
    cause: apply,
    told: { "owner phone": ["roster applied stranger>owner"] },
    content: "please",
    model: () => ({ "owner phone": { kept: ["roster applied"] } }),
  },
  INFO_UPDATED: {
    cause: (s) => s.owner.api("rosterAlias", { ...about(s.member), alias: "Al" }),
    told: { phone: ["roster info-updated owner>member"] },
    content: () => ({ alias: "Al" }),
    model: () => ({ "owner phone": { alias: "Al" } }),
  },
  MUTED: { cause: mute(true), told: muted("muted") },
  UNMUTED: { setup: mute(true), cause: mute(false), told: muted("unmuted") },
};
