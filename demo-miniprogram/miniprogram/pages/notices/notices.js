const { section, t } = require("../../utils/i18n");
const { groupCard, itemName, userCard } = require("../../utils/names");
const { openNotices } = require("../../utils/notices");
const { noticeReason, noticeText } = require("../../utils/notice-text");
const { once, opening } = require("../../utils/page");
const { readAll } = require("../../utils/pages");
const { chatTime } = require("../../utils/text");
const { ask, showError } = require("../../utils/ui");

/** So many open applications are shown. */
const MOST = 200;

/** How a question is answered, by the kind and type of its notice. `reason` is for the other side. */
const ANSWERS = {
  "roster applied": {
    accept: (client, it) => client.roster.accept(it.from),
    decline: (client, it, reason) => client.roster.decline(it.from, { reason: reason }),
  },
  "group applied": {
    accept: (client, it) => client.group(it.group).acceptApplication(it.from),
    decline: (client, it, reason) => client.group(it.group).declineApplication(it.from, { reason: reason }),
  },
  "group invited": {
    accept: (client, it) => client.group(it.group).acceptInvitation(it.from),
    decline: (client, it, reason) => client.group(it.group).declineInvitation(it.from, { reason: reason }),
  },
};

/** An application that the cloud knows of and this phone has no notice of: it came before the phone. */
function fromApplication(application) {
  return {
    id: "user " + application.userId,
    kind: "roster",
    type: "applied",
    from: application.userId,
    group: null,
    content: application.reason || "",
    timestamp: 0,
    kept: false,
  };
}

/** New friends, invitations, and what else the server told that somebody has yet to see. */
Page({
  data: { t: section("notices"), ready: false, rows: [], dismissible: false },

  onLoad() {
    /** Names of those whom this phone does not know, by id. */
    this.names = new Map();
    return opening(this, "notices", (client) => this.start(client));
  },

  onUnload() {
    this.stops.end();
  },

  start(client) {
    const again = () => this.read();
    for (const event of ["notice", "roster", "groups"]) this.stops.add(client.on(event, again));
    return this.read();
  },

  /** Shows what this phone was told, and what the cloud says is open besides. */
  async read() {
    const client = this.client;
    if (client.session === null) return;
    try {
      const notices = await openNotices(client);
      this.show(notices);
      // The phone's own show without a connection too; the cloud's can only be asked with one.
      if (client.state !== "online") return;
      const asked = new Set(notices.filter((it) => it.kind === "roster" && it.type === "applied").map((it) => it.from));
      const applications = await readAll(client.roster.applications(), MOST);
      const open = applications.filter((it) => it.status === 0 && !asked.has(it.userId));
      const all = notices.concat(open.map(fromApplication));
      await this.readNames(all);
      this.show(all);
    } catch (error) {
      showError(error);
    }
  },

  /** Asks the cloud who those are that this phone has no card of. */
  async readNames(notices) {
    const client = this.client;
    const strangers = notices
      .map((it) => it.from)
      .filter((id) => id !== "0" && client.roster.get(id) === null && !this.names.has(id));
    if (strangers.length === 0) return;
    const items = await client.roster.fetchMany(Array.from(new Set(strangers)));
    for (const item of items) this.names.set(item.userId, itemName(item));
  },

  show(notices) {
    const now = Date.now();
    const name = (id) => this.names.get(id) || userCard(this.client, id).name;
    this.notices = notices;
    this.setData({
      ready: true,
      dismissible: notices.some((it) => it.kept),
      rows: notices.map((it) => {
        const group = it.group === null ? "" : groupCard(this.client, it.group).name;
        const reason = noticeReason(it);
        return {
          id: it.id,
          from: it.from,
          name: name(it.from),
          text: noticeText(it, name(it.from), group),
          reason: reason === "" ? "" : t("notices.wish", { text: reason }),
          time: it.timestamp > 0 ? chatTime(it.timestamp, now) : "",
          question: it.kind + " " + it.type in ANSWERS,
        };
      }),
    });
  },

  noticeOf(event) {
    return this.notices.find((it) => it.id === event.currentTarget.dataset.id);
  },

  /** Answers a question, and forgets it. */
  async answer(notice, how, reason) {
    try {
      await ANSWERS[notice.kind + " " + notice.type][how](this.client, notice, reason);
      if (notice.kept) await this.client.notices.dismiss([notice]);
    } finally {
      await this.read();
    }
  },

  onAccept(event) {
    const notice = this.noticeOf(event);
    return once(this, () => this.answer(notice, "accept", ""));
  },

  onDecline(event) {
    const notice = this.noticeOf(event);
    return once(this, async () => {
      const reason = await ask(t("notices.decline"), "", t("notices.reason"));
      if (reason !== null) await this.answer(notice, "decline", reason);
    });
  },

  dismiss(notices) {
    return once(this, async () => {
      await this.client.notices.dismiss(notices);
      await this.read();
    });
  },

  onDismiss(event) {
    return this.dismiss([this.noticeOf(event)]);
  },

  onDismissAll() {
    return this.dismiss(this.notices.filter((it) => it.kept));
  },
});
