const { readAnnouncements } = require("../../utils/announcements");
const handover = require("../../utils/handover");
const { section, t } = require("../../utils/i18n");
const { contactRows } = require("../../utils/names");
const { goBack, openPage, showPage } = require("../../utils/navigate");
const { attempt, once, opening } = require("../../utils/page");
const { createMembers } = require("../../utils/members");
const { ask, sure, showDone } = require("../../utils/ui");

/** So many members are shown here; the rest has a page of its own. */
const SHOWN = 9;

/** A group: its name, members and announcements, and what the user can do about it. */
Page({
  data: {
    t: section("group"),
    group: null,
    members: [],
    count: "",
    latest: "",
    muted: false,
    pinned: false,
    owner: false,
    manager: false,
    inviting: false,
  },

  onLoad(query) {
    this.visible = true;
    this.id = query.id;
    return opening(this, "group", (client) => this.start(client));
  },

  onUnload() {
    this.stops.end();
  },

  onShow() {
    this.visible = true;
    if (this.members) attempt(() => this.read());
  },

  onHide() {
    this.visible = false;
  },

  start(client) {
    this.handle = client.group(this.id);
    this.conversation = client.conversation({ group: this.id });
    this.members = createMembers(client, this.id);
    this.stops.add(client.conversations.subscribe(() => this.showSwitches()));
    this.stops.add(client.on("group:members", (event) => this.onMembers(event)));
    this.stops.add(client.on("groups", () => this.again()));
    this.showSwitches();
    this.showKnown();
    return this.read();
  },

  /** What this phone has, until the cloud has answered. */
  showKnown() {
    const known = this.client.groups.get(this.id);
    if (known === null) return;
    this.setData({
      group: { id: known.id, name: known.name, avatar: known.avatar, about: "" },
      count: t("common.members", { n: known.memberCount }),
    });
  },

  onMembers(event) {
    if (event.group === this.id) this.again();
  },

  /** Reads once more, unless the group was left: then there is nothing to read. What nobody sees waits for `onShow`. */
  again() {
    if (this.visible && this.client.groups.get(this.id) !== null) attempt(() => this.read());
  },

  async read() {
    const [info, roles, announcements] = await Promise.all([
      this.handle.info(),
      this.members.roles(),
      readAnnouncements(this.handle),
    ]);
    const page = await this.members.reader(SHOWN).next();
    const me = this.client.session.userId;
    const owner = roles.owner === me;
    const manager = owner || roles.admins.has(me);
    this.setData({
      group: { id: this.id, name: info.name, avatar: info.avatar || "", about: info.description || "" },
      count: t("common.members", { n: info.count === undefined ? page.items.length : info.count }),
      members: page.items,
      latest: announcements.length > 0 ? announcements[0].title : t("group.none"),
      owner: owner,
      manager: manager || info.memberModify === true,
      inviting: manager || info.memberInvite === true,
    });
  },

  showSwitches() {
    const row = this.client.conversations.snapshot.find((one) => one.key.kind === "group" && one.key.id === this.id);
    this.setData({ muted: row ? row.muted : false, pinned: row ? row.pinned : false });
  },

  onMute(event) {
    return this.turn("muted", event.detail.value, (on) => this.conversation.setMuted(on));
  },

  onPin(event) {
    return this.turn("pinned", event.detail.value, (on) => this.conversation.setPinned(on));
  },

  /** What a switch asks for. It shows it already: unless the data say so too, they cannot set it back. */
  async turn(name, on, action) {
    this.setData({ [name]: on });
    if (!(await attempt(() => action(on)))) this.showSwitches();
  },

  onName() {
    return once(this, async () => {
      if (!this.data.manager) return;
      const name = await ask(t("group.name"), this.data.group.name, "");
      if (name !== null && name !== "") await this.change({ name: name });
    });
  },

  onMyName() {
    return once(this, async () => {
      const me = await this.handle.me();
      const name = await ask(t("group.myName"), me.displayName, "");
      if (name !== null) await this.change({ displayName: name });
    });
  },

  async change(changes) {
    await this.handle.update(changes);
    await this.read();
  },

  onInvite() {
    return once(this, async () => {
      const inside = await this.members.ids();
      const rows = (await contactRows(this.client)).filter((row) => !inside.has(row.id));
      handover.give({ rows: rows, done: (ids) => this.invite(ids, rows) });
      await openPage("/pages/pick/pick");
    });
  },

  async invite(ids, rows) {
    await goBack();
    const results = await this.handle.invite(ids);
    const refused = results.find((one) => one.result === "fail");
    if (refused) {
      const name = rows.find((row) => row.id === refused.userId).name;
      showDone(t("group.refused", { name: name, reason: refused.reason || "" }));
    } else showDone(t("group.invited"));
    await this.read();
  },

  onMember(event) {
    openPage("/pages/contact/contact?id=" + event.currentTarget.dataset.id);
  },

  onAll() {
    openPage("/pages/members/members?id=" + this.id);
  },

  onAnnouncements() {
    openPage("/pages/announcements/announcements?id=" + this.id);
  },

  onSearch() {
    openPage("/pages/search/search?kind=group&id=" + this.id);
  },

  onLeave() {
    return once(this, async () => {
      const owner = this.data.owner;
      const question = t(owner ? "group.dissolveQuestion" : "group.leaveQuestion", { name: this.data.group.name });
      if (!(await sure(question))) return;
      await (owner ? this.handle.destroy() : this.handle.leave());
      await showPage("/pages/conversations/conversations");
    });
  },
});
