/** What a notice says, for people. */
const { t } = require("./i18n");

/** By kind and type the text that says it. Others are shown by their type. */
const TEXTS = {
  group: {
    applied: "groupApplied",
    "apply-declined": "groupApplyDeclined",
    invited: "groupInvited",
    "invite-declined": "groupInviteDeclined",
    destroyed: "groupDestroyed",
    left: "groupLeft",
    kicked: "groupKicked",
    blocked: "groupBlocked",
  },
  roster: {
    applied: "rosterApplied",
    accepted: "rosterAccepted",
    declined: "rosterDeclined",
    removed: "rosterRemoved",
  },
  account: {},
  unknown: {},
};

/** `who` acted, `group` is the group's name. */
function noticeText(notice, who, group) {
  const key = TEXTS[notice.kind][notice.type] || "other";
  return t("noticeText." + key, { who: who, group: group, kind: notice.kind, type: notice.type });
}

/** What a person wrote along with it; empty for the JSON and numbers that servers put there. */
function noticeReason(notice) {
  const words = notice.content.trim();
  return /^(?:[{["]|-?\d+$)/.test(words) ? "" : words.slice(0, 200);
}

module.exports = { noticeText, noticeReason };
