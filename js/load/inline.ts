/** Loads the wasm that is carried in the script: no URL to resolve, works in every bundler. */
import * as packed from "#inline-wasm";
import { LoadError } from "./failure.js";
import type { Glue } from "./glue.js";
import { instantiate } from "./standard.js";

export { type LoadFailure, loadFailure } from "./failure.js";
export type { Glue } from "./glue.js";

/**
 * The bytes of the packed binary. Frequent bytes are one ASCII character, the others two: the first of
 * those is one of the leading `escapes` characters of the alphabet. Bytes keep their boundaries, so a
 * web server compresses the text nearly as well as the binary (base64 costs a third more), and plain
 * ASCII survives pages in any encoding and every minifier.
 */
function unpack(): Uint8Array<ArrayBuffer> {
  const { alphabet, escapes, order, text, length } = packed;
  const bytesByRank = new Uint8Array(order.length / 2);
  for (let i = 0; i < bytesByRank.length; i++) {
    bytesByRank[i] = Number.parseInt(order.slice(2 * i, 2 * i + 2), 16);
  }
  const ranks = new Uint8Array(128);
  for (let i = 0; i < alphabet.length; i++) ranks[alphabet.charCodeAt(i)] = i;
  const rankAt = (at: number) => ranks[text.charCodeAt(at)] ?? 0;
  const singles = alphabet.length - escapes;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i < length; i++) {
    let rank = rankAt(at++) - escapes;
    if (rank < 0) rank = singles + (rank + escapes) * alphabet.length + rankAt(at++);
    bytes[i] = bytesByRank[rank] ?? 0;
  }
  if (at !== text.length) throw new LoadError("invalid", "the script was altered on its way");
  return bytes;
}

/** The shared instance of the core. Rejects with a `LoadError`; a later call tries again. */
export function load(): Promise<Glue> {
  return instantiate(unpack);
}
