// TypeScript + wasm -> dist/npm, the package as it is published, linked as node_modules/floo-wasm.
import fs from "node:fs";
import path from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import * as esbuild from "esbuild";
import { at, BuildError, freshDirectory, replaceDirectory, run, step } from "./common.mjs";
import { glueFactory } from "./glue.mjs";
import { pack } from "./pack.mjs";
import { NAME } from "./wasm.mjs";

const WASM = `${NAME}_bg.wasm`;
/** What esbuild tells of the modules' and the mini-program's bundle. */
export const MODULES = "dist/inside-modules.json";
export const MINI_PROGRAM = "dist/inside-miniprogram.json";
const ENTRIES = ["index", "slim", "compat", "codec"];
const BROWSERS = ["chrome86", "firefox91", "safari15"];

/** Resolves `#glue` to what makes the glue of one flavour, and `#inline-wasm` to its packed binary. */
function wasmModules(flavour) {
  return {
    name: "wasm-modules",
    setup(build) {
      build.onResolve({ filter: /^#glue$/ }, () => ({ path: `${flavour} glue`, namespace: "glue" }));
      build.onLoad({ filter: /./, namespace: "glue" }, () => ({
        contents: glueFactory(fs.readFileSync(at("dist/wasm", flavour, `${NAME}_bg.js`), "utf8")),
        loader: "js",
        resolveDir: at("."),
      }));
      build.onResolve({ filter: /^#inline-wasm$/ }, () => ({ path: WASM, namespace: "inline-wasm" }));
      build.onLoad({ filter: /./, namespace: "inline-wasm" }, () => {
        const packed = pack(fs.readFileSync(at("dist/wasm", flavour, WASM)));
        const lines = Object.entries(packed).map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`);
        return { contents: lines.join("\n"), loader: "js" };
      });
    },
  };
}

async function bundle(options) {
  const result = await esbuild
    .build({
      absWorkingDir: at("."),
      bundle: true,
      minify: true,
      charset: "ascii",
      legalComments: "none",
      logLevel: "silent",
      logOverride: { "unsupported-regexp": "error" },
      metafile: true,
      ...options,
    })
    .catch((error) => {
      throw new BuildError(error.message);
    });
  if (result.warnings.length > 0) {
    throw new BuildError(esbuild.formatMessagesSync(result.warnings, { kind: "warning" }).join("\n"));
  }
  return result.metafile.outputs;
}

/** Bundlers of before 2020, webpack 4 above all, parse what they find in node_modules with no newer syntax than this. */
const PARSED = { target: ["es2019", ...BROWSERS], supported: { bigint: true } };

async function bundleModules(out) {
  const outputs = await bundle({
    entryPoints: ENTRIES.map((entry) => `js/${entry}.ts`),
    outdir: out,
    format: "esm",
    splitting: true,
    chunkNames: "chunks/[hash]",
    ...PARSED,
    plugins: [wasmModules("web")],
  });
  fs.writeFileSync(at(MODULES), JSON.stringify(outputs));
}

/** Whole files. The worker's runs as a module and as a classic script: browsers of before 2023 have only the latter. */
async function bundleScripts(out) {
  for (const [entry, file] of [
    ["worker", "worker.js"],
    ["global", "floo.global.js"],
    ["compat-global", "floo-compat.global.js"],
  ]) {
    await bundle({
      entryPoints: [`js/${entry}.ts`],
      outfile: path.join(out, file),
      format: "iife",
      target: BROWSERS,
      plugins: [wasmModules("web")],
    });
  }
}

/** One CommonJS file for engines of 2018, without a global that mini-programs lack. */
export async function bundleMiniProgram(entry, outfile) {
  return await bundle({
    entryPoints: [entry],
    outfile,
    format: "cjs",
    platform: "neutral",
    target: "es2018",
    charset: "utf8",
    // Where the glue says TextEncoder and TextDecoder it gets these.
    inject: ["js/load/utf8.ts"],
    plugins: [wasmModules("host")],
  });
}

/** The wasm of mini-programs as their platform unpacks it. */
export const miniProgramWasm = () => brotli(fs.readFileSync(at("dist/wasm/host", WASM)));

const brotli = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });

const IMPORT = /(?:from|import)\s*\(?\s*"([^"]+)"/g;

/** Copies the declarations that an entry reaches; the package shows nothing else. */
function copyDeclarations(entry, declarations, out) {
  const pending = [entry];
  const seen = new Set();
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const text = fs.readFileSync(path.join(declarations, file), "utf8");
    fs.mkdirSync(path.dirname(path.join(out, file)), { recursive: true });
    fs.writeFileSync(path.join(out, file), text);
    for (const [, specifier] of text.matchAll(IMPORT)) {
      if (!specifier.startsWith(".")) {
        throw new BuildError(`the declarations of js/${file} need '${specifier}', which is not in the package`);
      }
      pending.push(path.join(path.dirname(file), specifier.replace(/\.js$/, ".d.ts")));
    }
  }
}

function writeDeclarations(out) {
  const declarations = freshDirectory(".work-types");
  run(process.execPath, [at("node_modules/typescript/bin/tsc"), "-p", "tsconfig.types.json", "--outDir", declarations]);
  for (const entry of [...ENTRIES, "worker"]) copyDeclarations(`${entry}.d.ts`, declarations, out);
  const miniProgram = path.join(out, "miniprogram_dist");
  copyDeclarations("miniprogram.d.ts", declarations, miniProgram);
  fs.renameSync(path.join(miniProgram, "miniprogram.d.ts"), path.join(miniProgram, "index.d.ts"));
  fs.rmSync(declarations, { recursive: true });
}

async function build() {
  const out = freshDirectory(".work-npm");
  fs.cpSync(at("pkg-templates/npm"), out, { recursive: true });
  for (const file of ["README.md", "LICENSE-MIT", "LICENSE-APACHE"]) fs.copyFileSync(at(file), path.join(out, file));
  await bundleModules(out);
  await bundleScripts(out);
  const web = fs.readFileSync(at("dist/wasm/web", WASM));
  fs.writeFileSync(path.join(out, WASM), web);
  fs.writeFileSync(path.join(out, `${WASM}.br`), brotli(web));
  const miniProgram = path.join(out, "miniprogram_dist");
  const outputs = await bundleMiniProgram("js/miniprogram.ts", path.join(miniProgram, "index.js"));
  fs.writeFileSync(at(MINI_PROGRAM), JSON.stringify(outputs));
  fs.writeFileSync(path.join(miniProgram, `${WASM}.br`), miniProgramWasm());
  writeDeclarations(out);
  replaceDirectory(out, at("dist/npm"));
}

/** Demos and tests resolve `floo-wasm` to what is published, never to the sources. */
function link() {
  const place = at("node_modules/floo-wasm");
  const target = path.join("..", "dist", "npm");
  const current = fs.lstatSync(place, { throwIfNoEntry: false });
  if (current?.isSymbolicLink() && fs.readlinkSync(place) === target) return;
  fs.rmSync(place, { recursive: true, force: true });
  fs.symlinkSync(target, place, "dir");
}

const INPUTS = [
  "js",
  "src/core/model/error_codes.json",
  "pkg-templates/npm",
  "tsconfig.json",
  "tsconfig.types.json",
  "package-lock.json",
  "dist/wasm",
  "README.md",
  "LICENSE-MIT",
  "LICENSE-APACHE",
  "scripts/build/npm.mjs",
  "scripts/build/glue.mjs",
  "scripts/build/pack.mjs",
  "scripts/build/common.mjs",
];

/** Brings dist/npm up to date; needs both flavours in dist/wasm. */
export async function buildNpm() {
  await step("npm", INPUTS, ["dist/npm/package.json", MODULES, MINI_PROGRAM], build);
  link();
}
