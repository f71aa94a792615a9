// Measures, and writes what came out into docs/benchmarks.md:  node bench/run.mjs [part...]
//
// Each part has a section of its own in that file, which is replaced; the rest stays as it is.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import { at, root } from "../scripts/build/common.mjs";
import { codec } from "./codec/report.mjs";
import { load } from "./load/report.mjs";
import { storage } from "./storage/report.mjs";

const REPORT = "docs/benchmarks.md";
const HEAD = "# Benchmarks\n\n`make bench` measures and rewrites its sections here; figures depend on the machine.\n";

/** Runs a program to its end and gives what it printed; its errors are shown as they come. */
function run(program, ...args) {
  const { status, error, stdout } = spawnSync(program, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 600_000,
  });
  if (error) throw error;
  return { ok: status === 0, output: stdout };
}

/** Name of a part to what measures: it gives a title and the text below it, without date and machine. */
const PARTS = { load, codec, storage };

function machine() {
  const [cpu] = os.cpus();
  const cores = os.cpus().length;
  const memory = Math.round(os.totalmem() / 2 ** 30);
  return `${cores} × ${cpu?.model.trim() ?? "unknown"}, ${memory} GiB, ${os.type()} ${os.release()}, Node ${process.versions.node}`;
}

function write(part, { title, text }) {
  const [open, close] = [`<!-- ${part} -->`, `<!-- /${part} -->`];
  const date = new Date().toISOString().slice(0, 10);
  const section = `${open}\n## ${title}\n\n${date}; ${machine()}.\n\n${text.trim()}\n${close}\n`;
  const old = fs.existsSync(at(REPORT)) ? fs.readFileSync(at(REPORT), "utf8") : HEAD;
  const [start, end] = [old.indexOf(open), old.indexOf(close)];
  const updated =
    start >= 0 && end > start
      ? old.slice(0, start) + section.trimEnd() + old.slice(end + close.length)
      : `${old.trimEnd()}\n\n${section}`;
  fs.writeFileSync(at(REPORT), updated);
}

const asked = process.argv.slice(2);
const unknown = asked.filter((part) => !Object.hasOwn(PARTS, part));
if (unknown.length > 0) {
  console.error(`bench: unknown part '${unknown.join("', '")}'; there are: ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}
for (const part of asked.length > 0 ? asked : Object.keys(PARTS)) {
  console.log(`=== ${part}`);
  const measured = await PARTS[part](run);
  console.log(measured.text);
  write(part, measured);
  if (measured.failed) process.exitCode = 1;
}
