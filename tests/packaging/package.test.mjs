// The tarball as it would be published: what is in it, and its use from Node and TypeScript.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before } from "node:test";
import { brotliDecompressSync } from "node:zlib";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { at } from "../lib/paths.mjs";
import { Stage, scenario } from "../lib/stage.mjs";
import { packed, project, succeeds, tool } from "./lib/tarball.mjs";

const ENTRIES = ["index", "slim", "compat", "codec", "worker"];

const stage = new Stage();
let work;
let tarball;
let files;
let consumer;
let installed;

before(async () => {
  work = stage.directory();
  ({ tarball, files, consumer, installed } = await packed(work));
});
after(() => stage.end());

scenario(stage, "the tarball holds what is needed and nothing of the workshop", () => {
  const wanted = [
    ...ENTRIES.flatMap((name) => [`${name}.js`, `${name}.d.ts`]),
    "package.json",
    ...fs.readdirSync(at()).filter((name) => /^(README\.md|LICEN[CS]E.*)$/.test(name)),
    "floo.global.js",
    "floo-compat.global.js",
    "floo_wasm_bg.wasm",
    "floo_wasm_bg.wasm.br",
    "miniprogram_dist/index.js",
    "miniprogram_dist/compat.js",
    "miniprogram_dist/compat.d.ts",
    "miniprogram_dist/index.d.ts",
    "miniprogram_dist/floo_wasm_bg.wasm.br",
  ];
  const missing = wanted.filter((name) => !files.includes(name));
  assert.deepEqual(missing, []);
  const known = /\.(js|d\.ts|wasm|wasm\.br)$|^(package\.json|README\.md|LICEN[CS]E.*|miniprogram_dist\/package\.json)$/;
  assert.deepEqual(
    files.filter((name) => !known.test(name) || /(^|\/)(src|js|tests?|target|node_modules)\//.test(name)),
    [],
  );
});

scenario(stage, "every path that package.json names is there, and no file names this machine", () => {
  const description = JSON.parse(fs.readFileSync(path.join(installed, "package.json"), "utf8"));
  const named = new Set();
  const collect = (value) => {
    if (typeof value === "string") named.add(value);
    else for (const inner of Object.values(value)) collect(inner);
  };
  collect(description.exports);
  for (const field of ["main", "module", "types", "unpkg", "jsdelivr", "miniprogram"]) collect(description[field]);
  for (const name of named) assert.ok(fs.existsSync(path.join(installed, name)), name);
  assert.equal(description.dependencies, undefined);
  assert.equal(description.scripts, undefined);
  const machine = [at(""), process.env.HOME].filter((place) => place && place.length > 1);
  for (const name of files) {
    const kept = fs.readFileSync(path.join(installed, name));
    const bytes = name.endsWith(".br") ? brotliDecompressSync(kept) : kept;
    for (const place of machine) assert.ok(!bytes.includes(place), `${name} contains ${place}`);
  }
});

scenario(stage, "importing any entry in Node changes no global, and the codec works there", async () => {
  const script = `
    const state = () => Object.getOwnPropertyNames(globalThis).sort().map((name) => {
      const { value, get } = Object.getOwnPropertyDescriptor(globalThis, name);
      return [name, value ?? get];
    });
    // Node defines some globals when they are first read: that is no change.
    for (const name of Object.getOwnPropertyNames(globalThis)) void globalThis[name];
    const before = state();
    const entries = ["floo-wasm", "floo-wasm/slim", "floo-wasm/compat", "floo-wasm/codec", "floo-wasm/worker"];
    const loaded = [];
    for (const entry of entries) loaded.push(await import(entry));
    const now = state();
    const changed = now.filter(([name, value], i) => before[i]?.[0] !== name || !Object.is(before[i]?.[1], value));
    const { init, decodeFrame, encodeFrame } = loaded[3];
    await init();
    const bytes = encodeFrame({ command: 0 });
    console.log(JSON.stringify({
      exports: loaded.map((it) => Object.keys(it).sort()),
      changed: changed.map(([name]) => name), same: now.length === before.length,
      bytes: bytes.length, command: decodeFrame(bytes, "client_to_server").command,
    }));`;
  const { stdout } = await succeeds(process.execPath, ["--input-type=module", "-e", script], { cwd: consumer });
  const answer = JSON.parse(stdout);
  assert.deepEqual(answer.exports, [
    ["ErrorCode", "FlooError", "createClient", "errorRemediation", "errorText"],
    ["ErrorCode", "FlooError", "createClient", "errorRemediation", "errorText"],
    ["default", "flooim"],
    ["FlooError", "decodeFrame", "encodeFrame", "init"],
    [],
  ]);
  assert.deepEqual([answer.changed, answer.same], [[], true]);
  assert.deepEqual([answer.bytes, answer.command], [6, 0]);
});

for (const [resolution, module] of [
  ["bundler", "esnext"],
  ["node16", "node16"],
]) {
  scenario(stage, `the types compile strictly with moduleResolution ${resolution}`, async () => {
    const directory = path.join(work, `types-${resolution}`);
    project(directory, ["types"], installed);
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noEmit: true,
      skipLibCheck: false,
      target: "es2022",
      lib: ["es2022", "dom", "dom.iterable"],
      types: [],
      module,
      moduleResolution: resolution,
    };
    fs.writeFileSync(path.join(directory, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    await tool("typescript/bin/tsc", ["-p", directory]);
  });
}

scenario(stage, "publint has nothing to say about the tarball", async () => {
  const { messages, pkg } = await publint({ pack: { tarball: fs.readFileSync(tarball).buffer }, strict: true });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, pkg)),
    [],
  );
});

scenario(stage, "the types resolve in every way that TypeScript has", async () => {
  // These are no modules of TypeScript's: a binary, and scripts for pages without any.
  const others = ["floo_wasm_bg.wasm", "floo.global.js", "floo-compat.global.js"];
  // ESM only is what the package is meant to be: Node's require takes that since 20.19.
  const args = [tarball, "--ignore-rules", "cjs-resolves-to-esm", "--exclude-entrypoints", ...others];
  await tool("@arethetypeswrong/cli/dist/index.js", args);
});
