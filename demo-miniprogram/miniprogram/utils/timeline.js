/** The messages of one conversation, in order, as rows for the view. */
const { describe } = require("./content");
const { chatTime } = require("./text");

/** A line with the time comes between messages that are further apart than this. */
const PAUSE_MS = 5 * 60 * 1000;

/** Compares decimal ids without leading zeros: they do not fit into numbers. */
function compareIds(a, b) {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** The server's order; what the server does not have yet comes last. */
function compare(a, b) {
  if (a.id !== null && b.id !== null) return compareIds(a.id, b.id);
  if (a.id === null && b.id === null) return compareIds(a.clientId || "", b.clientId || "");
  return a.id === null ? 1 : -1;
}

/** Commands are for the app itself, calls for a part that this demo does not have. */
const shows = (message) => message.type !== "command" && message.type !== "rtc";

/** A name for the element of a message; a key may hold characters that ids may not. */
const anchorOf = (message) => "m" + message.key.replace(/[^0-9a-zA-Z]/g, "_");

/** What the mark beside an own message says: how far it has come. */
function mark(message) {
  if (!message.outgoing || message.status !== "sent" || message.conversation.kind !== "user") return message.status;
  return message.read ? "read" : message.delivered ? "delivered" : "sent";
}

function createTimeline() {
  const byKey = new Map();
  /** What is said in place of messages that were taken back, by key. */
  const notes = new Map();
  let sorted = null;

  const all = () => {
    if (sorted === null) sorted = Array.from(byKey.values()).sort(compare);
    return sorted;
  };

  return {
    /** Adds messages, or replaces them by newer snapshots; answers how many were not there before. */
    merge(messages) {
      const before = byKey.size;
      for (const message of messages.filter(shows)) {
        byKey.set(message.key, message);
        notes.delete(message.key);
      }
      sorted = null;
      return byKey.size - before;
    },
    /** Takes a message away; `note` is said in its place, unless it is empty. */
    remove(message, note) {
      if (!byKey.has(message.key)) return;
      if (note === "") byKey.delete(message.key);
      else notes.set(message.key, note);
      sorted = null;
    },
    get(key) {
      return byKey.get(key);
    },
    /** Who has written what is here, each once. */
    senders() {
      return Array.from(new Set(all().map((message) => message.from)));
    },
    get size() {
      return byKey.size;
    },
    /** The server's id of the oldest message, or null. */
    oldestId() {
      const first = all()[0];
      return first ? first.id : null;
    },
    /** Rows for the view. `nameOf(id)` answers `{ name, avatar }`; `found` is the id of a message that was searched for. */
    rows(nameOf, now, found) {
      let last = 0;
      return all().map((message, index) => {
        const card = nameOf(message.from);
        const divided = message.timestamp - last > PAUSE_MS;
        last = message.timestamp;
        return {
          key: message.key,
          anchor: anchorOf(message),
          time: divided || index === 0 ? chatTime(message.timestamp, now) : "",
          note: notes.get(message.key) || "",
          body: describe(message, nameOf),
          edited: message.editedAt > 0,
          mine: message.outgoing,
          status: message.status,
          mark: mark(message),
          progress: "",
          unplayed: message.type === "audio" && !message.outgoing && !message.played,
          found: found !== null && message.id === found,
          from: message.from,
          name: card.name,
          avatar: card.avatar,
        };
      });
    },
  };
}

module.exports = { anchorOf, createTimeline };
