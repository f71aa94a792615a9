// What the tests of the emulator share: sockets of both kinds, and frames with other ids in them.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { decodeFrame, encodeFrame } from "floo-wasm/codec";
import io from "socket.io-client";
import WebSocket from "ws";

/** How long an answer may take, in milliseconds. */
const LIMIT = 10_000;

export const vectors = JSON.parse(await readFile(new URL("../protocol/vectors.json", import.meta.url), "utf8"));

/** A socket of either kind, and what came in on it. */
class Wire {
  #frames = [];
  #waiting = null;
  closed = false;
  /** Why and how it ended, in the words of the library. */
  ending = null;

  _frame(bytes) {
    this.#frames.push(decodeFrame(new Uint8Array(bytes), "server_to_client"));
    this.#waiting?.();
  }

  _end(how) {
    this.closed = true;
    this.ending = how;
    this.#waiting?.();
  }

  /** The next frame, in the form of the codec, for which `wanted` holds; others stay for later. */
  async next(wanted, what = String(wanted)) {
    const end = performance.now() + LIMIT;
    for (;;) {
      const index = this.#frames.findIndex(wanted);
      if (index >= 0) return this.#frames.splice(index, 1)[0];
      assert.ok(!this.closed, `closed (${this.ending}) while waiting for ${what}`);
      assert.ok(performance.now() < end, `nothing came of ${what}; there is ${JSON.stringify(this.#frames)}`);
      await this.#change();
    }
  }

  /** Waits for the end. */
  async end() {
    const end = performance.now() + LIMIT;
    while (!this.closed) {
      assert.ok(performance.now() < end, "the socket was not closed");
      await this.#change();
    }
    return this.ending;
  }

  #change() {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 100);
      this.#waiting = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Sends a frame of the form of the codec. */
  say(frame) {
    this.send(encodeFrame(frame));
  }

  /** Sends a pull, a message, ... and gives the payload of the answer. */
  async sync(payload) {
    this.say({ command: 1, payload: { "@type": "SyncUL", ...payload } });
    const mid = payload.meta?.id;
    const own = ({ command, payload: p }) =>
      command === 1 && (mid === undefined ? !p.client_mid && !p.is_eager_sync : p.client_mid === mid);
    return (await this.next(own, `the answer to ${JSON.stringify(payload)}`)).payload;
  }

  async provision({ uid, token, guid, serial = 0 }) {
    const payload = {
      "@type": "Provision",
      xid: { uid, deviceSN: serial },
      token,
      os_type: 6,
      sdk_vsn: "2.0.0",
      device_guid: guid,
      device_info: "Web",
    };
    this.say({ vsn: 0, compress_method: 0, command: 3, payload });
    return (await this.next(({ command }) => command === 3, "the answer to the login")).payload;
  }

  async unread() {
    this.say({ vsn: 0, compress_method: 0, command: 0 });
    return (await this.next(({ command }) => command === 0, "the unread list")).payload;
  }
}

/** The mini-program's way. */
export class RawWire extends Wire {
  static async open(url) {
    const wire = new RawWire();
    wire.socket = new WebSocket(url.replace(/^http/, "ws"));
    wire.socket.on("message", (data) => wire._frame(data));
    wire.socket.on("close", (code) => wire._end(`close ${code}`));
    await once(wire.socket, "open");
    return wire;
  }

  send(bytes) {
    this.socket.send(bytes);
  }

  close() {
    this.socket.terminate();
  }
}

/** The web SDK's way, with its library and its options. */
export class SocketIoWire extends Wire {
  /** How often the library has connected. */
  connects = 0;

  static async open(url, options = {}) {
    const wire = new SocketIoWire();
    wire.socket = io(url, {
      transports: ["websocket"],
      timeout: 10_000,
      forceNew: true,
      reconnection: false,
      ...options,
    });
    wire.socket.on("frame", (data) => wire._frame(data));
    wire.socket.on("disconnect", (reason) => wire._end(reason));
    wire.socket.on("connect", () => {
      wire.connects += 1;
      wire.closed = false;
    });
    await new Promise((resolve, reject) => {
      wire.socket.once("connect", resolve);
      wire.socket.once("connect_error", reject);
    });
    return wire;
  }

