const { section, t } = require("../../utils/i18n");
const { createMembers } = require("../../utils/members");
const { openPage } = require("../../utils/navigate");
const { attempt, once, opening } = require("../../utils/page");
const { chooseOne, sure } = require("../../utils/ui");

const PAGE_SIZE = 30;

/** All members of a group, page by page, and what an administrator can do with them. */
Page({
  data: { t: section("members"), rows: [], complete: false },

  onLoad(query) {
    this.id = query.id;
    return opening(this, "members", (client) => this.start(client));
  },

  onUnload() {
    this.stops.end();
  },

  start(client) {
    this.handle = client.group(this.id);
    this.members = createMembers(client, this.id);
    /** The reader whose next page is on its way. */
    this.loading = null;
    return this.again();
  },

  /** Reads from the beginning. */
  async again() {
    this.roles = await this.members.roles();
    this.reader = this.members.reader(PAGE_SIZE);
    this.setData({ rows: [], complete: false });
    await this.more();
  },

  /** Reads the next page; only new rows cross over to the view. */
  async more() {
    const reader = this.reader;
    if (this.loading === reader || this.data.complete) return;
    this.loading = reader;
    try {
      const step = await reader.next();
      if (reader !== this.reader) return; // it was read from the beginning again
      const from = this.data.rows.length;
      const change = { complete: step.done || step.items.length < PAGE_SIZE };
      step.items.forEach((row, index) => {
        change["rows[" + (from + index) + "]"] = row;
      });
      this.setData(change);
      this.loading = null;
    } catch (error) {
      if (reader === this.reader) this.reader = null; // it has ended: it would say that these are all
      throw error;
    }
  },

  onLower() {
    if (this.roles) attempt(() => (this.reader ? this.more() : this.again()));
  },

  /** What can be done with a member, as `{ label, run }`. */
  entries(row) {
    const me = this.client.session.userId;
    const owner = this.roles.owner === me;
    const above = owner || (this.roles.admins.has(me) && row.role === "");
    const entries = [{ label: t("members.profile"), run: () => openPage("/pages/contact/contact?id=" + row.id) }];
    if (row.id === me) return entries;
    if (owner && row.role === "")
      entries.push({ label: t("members.makeAdmin"), run: () => this.change(() => this.handle.addAdmins([row.id])) });
    if (owner && row.role === "admin")
      entries.push({
        label: t("members.revokeAdmin"),
        run: () => this.change(() => this.handle.removeAdmins([row.id])),
      });
    if (above && row.role !== "owner") entries.push({ label: t("members.kick"), run: () => this.kick(row) });
    return entries;
  },

  async change(action) {
    await action();
    await this.again();
  },

  async kick(row) {
    if (await sure(t("members.kickQuestion", { name: row.name }))) await this.change(() => this.handle.kick([row.id]));
  },

  onMember(event) {
    const row = this.data.rows.find((one) => one.id === event.currentTarget.dataset.id);
    const entries = this.entries(row);
    return once(this, () => (entries.length === 1 ? entries[0].run() : chooseOne(entries, row.name)));
  },
});
