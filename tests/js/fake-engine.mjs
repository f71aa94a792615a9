// An engine that answers as a test tells it, and the tapes it would write. For the facade's own rules only.

import { readFileSync } from "node:fs";

const rows = JSON.parse(readFileSync(new URL("../../src/core/model/error_codes.json", import.meta.url), "utf8"));

/** Writes values in the order in which the core does (js/tape.ts reads them). */
export class TapeWriter {
  #ascii = "";
  #wide = "";
  #numbers = [];
  #last;
  string(text) {
    if (/^[\0-\x7f]*$/.test(text)) {
      this.#ascii += text;
      return this.number(text.length);
    }
    this.#wide += text;
    return this.number(-text.length);
  }
  /** A conversation; its id is left out when it is the one before. */
  key(kind, id) {
    if (id === this.#last) return this.number(kind + 4);
    this.#last = id;
    return this.number(kind).string(id);
  }
  number(value) {
    this.#numbers.push(value);
    return this;
  }
  get tape() {
    return [this.#ascii, this.#wide, Float64Array.from(this.#numbers)];
  }
}

const STATUSES = ["sending", "sent", "failed", "received", "local"];
const MENTIONED = ["none", "me", "all"];
const CHANGES = [
  "",
  "read",
  "",
  "unread",
  "delivered",
  "recall",
  "delete",
  "played",
  "append",
  "replace",
  "status",
  "local",
];

const flag = (value) => (value ? 1 : 0);

export function writeMessage(w, m) {
  w.key(m.kind ?? 1, m.with ?? "2")
    .string(m.id ?? "")
    .string(m.clientId ?? "")
    .string(m.from ?? "2");
  const flags = ["outgoing", "delivered", "read", "played", "untyped", "patched"];
  w.number(flags.reduce((bits, name, at) => bits + (flag(m[name]) << at), 0)).number(m.type ?? 0);
  for (const name of ["text", "attachment", "config", "ext", "senderName"]) w.string(m[name] ?? "");
  for (const name of ["priority", "timestamp", "editedAt"]) w.number(m[name] ?? 0);
  w.number(STATUSES.indexOf(m.status ?? "received"));
  w.number(MENTIONED.indexOf(m.mentioned ?? "none")).number(m.error?.number ?? 0);
  if (m.error) {
    w.string(m.error.domain).string(m.error.detail);
  }
}

function maybeMessage(w, message) {
  w.number(flag(message));
  if (message) writeMessage(w, message);
}

function tapeOf(rows, write) {
  const w = new TapeWriter();
  for (const row of rows) write(w, row);
  return w.tape;
}

export const messagesTape = (...rows) => tapeOf(rows, writeMessage);
export const conversationsTape = (...rows) =>
  tapeOf(rows, (w, c) => {
    w.key(c.kind ?? 1, c.id)
      .string(c.title ?? c.id)
      .string(c.avatar ?? "");
    w.number(c.unread ?? 0)
      .number(MENTIONED.indexOf(c.mention ?? "none"))
      .number(c.timestamp ?? 0);
    maybeMessage(w, c.last);
    w.string(c.draft ?? "")
      .string(c.extension ?? "")
      .number(c.pinned ? 1 : 0)
      .number(c.muted ? 1 : 0);
  });
export const updatesTape = (...rows) =>
  tapeOf(rows, (w, u) => {
    w.number(u.number ?? CHANGES.indexOf(u.change)).key(u.kind ?? 1, u.with ?? "2");
    for (const name of ["target", "by", "operation", "text", "config", "ext"]) w.string(u[name] ?? "");
    w.number(u.timestamp ?? 0);
    maybeMessage(w, u.message);
  });
export const noticesTape = (...rows) =>
  tapeOf(rows, (w, n) => {
    w.string(n.id)
      .number(n.kind ?? 2)
      .number(n.type ?? 10)
      .string(n.group ?? "");
    w.string(n.from ?? "2").number(n.to?.length ?? 0);
    for (const id of n.to ?? []) w.string(id);
    w.string(n.content ?? "")
      .number(n.timestamp ?? 0)
      .number(flag(n.kept));
  });
export const keysTape = (...rows) => tapeOf(rows, (w, k) => w.key(k.kind ?? 1, k.id));
export const listsTape = (...lists) =>
  tapeOf(lists, (w, ids) => {
    w.number(ids.length);
    for (const id of ids) w.string(id);
  });
export const usersTape = (...rows) =>
  tapeOf(rows, (w, u) => {
    w.string(u.id)
      .string(u.username)
      .string(u.displayName ?? u.username)
      .string(u.nickname ?? "");
    w.string(u.alias ?? "")
      .string(u.avatar ?? "")
      .number(u.isContact === false ? 0 : 1);
  });
export const groupsTape = (...rows) =>
  tapeOf(rows, (w, g) => {
    w.string(g.id)
      .string(g.name)
      .string("")
      .string(g.owner ?? "1")
      .number(g.members ?? 1);
  });

/** One fake core: `answers[name](params, engine)` gives the value of a command, or throws a raw error. */
export class FakeCore {
  commands = [];
  signals = [];
  engines = [];
  loads = 0;
  inside = 0;
  answers = {
    login: () => ({ userId: "1", deviceSn: 7 }),
    resume: () => undefined,
    logout: () => undefined,
    conversations: () => conversationsTape(),
    users: () => usersTape(),
    groups: () => groupsTape(),
    messages: () => messagesTape(),
    markRead: () => undefined,
    send: () => undefined,
    operate: () => undefined,
    focus: () => undefined,
    typing: () => undefined,
    frame: () => undefined,
    forget: () => undefined,
    cancel: () => undefined,
    resend: () => undefined,
    deleteConversation: () => undefined,
    notices: () => noticesTape(),
    dropNotices: () => noticesTape(),
    receipts: () => listsTape([], [], [], []),
  };

  get engine() {
    return this.engines.at(-1);
  }

  /** The environment of a client on this core. */
  get environment() {
    const core = this;
    class Engine {
      closed = false;
      freed = false;
      id = 1000;
      constructor(options, sink, leave) {
        this.options = options;
        this.sink = sink;
        this.leave = leave;
        core.engines.push(this);
      }
      say(...batch) {
        core.inside++;
        this.sink(batch);
        core.inside--;
      }
      command(call, name, params) {
        core.commands.push([name, params]);
        const answer = core.answers[name];
        if (answer === "trap") throw Object.assign(new Error("unreachable"), { name: "RuntimeError" });
        if (!answer) return;
        let event;
        try {
          event = ["reply", call, true, answer(params, this)];
        } catch (error) {
          event = ["reply", call, false, error];
        }
        // As the core does: all that is known of the account comes before the call is settled.
        const known = (value) => {
          if ((name !== "login" && name !== "resume") || !value || !event[2]) return [];
          const { users, groups, conversations } = core.answers;
          return [
            ["users", users({}, this)],
            ["groups", groups({}, this)],
            ["conversations", conversations({}, this)],
          ];
        };
        Promise.resolve(event[3]).then(
          (value) => this.say(...known(value), ["reply", call, event[2], value]),
          (error) => this.say(["reply", call, false, error]),
        );
      }
      nextId() {
        return String(++this.id);
      }
      signal(name) {
        core.signals.push(name);
      }
      stats() {
        return { badFrames: 1, quarantined: 0, skipped: 2, badRows: 0, dropped: 0, indexRows: 0 };
      }
      close() {
        this.closed = true;
      }
      free() {
        this.freed = true;
      }
    }
    return {
      deviceInfo: "Web",
      storage: "indexeddb",
      load: async () => {
        core.loads++;
        return { Engine };
      },
      transfers: () => ({ check: (file) => ({ name: file.name }) }),
      watch: (signal) => {
        core.emitSignal = signal;
        return () => {
          core.emitSignal = undefined;
        };
      },
    };
  }
}

/** A raw error as the core gives it. */
export const raw = (name, domain = "http", detail = "") => {
  const { number } = rows.find((row) => row.name === name);
  return { number, domain, detail };
};

/** Resolves when the condition holds; ends with the test's own timeout otherwise. */
export async function until(condition) {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
