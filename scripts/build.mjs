// Builds what is asked for, skipping what is up to date:
//
//   node scripts/build.mjs [sdk] [emulator] [demo-web] [demo-miniprogram]   (default: the first three)
//
// sdk = dist/wasm/{web,host} and dist/npm; it prints the table of sizes.
import fs from "node:fs";
import { buildDemoMiniProgram, buildDemoWeb } from "./build/demos.mjs";
import { at, BuildError } from "./build/common.mjs";
import { buildEmulator } from "./build/emulator.mjs";
import { buildNpm } from "./build/npm.mjs";
import { printSizes } from "./build/sizes.mjs";
import { buildWasm } from "./build/wasm.mjs";

const PARTS = {
  async sdk() {
    await buildWasm("web");
    await buildWasm("host");
    await buildNpm();
    await printSizes();
  },
  emulator: buildEmulator,
  "demo-web": buildDemoWeb,
  "demo-miniprogram": buildDemoMiniProgram,
};
const DEFAULT = ["sdk", "emulator", "demo-web"];

const asked = process.argv.slice(2);
const unknown = asked.filter((part) => !Object.hasOwn(PARTS, part));
if (unknown.length > 0) {
  console.error(`build: unknown part '${unknown.join("', '")}'; there are: ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}
try {
  fs.mkdirSync(at("dist"), { recursive: true });
  for (const part of asked.length > 0 ? asked : DEFAULT) await PARTS[part]();
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(`build: ${error.message}`);
  process.exit(1);
}
