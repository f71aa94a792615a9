const { current } = require("../../index");
const { listChanges, sendChanges } = require("../../utils/diff");
const { createTimeline } = require("../../utils/timeline");

const PAGE_SIZE = 20;

/**
 * One conversation: its messages and a line to write in. Triggers `open` with the message for a tap on a picture, a file
 * and the like, and `failure` with `{ error }` for what did not work, so that the mini-program says it in its own way.
 */
Component({
  properties: {
    /** `user`, `group` or `system`. */
    kind: String,
    /** The id of the user or group. */
    peer: String,
  },
  data: { rows: [], rowsOrder: [], draft: "", into: "", writable: false },
  observers: {
    "kind, peer": function (kind, peer) {
      if (kind !== "" && peer !== "") this.begin(kind, peer);
    },
  },
  lifetimes: {
    created() {
      this.stops = [];
    },
    detached() {
      this.end();
    },
  },
  pageLifetimes: {
    show() {
      this.visible = true;
      this.markRead();
    },
    hide() {
      this.visible = false;
    },
  },
  methods: {
    end() {
      for (const stop of this.stops) stop();
      this.stops = [];
      this.conversation = null;
    },

    fail(error) {
      this.triggerEvent("failure", { error: error });
    },

    async begin(kind, peer) {
      this.end();
      const client = current();
      const here = (key) => key.kind === kind && key.id === peer;
      this.client = client;
      this.timeline = createTimeline();
      this.pages = null;
      this.visible = true;
      try {
        this.conversation = client.conversation({ kind: kind, id: peer });
      } catch (error) {
        this.fail(error);
        return;
      }
      const one = (event) => here(event.message.conversation) && this.add([event.message]);
      this.stops = [
        client.on("messages", (event) => {
          this.add(event.messages.filter((message) => here(message.conversation)));
          this.markRead();
        }),
        client.on("message:sent", one),
        client.on("message:failed", one),
        client.on("message:updated", (event) => {
          if (!here(event.message.conversation)) return;
          if (event.change === "recall" || event.change === "delete") {
            this.timeline.remove(event.message, "");
            this.paint("");
          } else if (this.timeline.get(event.message.key)) this.add([event.message]);
        }),
        client.on("roster", () => this.paint("")),
      ];
      this.setData({ rows: [], rowsOrder: [], writable: kind !== "system" });
      await this.loadOlder();
      this.paint("end");
      this.markRead();
    },

    add(messages) {
      const added = this.timeline.merge(messages);
      this.paint(added > 0 ? "end" : "");
    },

    /** Fetches a page towards the past and keeps the view where it was. */
    async loadOlder() {
      const timeline = this.timeline;
      // What is fetched for a conversation that was shown before is no reason to wait.
      if (!this.conversation || this.loading === timeline) return;
      this.loading = timeline;
      const top = this.data.rowsOrder[0];
      const first = top === undefined ? "end" : this.data.rows[top].anchor;
      try {
        if (this.pages === null)
          this.pages = this.conversation.history({ pageSize: PAGE_SIZE })[Symbol.asyncIterator]();
        const step = await this.pages.next();
        // Another conversation may have been opened meanwhile.
        if (timeline === this.timeline && !step.done) {
          timeline.merge(step.value);
          this.paint(first);
        }
      } catch (error) {
        if (timeline !== this.timeline) return;
        this.pages = null;
        this.fail(error);
      } finally {
        if (this.loading === timeline) this.loading = null;
      }
    },

    /** Shows the messages and scrolls to a row, to the newest one for "end", or not at all for "". */
    paint(where) {
      const rows = this.timeline.rows((id) => this.card(id), Date.now());
      const change = listChanges("rows", this.data, rows);
      const target = where === "end" ? (rows.length > 0 ? rows[rows.length - 1].anchor : "") : where;
      // A target that is already set would not scroll again, and one that is not there yet would not at all.
      if (target !== "") change.into = "";
      sendChanges(this, change, () => {
        if (target !== "") this.setData({ into: target });
      });
    },

    card(id) {
      const user = this.client.roster.get(id);
      return user === null ? { name: id, avatar: "" } : { name: user.displayName, avatar: user.avatar };
    },

    markRead() {
      if (this.visible && this.conversation) this.conversation.markRead().catch((error) => this.fail(error));
    },

    onDraft(event) {
      this.setData({ draft: event.detail.value });
    },

    async onSend() {
      const text = this.data.draft;
      this.setData({ draft: "" });
      const conversation = this.conversation;
      const sending = conversation.send({ text: text });
      try {
        // The row is there before the answer is: show it as being sent.
        this.add(await conversation.messages({ limit: 1 }));
        await sending;
      } catch (error) {
        this.fail(error);
      }
    },

    onFailed(event) {
      const message = this.timeline.get(event.currentTarget.dataset.key);
      this.client.outbox.resend(message).catch((error) => this.fail(error));
    },

    onOpen(event) {
      this.triggerEvent("open", { message: this.timeline.get(event.currentTarget.dataset.key) });
    },
  },
});
