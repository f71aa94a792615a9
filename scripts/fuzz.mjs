// Runs the fuzz targets:  [MINUTES=20] [TARGETS="frame rows"] [KEEP=1] node scripts/fuzz.mjs
//
// Two at a time, with the rest of the machine first in line. libFuzzer needs coverage of the compiler, which
// stable Rust gives too, and a C++ compiler for its own runtime. What is found goes to target/fuzz; with KEEP a
// small choice of it takes the place of the last one in fuzz/corpus, which every test run goes through
// (KEEP=only: that alone). Files named seed-* stay: they are the protocol's vectors.
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { at } from "./build/common.mjs";

const minutes = Number(process.env.MINUTES ?? 20);
const asked = process.env.TARGETS?.trim() ? process.env.TARGETS.trim().split(/[\s,]+/) : undefined;
const ALL = ["frame", "json", "inflate", "answers", "rows"];
/** Longer inputs cover nothing new. */
const MAX_LEN = { frame: 4096, json: 4096, inflate: 8192, answers: 4096, rows: 16_384 };
const AT_ONCE = 2;
/** How many inputs of each target are kept, and how long they may be. */
const KEPT = { files: 60, bytes: 512 };
const FLAGS = [
  "-Cpasses=sancov-module",
  "-Cllvm-args=-sanitizer-coverage-level=4",
  "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
  "-Cllvm-args=-sanitizer-coverage-pc-table",
  "-Cllvm-args=-sanitizer-coverage-trace-compares",
  "-Ccodegen-units=1",
  "--cfg=fuzzing",
];

const unknown = (asked ?? []).filter((name) => !ALL.includes(name));
if (unknown.length > 0 || !(minutes > 0)) {
  console.error(`fuzz: MINUTES is a number above 0, TARGETS some of ${ALL.join(", ")}`);
  process.exit(2);
}

const host = /^host: (.*)$/m.exec(spawnSync("rustc", ["-vV"], { encoding: "utf8" }).stdout ?? "")?.[1];
if (!host) {
  console.error("fuzz: rustc is not on PATH");
  process.exit(2);
}
const target = path.resolve(process.env.CARGO_TARGET_DIR ?? at("target"));
const built = spawnSync(
  "cargo",
  ["build", "-p", "floo-fuzz", "--bins", "--features", "libfuzzer", "--profile", "sim", "--target", host],
  // A directory of its own: the flags would build everything else anew. With --target they spare build scripts.
  {
    cwd: at(),
    stdio: "inherit",
    env: { ...process.env, RUSTFLAGS: FLAGS.join(" "), CARGO_TARGET_DIR: path.join(target, "fuzz-build") },
  },
);
if (built.status !== 0) process.exit(1);

const program = (name) => path.join(target, "fuzz-build", host, "sim", `fuzz_${name}`);
const found = (name) => path.join(target, "fuzz", name);

/** Runs libFuzzer; resolves to what it printed and how it ended. */
function fuzz(name, ...args) {
  return new Promise((resolve) => {
    const child = spawn("nice", ["-n", "10", program(name), ...args], { cwd: at() });
    let output = "";
    const collect = (stream) =>
      stream.setEncoding("utf8").on("data", (text) => {
        output = (output + text).slice(-20_000);
      });
    collect(child.stdout);
    collect(child.stderr);
    child.on("error", (error) => resolve({ output: error.message, code: 1 }));
    child.on("close", (code) => resolve({ output, code: code ?? 1 }));
  });
}

async function run(name) {
  fs.mkdirSync(found(name), { recursive: true });
  const corpus = path.join("fuzz", "corpus", name);
  const { output, code } = await fuzz(
    name,
    found(name),
    corpus,
    `-max_total_time=${Math.round(minutes * 60)}`,
    `-max_len=${MAX_LEN[name]}`,
    "-timeout=10",
    "-rss_limit_mb=1024",
    "-print_final_stats=1",
    `-artifact_prefix=${found(name)}-`,
  );
  const executions = Number(/number_of_executed_units: (\d+)/.exec(output)?.[1] ?? 0);
  const covered = [...output.matchAll(/ cov: (\d+)/g)].at(-1)?.[1] ?? "?";
  const verdict = code === 0 ? "nothing found" : "FAILED";
  console.log(`${name.padEnd(8)} ${executions} executions, ${covered} edges, ${minutes} min: ${verdict}`);
  if (code !== 0) console.log(output);
  if (code === 0 && process.env.KEEP) await keep(name);
  return code === 0;
}

/** Chooses inputs for the corpus: of those that cover everything together, as many as are kept. */
async function keep(name) {
  const corpus = at("fuzz", "corpus", name);
  const cover = `${found(name)}-cover`;
  fs.rmSync(cover, { recursive: true, force: true });
  for (const directory of [cover, found(name)]) fs.mkdirSync(directory, { recursive: true });
  const { output, code } = await fuzz(
    name,
    "-set_cover_merge=1",
    `-max_len=${KEPT.bytes}`,
    cover,
    path.join("fuzz", "corpus", name),
    found(name),
  );
  if (code !== 0) throw new Error(`fuzz_${name} could not choose:\n${output}`);
  for (const file of fs.readdirSync(corpus)) {
    if (!file.startsWith("seed-")) fs.rmSync(path.join(corpus, file));
  }
  // Named by their hashes, so the first are as good as any.
  for (const file of fs.readdirSync(cover).sort().slice(0, KEPT.files)) {
    fs.copyFileSync(path.join(cover, file), path.join(corpus, file));
  }
  return true;
}

const work = process.env.KEEP === "only" ? keep : run;
const queue = asked ?? [...ALL];
let good = true;
const worker = async () => {
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) good = (await work(name)) && good;
};
await Promise.all(Array.from({ length: AT_ONCE }, worker));
process.exitCode = good ? 0 : 1;
