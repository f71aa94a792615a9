// The WeChat plugin -> dist/plugin: a project for WeChat DevTools, with a mini-program that uses it.
import fs from "node:fs";
import path from "node:path";
import vm from "node:vm";
import { at, BuildError, filesUnder, freshDirectory, replaceDirectory, root, step } from "./common.mjs";
import { bundleMiniProgram, miniProgramWasm } from "./npm.mjs";
import { NAME } from "./wasm.mjs";

/** A plugin that is larger makes the platform warn everybody who uses it: where it should be, and is not. */
const AIM = 200 * 1024;
/** What it may not grow beyond, as in sizes.mjs. */
const MOST = 360 * 1024;
/** What the public components share with the demo, below `demo-miniprogram/miniprogram`. */
const SHARED = [
  ...["avatar", "bubble", "cell", "content", "glyph", "picture"].map((name) => `components/${name}`),
  ...["content", "diff", "i18n", "localised", "text", "tick", "timeline"].map((name) => `utils/${name}.js`),
  "i18n",
];

/** Of the demo's texts the plugin takes only the sections that its scripts name. */
function takeTexts(plugin) {
  const folders = ["components", "utils"].map((folder) => path.relative(root, path.join(plugin, folder)));
  const scripts = filesUnder(folders).filter((file) => file.endsWith(".js"));
  const source = scripts.map((file) => fs.readFileSync(file, "utf8")).join("");
  for (const name of fs.readdirSync(path.join(plugin, "i18n"))) {
    const file = path.join(plugin, "i18n", name);
    const module = {};
    vm.runInNewContext(fs.readFileSync(file, "utf8"), { module });
    const named = Object.entries(module.exports).filter(([section]) => new RegExp(`"${section}[."]`).test(source));
    fs.writeFileSync(file, `module.exports = ${JSON.stringify(Object.fromEntries(named))};\n`);
  }
}

async function build() {
  const out = freshDirectory(".work-plugin");
  fs.cpSync(at("pkg-templates/plugin"), out, { recursive: true });
  const plugin = path.join(out, "plugin");
  for (const part of SHARED) {
    fs.cpSync(at("demo-miniprogram/miniprogram", part), path.join(plugin, part), { recursive: true });
  }
  takeTexts(plugin);
  await bundleMiniProgram("js/plugin.ts", path.join(plugin, "index.js"));
  fs.writeFileSync(path.join(plugin, `${NAME}_bg.wasm.br`), miniProgramWasm());
  replaceDirectory(out, at("dist/plugin"));
}

const INPUTS = [
  "js",
  "pkg-templates/plugin",
  ...SHARED.map((part) => `demo-miniprogram/miniprogram/${part}`),
  "dist/wasm/host",
  "tsconfig.json",
  "package-lock.json",
  "scripts/build/plugin.mjs",
  "scripts/build/npm.mjs",
];

/** Brings dist/plugin up to date and prints its size; needs dist/wasm/host. */
export async function buildPlugin() {
  await step("plugin", INPUTS, ["dist/plugin/plugin/index.js"], build);
  const bytes = filesUnder(["dist/plugin/plugin"]).reduce((sum, file) => sum + fs.statSync(file).size, 0);
  const size = `plugin: ${(bytes / 1024).toFixed(1)} KB in all, at most ${MOST / 1024} KB`;
  if (bytes > MOST) throw new BuildError(size);
  console.log(`${size}; the aim, above which WeChat warns, is ${AIM / 1024} KB`);
}
