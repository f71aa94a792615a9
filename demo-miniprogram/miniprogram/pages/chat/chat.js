const { act } = require("../../utils/actions");
const choosers = require("../../utils/choosers");
const { listChanges, sendChanges } = require("../../utils/diff");
const { section, t } = require("../../utils/i18n");
const { mentionsIn } = require("../../utils/mentions");
const { groupCard, userCard } = require("../../utils/names");
const { openPage, startPage } = require("../../utils/navigate");
const { open } = require("../../utils/open");
const { opening } = require("../../utils/page");
const player = require("../../utils/player");
const { errorText } = require("../../utils/error-text");
const { anchorOf, createTimeline } = require("../../utils/timeline");
const { onceATick } = require("../../utils/tick");
const { createTyping } = require("../../utils/typing");
const uploads = require("../../utils/uploads");
const { cancelled, chooseOne, showError } = require("../../utils/ui");

const PAGE_SIZE = 20;
/** Pixels from the end within which the view counts as being at the end. */
const NEAR_END = 120;

/** The id to go on from behind a page towards the present; null when it was the last one. */
function nextAfter(page) {
  const ids = page.map((message) => message.id).filter((id) => id !== null);
  return ids.length < PAGE_SIZE ? null : ids[ids.length - 1];
}

Page({
  data: {
    t: section("chat"),
    ready: false,
    group: false,
    writable: false,
    rows: [],
    rowsOrder: [],
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
    /** There are newer messages than those that are shown. */
    later: false,
    /** Messages that arrived while the end was out of sight, and what is said of them. */
    unseen: 0,
    unseenText: "",
  },

  onLoad(query) {
    this.key = { kind: query.kind, id: query.id };
    /** The message that was searched for, or null. */
    this.found = query.at || null;
    /** Far back: the message behind which the next ones are to be read; null when the newest are here. */
    this.last = this.found;
    this.timeline = createTimeline();
    this.pages = null;
    /** Ids of those who are typing now. */
    this.typists = new Set();
    this.atEnd = true;
    this.visible = true;
    /** Shows what has changed; a burst of changes is shown at once. */
    this.repaint = onceATick(() => this.paint({ stay: true }));
    return opening(this, "chat", (client) => this.start(client));
  },

  onShow() {
    this.visible = true;
    if (this.conversation) this.markRead();
  },

  onHide() {
    this.visible = false;
    this.keepDraft();
    player.stop();
  },

  onUnload() {
    this.visible = false;
    this.keepDraft();
    player.stop();
    this.stops.end();
  },

  async start(client) {
    this.conversation = client.conversation(this.key);
    this.typing = createTyping(this.conversation, showError);
    this.stops.add(() => this.typing.stop());
    this.stops.add(client.on("messages", (event) => this.onArrived(event.messages)));
    this.stops.add(client.on("message:sent", (event) => this.onChanged(event.message)));
    this.stops.add(client.on("message:failed", (event) => this.onChanged(event.message)));
    this.stops.add(client.on("message:updated", (event) => this.onUpdated(event)));
    this.stops.add(client.on("typing", (event) => this.onTyping(event)));
    this.stops.add(
      client.on("conversation:removed", (event) => {
        if (this.isHere(event.conversation)) startPage("/pages/conversations/conversations");
      }),
    );
    this.stops.add(
      client.on("conversations", (event) => {
        if (event.changed.some((info) => this.isHere(info.key))) this.refresh();
      }),
    );
    this.stops.add(client.on("roster", this.repaint));
    this.stops.add(client.on("groups", this.repaint));
    this.stops.add(client.on("state", (change) => this.onState(change)));
    this.stops.add(uploads.subscribe((job) => this.onUpload(job)));
    const info = this.info();
    this.setData({
      group: this.key.kind === "group",
      writable: this.key.kind !== "system",
      draft: info ? info.draft : "",
      ready: true,
    });
    if (this.data.group) this.readContacts();
    if (this.found !== null) await this.showFound();
    else {
      await this.refresh();
      if (this.timeline.size < PAGE_SIZE) await this.loadOlder();
      this.paint({ toEnd: true });
    }
    this.markRead();
  },

  /** Shows the message that was searched for, with some before and behind it. */
  async showFound() {
    const found = await this.conversation.message(this.found);
    if (found === null) {
      await this.toNewest();
      return;
    }
    const before = await this.conversation.messages({ before: found.id, limit: PAGE_SIZE });
    this.timeline.merge(before.concat(found));
    this.atEnd = false;
    await this.loadNewer({ into: anchorOf(found) });
  },

  /** Reads one page towards the present, when that is far away, and shows it like `paint`. */
  async loadNewer(how) {
    if (this.last === null || this.loadingNewer) return;
    this.loadingNewer = true;
    const timeline = this.timeline;
    try {
      const page = await this.conversation.messages({ after: this.last, limit: PAGE_SIZE });
      // Meanwhile the newest ones may have been asked for.
      if (timeline === this.timeline) {
        timeline.merge(page);
        this.last = nextAfter(page);
        this.paint(how);
        // Own messages that are still to be sent have no place among the others.
        if (this.last === null) await this.refresh();
      }
    } catch (error) {
      showError(error);
    } finally {
      this.loadingNewer = false;
    }
  },

  /** Leaves what is far back for the newest messages. */
  async toNewest() {
    try {
      const newest = await this.conversation.messages({ limit: PAGE_SIZE });
      this.timeline = createTimeline();
      this.timeline.merge(newest);
      this.pages = null;
      this.last = null;
      this.paint({ toEnd: true, also: { complete: false, began: false } });
    } catch (error) {
      showError(error);
    }
  },

  /** Whom a message in a group may call on besides those who have written. */
  async readContacts() {
    try {
      this.contacts = (await this.client.roster.list()).map((user) => user.id);
    } catch (error) {
      showError(error);
    }
  },

  isHere(key) {
    return key.kind === this.key.kind && key.id === this.key.id;
  },

  /** The row of the conversation list, if there is one. */
  info() {
    return this.client.conversations.snapshot.find((one) => this.isHere(one.key));
  },

  onState(change) {
    if (change.to !== "online") return;
    // What this phone did not have while offline may be had now.
    this.pages = null;
    this.setData({ complete: false, began: false });
    this.refresh();
  },

  onArrived(messages) {
    const here = messages.filter((message) => this.isHere(message.conversation));
    if (here.length === 0) return;
    // Far back there is no place for them yet.
    const added = this.last === null ? this.timeline.merge(here) : here.length;
    if (this.atEnd) this.paint({ toEnd: true });
    else this.paint({ unseen: this.data.unseen + added });
    this.markRead();
  },

  onChanged(message) {
    if (!this.isHere(message.conversation)) return;
    if (this.last !== null && !this.timeline.get(message.key)) return;
    this.timeline.merge([message]);
    this.repaint();
  },

  onUpdated(event) {
    const message = event.message;
    if (!this.isHere(message.conversation)) return;
    if (event.change === "recall") {
      const own = event.by === null || event.by === this.client.session.userId;
      const name = own ? t("common.you") : this.card(event.by).name;
      this.timeline.remove(message, t("chat.recalled", { name: name }));
    } else if (event.change === "delete") {
      this.timeline.remove(message, "");
    } else if ((message.id === null && this.last === null) || this.timeline.get(message.key)) {
      this.timeline.merge([message]);
    }
    this.repaint();
  },

  onUpload(job) {
    if (this.isHere(job.key)) this.repaint();
  },

  onTyping(event) {
    if (!this.isHere(event.conversation)) return;
    if (event.active) this.typists.add(event.user);
    else this.typists.delete(event.user);
    this.showTitle();
  },

  /** Reads the newest messages on this phone: own ones on their way and those of own other devices among them. */
  async refresh() {
    if (this.last !== null) return;
    try {
      this.timeline.merge(await this.conversation.messages({ limit: PAGE_SIZE }));
      this.paint({ stay: true });
    } catch (error) {
      showError(error);
    }
  },

  /** Fetches one page towards the past and keeps the view where it was. */
  async loadOlder() {
    if (this.data.loading || this.data.complete) return;
    this.setData({ loading: true });
    const timeline = this.timeline;
    const top = this.data.rowsOrder[0];
    const first = top === undefined ? "" : this.data.rows[top].anchor;
    let complete = false;
    let failure = null;
    try {
      if (this.pages === null) {
        const query = { pageSize: PAGE_SIZE };
        const before = timeline.oldestId();
        if (before !== null) query.before = before;
        this.pages = this.conversation.history(query)[Symbol.asyncIterator]();
      }
      const step = await this.pages.next();
      complete = step.done === true;
      if (!complete) timeline.merge(step.value);
    } catch (error) {
      this.pages = null;
      failure = error;
    }
    const also = { loading: false };
    // Meanwhile the newest ones may have been asked for: these are no longer shown.
    if (timeline === this.timeline) {
      also.complete = complete;
      // Without a connection "no more" only means: no more on this phone.
      also.began = complete && this.client.state === "online";
      this.paint(first === "" || this.atEnd ? { toEnd: true, also: also } : { into: first, also: also });
    } else this.setData(also);
    if (failure !== null) showError(failure);
  },

  onUpper() {
    if (this.conversation) this.loadOlder();
  },

  onLower() {
    if (this.last !== null) return this.loadNewer({});
    this.atEnd = true;
    if (this.data.unseen > 0) this.setData({ unseen: 0 });
  },

  onReady() {
    this.measure();
  },

  onScroll(event) {
    this.position = event.detail;
    this.judge();
    this.measure();
  },

  /** Finds out whether the end is near. */
  judge() {
    if (!this.position || !this.viewHeight) return;
    const { scrollHeight, scrollTop } = this.position;
    this.atEnd = this.last === null && scrollHeight - scrollTop - this.viewHeight < NEAR_END;
  },

  /** The height of the view, which panels, long drafts and a turn of the phone change. */
  measure() {
    if (this.measuring) return;
    this.measuring = true;
    this.createSelectorQuery()
      .select("#messages")
      .boundingClientRect((rect) => {
        this.measuring = false;
        if (rect === null || rect.height === this.viewHeight) return;
        this.viewHeight = rect.height;
        this.judge();
      })
      .exec();
  },

  onNewest() {
    if (this.last !== null) return this.toNewest();
    this.paint({ toEnd: true });
  },

  /** A panel has opened below the messages: what was at the end stays in sight. */
  onPanel() {
    if (this.atEnd) this.paint({ toEnd: true });
  },

  /**
   * Shows the messages. `toEnd` scrolls to the newest one, `stay` does if it was in sight and something has changed, `into`
   * scrolls to the row of that name; `also` is other data to set.
   */
  paint(how) {
    const me = this.client.session === null ? null : this.client.session.userId;
    if (me === null) return; // signed out meanwhile: the page is about to go
    let rows = this.timeline.rows((id) => this.card(id), Date.now(), this.found);
    if (this.last === null) rows = rows.concat(uploads.rows(me, this.key, this.card(me)));
    const change = listChanges("rows", this.data, rows);
    const toEnd = how.toEnd || (how.stay && this.atEnd && Object.keys(change).length > 0);
    const unseen = toEnd ? 0 : how.unseen;
    if (unseen !== undefined && unseen !== this.data.unseen) {
      change.unseen = unseen;
      change.unseenText = t("chat.unseen", { n: unseen });
    }
    if (this.data.later !== (this.last !== null)) change.later = this.last !== null;
    if (toEnd) this.atEnd = true;
    const target = toEnd && rows.length > 0 ? rows[rows.length - 1].anchor : how.into || "";
    // A target that is already set would not scroll again, and one that is not there yet would not at all.
    if (target !== "") change.into = "";
    sendChanges(this, { ...change, ...how.also }, () => {
      if (target !== "") this.setData({ into: target });
    });
    this.showTitle();
  },

  showTitle() {
    const info = this.info();
    const known = this.data.group ? groupCard(this.client, this.key.id) : this.card(this.key.id);
    const name = info ? info.title : known.name;
    const typists = Array.from(this.typists, (id) => this.card(id).name).join(", ");
    const typing = this.data.group ? t("chat.isTyping", { names: typists }) : t("chat.typing");
    const title = typists === "" ? name : typing;
    if (title === this.title) return;
    this.title = title;
    wx.setNavigationBarTitle({ title: title });
  },

  card(id) {
    return userCard(this.client, id);
  },

  markRead() {
    if (!this.visible) return;
    this.conversation.markRead().catch(showError);
  },

  onDraft(event) {
    this.setData({ draft: event.detail.value });
    this.typing.touch(event.detail.value, Date.now());
  },

  /** Keeps what was begun for the next time; an edit is given up. */
  keepDraft() {
    if (!this.conversation || this.client.session === null) return;
    const info = this.info();
    const draft = this.data.editing ? "" : this.data.draft;
    if (draft !== (info ? info.draft : "")) this.conversation.setDraft(draft).catch(showError);
  },

  onSend() {
    const text = this.data.draft;
    const edited = this.edited;
    this.typing.stop();
    this.endEdit();
    if (edited) return this.saveEdit(edited, text);
    const content = { text: text };
    if (this.data.group) content.mentions = mentionsIn(text, this.people());
    return this.send(content);
  },

  async send(content) {
    const sending = this.conversation.send(content);
    // The row is there before the answer is: show it as being sent.
    this.showSent();
    try {
      this.onChanged(await sending);
    } catch (error) {
      if (error.code === "Cancelled") return; // discarded by the user
      // A refused message stays in the list with its reason; one that was never taken goes back to the draft.
      const lost = error.code === "MessageInvalid" && content.text !== undefined && this.data.draft === "";
      if (lost) this.setData({ draft: content.text });
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

  async onAttach(event) {
    const kind = event.detail.kind;
    try {
      if (kind === "location") await this.send(await choosers.place());
      else if (kind === "file") this.upload(await choosers.files());
      else this.upload(await choosers.media(kind === "camera" ? "camera" : "album"));
    } catch (error) {
      if (!cancelled(error)) showError(error);
    }
  },

  onVoice(event) {
    this.upload([choosers.voice(event.detail)]);
  },

  /** Shows what the user has just sent, at the end. */
  showSent() {
    this.atEnd = true;
    return this.last === null ? this.refresh() : this.toNewest();
  },

  upload(pieces) {
    this.showSent();
    for (const piece of pieces) uploads.start(this.client, this.key, piece, (content) => this.send(content));
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
    this.repaint();
  },

  rowOf(event) {
    return this.timeline.get(event.currentTarget.dataset.key);
  },

  async onHold(event) {
    const job = uploads.find(event.currentTarget.dataset.key);
    const message = this.rowOf(event);
    try {
      if (job) await this.onHoldUpload(job);
      else if (message) await act(this, message, message.error === null ? "" : errorText(message.error));
    } catch (error) {
      showError(error);
    }
  },

  /** What can be done with a file that is on its way or did not get through. */
  onHoldUpload(job) {
    if (job.error === null) return chooseOne([{ label: t("upload.cancel"), run: () => uploads.drop(job) }], "");
    return chooseOne(
      [
        { label: t("upload.again"), run: () => uploads.run(job) },
        { label: t("upload.discard"), run: () => uploads.drop(job) },
      ],
      t("upload.failed") + " " + errorText(job.error),
    );
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

  onPerson(event) {
    openPage("/pages/contact/contact?id=" + event.currentTarget.dataset.from);
  },

  /** The page about the other side. */
  onInfo() {
    const page = this.data.group ? "/pages/group/group" : "/pages/contact/contact";
    openPage(page + "?id=" + this.key.id);
  },
});
