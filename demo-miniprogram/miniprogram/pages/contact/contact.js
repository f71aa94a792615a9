const { openChatPage } = require("../../utils/chat-page");
const { section, t } = require("../../utils/i18n");
const { itemName } = require("../../utils/names");
const { openPage } = require("../../utils/navigate");
const { attempt, once, opening } = require("../../utils/page");
const { ask, sure, copy, showDone } = require("../../utils/ui");

/** What the cloud calls a relation: a contact, and somebody who is blocked. */
const CONTACT = 0;
const BLOCKED = 3;

/** Somebody: what is known, and what can be done. */
Page({
  data: { t: section("contact"), person: null, me: false, contact: false, blocked: false },

  onLoad(query) {
    this.id = query.id;
    return opening(this, "contact", (client) => this.start(client));
  },

  onUnload() {
    this.stops.end();
  },

  start(client) {
    this.stops.add(client.on("roster", () => attempt(() => this.read())));
    this.showKnown();
    return this.read();
  },

  /** What this phone has, until the cloud has answered. */
  showKnown() {
    const user = this.client.roster.get(this.id);
    if (user === null) return;
    this.setData({
      me: this.id === this.client.session.userId,
      contact: user.isContact,
      person: {
        id: user.id,
        name: user.displayName,
        avatar: user.avatar,
        username: user.username,
        alias: user.alias,
        about: "",
      },
    });
  },

  async read() {
    const client = this.client;
    if (client.session === null) return;
    const item = await client.roster.fetch(this.id);
    this.setData({
      me: this.id === client.session.userId,
      contact: item.relation === CONTACT,
      blocked: item.relation === BLOCKED,
      person: {
        id: this.id,
        name: itemName(item),
        avatar: item.avatar || "",
        username: item.username,
        alias: item.alias || "",
        about: item.description || "",
      },
    });
  },

  onCopyId() {
    return attempt(() => copy(this.id));
  },

  onAlias() {
    return once(this, async () => {
      const alias = await ask(t("contact.alias"), this.data.person.alias, "");
      if (alias === null) return;
      await this.client.roster.setAlias(this.id, alias);
      await this.read();
    });
  },

  async onBlock(event) {
    const before = this.data.blocked;
    const wanted = event.detail.value;
    // As the switch shows it already: else it could not be set back.
    this.setData({ blocked: wanted });
    const roster = this.client.roster;
    const well = await once(this, () => (wanted ? roster.block(this.id) : roster.unblock(this.id)));
    if (well) await attempt(() => this.read());
    else this.setData({ blocked: before });
  },

  onSearch() {
    openPage("/pages/search/search?kind=user&id=" + this.id);
  },

  onMessage() {
    return once(this, () => openChatPage("user", this.id));
  },

  onAdd() {
    return once(this, async () => {
      const reason = await ask(t("contact.add"), "", t("contact.greeting"));
      if (reason === null) return;
      await this.client.roster.apply(this.id, { reason: reason });
      showDone(t("contact.applied"));
    });
  },

  onRemove() {
    return once(this, async () => {
      if (!(await sure(t("contact.removeQuestion", { name: this.data.person.name })))) return;
      await this.client.roster.remove(this.id);
      showDone(t("contact.removed"));
      await this.read();
    });
  },
});
