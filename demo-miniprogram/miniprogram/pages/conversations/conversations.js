const { askScope } = require("../../utils/actions");
const { listChanges, sendChanges } = require("../../utils/diff");
const { section, t } = require("../../utils/i18n");
const { userCard } = require("../../utils/names");
const { openPage } = require("../../utils/navigate");
const { newGroup } = require("../../utils/new-group");
const { attempt, opening, PAGE_SIZE, showTab } = require("../../utils/page");
const { listTime, oneLine, preview } = require("../../utils/text");
const { onceATick } = require("../../utils/tick");
const { chooseOne, showError } = require("../../utils/ui");

/** What is said of an unread message that calls on somebody. */
const MENTIONS = { me: "conversations.mentionMe", all: "conversations.mentionAll" };

/** A row of the list as the view wants it. */
function row(info, client, now) {
  const last = info.lastMessage;
  const sender =
    last !== null && info.key.kind === "group" && !last.outgoing ? userCard(client, last.from).name + ": " : "";
  const key = MENTIONS[info.mention];
  const draft = info.draft !== "" && !key;
  const id = info.key.kind + ":" + info.key.id;
  return {
    key: id,
    id: id,
    name: info.title,
    avatar: info.avatar,
    note: draft ? oneLine(info.draft) : sender + preview(last),
    failed: last !== null && last.status === "failed",
    mention: key ? t(key) : draft ? t("conversations.draft") : "",
    time: listTime(info.timestamp, now),
    unread: info.unread,
    muted: info.muted,
    pinned: info.pinned,
  };
}

Page({
  data: { t: section("conversations"), ready: false, rows: [], rowsOrder: [] },

  onLoad() {
    this.visible = true;
    this.shown = PAGE_SIZE;
    return opening(this, "conversations", (client) => this.start(client));
  },

  onShow() {
    this.visible = true;
    showTab(this, "conversations");
    if (this.client) this.update();
  },

  onHide() {
    this.visible = false;
  },

  onUnload() {
    this.visible = false;
    this.stops.end();
  },

  onReachBottom() {
    if (!this.client || this.shown >= this.client.conversations.snapshot.length) return;
    this.shown += PAGE_SIZE;
    this.update();
  },

  async start(client) {
    const update = onceATick(() => this.update());
    this.stops.add(client.conversations.subscribe(update));
    for (const event of ["unread:total", "roster", "groups", "state", "sync"]) this.stops.add(client.on(event, update));
    await client.conversations.list();
    this.update();
    showTab(this, "conversations");
  },

  /** Shows what is known now. Behind another page nothing is shown: `onShow` makes up for it. */
  update() {
    const client = this.client;
    if (!this.visible || client.session === null) return;
    const now = Date.now();
    const rows = client.conversations.snapshot.slice(0, this.shown).map((info) => row(info, client, now));
    const change = listChanges("rows", this.data, rows);
    if (!this.data.ready) change.ready = true;
    sendChanges(this, change);
    this.showTitle();
  },

  showTitle() {
    const client = this.client;
    const unread = client.conversations.unread;
    const fetching = client.state === "online" && client.sync.phase === "catching-up";
    const what =
      client.state !== "online" ? "connectingTitle" : fetching ? "fetchingTitle" : unread > 0 ? "unreadTitle" : "title";
    wx.setNavigationBarTitle({ title: t("conversations." + what, { n: unread }) });
  },

  /** The conversation of a row, and what is known of it. */
  chosen(event) {
    const id = event.currentTarget.dataset.id;
    const parts = id.split(":");
    return { key: { kind: parts[0], id: parts[1] }, row: this.data.rows.find((one) => one.id === id) };
  },

  /** A long press on a conversation. */
  async onHold(event) {
    const { key, row } = this.chosen(event);
    if (!row) return;
    const conversation = this.client.conversation(key);
    const entries = [
      {
        label: t(row.pinned ? "conversations.unpin" : "conversations.pin"),
        run: () => conversation.setPinned(!row.pinned),
      },
      {
        label: t(row.muted ? "conversations.unmute" : "conversations.mute"),
        run: () => conversation.setMuted(!row.muted),
      },
      {
        label: t("common.delete"),
        run: async () => {
          const scope = await askScope();
          if (scope !== null) await conversation.remove({ scope: scope });
        },
      },
    ];
    if (row.unread > 0) entries.unshift({ label: t("conversations.markRead"), run: () => conversation.markRead() });
    await attempt(() => chooseOne(entries, row.name));
  },

  onOpen(event) {
    const { key } = this.chosen(event);
    openPage("/pages/chat/chat?kind=" + key.kind + "&id=" + key.id);
  },

  onSearch() {
    openPage("/pages/search/search");
  },

  onNew() {
    const entries = [
      { label: t("conversations.newGroup"), run: () => newGroup(this.client).catch(showError) },
      { label: t("conversations.addContact"), run: () => openPage("/pages/add/add") },
    ];
    return attempt(() => chooseOne(entries, ""));
  },
});
