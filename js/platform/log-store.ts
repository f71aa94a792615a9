/**
 * A store for platforms that can only keep texts under names: ordered tables in memory, and on the
 * device a log of what was written. Pure logic over three functions.
 *
 * Names: `<name>/head` holds which of the two generations `a` and `b` counts; `<name>/a/0`,
 * `<name>/a/1`, ... are its segments. A segment is lines of one record each: eight hex digits of
 * checksum over the rest, and the record in base64. One `apply` is one record, written by one `set`
 * of the last segment, so it is there as a whole or not at all. Compaction writes the live rows into
 * the other generation and then changes the head: until that one write, the old one counts.
 */
import type { HostStore } from "../engine.js";
import { textOf } from "../errors.js";
import { checksum, fromBase64, fromBinary, toBase64, toBinary } from "./bytes.js";

/** Where texts are kept. Each `set` is done as a whole or not at all. */
export interface TextStorage {
  /** The text, or undefined when there is none under that name. */
  get(key: string): Promise<unknown>;
  /** Rejects with an `Error` named `QuotaExceededError` when full. */
  set(key: string, value: string): Promise<void>;
  remove(key: string): Promise<void>;
}

/** A segment is closed when it would grow over this many characters. */
const SEGMENT = 64 * 1024;
/** A single record may be longer than a segment, up to this: a name holds 1 MB at most. */
const RECORD = 768 * 1024;
/** Compaction waits until this many characters of the log are superseded, and half of it. */
const SLACK = 128 * 1024;

type Slot = "a" | "b";
type Write = [table: number, key: string, value: Uint8Array | undefined];

interface Table {
  readonly rows: Map<string, Uint8Array>;
  /** The keys of `rows`, ascending. */
  readonly keys: string[];
}

const other = (slot: Slot): Slot => (slot === "a" ? "b" : "a");

/** Index of the first key that is not below `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** An error in the form that the core knows as "full". */
export function quotaExceeded(message: string): Error {
  const error = new Error(message);
  error.name = "QuotaExceededError";
  return error;
}

const isQuota = (thrown: unknown): boolean => (thrown as { name?: unknown } | null)?.name === "QuotaExceededError";

function varint(into: number[], value: number): void {
  while (value > 127) {
    into.push((value & 127) | 128);
    value >>>= 7;
  }
  into.push(value);
}

/** Table, length and bytes of the key, then 0 for a deletion or 1 + length and bytes of the value. */
function encode(writes: readonly Write[]): string {
  const head: number[] = [];
  let record = "";
  for (const [table, key, value] of writes) {
    head.length = 0;
    varint(head, table);
    varint(head, key.length);
    record += String.fromCharCode(...head) + key;
    head.length = 0;
    varint(head, value ? value.length + 1 : 0);
    record += String.fromCharCode(...head) + (value ? toBinary(value) : "");
  }
  const body = toBase64(fromBinary(record));
  return `${checksum(body)}${body}\n`;
}

/** Undefined for a line that is torn or damaged. */
function decode(line: string): Write[] | undefined {
  const body = line.slice(8);
  const bytes = line.slice(0, 8) === checksum(body) ? fromBase64(body) : undefined;
  if (!bytes) return undefined;
  const writes: Write[] = [];
  let at = 0;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    return value;
  };
  const take = (length: number): Uint8Array => {
    at += length;
    return bytes.slice(at - length, at);
  };
  while (at < bytes.length) {
    const table = number();
    const key = toBinary(take(number()));
    const length = number();
    writes.push([table, key, length === 0 ? undefined : take(length - 1)]);
  }
  return at === bytes.length ? writes : undefined;
}

/** See the head of this file. Operations run one after the other, in the order in which they were asked for. */
export class LogStore implements HostStore {
  /** Records and segments that could not be read when the store was opened. */
  skipped = 0;
  private readonly tables = new Map<number, Table>();
  private slot: Slot = "a";
  /** Number of segments of the generation that counts. */
  private segments = 0;
  /** Text of the last segment; undefined when the next record begins a new one. */
  private last: string | undefined;
  /** Characters of the whole log, and about as many as the live rows would take. */
  private written = 0;
  private live = 0;
  private tail: Promise<unknown> = Promise.resolve();
  private closed = false;

  private constructor(
    private readonly storage: TextStorage,
    private readonly name: string,
    private readonly trouble: (text: string) => void,
  ) {}

