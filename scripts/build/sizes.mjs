// The table of sizes: what an application adds to its page or mini-program, what it may be, and what it is made of.
import fs from "node:fs";
import path from "node:path";
import { brotliCompressSync, brotliDecompressSync, constants, gzipSync } from "node:zlib";
import { at, BuildError, step } from "./common.mjs";
import { MINI_PROGRAM, MODULES } from "./npm.mjs";
import { INSIDE } from "./wasm.mjs";

const TABLE = "dist/sizes.txt";
const KIB = 1024;

const npmFile = (name) => fs.readFileSync(at("dist/npm", name));

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

const webWasm = () => npmFile("floo_wasm_bg.wasm");
const packedWasm = () => npmFile("miniprogram_dist/floo_wasm_bg.wasm.br");
const miniProgramWasm = () => brotliDecompressSync(packedWasm());
const miniProgramScript = () => npmFile("miniprogram_dist/index.js");

const ROWS = [
  ["web wasm", webWasm],
  ["web JS without wasm (./slim)", () => withChunks("slim.js")],
  ["web JS with wasm (.)", () => withChunks("index.js")],
  ["web JS with wasm (./compat)", () => withChunks("compat.js")],
  ["worker.js", () => npmFile("worker.js")],
  ["script floo.global.js", () => npmFile("floo.global.js")],
  ["script floo-compat.global.js", () => npmFile("floo-compat.global.js")],
  ["mini-program wasm", miniProgramWasm],
  ["mini-program JS", miniProgramScript],
];

const brotli = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;

/**
 * What must not grow: `most` is some 4 % more than it was when this was last set, for compilers differ by a few; `aim` is
 * where the project would like it to be. Why they are apart: docs/architecture.md.
 */
const LIMITS = [
  {
    what: "./slim and its wasm, brotli",
    bytes: () => brotli(withChunks("slim.js")) + brotli(webWasm()),
    most: 259 * KIB,
    aim: 94 * KIB,
  },
  {
    what: "./compat with its wasm, brotli",
    bytes: () => brotli(withChunks("compat.js")),
    most: 279 * KIB,
    aim: 110 * KIB,
  },
  {
    what: "mini-program, as shipped",
    bytes: () => packedWasm().length + miniProgramScript().length,
    most: 355 * KIB,
    aim: 150 * KIB,
  },
  {
    what: "mini-program, unpacked",
    bytes: () => miniProgramWasm().length + miniProgramScript().length,
    most: 680 * KIB,
    aim: 350 * KIB,
  },
];

const number = (value, width = 12) => value.toLocaleString("en-US").padStart(width);

/** Bytes by directory of an entry's scripts, as esbuild counted them. */
function scripts(file, entry) {
  const outputs = JSON.parse(fs.readFileSync(at(file), "utf8"));
  const named = (name) => Object.keys(outputs).find((output) => output.endsWith(name));
  const pending = [named(entry)];
  const seen = new Set();
  const parts = new Map();
  for (let output = pending.pop(); output !== undefined; output = pending.pop()) {
    if (seen.has(output)) continue;
    seen.add(output);
    for (const [input, { bytesInOutput }] of Object.entries(outputs[output].inputs)) {
      const part = input.includes(":") ? "glue of the wasm" : path.dirname(input);
      parts.set(part, (parts.get(part) ?? 0) + bytesInOutput);
    }
    pending.push(...outputs[output].imports.filter((one) => one.kind !== "dynamic-import").map((one) => one.path));
  }
  return [...parts].map(([part, bytes]) => ({ part, bytes })).sort((a, b) => b.bytes - a.bytes);
}

const wasmParts = (flavour) => JSON.parse(fs.readFileSync(at("dist/wasm", flavour, INSIDE), "utf8"));

function measure() {
  const lines = [`${"bytes".padEnd(32)}${["raw", "gzip", "brotli"].map((title) => title.padStart(12)).join("")}`];
  for (const [title, read] of ROWS) {
    const bytes = read();
    const sizes = [bytes.length, gzipSync(bytes, { level: 9 }).length, brotli(bytes)];
    lines.push(`${title.padEnd(32)}${sizes.map((size) => number(size)).join("")}`);
  }
  lines.push("", `${"bytes".padEnd(32)}${["now", "at most", "aim"].map((title) => title.padStart(12)).join("")}`);
  const over = [];
  for (const { what, bytes, most, aim } of LIMITS) {
    const now = bytes();
    lines.push(`${what.padEnd(32)}${[now, most, aim].map((size) => number(size)).join("")}`);
    if (now > most) over.push(`${what}: ${now} bytes, at most ${most}`);
  }
  for (const [title, parts] of [
    ["web wasm", wasmParts("web")],
    ["mini-program wasm", wasmParts("host")],
    ["./slim", scripts(MODULES, "slim.js")],
    ["mini-program JS", scripts(MINI_PROGRAM, "index.js")],
  ]) {
    lines.push(
      "",
      `inside ${title}, raw bytes`,
      ...parts.map(({ part, bytes }) => `  ${part.padEnd(30)}${number(bytes)}`),
    );
  }
  fs.writeFileSync(at(TABLE), `${lines.join("\n")}\n`);
  if (over.length > 0) {
    throw new BuildError(`more than its limit in scripts/build/sizes.mjs:\n  ${over.join("\n  ")}`);
  }
}

/** Prints the table, measured when the package has changed; fails when something is larger than it may be. */
export async function printSizes() {
  const inputs = ["dist/npm", "dist/wasm", MODULES, MINI_PROGRAM, "scripts/build/sizes.mjs"];
  await step("sizes", inputs, [TABLE], measure);
  process.stdout.write(fs.readFileSync(at(TABLE), "utf8"));
}
