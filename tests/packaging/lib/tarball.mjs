// The package as it would be published, and projects that have it installed.
import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { at, built } from "../../lib/paths.mjs";

const run = promisify(execFile);

/** Runs a program to its end; what a failed one said is more than its exit code. */
export async function succeeds(program, args, options) {
  try {
    return await run(program, args, { maxBuffer: 1 << 26, ...options });
  } catch (error) {
    throw new Error(`${error.message}\n${error.stdout}\n${error.stderr}`, { cause: error });
  }
}

/** Runs a program of the root's node_modules. */
export const tool = (name, args, options) => succeeds(process.execPath, [at("node_modules", name), ...args], options);

/** Installs what a package.json says, without running anything of it. */
export const npm = (command, args, cwd) =>
  succeeds("npm", [command, "--ignore-scripts", "--no-audit", "--no-fund", ...args], { cwd });

/**
 * Packs dist/npm and lets npm install it in `work`/consumer, as it would from the registry; there is nothing to fetch.
 * Resolves to the tarball, the names of its files, and where it was installed.
 */
export async function packed(work) {
  const { stdout } = await npm("pack", ["--json", "--pack-destination", work], built("npm"));
  const [answer] = Object.values(JSON.parse(stdout));
  const tarball = path.join(work, answer.filename);
  const consumer = path.join(work, "consumer");
  fs.mkdirSync(consumer);
  fs.writeFileSync(path.join(consumer, "package.json"), '{"name":"consumer","private":true}');
  await npm("install", ["--offline", "--no-save", tarball], consumer);
  return {
    tarball,
    files: answer.files.map((file) => file.path),
    consumer,
    installed: path.join(consumer, "node_modules", "floo-wasm"),
  };
}

/** Fills a directory with the files of these directories, and `floo-wasm` as installed elsewhere. */
export function project(directory, sources, installed) {
  for (const source of sources) fs.cpSync(at("tests", "packaging", source), directory, { recursive: true });
  const own = path.join(directory, "node_modules", "floo-wasm");
  fs.rmSync(own, { recursive: true, force: true });
  fs.cpSync(installed, own, { recursive: true });
  const description = path.join(directory, "package.json");
  if (!fs.existsSync(description)) {
    fs.writeFileSync(description, '{"name":"application","private":true,"type":"module"}');
  }
}
