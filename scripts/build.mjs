// Builds what is asked for, skipping what is up to date:
//
//   node scripts/build.mjs [sdk] [emulator] [demo-web] [demo-miniprogram] [plugin] [sizes]
//
// sdk is dist/wasm/{web,host} and dist/npm; plugin is dist/plugin, made of dist/wasm/host; sizes prints a table of what
// is in dist/npm.
import { alone, BuildError } from "./build/common.mjs";
import { buildDemoMiniProgram, buildDemoWeb } from "./build/demos.mjs";
import { buildEmulator } from "./build/emulator.mjs";
import { buildNpm } from "./build/npm.mjs";
import { buildPlugin } from "./build/plugin.mjs";
import { printSizes } from "./build/sizes.mjs";
import { buildWasm } from "./build/wasm.mjs";

const PARTS = {
  async sdk() {
    await buildWasm("web");
    await buildWasm("host");
    await buildNpm();
  },
  sizes: printSizes,
  emulator: buildEmulator,
  "demo-web": buildDemoWeb,
  "demo-miniprogram": buildDemoMiniProgram,
  plugin: buildPlugin,
};
const asked = process.argv.slice(2);
const unknown = asked.filter((part) => !Object.hasOwn(PARTS, part));
if (unknown.length > 0 || asked.length === 0) {
  const problem = asked.length === 0 ? "nothing asked for" : `unknown part '${unknown.join("', '")}'`;
  console.error(`build: ${problem}; there are: ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}
try {
  await alone(async () => {
    for (const part of asked) await PARTS[part]();
  });
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(`build: ${error.message}`);
  process.exit(1);
}
