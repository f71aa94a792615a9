/**
 * The messages of one open chat: the newest from this device at once, older pages on demand, changes
 * as they come. Rows are ordered, unique by key, and keep their identity while nothing about them changes.
 */
import type { Client, ConversationKey, FlooErrorShape, Message, MessageId, SendContent } from "floo-wasm";
import { type ComputedRef, computed, type ShallowRef, shallowRef } from "vue";
import { asFlooError } from "./lib/errors.js";
import { compareIds, sameKey } from "./lib/keys.js";
import type { Recalls } from "./live.js";

const PAGE = 30;
/** Messages read at a time on the way back to one. */
const FAR = 200;

export interface Timeline {
  /** With those that were taken back since the page was opened, in their places. */
  readonly rows: ComputedRef<readonly Message[]>;
  /** True once the newest messages have been read. */
  readonly ready: Readonly<ShallowRef<boolean>>;
  /** Where the way to the past stands; `end` means there is nothing older. */
  readonly older: Readonly<ShallowRef<"idle" | "loading" | "end" | "failed">>;
  /** Why messages could not be read; null when they could. */
  readonly error: Readonly<ShallowRef<FlooErrorShape | null>>;
  /** Loads one page of older messages; does nothing while one is on its way or at the end. */
  loadOlder(): Promise<void>;
  /** Reads from this device back to a message; false when it is not there. */
  reach(id: MessageId): Promise<boolean>;
  /** Sends a message. Rejects only when the reason is not shown with the message itself. */
  send(content: SendContent): Promise<void>;
  /** Takes back a message that the server does not have. */
  cancel(message: Message): Promise<void>;
  /** Stops following the chat. */
  close(): void;
}

export function openTimeline(client: Client, key: ConversationKey, recalls: Recalls): Timeline {
  const conversation = client.conversation(key);
  const closed = new AbortController();
  const until = { signal: closed.signal };
  const rows = shallowRef<readonly Message[]>([]);
  const ready = shallowRef(false);
  const older = shallowRef<"idle" | "loading" | "end" | "failed">("idle");
  const error = shallowRef<FlooErrorShape | null>(null);

  /** Keys of messages that were taken away: a reading that began before must not bring them back. */
  const gone = new Set<string>();

  let pages: AsyncIterator<readonly Message[]> | null = null;
  let endOfDeviceOnly = false;
  let reading: Promise<void> | null = null;
  let readAgain = false;

  function merge(found: readonly Message[]): void {
    // Commands are for programs: nobody reads them.
    const shown = found.filter((message) => message.type !== "command" && !gone.has(message.key));
    if (shown.length > 0) rows.value = mergeMessages(rows.value, shown);
  }

  function take(message: Message): void {
    gone.add(message.key);
    rows.value = rows.value.filter((row) => row.key !== message.key);
  }

  /** Whether a message belongs to what is loaded: another would stand before a gap. */
  function within(message: Message): boolean {
    const first = firstId(rows.value);
    const known = rows.value.some((row) => row.key === message.key);
    return known || first === null || (message.id !== null && compareIds(message.id, first) > 0);
  }

  const all = computed(() => {
    const taken: Message[] = [];
    for (const { message } of recalls.value.values()) {
      const here = sameKey(message.conversation, key);
      if (here && (within(message) || older.value === "end")) taken.push(message);
    }
    return taken.length > 0 ? mergeMessages(rows.value, taken) : rows.value;
  });

  /** Reads what is new; calls made meanwhile lead to one more reading. */
  function refresh(): Promise<void> {
    if (reading !== null) {
      readAgain = true;
      return reading;
    }
    reading = (async () => {
      try {
        do {
          readAgain = false;
          merge(await readNewest());
        } while (readAgain && !closed.signal.aborted);
        ready.value = true;
        if (older.value !== "failed") error.value = null;
      } catch (thrown) {
        if (!closed.signal.aborted) error.value = asFlooError(thrown);
      } finally {
        reading = null;
      }
    })();
    return reading;
  }

  /** The newest messages of this device, back to what is shown already so that no gap remains. */
  async function readNewest(): Promise<readonly Message[]> {
    const known = lastId(rows.value);
    let found: readonly Message[] = [];
    let before: MessageId | null = null;
    for (;;) {
      const page: readonly Message[] = await conversation.messages(
        before === null ? { limit: PAGE } : { before, limit: PAGE },
      );
      found = [...page, ...found];
      before = firstId(page);
      if (known === null || before === null || page.length < PAGE || compareIds(before, known) <= 0) return found;
    }
  }

  async function loadOlder(): Promise<void> {
    if (older.value === "loading" || older.value === "end" || closed.signal.aborted) return;
    older.value = "loading";
    try {
      if (pages === null) {
        const before = firstId(rows.value);
        pages = conversation
          .history({ pageSize: PAGE, signal: closed.signal, ...(before === null ? {} : { before }) })
          [Symbol.asyncIterator]();
      }
      const page = await pages.next();
      error.value = null;
      if (page.done) {
        endOfDeviceOnly = client.state !== "online";
        older.value = "end";
      } else {
        merge(page.value);
        older.value = "idle";
      }
    } catch (thrown) {
      pages = null;
      // A closed chat has nobody to tell; its readings end with `Cancelled`.
      if (closed.signal.aborted) return;
      error.value = asFlooError(thrown);
      older.value = "failed";
    }
  }

  async function reach(id: MessageId): Promise<boolean> {
    await refresh();
    const before = firstId(rows.value);
    if (before !== null && compareIds(id, before) < 0) {
      const found: Message[][] = [];
      for (let from: MessageId | null = before; from !== null && compareIds(from, id) > 0; ) {
        const page: readonly Message[] = await conversation.messages({ before: from, limit: FAR });
        found.unshift([...page]);
        from = firstId(page);
      }
      if (closed.signal.aborted) return false;
      // The way to the past goes on from there.
      pages = null;
      merge(found.flat());
    }
    return rows.value.some((message) => message.id === id);
  }

  async function send(content: SendContent): Promise<void> {
    const before = new Set(rows.value.map((message) => message.key));
    const text = "text" in content ? (content.text ?? "") : "";
    const sending = conversation.send(content);
    void refresh();
    try {
      await sending;
    } catch (thrown) {
      // The user took it back before it was sent, or logged out.
      if (asFlooError(thrown).code === "Cancelled") return;
      await refresh();
      const shown = rows.value.some(
        (message) => !before.has(message.key) && message.status === "failed" && message.text === text,
      );
      if (!shown) throw thrown;
    }
  }

  async function cancel(message: Message): Promise<void> {
    await client.outbox.cancel(message);
    take(message);
  }

  client.on(
    "message:updated",
    ({ message, change }) => {
      if (!sameKey(message.conversation, key)) return;
      if (change === "recall" || change === "delete") return take(message);
      // Sent again, or a removal was undone.
      if (change === "status") gone.delete(message.key);
      if (within(message)) merge([message]);
    },
    until,
  );
  client.on(
    "conversation:removed",
    ({ conversation: removed }) => {
      if (!sameKey(removed, key)) return;
      rows.value = [];
      pages = null;
      older.value = "idle";
    },
    until,
  );
  client.on(
    "conversations",
    ({ changed }) => {
      if (changed.some((row) => sameKey(row.key, key))) void refresh();
    },
    until,
  );
  client.on(
    "messages",
    ({ messages }) => {
      if (messages.some((message) => sameKey(message.conversation, key))) void refresh();
    },
    until,
  );
  client.on(
    "message:sent",
    ({ message }) => {
      if (sameKey(message.conversation, key)) void refresh();
    },
    until,
  );
  client.on(
    "message:failed",
    ({ message }) => {
      // Merged directly: it may be older than what `refresh` reads.
      if (sameKey(message.conversation, key)) merge([message]);
    },
    until,
  );
  client.on(
    "state",
    ({ to }) => {
      if (to !== "online") return;
      if (older.value === "failed" || (older.value === "end" && endOfDeviceOnly)) {
        pages = null;
        older.value = "idle";
      }
      void refresh();
    },
    until,
  );
  void refresh();

  return { rows: all, ready, older, error, loadOlder, reach, send, cancel, close: () => closed.abort() };
}

