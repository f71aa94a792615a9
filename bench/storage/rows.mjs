// The rows that the core would have written for a history of made-up messages: `session/rows.rs` and `session/find.rs`.
// The bench holds them against what the core itself writes for one page, byte by byte.
import protobuf from "protobufjs/minimal";

const { Writer } = protobuf;
/** Numbers of the kinds and types that are used. */
const USER = 1;
const CHAT = 2;
const MESSAGE = 1;
const WORD = 1;
const SENDER = 3;

const FIRST_USER = 7_000_000_000_000;
const FIRST_ID = 2 ** 52;
const FIRST_TIME = 1_700_000_000_000;
/** Of so many messages one is in the large conversation. */
const LARGE = 20;
/** How far ids, and milliseconds, are apart. */
const APART = 64;
const PAGE = 100;

/** Ten messages have it, whatever the size. */
export const RARE = "xylophone";
/** Every third message has it. */
export const COMMON = "meeting";

const SYLLABLES = ["ka", "mo", "ti", "su", "re", "lin", "dor", "ve", "pa", "shu"];
const WORDS = Array.from({ length: 500 }, (_, n) =>
  [n % 10, Math.floor(n / 10) % 10, Math.floor(n / 100)].map((at) => SYLLABLES[at]).join(""),
);
const PHRASES = ["会议室在二楼", "收到", "新版本已经发布", "周末一起去爬山吧", "原因还在查", "明天见"];

const big = (...ids) => {
  const bytes = new Uint8Array(8 * ids.length);
  const view = new DataView(bytes.buffer);
  for (const [at, id] of ids.entries()) view.setBigUint64(8 * at, BigInt(id));
  return bytes;
};
const joined = (...parts) => {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
};

/** Writes fields in order, zeros left out, as the core does. */
class Fields {
  writer = Writer.create();

  number(tag, value) {
    if (value) this.writer.uint32(tag << 3).uint64(value);
    return this;
  }

  bytes(tag, value) {
    if (value.length > 0) this.writer.uint32((tag << 3) | 2).bytes(value);
    return this;
  }

  text(tag, value) {
    if (value !== "") this.writer.uint32((tag << 3) | 2).string(value);
    return this;
  }

  end() {
    // A copy: it is a piece of a large buffer, and all of that would be stored with it.
    return this.writer.finish().slice();
  }
}
const fields = () => new Fields();

