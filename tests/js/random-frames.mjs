// Random frames of every kind, made of the schema by protobufjs, which shares no code with the SDK.
import { readFileSync } from "node:fs";
import Long from "long";
import protobuf from "protobufjs";

protobuf.util.Long = Long;
protobuf.configure();
protobuf.Reader.discardUnknown = false; // so that a test can see them

const SCHEMA = new URL("../../src/core/proto/xsync.proto", import.meta.url);
// As if each field were `optional`: then protobufjs also writes zeros, as the shipped clients do, and tells of them.
const source = readFileSync(SCHEMA, "utf8").replace(/^ {2}(\w+ \w+ = \d+;)/gm, "  optional $1");
const { root } = protobuf.parse(source, { keepCase: true });
const schema = root.lookup("im.floo.protobuf");
root.resolveAll();

export const Frame = schema.lookupType("Frame");
export const DIRECTIONS = ["client_to_server", "server_to_client"];

/** What a command's payload is, by direction; a NOTICE is the server's. */
const COMMANDS = [
  { client_to_server: "UnreadUL", server_to_client: "UnreadDL" },
  { client_to_server: "SyncUL", server_to_client: "SyncDL" },
  { server_to_client: "Notice" },
  { client_to_server: "Provision", server_to_client: "Provision" },
];
/** What a meta's payload is, by namespace. */
const NAMESPACES = [
  undefined,
  "MessageBody",
  "GroupNotice",
  "RosterNotice",
  "UserNotice",
  "Info",
  "Conversation",
  "MessageBody",
  "RtcSignal",
];

/** The type of the bytes in `payload`; undefined when they are just bytes. */
export function payloadType(type, message, direction) {
  if (type.name === "Meta") return known(NAMESPACES[message.ns ?? 0]);
  if (message.compress_method || message.encrypt_method) return undefined;
  return known(COMMANDS[message.command ?? 0]?.[direction]);
}

const known = (name) => (name === undefined ? undefined : schema.lookupType(name));

/** All message types that there are, by name. */
export const TYPES = schema.nestedArray.filter((it) => it instanceof protobuf.Type);

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let it = Math.imul(state ^ (state >>> 15), state | 1);
    it ^= it + Math.imul(it ^ (it >>> 7), it | 61);
    return ((it ^ (it >>> 14)) >>> 0) / 2 ** 32;
  };
}

const UNSIGNED = ["0", "1", "127", "128", "16383", "16384", "2147483647", "2147483648", "4294967295"];
const LONGS = [
  ...UNSIGNED,
  "4294967296",
  "9007199254740991",
  "9007199254740992",
  "9223372036854775807",
  "9223372036854775808",
  "18446744073709551615",
];
const SIGNED = [0, 1, -1, 63, -64, 64, -65, 2147483647, -2147483648];
/** One, two, three and four bytes a character; what JSON escapes; what decoders like to swallow. */
const WORDS = [
  "",
  "a",
  "\0",
  "\u007f",
  "é",
  "你好",
  "👋",
  "👨‍👩‍👧‍👦",
  "\ufeff",
  "\uffff",
  '"\\\n',
  "\u2028",
  "ไทย",
  '{"a":"1"}',
  "null",
];

/**
 * Makes frames: `random` gives numbers from 0 to 1, `seen(type, field, what)` hears what was chosen. With `parts`
 * above 1 the bytes of a payload are those of so many messages, which are one message then.
 */
export class Maker {
  #random;
  #seen;
  #parts;

  constructor(random, { seen = () => {}, parts = 1 } = {}) {
    this.#random = random;
    this.#seen = seen;
    this.#parts = parts;
  }

  #below(n) {
    return Math.floor(this.#random() * n);
  }

  #pick(list) {
    return list[this.#below(list.length)];
  }

  #word() {
    const words = Array.from({ length: this.#below(4) }, () => this.#pick(WORDS)).join("");
    // Lengths around the place where they take a second byte.
    return this.#below(20) === 0 ? words + "文x".repeat(30 + this.#below(4)) : words;
  }

  #bytes(length) {
    return Uint8Array.from({ length }, () => this.#below(256));
  }

  #scalar(field) {
    if (field.resolvedType instanceof protobuf.Enum) {
      const numbers = Object.values(field.resolvedType.values);
      if (this.#below(6) === 0) return 0;
      return this.#below(12) === 0 ? this.#pick([-1, 99, 2147483647, -2147483648]) : this.#pick(numbers);
    }
    switch (field.type) {
      case "uint64":
        if (this.#below(2) === 0) return Long.fromString(this.#pick(LONGS), true);
        return new Long(this.#below(2 ** 32), this.#below(2 ** 32), true);
      case "uint32":
        return this.#below(2) === 0 ? Number(this.#pick(UNSIGNED)) : this.#below(2 ** 32);
      case "sint32":
        return this.#below(2) === 0 ? this.#pick(SIGNED) : this.#below(2 ** 32) - 2 ** 31;
      case "bool":
        return this.#below(2) === 1;
      case "string":
        return this.#word();
      case "bytes":
        return this.#bytes(this.#pick([0, 1, 16, 200]));
      default:
        throw new Error(`${field.fullName}: ${field.type} is not handled`);
    }
  }

  #value(field, direction) {
    const inner = field.resolvedType instanceof protobuf.Type ? field.resolvedType : undefined;
    const one = () => (inner ? this.message(inner, direction) : this.#scalar(field));
    return field.repeated ? Array.from({ length: this.#below(4) }, one) : one();
  }

  /** A message of a type, each field absent, empty or with something in it. */
  message(type, direction) {
    const message = {};
    for (const field of type.fieldsArray) {
      if (isPayload(field)) continue;
      const given = this.#below(3) > 0;
      if (given) message[field.name] = this.#value(field, direction);
      this.#seen(type, field, given ? (isZero(message[field.name]) ? "zero" : "set") : "absent");
    }
    const payload = type.fieldsArray.find(isPayload);
    if (payload) this.#fill(type, payload, message, direction);
    return message;
  }

  #fill(type, field, message, direction) {
    const inner = payloadType(type, message, direction);
    delete message[field.name]; // of another type, if there is one
    const given = this.#below(8) > 0;
    this.#seen(type, field, given ? (inner ?? "bytes") : "absent");
    if (!given) return;
    // Sometimes bytes that are nothing: a field of the group type that no group has begun.
    if (this.#below(20) === 0) message[field.name] = new Uint8Array(1 + this.#below(9)).fill(0x0c);
    else if (inner) {
      const part = () => inner.encode(this.message(inner, direction)).finish();
      message[field.name] = Buffer.concat(Array.from({ length: this.#parts }, part));
    } else message[field.name] = this.#bytes(this.#below(40));
  }

  /** A frame that can be sent in a direction. Most are in clear and of a known command, so that much is inside. */
  frame(direction) {
    const frame = this.message(Frame, direction);
    if (this.#below(10) > 0) {
      for (const name of ["compress_method", "encrypt_method"]) {
        if (name in frame) frame[name] = 0;
      }
      frame.command = this.#below(COMMANDS.length);
      this.#fill(Frame, Frame.fields.payload, frame, direction);
    }
    return frame;
  }
}

export const isPayload = (field) => field.type === "bytes" && field.name === "payload";

export const isZero = (value) =>
  value === 0 ||
  value === false ||
  value === "" ||
  (Long.isLong(value) && value.isZero()) ||
  ((Array.isArray(value) || value instanceof Uint8Array) && value.length === 0);
