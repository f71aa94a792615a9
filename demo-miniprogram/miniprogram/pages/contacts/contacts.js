const { listChanges, sendChanges } = require("../../utils/diff");
const { section, t } = require("../../utils/i18n");
const { contactRows } = require("../../utils/names");
const { openPage } = require("../../utils/navigate");
const { openNotices } = require("../../utils/notices");
const { newGroup } = require("../../utils/new-group");
const { once, opening, PAGE_SIZE, showTab } = require("../../utils/page");
const { showError } = require("../../utils/ui");

/** Groups and contacts, and the way to new ones. */
Page({
  data: {
    t: section("contacts"),
    ready: false,
    notices: 0,
    groups: [],
    groupsOrder: [],
    contacts: [],
    contactsOrder: [],
  },

  onLoad() {
    this.visible = true;
    this.shown = PAGE_SIZE;
    return opening(this, "contacts", (client) => this.start(client));
  },

  onShow() {
    this.visible = true;
    showTab(this, "contacts");
    if (this.client) this.refresh();
  },

  onReachBottom() {
    if (this.data.groupsOrder.length + this.data.contactsOrder.length < this.shown) return;
    this.shown += PAGE_SIZE;
    if (this.client) this.refresh();
  },

  onHide() {
    this.visible = false;
  },

  onUnload() {
    this.stops.end();
  },

  start(client) {
    // What nobody sees waits for `onShow`.
    const again = () => (this.visible ? this.refresh() : undefined);
    for (const event of ["notice", "roster", "groups"]) this.stops.add(client.on(event, again));
    return this.refresh();
  },

  async refresh() {
    const client = this.client;
    if (client.session === null) return;
    try {
      const [contacts, groups, notices] = await Promise.all([
        contactRows(client),
        client.groups.list(),
        openNotices(client),
      ]);
      const keyed = (rows) => rows.map((row) => ({ ...row, key: row.id }));
      const groupRows = groups.slice(0, this.shown).map((group) => ({
        id: group.id,
        name: group.name,
        avatar: group.avatar,
        note: t("common.members", { n: group.memberCount }),
      }));
      sendChanges(this, {
        ...listChanges("contacts", this.data, keyed(contacts.slice(0, this.shown - groupRows.length))),
        ...listChanges("groups", this.data, keyed(groupRows)),
        notices: notices.length,
        ready: true,
      });
    } catch (error) {
      showError(error);
    }
  },

  onNotices() {
    openPage("/pages/notices/notices");
  },

  onAdd() {
    openPage("/pages/add/add");
  },

  onNewGroup() {
    return once(this, () => newGroup(this.client));
  },

  onGroup(event) {
    openPage("/pages/chat/chat?kind=group&id=" + event.currentTarget.dataset.id);
  },

  onContact(event) {
    openPage("/pages/contact/contact?id=" + event.currentTarget.dataset.id);
  },
});