  send(bytes) {
    this.socket.emit("frame", Buffer.from(bytes));
  }

  close() {
    this.socket.close();
  }
}

export const WIRES = { "raw WebSocket": RawWire, "socket.io 2.4.0": SocketIoWire };

/** Calls the REST side; gives `data`, or throws with code and message. */
export async function call(url, method, path, { token, body } = {}) {
  const headers = { app_id: "floo-demo", "content-type": "application/json" };
  if (token !== undefined) headers["access-token"] = token;
  const answer = await fetch(`${url}${path}`, { method, headers, body: body && JSON.stringify(body) });
  const { code, message, data } = await answer.json();
  assert.equal(code, 200, `${path}: ${message}`);
  return data;
}

/** Logs a demo user in over HTTP. */
export async function login(url, name) {
  const body = { name, password: `${name}-demo` };
  const { token, user_id } = await call(url, "POST", "/token/user", { body });
  return { token, uid: String(user_id) };
}

/** A text message in the form of the codec; groups have ids that end in 1. */
export function text(id, from, to, content) {
  const type = (BigInt(to) & 15n) === 1n ? 3 : 2;
  const payload = { "@type": "MessageBody", type, content };
  return { id: String(id), from, to: { uid: to }, ns: 1, payload };
}

// Frames of the vectors name users, devices and messages that no server has. They are put in their
// place in the bytes themselves, so that everything else (explicit zeros, the order of fields) stays
// as the shipped clients write it.

/** Which fields hold a message, and of which type. */
const INSIDE = {
  Provision: { 2: "XID" },
  SyncUL: { 1: "XID", 3: "Meta" },
  Meta: { 2: "XID", 3: "XID" },
  MessageBody: { 6: "Operation" },
  Operation: { 3: "XID" },
  Conversation: { 2: "ConversationOperation" },
  ConversationOperation: { 2: "XID" },
};
const COMMANDS = { 1: "SyncUL", 3: "Provision" };
const NAMESPACES = { 1: "MessageBody", 6: "Conversation" };

function readVarint(bytes, at) {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = bytes[at++];
    assert.ok(byte !== undefined, "a cut-off number");
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return [value, at];
  }
}

/** A number as it is on the wire. */
export function varint(value) {
  const bytes = [];
  let rest = BigInt(value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return bytes;
}

/**
 * The same message with other values: `change("XID.1", value)` gives the new one, for numbers a
 * bigint, for texts and other bytes a Buffer.
 */
export function rewrite(bytes, change, type = "Frame") {
  const out = [];
  let kind; // the command of a frame, the namespace of a meta: it comes before the payload
  for (let at = 0; at < bytes.length; ) {
    let tag;
    let value;
    [tag, at] = readVarint(bytes, at);
    const field = Number(tag >> 3n);
    out.push(...varint(tag));
    [value, at] = readVarint(bytes, at);
    if ((tag & 7n) === 0n) {
      if ((type === "Frame" && field === 3) || (type === "Meta" && field === 5)) kind = Number(value);
      out.push(...varint(change(`${type}.${field}`, value)));
      continue;
    }
    assert.equal(tag & 7n, 2n, "the protocol has numbers and bytes only");
    const part = bytes.subarray(at, at + Number(value));
    at += part.length;
    let inner = INSIDE[type]?.[field];
    if (type === "Frame" && field === 4) inner = COMMANDS[kind];
    if (type === "Meta" && field === 6) inner = NAMESPACES[kind];
    const changed = inner ? rewrite(part, change, inner) : change(`${type}.${field}`, part);
    out.push(...varint(changed.length), ...changed);
  }
  return Buffer.from(out);
}

/** The names that occur in a decoded frame, as paths: what kind of answer it is. */
export function shape(value, path = "") {
  if (Array.isArray(value)) return new Set(value.flatMap((item) => [...shape(item, `${path}[]`)]));
  if (typeof value !== "object" || value === null) return new Set([path]);
  const inner = Object.entries(value).flatMap(([name, v]) => [...shape(v, `${path}.${name}`)]);
  return new Set([path, ...inner]);
}