  /**
   * Opens a store, clearing away what an interrupted compaction left. Only one may be open under a
   * name. `trouble` hears of what no operation reports: unreadable records, a compaction that failed.
   */
  static async open(storage: TextStorage, name: string, trouble: (text: string) => void): Promise<LogStore> {
    const store = new LogStore(storage, name, trouble);
    await store.restore();
    if (store.skipped > 0) trouble(`${store.skipped} records of the store could not be read and were left out.`);
    return store;
  }

  apply(writes: Parameters<HostStore["apply"]>[0]): Promise<void> {
    // Copied at once: the bytes may be a view of memory that is about to change.
    const clears = writes.flatMap(([table, key, , until]) =>
      until ? [[table, toBinary(key), toBinary(until)] as const] : [],
    );
    const copies = writes
      .filter(([, , , until]) => !until)
      .map(([table, key, value]): Write => [table, toBinary(key), value?.slice()]);
    // What is cleared is to be gone: it does not wait for the log to become long.
    const slack = clears.length > 0 ? 0 : SLACK;
    return this.next(() => this.write([...this.cleared(clears), ...copies], slack));
  }

  /** The deletions that a clearing of ranges comes to. */
  private cleared(ranges: ReadonlyArray<readonly [table: number, from: string, until: string]>): Write[] {
    return ranges.flatMap(([table, from, until]) => {
      const { keys } = this.table(table);
      return keys.slice(lowerBound(keys, from), lowerBound(keys, until)).map((key): Write => [table, key, undefined]);
    });
  }

  range(
    table: number,
    from: Uint8Array,
    to: Uint8Array,
    limit: number,
    descending: boolean,
  ): Promise<Array<[key: Uint8Array, value: Uint8Array]>> {
    const [low, high] = [toBinary(from), toBinary(to)];
    return this.next(async () => {
      const { keys, rows } = this.table(table);
      const [start, end] = [lowerBound(keys, low), lowerBound(keys, high)];
      const count = Math.max(0, Math.min(limit, end - start));
      const chosen = descending ? keys.slice(end - count, end).reverse() : keys.slice(start, start + count);
      return chosen.map((key): [Uint8Array, Uint8Array] => [fromBinary(key), rows.get(key) as Uint8Array]);
    });
  }

  close(): void {
    this.closed = true;
  }

  /** Closes it. Resolves when all that was begun is written. */
  async finish(): Promise<void> {
    this.close();
    await this.tail;
  }

