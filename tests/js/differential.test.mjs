// The package's `codec` entry against protobufjs: 10,000 random frames, read and written by both.
// FLOO_SEED=n makes others, FLOO_FRAMES=n more.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { decodeFrame, encodeFrame, init } from "floo-wasm/codec";
import Long from "long";
import protobuf from "protobufjs";
import { DIRECTIONS, Frame, isPayload, isZero, Maker, payloadType, randomFrom, TYPES } from "./random-frames.mjs";

const SEED = Number(process.env.FLOO_SEED ?? 1);
const FRAMES = Number(process.env.FLOO_FRAMES ?? 10_000);

const HEADER = ["vsn", "compress_method", "command", "check_sum"];
const hexOf = (bytes) => Buffer.from(bytes).toString("hex");

function scalar(value) {
  if (Long.isLong(value)) return value.toUnsigned().toString();
  return value instanceof Uint8Array ? hexOf(value) : value;
}

/** True when a known field, at any depth, came as another type than the schema's: unreadable, for prost and for us. */
function isStray(type, message) {
  const number = (bytes) => protobuf.Reader.create(bytes).uint32() >>> 3;
  if (message.$unknowns?.some((bytes) => number(bytes) in type.fieldsById)) return true;
  return type.fieldsArray.some(
    ({ name, resolvedType }) =>
      resolvedType?.fieldsArray && [message[name] ?? []].flat().some((inner) => isStray(resolvedType, inner)),
  );
}

/** The bytes of a payload as protobufjs reads them; hex where it cannot. */
function payload(type, bytes, shaped) {
  if (!type) return hexOf(bytes);
  let message;
  try {
    message = type.decode(bytes);
  } catch {
    return hexOf(bytes); // just what the SDK has to say too
  }
  if (isStray(type, message)) return hexOf(bytes);
  return { "@type": type.name, ...shaped(type, message) };
}

/** A message of protobufjs in the SDK's shape; `keep` says which empty scalars and lists stay. */
function shape(type, message, direction, keep) {
  const shaped = (type, message) => shape(type, message, direction, keep);
  const out = {};
  for (const field of type.fieldsArray) {
    if (!Object.hasOwn(message, field.name)) continue;
    const value = message[field.name];
    const isFrameHeader = type === Frame && HEADER.includes(field.name);
    if (isPayload(field)) {
      const text = payload(payloadType(type, message, direction), value, shaped);
      if (text !== "" || keep) out[field.name] = text;
    } else if (field.repeated) {
      if (value.length > 0) out[field.name] = value.map((item) => shaped(field.resolvedType, item));
    } else if (field.resolvedType?.fieldsArray) {
      out[field.name] = shaped(field.resolvedType, value);
    } else if (keep || isFrameHeader || !isZero(value)) {
      out[field.name] = scalar(value);
    }
  }
  return out;
}

/** What the SDK promises to read from bytes that hold this frame. */
const readable = (frame, direction) => ({ command: 0, ...shape(Frame, frame, direction, false) });

/** The header that the SDK writes whatever it is given. */
function withHeader(frame) {
  const header = frame.payload === undefined ? { vsn: 0, compress_method: 0, command: 0 } : { command: 0 };
  return { ...header, ...frame };
}

/** A field of a later version: any number that the schema does not have, any kind of value. */
const LATER = ["c23e03616263", "c03e8001", "c53e01020304", "c13e0102030405060708", "c33e0801c43e"];

/** Reads and writes one frame with both. */
function check(made, direction, index) {
  const bytes = Frame.encode(made).finish();
  const read = Frame.decode(bytes);

  if (bytes.length > 0) {
    assert.deepEqual(decodeFrame(bytes, direction), readable(read, direction), "the SDK reads what protobufjs wrote");
    const later = Buffer.concat([bytes, Buffer.from(LATER[index % LATER.length], "hex")]);
    assert.deepEqual(decodeFrame(later, direction), readable(read, direction), "and passes over what is new");
  }

  const given = shape(Frame, read, direction, true);
  const written = encodeFrame(given);
  const expected = Frame.encode(withHeader(made)).finish();
  assert.equal(hexOf(written), hexOf(expected), "the SDK writes the bytes that protobufjs writes");
  assert.deepEqual(
    shape(Frame, Frame.decode(written), direction, true),
    shape(Frame, Frame.decode(expected), direction, true),
    "protobufjs reads what the SDK wrote",
  );

  // What was read can be written again; it has no zeros then.
  const decoded = decodeFrame(written, direction);
  const again = Frame.decode(encodeFrame(decoded));
  assert.deepEqual(readable(again, direction), withHeader(decoded), "nothing is lost on the way through the SDK");
}

before(init);

/** Makes frames and checks each; a failure tells how to get there again. */
function checkAll(count, maker, check) {
  for (let index = 0; index < count; index++) {
    const direction = DIRECTIONS[index % 2];
    const frame = maker.frame(direction);
    try {
      check(frame, direction, index);
    } catch (error) {
      const where = `frame ${index} of seed ${SEED}, ${direction}, ${hexOf(Frame.encode(frame).finish())}`;
      throw new Error(`${where}: ${error.message}`, { cause: error });
    }
  }
}

before(init);

test(`${FRAMES} random frames are the same for the SDK and protobufjs (seed ${SEED})`, () => {
  const seen = new Set();
  const note = (type, field, what) => seen.add(`${type.name}.${field.name} ${what.name ?? what}`);
  checkAll(FRAMES, new Maker(randomFrom(SEED), { seen: note }), check);
  // The test of the test: each field of each message was left out, empty, and filled.
  for (const type of TYPES) {
    for (const field of type.fieldsArray) {
      const whats = isPayload(field) ? ["absent", "bytes"] : ["absent", "set"];
      if (!isPayload(field) && !(field.resolvedType?.fieldsArray && !field.repeated)) whats.push("zero");
      for (const what of whats) {
        assert.ok(seen.has(`${type.name}.${field.name} ${what}`), `${type.name}.${field.name} was never ${what}`);
      }
    }
  }
});

test("what comes in several parts is one message for both", () => {
  checkAll(FRAMES / 5, new Maker(randomFrom(SEED), { parts: 3 }), (made, direction) => {
    const bytes = Frame.encode(made).finish();
    if (bytes.length === 0) return;
    assert.deepEqual(decodeFrame(bytes, direction), readable(Frame.decode(bytes), direction));
  });
});
