const { askScope } = require("../../utils/actions");
const session = require("../../utils/session");
const { errorText, listTime, preview } = require("../../utils/text");
const { choose, copy, createStops, goToSignIn, showError } = require("../../utils/ui");

/** What is said of an unread message that calls on somebody. */
const MENTIONS = { none: "", me: "[You were mentioned]", all: "[Everybody]" };

/** A row of the list as the view wants it. */
function row(info, client, now) {
  const last = info.lastMessage;
  const sender = last !== null && info.key.kind === "group" && !last.outgoing ? client.roster.get(last.from) : null;
  return {
    id: info.key.kind + ":" + info.key.id,
    name: info.title,
    avatar: info.avatar,
    note: (sender === null ? "" : sender.displayName + ": ") + preview(last),
    failed: last !== null && last.status === "failed",
    mention: MENTIONS[info.mention],
    time: listTime(info.timestamp, now),
    unread: info.unread,
  };
}

Page({
  data: {
    ready: false,
    me: null,
    rows: [],
    /** How many notices nobody has dismissed. */
    notices: 0,
    /** Contacts and groups without a conversation yet. */
    others: [],
  },

  async onLoad() {
    this.stops = createStops();
    this.visible = true;
    let who;
    try {
      who = await session.ready();
    } catch (error) {
      goToSignIn(errorText(error));
      return;
    }
    if (who === null) {
      goToSignIn();
      return;
    }
    this.start(session.current());
  },

  onShow() {
    this.visible = true;
    if (this.client) this.refresh();
  },

  onHide() {
    this.visible = false;
  },

  onUnload() {
    this.stops.end();
  },

  start(client) {
    this.client = client;
    this.stops.add(client.conversations.subscribe(() => this.update()));
    this.stops.add(client.on("unread:total", () => this.showTitle()));
    this.stops.add(client.on("notice", () => this.refresh()));
    this.stops.add(client.on("roster", () => this.refresh()));
    this.stops.add(client.on("groups", () => this.refresh()));
    this.stops.add(client.on("state", (change) => this.onState(change)));
    this.stops.add(client.on("sync", () => this.update()));
    this.refresh();
  },

  onState(change) {
    if (change.to === "kicked" || change.to === "closed") {
      goToSignIn(change.error === null ? "You were signed out." : errorText(change.error));
      return;
    }
    this.update();
  },

  /** Reads the lists that have no snapshot, then shows everything. */
  async refresh() {
    try {
      const client = this.client;
      const lists = await Promise.all([
        client.conversations.list(),
        client.roster.list(),
        client.groups.list(),
        client.notices.list(),
      ]);
      this.contacts = lists[1];
      this.groups = lists[2];
      this.notices = lists[3].length;
      this.update();
    } catch (error) {
      showError(error);
    }
  },

  /** Shows what is known now. */
  update() {
    const client = this.client;
    if (client.session === null) return;
    const now = Date.now();
    const rows = client.conversations.snapshot.map((info) => row(info, client, now));
    const known = new Set(rows.map((one) => one.id));
    const me = client.session.userId;
    const others = []
      .concat(
        (this.contacts || []).map((user) => ({
          id: "user:" + user.id,
          name: user.displayName,
          avatar: user.avatar,
          note: user.username,
        })),
        (this.groups || []).map((group) => ({
          id: "group:" + group.id,
          name: group.name,
          avatar: group.avatar,
          note: group.memberCount + " members",
        })),
      )
      .filter((one) => !known.has(one.id) && one.id !== "user:" + me);
    const mine = client.roster.get(me);
    const phase = client.sync.phase === "catching-up" && client.state === "online" ? "fetching messages" : client.state;
    this.setData({
      ready: true,
      me: {
        id: me,
        name: mine === null ? me : mine.displayName,
        avatar: mine === null ? "" : mine.avatar,
        state: phase,
        online: client.state === "online",
      },
      rows: rows,
      notices: this.notices || 0,
      others: others,
    });
    this.showTitle();
  },

  showTitle() {
    // The bar belongs to the page in front, which may be a chat.
    if (!this.visible) return;
    const unread = this.client.conversations.unread;
    wx.setNavigationBarTitle({ title: unread > 0 ? "Chats (" + unread + ")" : "Chats" });
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
    const labels = row.unread > 0 ? ["Delete", "Mark as read"] : ["Delete"];
    try {
      const index = await choose(labels, row.name);
      if (index < 0) return;
      const conversation = this.client.conversation(key);
      if (index === 1) {
        await conversation.markRead();
        return;
      }
      const scope = await askScope();
      if (scope !== null) await conversation.remove({ scope: scope });
    } catch (error) {
      showError(error);
    }
  },

  onNotices() {
    wx.navigateTo({ url: "/pages/notices/notices" });
  },

  onOpen(event) {
    const { key } = this.chosen(event);
    wx.navigateTo({ url: "/pages/chat/chat?kind=" + key.kind + "&id=" + key.id });
  },

  async onMenu() {
    const where = this.data.me.name + " \u00b7 messages are kept in " + this.client.storage;
    const index = await choose(["Copy the log", "Log out"], where);
    if (index === 1) await this.logOut();
    else if (index === 0) copy(this.client.logs.export()).catch(showError);
  },

  async logOut() {
    this.stops.end();
    try {
      await session.signOut();
    } catch (error) {
      this.start(this.client);
      showError(error);
      return;
    }
    goToSignIn();
  },
});
