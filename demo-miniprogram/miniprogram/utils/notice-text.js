/** What a notice says, for people. Pure. */

/** By kind and type; `who` acted, `group` is the group's name. Others are shown by their type. */
const TEXTS = {
  group: {
    applied: (who, group) => who + " asks to join " + group,
    "apply-declined": (_, group) => "You were not let into " + group,
    invited: (who, group) => who + " invites you to " + group,
    "invite-declined": (who, group) => who + " does not come to " + group,
    destroyed: (_, group) => group + " was dissolved",
    left: (_, group) => "You left " + group,
    kicked: (_, group) => "You were removed from " + group,
    blocked: (_, group) => "You were banned from " + group,
  },
  roster: {
    applied: (who) => who + " wants to add you as a contact",
    declined: (who) => who + " declined your request",
    removed: (who) => who + " removed you from the contacts",
  },
  account: {},
  unknown: {},
};

function noticeText(notice, who, group) {
  const text = TEXTS[notice.kind][notice.type];
  return text === undefined ? who + ": " + notice.kind + " " + notice.type : text(who, group);
}

module.exports = { noticeText };
