// The table of sizes: what an application adds to its page or mini-program.
import fs from "node:fs";
import path from "node:path";
import { brotliCompressSync, brotliDecompressSync, constants, gzipSync } from "node:zlib";
import { at, step } from "./common.mjs";

const TABLE = "dist/sizes.txt";

/** An entry module and the chunks it loads, as one text. */
function withChunks(entry) {
  const pending = [at("dist/npm", entry)];
  const texts = new Map();
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (texts.has(file)) continue;
    const text = fs.readFileSync(file, "utf8");
    texts.set(file, text);
    for (const [, specifier] of text.matchAll(/(?:from|import)\s*"(\.[^"]+)"/g)) {
      pending.push(path.resolve(path.dirname(file), specifier));
    }
  }
  return Buffer.from([...texts.values()].join("\n"));
}

const npmFile = (name) => fs.readFileSync(at("dist/npm", name));

const ROWS = [
  ["web wasm", () => npmFile("floo_wasm_bg.wasm")],
  ["web JS without wasm (./slim)", () => withChunks("slim.js")],
  ["web JS with wasm (.)", () => withChunks("index.js")],
  ["web JS with wasm (./compat)", () => withChunks("compat.js")],
  ["worker.js", () => npmFile("worker.js")],
  ["script floo.global.js", () => npmFile("floo.global.js")],
  ["script floo-compat.global.js", () => npmFile("floo-compat.global.js")],
  ["mini-program wasm", () => brotliDecompressSync(npmFile("miniprogram_dist/floo_wasm_bg.wasm.br"))],
  ["mini-program JS", () => npmFile("miniprogram_dist/index.js")],
];

function measure() {
  const number = (value) => value.toLocaleString("en-US").padStart(12);
  const lines = [`${"bytes".padEnd(32)}${["raw", "gzip", "brotli"].map((title) => title.padStart(12)).join("")}`];
  for (const [title, read] of ROWS) {
    const bytes = read();
    const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
    const sizes = [bytes, gzipSync(bytes, { level: 9 }), brotli].map((one) => number(one.length));
    lines.push(`${title.padEnd(32)}${sizes.join("")}`);
  }
  fs.writeFileSync(at(TABLE), `${lines.join("\n")}\n`);
}

/** Prints the table, measured when the package has changed. */
export async function printSizes() {
  await step("sizes", ["dist/npm", "scripts/build/sizes.mjs"], [TABLE], measure);
  process.stdout.write(fs.readFileSync(at(TABLE), "utf8"));
}
