const { act } = require("../../utils/actions");
const { mentionsIn } = require("../../utils/mentions");
const { open } = require("../../utils/open");
const player = require("../../utils/player");
const session = require("../../utils/session");
const { errorText } = require("../../utils/text");
const { createTimeline } = require("../../utils/timeline");
const { createTyping } = require("../../utils/typing");
const { createStops, goToSignIn, showError } = require("../../utils/ui");

const PAGE_SIZE = 20;
/** Pixels from the end within which the view counts as being at the end. */
const NEAR_END = 120;

Page({
  data: {
    ready: false,
    group: false,
    writable: false,
    rows: [],
    draft: "",
    /** The draft replaces a message. */
    editing: false,
    /** The row to scroll to. */
    into: "",
    /** Whether an older page is being fetched, and whether there is none. */
    loading: false,
    complete: false,
    /** The first message of all is shown: the server said that there is none before it. */
    began: false,
    /** Messages that arrived while the end was out of sight. */
    unseen: 0,
  },

  async onLoad(query) {
    this.stops = createStops();
    this.key = { kind: query.kind, id: query.id };
    this.timeline = createTimeline();
    this.pages = null;
    /** Ids of those who are typing now. */
    this.typists = new Set();
    this.atEnd = true;
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
    if (this.conversation) this.markRead();
  },

  onHide() {
    this.visible = false;
    player.stop();
  },

  onUnload() {
    this.visible = false;
    player.stop();
    this.stops.end();
  },

  async start(client) {
    this.client = client;
    try {
      this.conversation = client.conversation(this.key);
    } catch (error) {
      showError(error);
      return;
    }
    this.typing = createTyping(this.conversation, showError);
    this.stops.add(() => this.typing.stop());
    this.stops.add(client.on("messages", (event) => this.onArrived(event.messages)));
    this.stops.add(client.on("message:sent", (event) => this.onChanged(event.message)));
    this.stops.add(client.on("message:failed", (event) => this.onChanged(event.message)));
    this.stops.add(client.on("message:updated", (event) => this.onUpdated(event)));
    this.stops.add(client.on("typing", (event) => this.onTyping(event)));
    this.stops.add(
      client.on("conversation:removed", (event) => {
        if (this.isHere(event.conversation)) wx.reLaunch({ url: "/pages/conversations/conversations" });
      }),
    );
    this.stops.add(
      client.on("conversations", (event) => {
        if (event.changed.some((info) => this.isHere(info.key))) this.refresh();
      }),
    );
    this.stops.add(client.on("roster", () => this.paint({})));
    this.stops.add(client.on("groups", () => this.paint({})));
    this.stops.add(client.on("state", (change) => this.onState(change)));
    this.setData({ group: this.key.kind === "group", writable: this.key.kind !== "system", ready: true });
    await this.refresh();
    if (this.data.group) await this.readContacts();
    if (this.timeline.size < PAGE_SIZE) await this.loadOlder();
    this.paint({ toEnd: true });
    this.markRead();
  },

  /** Whom a message in a group may call on besides those who have written. */
  async readContacts() {
    try {
      this.contacts = (await this.client.roster.list()).map((user) => user.id);
    } catch (error) {
      showError(error);
    }
  },

  onReady() {
    this.createSelectorQuery()
      .select("#messages")
      .boundingClientRect((rect) => {
        this.viewHeight = rect === null ? 0 : rect.height;
      })
      .exec();
  },

  isHere(key) {
    return key.kind === this.key.kind && key.id === this.key.id;
  },

  onState(change) {
    if (change.to === "kicked" || change.to === "closed") {
      goToSignIn(change.error === null ? "You were signed out." : errorText(change.error));
    } else if (change.to === "online") {
      // What this phone did not have while offline may be had now.
      this.pages = null;
      this.setData({ complete: false, began: false });
      this.refresh();
    }
  },

  onArrived(messages) {
    const here = messages.filter((message) => this.isHere(message.conversation));
    if (here.length === 0) return;
    const added = this.timeline.merge(here);
    if (this.atEnd) this.paint({ toEnd: true });
    else this.paint({ unseen: this.data.unseen + added });
    this.markRead();
  },

  onChanged(message) {
    if (!this.isHere(message.conversation)) return;
    this.timeline.merge([message]);
    this.paint({ toEnd: this.atEnd });
  },

  onUpdated(event) {
    const message = event.message;
    if (!this.isHere(message.conversation)) return;
    if (event.change === "recall") {
      const own = event.by === null || event.by === this.client.session.userId;
      this.timeline.remove(message, (own ? "You" : this.card(event.by).name) + " took a message back");
    } else if (event.change === "delete") {
      this.timeline.remove(message, "");
    } else if (message.id === null || this.timeline.get(message.key)) {
      this.timeline.merge([message]);
    }
    this.paint({ toEnd: this.atEnd });
  },

  onTyping(event) {
    if (!this.isHere(event.conversation)) return;
    if (event.active) this.typists.add(event.user);
    else this.typists.delete(event.user);
    this.showTitle();
  },

  /** Reads the newest messages on this phone: own ones on their way and those of own other devices among them. */
  async refresh() {
    try {
      const added = this.timeline.merge(await this.conversation.messages({ limit: PAGE_SIZE }));
      this.paint({ toEnd: added > 0 && this.atEnd });
    } catch (error) {
      showError(error);
    }
  },

  /** Fetches one page towards the past and keeps the view where it was. */
  async loadOlder() {
    if (this.data.loading || this.data.complete) return;
    this.setData({ loading: true });
    const first = this.data.rows.length > 0 ? this.data.rows[0].anchor : "";
    let complete = false;
    let failure = null;
    try {
      if (this.pages === null) {
        const query = { pageSize: PAGE_SIZE };
        const before = this.timeline.oldestId();
        if (before !== null) query.before = before;
        this.pages = this.conversation.history(query)[Symbol.asyncIterator]();
      }
      const step = await this.pages.next();
      complete = step.done === true;
      if (!complete) this.timeline.merge(step.value);
    } catch (error) {
      this.pages = null;
      failure = error;
    }
    // Without a connection "no more" only means: no more on this phone.
    this.setData({ loading: false, complete: complete, began: complete && this.client.state === "online" });
    this.paint(first === "" || this.atEnd ? { toEnd: true } : { into: first });
    if (failure !== null) showError(failure);
  },

  onUpper() {
    if (this.conversation) this.loadOlder();
  },

  onLower() {
    this.atEnd = true;
    if (this.data.unseen > 0) this.setData({ unseen: 0 });
  },

  onScroll(event) {
    if (!this.viewHeight) return;
    const position = event.detail;
    this.atEnd = position.scrollHeight - position.scrollTop - this.viewHeight < NEAR_END;
  },

  onNewest() {
    this.paint({ toEnd: true });
  },

  /** Shows the messages. `toEnd` scrolls to the newest one, `into` to the row of that name. */
  paint(how) {
    const rows = this.timeline.rows((id) => this.card(id), Date.now());
    const change = { rows: rows };
    if (how.unseen !== undefined) change.unseen = how.unseen;
    if (how.toEnd) {
      this.atEnd = true;
      change.unseen = 0;
    }
    const target = how.toEnd && rows.length > 0 ? rows[rows.length - 1].anchor : how.into || "";
    // A target that is already set would not scroll again, and one that is not there yet would not at all.
    if (target !== "") change.into = "";
    this.setData(change, () => {
      if (target !== "") this.setData({ into: target });
    });
    this.showTitle();
  },

  showTitle() {
    const info = this.client.conversations.snapshot.find((one) => this.isHere(one.key));
    const known = this.key.kind === "group" ? this.client.groups.get(this.key.id) : this.client.roster.get(this.key.id);
    const name = info ? info.title : known === null ? this.key.id : known.displayName || known.name;
    const typists = Array.from(this.typists, (id) => this.card(id).name).join(", ");
    const title = typists === "" ? name : this.data.group ? typists + " is typing\u2026" : "typing\u2026";
    if (title === this.title) return;
    this.title = title;
    wx.setNavigationBarTitle({ title: title });
  },

  card(id) {
    const user = this.client.roster.get(id);
    return user === null ? { name: id, avatar: "" } : { name: user.displayName, avatar: user.avatar };
  },

  markRead() {
    if (!this.visible) return;
    this.conversation.markRead().catch(showError);
  },

  onDraft(event) {
    this.setData({ draft: event.detail.value });
    this.typing.touch(event.detail.value, Date.now());
  },

  onSend() {
    const text = this.data.draft;
    const edited = this.edited;
    this.typing.stop();
    this.endEdit();
    return edited ? this.saveEdit(edited, text) : this.send(text);
  },

  async send(text) {
    this.atEnd = true;
    const content = { text: text };
    if (this.data.group) content.mentions = mentionsIn(text, this.people());
    const sending = this.conversation.send(content);
    // The row is there before the answer is: show it as being sent.
    this.refresh();
    try {
      this.onChanged(await sending);
    } catch (error) {
      if (error.code === "Cancelled") return; // discarded by the user
      // A refused message stays in the list with its reason; one that was never taken goes back to the draft.
      if (error.code === "MessageInvalid" && this.data.draft === "") this.setData({ draft: text });
      showError(error);
    }
  },

  /** Contacts, and whoever has written here: who can be called on by name. */
  people() {
    return this.timeline
      .senders()
      .concat(this.contacts || [])
      .map((id) => this.client.roster.get(id))
      .filter((user) => user !== null && user.id !== this.client.session.userId);
  },

  /** Takes the text of a message into the draft. */
  beginEdit(message) {
    this.edited = message;
    this.setData({ editing: true, draft: message.text });
  },

  endEdit() {
    this.edited = null;
    this.setData({ editing: false, draft: "" });
  },

  async saveEdit(message, text) {
    try {
      await this.conversation.edit(message, { text: text });
    } catch (error) {
      showError(error);
    }
  },

  /** Forgets a message that this phone gave up sending. */
  drop(message) {
    this.timeline.remove(message, "");
    this.paint({});
  },

  rowOf(event) {
    return this.timeline.get(event.currentTarget.dataset.key);
  },

  async onHold(event) {
    const message = this.rowOf(event);
    try {
      if (message) await act(this, message, message.error === null ? "" : errorText(message.error));
    } catch (error) {
      showError(error);
    }
  },

  async onOpen(event) {
    const message = this.rowOf(event);
    if (!message) return;
    try {
      await open(message);
      if (message.type === "audio" && !message.outgoing && !message.played) await this.conversation.markPlayed(message);
    } catch (error) {
      showError(error);
    }
  },
});
