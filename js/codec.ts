/**
 * floo-wasm/codec: frames of the XSYNC protocol as plain objects and back, for tools and tests. Needs
 * no client and no connection. Nothing happens at import.
 */
import { badArgument, FlooError, failure, textOf } from "./errors.js";
import { type Glue, load } from "./load/inline.js";

export { FlooError } from "./errors.js";

/** Who sent a frame: it decides what the payload of a command is. */
export type Direction = "client_to_server" | "server_to_client";

/**
 * What a field holds: 64-bit numbers are decimal strings (`encodeFrame` also takes bigints and safe
 * integers), 32-bit numbers and enums are numbers, bytes are lower-case hex.
 */
export type FieldValue = string | number | bigint | boolean | FieldObject | readonly FieldObject[];

/** A message inside a frame, with field names as in the schema, such as `deviceSN` and `is_full_sync`. */
export interface FieldObject {
  readonly [name: string]: FieldValue | undefined;
}

/** A payload whose type is known; the same form is found in the `payload` of a meta. */
export interface PayloadObject extends FieldObject {
  /** The message it is, for example `SyncDL` or `MessageBody`. */
  readonly "@type": string;
}

/** One frame: what one WebSocket message holds. */
export interface FrameObject {
  readonly vsn?: number;
  /** 0 none, 1 zlib. */
  readonly compress_method?: number;
  /** 0 UNREAD, 1 SYNC, 2 NOTICE, 3 PROVISION. */
  readonly command?: number;
  /** Hex when its type is not known, or it is not readable, compressed or encrypted. */
  readonly payload?: string | PayloadObject;
  readonly encrypt_method?: number;
  readonly encrypt_key?: string;
  readonly check_sum?: number;
  readonly tag?: string;
}

let glue: Glue | undefined;

/** Loads the codec. Rejects with `WasmUnavailable` where WebAssembly cannot be used; may be called again. */
export async function init(): Promise<void> {
  try {
    glue = await load();
  } catch (thrown) {
    throw failure("WasmUnavailable", "platform", `The codec could not be loaded: ${textOf(thrown)}`, undefined, thrown);
  }
}

function ready(): Glue {
  if (glue) return glue;
  throw failure("WasmUnavailable", "platform", "The codec is not loaded yet.", "Call init() and wait for it first.");
}

/** Calls the core: an `Error` of its own is about what it was given, anything else about itself. */
function call<T>(act: () => T, refused: (text: string, cause: unknown) => FlooError): T {
  try {
    return act();
  } catch (thrown) {
    if (thrown instanceof FlooError) throw thrown;
    if (thrown instanceof Error && thrown.name === "Error") throw refused(thrown.message, thrown);
    throw failure("GeneralError", "platform", `The codec has stopped: ${textOf(thrown)}`, undefined, thrown);
  }
}

/**
 * Reads one frame. Zero and empty scalars and unknown fields are left out; empty sub-messages stay, and
 * so do `vsn`, `compress_method` and `check_sum` if they are on the wire. `command` is always there. No
 * bytes at all are an UNREAD frame.
 *
 * Throws `ServerResponseInvalid` naming the field where the bytes stop being a frame, or where they go
 * beyond a limit (16 MiB); `ArgumentInvalid` for other arguments than these.
 */
export function decodeFrame(bytes: Uint8Array, direction: Direction): FrameObject & { readonly command: number } {
  const core = ready();
  // By tag, because `instanceof` fails for bytes of another realm.
  if (Object.prototype.toString.call(bytes) !== "[object Uint8Array]") throw badArgument("bytes", "a Uint8Array");
  if (direction !== "client_to_server" && direction !== "server_to_client") {
    throw badArgument("direction", '"client_to_server" or "server_to_client"');
  }
  const text = call(
    () => core.codecDecode(bytes, direction),
    (why, cause) => failure("ServerResponseInvalid", "frame", `The bytes are not a frame: ${why}.`, undefined, cause),
  );
  return JSON.parse(text);
}

/** Half a character: UTF-8 has no bytes for it. */
const LONE_SURROGATE = /(^|[^\ud800-\udbff])[\udc00-\udfff]|[\ud800-\udbff]([^\udc00-\udfff]|$)/;

/** What JSON cannot carry by itself. */
function replacer(name: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "string" && LONE_SURROGATE.test(value)) throw badArgument(name, "a well-formed string");
  return value;
}

/**
 * Makes the bytes of one frame: the fields given, zeros included, by ascending number. `command` is
 * always written, and so are `vsn` and `compress_method` when there is no payload: a heartbeat,
 * `encodeFrame({ command: 0 })`, has six bytes. A payload that is compressed or encrypted is given as hex.
 *
 * Throws `ArgumentInvalid` naming the field that does not exist or has an unusable value, or when the
 * frame is larger than 1 MiB.
 */
export function encodeFrame(frame: FrameObject): Uint8Array {
  const core = ready();
  if (typeof frame !== "object" || frame === null) throw badArgument("frame", "an object");
  const refused = (why: string, cause: unknown) =>
    failure("ArgumentInvalid", "argument", `The object is not a frame: ${why}.`, undefined, cause);
  let text: string;
  try {
    text = JSON.stringify(frame, replacer);
  } catch (thrown) {
    throw thrown instanceof FlooError ? thrown : refused(textOf(thrown), thrown);
  }
  return call(() => core.codecEncode(text), refused);
}
