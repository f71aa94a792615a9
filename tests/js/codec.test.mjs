// The package's `codec` entry in Node, as it is published: against `tests/protocol/vectors.json` and bad input.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, describe, test } from "node:test";
import { decodeFrame, encodeFrame, FlooError, init } from "floo-wasm/codec";

const vectors = JSON.parse(await readFile(new URL("../protocol/vectors.json", import.meta.url), "utf8"));
const bytesOf = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const hexOf = (bytes) => Buffer.from(bytes).toString("hex");

const HEADER = ["vsn", "compress_method", "command", "check_sum"];
const ZEROS = [0, "0", "", false];

/** A frame object without the scalars that say nothing; the frame's own header and checksum stay. */
function stripped(value, top = true) {
  if (Array.isArray(value)) return value.map((item) => stripped(item, false));
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([name, v]) => (top && HEADER.includes(name)) || !ZEROS.includes(v));
  return Object.fromEntries(kept.map(([name, v]) => [name, stripped(v, false)]));
}

/** Expects a FlooError of this code whose text matches. */
const throws = (act, code, message) =>
  assert.throws(act, (error) => {
    assert.ok(error instanceof FlooError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });

test("before init() both functions say what to do", () => {
  for (const act of [() => decodeFrame(new Uint8Array(), "client_to_server"), () => encodeFrame({ command: 0 })]) {
    throws(act, "WasmUnavailable", /not loaded/);
    assert.throws(act, { remediation: /init\(\)/ });
  }
});

describe("after init()", () => {
  before(init);

  test("init() may be called again", () => init());

  test("there are 54 regular vectors, 2 of later versions and 4 proposals", () => {
    assert.equal(vectors.filter((v) => !v.proposal && !v.name.startsWith("forward_compat")).length, 54);
    assert.equal(vectors.length, 60);
  });

  for (const { name, direction, frame, hex, canonical_hex } of vectors) {
    test(`vector ${name}`, () => {
      const decoded = decodeFrame(bytesOf(hex), direction);
      assert.deepEqual(stripped(decoded), stripped(frame));
      if (canonical_hex) assert.deepEqual(decodeFrame(bytesOf(canonical_hex), direction), stripped(frame));
      // The one field that the schema does not know cannot be given.
      const known = hex.replace(/c20c03616263$/, "");
      assert.equal(hexOf(encodeFrame(frame)), known);
      assert.equal(hexOf(encodeFrame(decoded)), canonical_hex ?? known);
    });
  }

  test("a heartbeat has six bytes, and no bytes are an UNREAD frame", () => {
    assert.equal(hexOf(encodeFrame({ command: 0 })), "080010001800");
    assert.deepEqual(decodeFrame(new Uint8Array(), "server_to_client"), { vsn: 0, compress_method: 0, command: 0 });
  });

  test("ids may be strings, bigints or safe integers", () => {
    const hex = (uid) => hexOf(encodeFrame({ command: 2, payload: { "@type": "Notice", xid: { uid } } }));
    assert.equal(hex("18446744073709551615"), "1802220d0a0b08ffffffffffffffffff01");
    assert.equal(hex(18446744073709551615n), hex("18446744073709551615"));
    assert.equal(hex(6600000000200), hex("6600000000200"));
    for (const bad of [2 ** 53, -1, 1.5, NaN, "x", "", -1n, 2n ** 64n, null, true]) {
      throws(() => hex(bad), "ArgumentInvalid", /payload\.xid\.uid/);
    }
  });

  test("an object that is no frame is refused by name", () => {
    throws(() => encodeFrame(null), "ArgumentInvalid", /frame/);
    throws(() => encodeFrame("18"), "ArgumentInvalid", /frame/);
    throws(() => encodeFrame([]), "ArgumentInvalid", /frame/);
    throws(() => encodeFrame({ command: 1, colour: 1 }), "ArgumentInvalid", /colour/);
    throws(() => encodeFrame({ command: 1, payload: "0" }), "ArgumentInvalid", /payload/);
    throws(() => encodeFrame({ command: 0, tag: "\ud800" }), "ArgumentInvalid", /tag/);
    const cycle = { "@type": "Notice" };
    cycle.xid = cycle;
    throws(() => encodeFrame({ command: 2, payload: cycle }), "ArgumentInvalid", /not a frame: TypeError/);
    const metas = [{}, { from: { uid: "x" } }];
    throws(
      () => encodeFrame({ command: 1, payload: { "@type": "SyncDL", metas } }),
      "ArgumentInvalid",
      /payload\.metas\[1\]\.from\.uid/,
    );
    const content = "x".repeat(1 << 20);
    const meta = { ns: 1, payload: { "@type": "MessageBody", content } };
    throws(() => encodeFrame({ command: 1, payload: { "@type": "SyncUL", meta } }), "ArgumentInvalid", /1 MiB/);
  });

  test("bytes that are no frame are refused, whatever they are", () => {
    throws(
      () => decodeFrame(bytesOf("4201ff"), "server_to_client"),
      "ServerResponseInvalid",
      /tag: is not valid UTF-8/,
    );
    throws(() => decodeFrame(bytesOf("2205"), "server_to_client"), "ServerResponseInvalid", /payload/);
    throws(() => decodeFrame(new Uint8Array((16 << 20) + 1), "server_to_client"), "ServerResponseInvalid", /16 MiB/);
    throws(() => decodeFrame("4201", "server_to_client"), "ArgumentInvalid", /bytes/);
    throws(() => decodeFrame(new Uint8Array(), "down"), "ArgumentInvalid", /direction/);
    throws(() => decodeFrame(new Uint8Array(), undefined), "ArgumentInvalid", /direction/);
  });

  test("a vector cut anywhere is a frame or an error, and the codec goes on", () => {
    let refused = 0;
    for (const { direction, hex } of vectors) {
      const bytes = bytesOf(hex);
      for (let length = 0; length < bytes.length; length++) {
        try {
          decodeFrame(bytes.subarray(0, length), direction);
        } catch (error) {
          assert.equal(error.code, "ServerResponseInvalid", String(error));
          refused++;
        }
      }
    }
    assert.ok(refused > 1000);
    assert.equal(decodeFrame(bytesOf("1802"), "server_to_client").command, 2);
  });
});