function firstId(messages: readonly Message[]): MessageId | null {
  return messages.find((message) => message.id !== null)?.id ?? null;
}

function lastId(messages: readonly Message[]): MessageId | null {
  for (let at = messages.length - 1; at >= 0; at--) {
    const id = messages[at]?.id;
    if (id) return id;
  }
  return null;
}

/** What of a message can change, and is shown. */
const CHANGING = [
  "id",
  "status",
  "text",
  "attachmentText",
  "configText",
  "ext",
  "timestamp",
  "editedAt",
  "delivered",
  "read",
  "played",
  "error",
] as const satisfies readonly (keyof Message)[];

function unchanged(a: Message, b: Message): boolean {
  return CHANGING.every((field) => a[field] === b[field]);
}

/**
 * Puts `found` among `shown`. Messages with a server id are in the order of their ids; those being
 * sent come last; refused ones stay at their time.
 */
export function mergeMessages(shown: readonly Message[], found: readonly Message[]): readonly Message[] {
  const byKey = new Map(shown.map((message) => [message.key, message]));
  for (const message of found) {
    const old = byKey.get(message.key);
    if (!old || !unchanged(old, message)) byKey.set(message.key, message);
  }
  const accepted: Message[] = [];
  const refused: Message[] = [];
  const waiting: Message[] = [];
  for (const message of byKey.values()) {
    if (message.id !== null) accepted.push(message);
    else if (message.status === "failed") refused.push(message);
    else waiting.push(message);
  }
  const byOwnId = (a: Message, b: Message) => compareIds(a.clientId ?? "", b.clientId ?? "");
  accepted.sort((a, b) => compareIds(a.id ?? "", b.id ?? ""));
  for (const message of refused.sort(byOwnId)) {
    let at = accepted.length;
    while (at > 0 && (accepted[at - 1]?.timestamp ?? 0) > message.timestamp) at--;
    accepted.splice(at, 0, message);
  }
  return [...accepted, ...waiting.sort(byOwnId)];
}
