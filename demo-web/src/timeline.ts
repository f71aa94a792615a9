/**
 * The messages of one open chat: the newest from this device at once, older pages on demand, changes
 * as they come. Rows are ordered, unique by key, and keep their identity while nothing about them changes.
 */
import type { Client, ConversationKey, FlooErrorShape, Message, MessageId } from "floo-wasm";
import { type ShallowRef, shallowRef } from "vue";
import { asFlooError } from "./lib/errors.js";
import { compareIds, sameKey } from "./lib/keys.js";

const PAGE = 30;

export interface Timeline {
  readonly rows: Readonly<ShallowRef<readonly Message[]>>;
  /** True once the newest messages have been read. */
  readonly ready: Readonly<ShallowRef<boolean>>;
  /** Where the way to the past stands; `end` means there is nothing older. */
  readonly older: Readonly<ShallowRef<"idle" | "loading" | "end" | "failed">>;
  /** Why messages could not be read; null when they could. */
  readonly error: Readonly<ShallowRef<FlooErrorShape | null>>;
  /** Loads one page of older messages; does nothing while one is on its way or at the end. */
  loadOlder(): Promise<void>;
  /** Sends a text. Rejects only when the reason is not shown with the message itself. */
  send(text: string): Promise<void>;
  /** Stops following the chat. */
  close(): void;
}

export function openTimeline(client: Client, key: ConversationKey): Timeline {
  const conversation = client.conversation(key);
  const closed = new AbortController();
  const until = { signal: closed.signal };
  const rows = shallowRef<readonly Message[]>([]);
  const ready = shallowRef(false);
  const older = shallowRef<"idle" | "loading" | "end" | "failed">("idle");
  const error = shallowRef<FlooErrorShape | null>(null);

  let pages: AsyncIterator<readonly Message[]> | null = null;
  let endOfDeviceOnly = false;
  let reading: Promise<void> | null = null;
  let readAgain = false;

  function merge(found: readonly Message[]): void {
    if (found.length > 0) rows.value = mergeMessages(rows.value, found);
  }

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

  async function send(text: string): Promise<void> {
    const before = new Set(rows.value.map((message) => message.key));
    const sending = conversation.send({ text });
    void refresh();
    try {
      await sending;
    } catch (thrown) {
      await refresh();
      const shown = rows.value.some(
        (message) => !before.has(message.key) && message.status === "failed" && message.text === text,
      );
      if (!shown) throw thrown;
    }
  }

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

  return { rows, ready, older, error, loadOlder, send, close: () => closed.abort() };
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

function unchanged(a: Message, b: Message): boolean {
  return a.id === b.id && a.status === b.status && a.text === b.text && a.timestamp === b.timestamp;
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
