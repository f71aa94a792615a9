const { section, t } = require("../../utils/i18n");
const { userCard } = require("../../utils/names");
const { openPage } = require("../../utils/navigate");
const { opening } = require("../../utils/page");
const { createReader } = require("../../utils/pages");
const { chatTime, preview } = require("../../utils/text");
const { showError } = require("../../utils/ui");

/** After the last letter, before it is looked for. */
const PAUSE_MS = 300;
/** Hits of one conversation that are shown at once. */
const PAGE_SIZE = 20;
/** Characters of a hit that are shown before what was looked for, and from there on. */
const LEAD = 8;
const SHOWN = 60;

/** The part of a text with the first of the words that were looked for, in one line. */
function excerpt(text, words) {
  const line = text.replace(/\s+/g, " ");
  const lower = line.toLowerCase();
  const found = words.map((word) => lower.indexOf(word.toLowerCase())).filter((at) => at >= 0);
  const at = found.length > 0 ? Math.min(...found) : 0;
  const before = Array.from(line.slice(0, at));
  const lead = before.slice(-LEAD).join("");
  return (before.length > LEAD ? "…" : "") + lead + Array.from(line.slice(at)).slice(0, SHOWN).join("");
}

/**
 * Finds messages on this phone: in all conversations, or in the one of the address. There is no index here, which would
 * want the space of the messages, so that one conversation after the other is looked through.
 */
Page({
  data: { t: section("search"), hint: "", text: "", rows: [], done: false, none: "" },

  onLoad(query) {
    this.only = query.id ? { kind: query.kind, id: query.id } : null;
    /** The number of the search: an older one that still runs shows nothing more. */
    this.turn = 0;
    this.setData({ hint: t(this.only === null ? "search.hint" : "search.hintHere") });
    return opening(this, "search", () => undefined);
  },

  onUnload() {
    this.turn += 1;
    clearTimeout(this.timer);
    this.stops.end();
  },

  onLook(event) {
    this.turn += 1;
    clearTimeout(this.timer);
    this.setData({ text: event.detail.value, done: false });
    if (event.detail.done) this.search();
    else this.timer = setTimeout(() => this.search(), PAUSE_MS);
  },

  async search() {
    this.turn += 1;
    const turn = this.turn;
    const text = this.data.text.trim();
    this.setData({ rows: [], done: false });
    if (text === "" || !this.client) return;
    const keys = this.only === null ? this.client.conversations.snapshot.map((info) => info.key) : [this.only];
    try {
      for (const key of keys) {
        const step = await createReader(
          this.client.search.messages({ text: text, conversation: key, pageSize: PAGE_SIZE }),
        ).next();
        if (turn !== this.turn) return;
        this.add(step.items);
      }
      this.setData({ done: true, none: t("search.empty", { text: text }) });
    } catch (error) {
      showError(error);
    }
  },

  /** Shows the hits of one more conversation. */
  add(messages) {
    const now = Date.now();
    const from = this.data.rows.length;
    const change = {};
    messages.forEach((message, index) => {
      change["rows[" + (from + index) + "]"] = this.row(message, now);
    });
    if (messages.length > 0) this.setData(change);
  },

  row(message, now) {
    const key = message.conversation;
    const info = this.client.conversations.snapshot.find((one) => one.key.kind === key.kind && one.key.id === key.id);
    const other = key.kind === "group" ? userCard(this.client, message.from).name : "";
    const name = message.outgoing ? t("common.you") : other;
    return {
      key: message.key,
      id: message.id === null ? "" : message.id,
      conversation: key.kind + ":" + key.id,
      name: info ? info.title : key.id,
      avatar: info ? info.avatar : "",
      note:
        (name === "" ? "" : name + ": ") +
        (excerpt(message.text, this.data.text.trim().split(/\s+/)) || preview(message)),
      time: chatTime(message.timestamp, now),
    };
  },

  onOpen(event) {
    const data = event.currentTarget.dataset;
    const parts = data.conversation.split(":");
    const at = data.id === "" ? "" : "&at=" + data.id;
    openPage("/pages/chat/chat?kind=" + parts[0] + "&id=" + parts[1] + at);
  },
});
