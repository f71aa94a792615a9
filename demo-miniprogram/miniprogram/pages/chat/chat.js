const session = require("../../utils/session");
const { errorText } = require("../../utils/text");
const { createTimeline } = require("../../utils/timeline");
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
  },

  onUnload() {
    this.visible = false;
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
    this.stops.add(client.on("messages", (event) => this.onArrived(event.messages)));
    this.stops.add(client.on("message:sent", (event) => this.onChanged(event.message)));
    this.stops.add(client.on("message:failed", (event) => this.onChanged(event.message)));
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
    if (this.timeline.size < PAGE_SIZE) await this.loadOlder();
    this.paint({ toEnd: true });
    this.markRead();
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
    const title = info ? info.title : known === null ? this.key.id : known.displayName || known.name;
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
  },

  async onSend() {
    const text = this.data.draft;
    this.atEnd = true;
    this.setData({ draft: "" });
    const sending = this.conversation.send({ text: text });
    // The row is there before the answer is: show it as being sent.
    this.refresh();
    try {
      this.onChanged(await sending);
    } catch (error) {
      // A refused message stays in the list with its reason; one that was never taken goes back to the draft.
      if (error.code === "MessageInvalid" && this.data.draft === "") this.setData({ draft: text });
      showError(error);
    }
  },

  onFailure(event) {
    const message = this.timeline.get(event.currentTarget.dataset.key);
    if (!message || message.error === null) return;
    wx.showModal({ title: "Not sent", content: errorText(message.error), showCancel: false, confirmText: "OK" });
  },
});
