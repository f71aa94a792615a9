const session = require("../../utils/session");
const { errorText, listTime, preview } = require("../../utils/text");
const { createStops, goToSignIn, showError } = require("../../utils/ui");

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
    time: listTime(info.timestamp, now),
    unread: info.unread,
  };
}

Page({
  data: {
    ready: false,
    me: null,
    rows: [],
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
    if (this.client) this.update();
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
      const lists = await Promise.all([client.conversations.list(), client.roster.list(), client.groups.list()]);
      this.contacts = lists[1];
      this.groups = lists[2];
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
      others: others,
    });
    // The bar belongs to the page in front, which may be a chat.
    if (!this.visible) return;
    const unread = client.conversations.snapshot.reduce((sum, info) => sum + info.unread, 0);
    wx.setNavigationBarTitle({ title: unread > 0 ? "Chats (" + unread + ")" : "Chats" });
  },

  onOpen(event) {
    const parts = event.currentTarget.dataset.id.split(":");
    wx.navigateTo({ url: "/pages/chat/chat?kind=" + parts[0] + "&id=" + parts[1] });
  },

  onMenu() {
    wx.showActionSheet({
      alertText: this.data.me.name + " \u00b7 messages are kept in " + this.client.storage,
      itemList: ["Log out"],
      success: () => this.logOut(),
      fail: () => undefined, // closed without a choice
    });
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