/** A number that looks random and is the same every time. */
function mixed(n) {
  let x = Math.imul(n ^ 0x9e3779b9, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** A history: `total` messages over `chats` conversations, of which the first has one message of twenty. */
export class History {
  constructor(me, total, chats) {
    Object.assign(this, { me, total, chats });
    this.rareEvery = Math.floor(total / 10);
  }

  static user = (chat) => FIRST_USER + chat * 11;
  static id = (n) => FIRST_ID + n * APART;
  static time = (n) => FIRST_TIME + n * APART;

  /** Numbers of a conversation's messages, ascending. */
  numbers(chat) {
    const numbers = [];
    if (chat === 0) {
      for (let n = 0; n < this.total; n += LARGE) numbers.push(n);
      return numbers;
    }
    for (let at = chat - 1; ; at += this.chats - 1) {
      const n = at + Math.floor(at / (LARGE - 1)) + 1; // those of the large one are left out
      if (n >= this.total) return numbers;
      numbers.push(n);
    }
  }

  words(n) {
    const words = [];
    // Some words are much more frequent than others.
    for (let i = 0; i < 2 + (n % 4); i += 1) {
      const random = mixed(n * 16 + i) / 2 ** 32;
      words.push(WORDS[Math.floor(random ** 3 * WORDS.length)]);
    }
    if (n % 3 === 0) words.push(COMMON);
    if (n % 4 === 1) words.push(PHRASES[mixed(n) % PHRASES.length]);
    if (n < 10 * this.rareEvery && n % this.rareEvery === 0) words.push(RARE);
    return words;
  }

  from(chat, n) {
    return mixed(n) % 2 === 0 ? this.me : History.user(chat);
  }

  meta(chat, n) {
    const from = this.from(chat, n);
    const to = from === this.me ? History.user(chat) : this.me;
    const payload = fields().number(1, CHAT).text(4, this.words(n).join(" ")).end();
    return fields()
      .number(1, History.id(n))
      .bytes(2, fields().number(1, from).end())
      .bytes(3, fields().number(1, to).end())
      .number(4, History.time(n))
      .number(5, MESSAGE)
      .bytes(6, payload)
      .end();
  }

  message(chat, n) {
    const key = joined([USER], big(History.user(chat), History.id(n)));
    return { key, value: fields().bytes(1, this.meta(chat, n)).end() };
  }

  /** Rows of the index for one page. */
  terms(chat, numbers) {
    const lots = new Map();
    const add = (term, n) => {
      const lot = lots.get(term);
      if (!lot) lots.set(term, [n]);
      else if (lot.at(-1) !== n) lot.push(n);
    };
    for (const n of numbers) {
      for (const word of this.words(n)) for (const term of termsOf(word)) add(term, n);
      add(this.from(chat, n), n);
    }
    return [...lots].map(([term, lot]) => {
      const ids = lot.map(History.id);
      const packed = Writer.create();
      for (const id of ids) packed.uint64(id);
      const place = fields().number(1, USER).number(2, History.user(chat)).bytes(3, packed.finish()).end();
      const name = typeof term === "number" ? [[SENDER], big(term)] : [[WORD], new TextEncoder().encode(term)];
      return { key: joined(...name, [0], big(ids.at(-1), ids[0])), value: fields().bytes(1, place).end() };
    });
  }

  /** Everything about one conversation, table by table, in pages as they are synchronised. */
  *rows(chat) {
    const numbers = this.numbers(chat);
    const user = big(History.user(chat));
    for (let at = 0; at < numbers.length; at += PAGE) {
      const page = numbers.slice(at, at + PAGE);
      yield { messages: page.map((n) => this.message(chat, n)), terms: this.terms(chat, page) };
    }
    const conversation = fields();
    if (numbers.length > 0) {
      const top = History.id(numbers.at(-1));
      conversation
        .number(2, top)
        .bytes(4, this.message(chat, numbers.at(-1)).value)
        .number(5, top);
      const stream = fields().number(1, top).number(2, top).end();
      yield { streams: [{ key: user, value: stream }] };
    }
    const card = fields().text(1, `user${chat}`).text(2, `User number ${chat}`).end();
    yield {
      conversations: [{ key: joined([USER], user), value: conversation.end() }],
      users: [{ key: user, value: card }],
    };
  }
}

/** The terms of one word or phrase (`core/search`): pairs of characters, and the last, where there are no blanks. */
function termsOf(word) {
  if (word.charCodeAt(0) < 128) return [word];
  const terms = [];
  for (let at = 0; at + 1 < word.length; at += 1) terms.push(word.slice(at, at + 2));
  terms.push(word.at(-1));
  return terms;
}

/** A frame with a page of a conversation. */
export function frame(chat, metas, nextKey) {
  const ok = fields().number(1, 1).end();
  const page = fields().bytes(1, ok);
  for (const meta of metas) page.bytes(2, meta);
  const payload = page
    .number(3, nextKey)
    .bytes(4, fields().number(1, History.user(chat)).end())
    .end();
  const writer = Writer.create().uint32(8).uint32(0).uint32(16).uint32(0).uint32(24).uint32(1);
  return writer.uint32(34).bytes(payload).finish();
}

/** Whether a frame asks to go on from this key, which confirms everything before it. */
export function confirms(bytes, key) {
  const wanted = Writer.create().uint32(16).uint64(key).finish();
  const text = Array.from(bytes).join(",");
  return text.includes(Array.from(wanted).join(","));
}

/** The same bytes, with nothing around them. */
export const same = (a, b) =>
  a.buffer.byteLength === b.buffer.byteLength && a.length === b.length && a.every((byte, at) => byte === b[at]);
