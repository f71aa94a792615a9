// What all build steps share: paths, running programs, and skipping steps whose inputs are unchanged.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

export const root = path.resolve(import.meta.dirname, "../..");
export const at = (...parts) => path.join(root, ...parts);

/** A failed step; its message is all the user needs to see. */
export class BuildError extends Error {}

/** Runs a program in the repository root and returns its standard output; with `show` it prints as it goes. */
export function run(program, args, { env = process.env, show = false } = {}) {
  const result = spawnSync(program, args, {
    cwd: root,
    env,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: show ? "inherit" : ["ignore", "pipe", "pipe"],
  });
  if (result.error) throw new BuildError(`${program}: ${result.error.message}`);
  if (result.status !== 0) {
    const output = show ? "" : `\n${result.stdout}${result.stderr}`;
    throw new BuildError(`'${[program, ...args].join(" ")}' failed${output}`);
  }
  return result.stdout;
}

/** All files under the given files and directories, sorted; missing ones are left out. */
export function filesUnder(entries) {
  const found = [];
  const visit = (file) => {
    const stat = fs.statSync(file, { throwIfNoEntry: false });
    if (stat?.isFile()) found.push(file);
    if (!stat?.isDirectory()) return;
    for (const name of fs.readdirSync(file)) {
      if (name !== "node_modules" && name !== "target") visit(path.join(file, name));
    }
  };
  for (const entry of entries) visit(at(entry));
  return found.sort();
}

function fingerprint(inputs) {
  const hash = createHash("sha256").update(`${process.version}\0`);
  for (const file of filesUnder(inputs)) {
    const bytes = fs.readFileSync(file);
    hash.update(`${path.relative(root, file)}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest("hex");
}

/**
 * Runs `work` unless nothing changed since it last succeeded: same contents of `inputs` (files and
 * directories) and all of `outputs` present.
 */
export async function step(name, inputs, outputs, work) {
  const stamp = at("dist/.stamps", name);
  const key = fingerprint(inputs);
  const done = fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === key;
  if (done && outputs.every((output) => fs.existsSync(at(output)))) return;
  const start = performance.now();
  fs.rmSync(stamp, { force: true });
  await work();
  // Inputs may have been edited while the work ran; then the next run must not skip it.
  if (fingerprint(inputs) === key) {
    fs.mkdirSync(path.dirname(stamp), { recursive: true });
    fs.writeFileSync(stamp, key);
  }
  console.log(`build: ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
}

/** Replaces a directory by a finished one, so that readers never see half of it. */
export function replaceDirectory(finished, target) {
  fs.rmSync(target, { recursive: true, force: true });
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.renameSync(finished, target);
}

/** Empties and creates a directory for work in progress under dist/. */
export function freshDirectory(name) {
  const directory = at("dist", name);
  fs.rmSync(directory, { recursive: true, force: true });
  fs.mkdirSync(directory, { recursive: true });
  return directory;
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Runs `work` while no other build of this checkout runs; waits for one that does. */
export async function alone(work) {
  const lock = at("dist/.lock");
  fs.mkdirSync(path.dirname(lock), { recursive: true });
  for (let waited = false; ; waited = true) {
    try {
      fs.writeFileSync(lock, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const owner = Number(fs.existsSync(lock) ? fs.readFileSync(lock, "utf8") : 0);
    // Left behind by a build that was killed.
    if (owner > 0 && !isRunning(owner)) fs.rmSync(lock, { force: true });
    else {
      if (!waited) console.log("build: waiting for another build of this checkout (dist/.lock)");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  try {
    await work();
  } finally {
    fs.rmSync(lock, { force: true });
  }
}