  private next<T>(work: () => Promise<T>): Promise<T> {
    if (this.closed) return Promise.reject(new Error("The store is closed."));
    const result = this.tail.then(work);
    // The next one runs whether or not this one worked; its caller is told.
    this.tail = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  /** `slack`: characters that the log may have beyond twice what is live. */
  private async write(writes: readonly Write[], slack: number): Promise<void> {
    if (writes.length === 0) return;
    const record = encode(writes);
    if (record.length > RECORD) throw quotaExceeded("One write is larger than a single entry of this storage may be.");
    try {
      await this.append(record);
    } catch (thrown) {
      // Full, but part of it may be superseded: make room and try once more.
      if (!isQuota(thrown) || !(await this.squeeze())) throw thrown;
      await this.append(record);
    }
    for (const write of writes) this.put(write);
    if (this.written > 2 * this.live + slack) await this.compact();
  }

  private async append(record: string): Promise<void> {
    const fits = this.last !== undefined && this.last.length + record.length <= SEGMENT;
    const index = fits ? this.segments - 1 : this.segments;
    const text = fits ? this.last + record : record;
    await this.storage.set(this.key(this.slot, index), text);
    this.segments = index + 1;
    this.last = text;
    this.written += record.length;
  }

  /**
   * Takes out of the segments, in place, what later records write again. Needs no room, unlike
   * compaction, and each step leaves the same rows. True when the log got shorter.
   */
  private async squeeze(): Promise<boolean> {
    const before = this.written;
    const seen = new Set<string>();
    for (let index = this.segments - 1; index >= 0; index--) {
      const key = this.key(this.slot, index);
      const text = await this.storage.get(key);
      if (typeof text !== "string") continue;
      const kept: string[] = [];
      for (const line of text.split("\n").reverse()) {
        const left = (decode(line) ?? []).reverse().filter(([table, row]) => {
          const name = `${table} ${row}`;
          return !seen.has(name) && seen.add(name);
        });
        if (left.length > 0) kept.push(encode(left.reverse()));
      }
      const shorter = kept.reverse().join("");
      if (shorter.length >= text.length) continue;
      await this.storage.set(key, shorter);
      this.written -= text.length - shorter.length;
      if (index === this.segments - 1) this.last = shorter;
    }
    return this.written < before;
  }

  /** Failure leaves the old generation in force: nothing is lost by it. */
  private async compact(): Promise<void> {
    try {
      const target = other(this.slot);
      await this.clear(target);
      const segments = this.snapshot();
      let index = 0;
      for (const text of segments) await this.storage.set(this.key(target, index++), text);
      await this.storage.set(`${this.name}/head`, target);
      const old = { slot: this.slot, segments: this.segments };
      this.slot = target;
      this.segments = segments.length;
      this.last = segments[segments.length - 1];
      this.written = segments.reduce((sum, text) => sum + text.length, 0);
      await this.removeDown(old.slot, old.segments);
    } catch (thrown) {
      this.trouble(`The store could not be compacted: ${textOf(thrown)}`);
    }
  }

  /** The live rows as segments, one record a row. */
  private snapshot(): string[] {
    const segments: string[] = [];
    let open = "";
    for (const [table, { keys, rows }] of this.tables) {
      for (const key of keys) {
        const record = encode([[table, key, rows.get(key)]]);
        if (open !== "" && open.length + record.length > SEGMENT) {
          segments.push(open);
          open = "";
        }
        open += record;
      }
    }
    segments.push(open);
    return segments;
  }

  private async restore(): Promise<void> {
    const head = await this.storage.get(`${this.name}/head`);
    if (head === "a" || head === "b") this.slot = head;
    else if (head !== undefined) {
      this.skipped++;
      if ((await this.storage.get(this.key("a", 0))) === undefined) this.slot = "b";
    }
    await this.clear(other(this.slot));
    // A single missing segment does not end the log: later ones must not come to life again.
    for (let index = 0, missing = 0; missing < 2; index++) {
      const text = await this.storage.get(this.key(this.slot, index));
      if (text === undefined) {
        missing++;
        continue;
      }
      this.skipped += missing;
      missing = 0;
      this.segments = index + 1;
      this.last = this.replay(text);
    }
  }

  /** The text to go on with; undefined when part of it is damaged, so that nothing is added to it. */
  private replay(text: unknown): string | undefined {
    if (typeof text !== "string") {
      this.skipped++;
      return undefined;
    }
    this.written += text.length;
    const before = this.skipped;
    for (const line of text.split("\n")) {
      if (line === "") continue;
      const writes = decode(line);
      if (writes) for (const write of writes) this.put(write);
      else this.skipped++;
    }
    return this.skipped === before && (text === "" || text.endsWith("\n")) ? text : undefined;
  }

  private put([id, key, value]: Write): void {
    const { keys, rows } = this.table(id);
    const previous = rows.get(key);
    if (previous) this.live -= size(key, previous);
    if (value) {
      if (!previous) keys.splice(lowerBound(keys, key), 0, key);
      rows.set(key, value);
      this.live += size(key, value);
    } else if (previous) {
      keys.splice(lowerBound(keys, key), 1);
      rows.delete(key);
    }
  }

  private table(id: number): Table {
    let table = this.tables.get(id);
    if (!table) {
      table = { rows: new Map(), keys: [] };
      this.tables.set(id, table);
    }
    return table;
  }

  private key(slot: Slot, index: number): string {
    return `${this.name}/${slot}/${index}`;
  }

  /** Removes a generation of unknown length. */
  private async clear(slot: Slot): Promise<void> {
    let count = 0;
    while ((await this.storage.get(this.key(slot, count))) !== undefined) count++;
    await this.removeDown(slot, count);
  }

  /** From the last to the first, so that an interruption leaves nothing behind a gap. */
  private async removeDown(slot: Slot, count: number): Promise<void> {
    for (let index = count - 1; index >= 0; index--) await this.storage.remove(this.key(slot, index));
  }
}

/** About the characters of a row in the log: base64 of both, the checksum and the lengths. */
const size = (key: string, value: Uint8Array): number => Math.ceil(((key.length + value.length + 4) * 4) / 3) + 9;
