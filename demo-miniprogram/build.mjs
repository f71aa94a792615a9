// Assembles dist/demo-miniprogram: the sources of this demo plus the built SDK in miniprogram_npm.
//   node demo-miniprogram/build.mjs [--package DIR] [--out DIR]
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = path.dirname(fileURLToPath(import.meta.url));
const repository = path.resolve(here, "..");
/** What the demo and the client in it ask for at run time. */
const NEEDED = ["index.js", "floo_wasm_bg.wasm.br"];
/** WeChat's limit for the main package. */
const LIMIT_BYTES = 2 * 1024 * 1024;

function sizeOf(directory) {
  return fs.readdirSync(directory, { withFileTypes: true }).reduce((sum, entry) => {
    const full = path.join(directory, entry.name);
    return sum + (entry.isDirectory() ? sizeOf(full) : fs.statSync(full).size);
  }, 0);
}

/**
 * Assembles the project in `out` (emptied first) with the SDK from `sdk`. Answers its size in bytes.
 * Throws when the SDK was not built or the result is too large for a mini-program.
 */
export function buildDemo({
  sdk = path.join(repository, "dist/npm/miniprogram_dist"),
  out = path.join(repository, "dist/demo-miniprogram"),
} = {}) {
  for (const file of NEEDED) {
    if (!fs.existsSync(path.join(sdk, file)))
      throw new Error(`${path.join(sdk, file)} is missing; run \`make build\` first`);
  }
  fs.rmSync(out, { recursive: true, force: true });
  fs.mkdirSync(out, { recursive: true });
  fs.copyFileSync(path.join(here, "project.config.json"), path.join(out, "project.config.json"));
  fs.cpSync(path.join(here, "miniprogram"), path.join(out, "miniprogram"), { recursive: true });
  fs.cpSync(sdk, path.join(out, "miniprogram/miniprogram_npm/floo-wasm"), { recursive: true });
  const size = sizeOf(path.join(out, "miniprogram"));
  if (size > LIMIT_BYTES)
    throw new Error(`the mini-program is ${size} bytes; the main package may have ${LIMIT_BYTES}`);
  return { out, size };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { values } = parseArgs({ options: { package: { type: "string" }, out: { type: "string" } } });
    const { out, size } = buildDemo({ sdk: values.package, out: values.out });
    process.stdout.write(
      `${path.relative(process.cwd(), out) || out}: ${(size / 1024).toFixed(1)} KB, open it in WeChat DevTools\n`,
    );
  } catch (error) {
    process.stderr.write(`demo-miniprogram: ${error.message}\n`);
    process.exitCode = 1;
  }
}
