// The tarball as it would be published: what is in it, and its use from Node, TypeScript and Vite.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, before } from "node:test";
import { promisify } from "node:util";
import { brotliDecompressSync } from "node:zlib";
import { at, built } from "../lib/paths.mjs";
import { Stage, scenario } from "../lib/stage.mjs";
import { until } from "../lib/until.mjs";

const run = promisify(execFile);
const ENTRIES = ["index", "slim", "compat", "codec", "worker"];

const stage = new Stage();
let work;
let files;
let installed;

/** Runs a program of the root's node_modules. */
const tool = (name, args, options) => run(process.execPath, [at("node_modules", name), ...args], options);

/** What a failed program said is more than its exit code. */
async function succeeds(running) {
  try {
    return await running;
  } catch (error) {
    throw new Error(`${error.message}\n${error.stdout}\n${error.stderr}`, { cause: error });
  }
}

/** A directory with `floo-wasm` from the tarball and nothing else, and these files. */
function project(name, from) {
  const directory = path.join(work, name);
  fs.cpSync(at("tests", "packaging", from), directory, { recursive: true });
  fs.mkdirSync(path.join(directory, "node_modules"));
  fs.cpSync(installed, path.join(directory, "node_modules", "floo-wasm"), { recursive: true });
  fs.writeFileSync(
    path.join(directory, "package.json"),
    JSON.stringify({ name, private: true, type: "module", dependencies: { "floo-wasm": "*" } }),
  );
  return directory;
}

before(async () => {
  work = stage.directory();
  const packed = await succeeds(
    run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", work], {
      cwd: path.dirname(built("npm", "package.json")),
    }),
  );
  const [answer] = Object.values(JSON.parse(packed.stdout));
  files = answer.files.map((file) => file.path);
  // npm itself installs it, as it would from the registry; there is nothing to fetch.
  const consumer = path.join(work, "consumer");
  fs.mkdirSync(consumer);
  fs.writeFileSync(path.join(consumer, "package.json"), '{"name":"consumer","private":true}');
  const npm = ["install", "--offline", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"];
  await succeeds(run("npm", [...npm, path.join(work, answer.filename)], { cwd: consumer }));
  installed = path.join(consumer, "node_modules", "floo-wasm");
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
  const directory = path.join(work, "consumer");
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
  const { stdout } = await succeeds(run(process.execPath, ["--input-type=module", "-e", script], { cwd: directory }));
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
    const directory = project(`types-${resolution}`, "types");
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
    await succeeds(tool("typescript/bin/tsc", ["-p", directory]));
  });
}

for (const [name, script] of [
  ["main entry", "main.js"],
  ["slim entry with the core as a file", "main-slim.js"],
  ["slim entry with the core in a worker", "main-worker.js"],
  ["interface of the former SDK", "main-compat.js"],
]) {
  scenario(stage, `an empty Vite project with the ${name} logs in and sends`, async () => {
    const directory = project(script, "app");
    const page = path.join(directory, "index.html");
    fs.writeFileSync(page, fs.readFileSync(page, "utf8").replace("main.js", script));
    await succeeds(tool("vite/bin/vite.js", ["build", "--logLevel", "warn"], { cwd: directory }));
    const assets = fs.readdirSync(path.join(directory, "dist", "assets"));
    assert.equal(
      assets.some((asset) => asset.endsWith(".wasm")),
      script === "main-slim.js",
    );
    if (script === "main-worker.js") {
      const own = assets.filter((asset) => asset.startsWith("index") && asset.endsWith(".js"));
      const size = own.reduce((sum, asset) => sum + fs.statSync(path.join(directory, "dist", "assets", asset)).size, 0);
      assert.ok(size < 200_000, `the page's scripts have ${size} bytes, the core among them?`);
    }

    const emulator = await stage.emulator();
    const { amber, basil } = await emulator.ids();
    const driver = await stage.browser(name);
    const text = `built with Vite: ${name} 你好 🧱`;
    const query = new URLSearchParams({ dns: emulator.dns, to: basil, text });
    await driver.get(`${await stage.serve(path.join(directory, "dist"))}/?${query}`);
    const outcome = await until("the page's outcome", () => driver.executeScript("return window.outcome"));
    const { same = true, ...rest } = outcome;
    assert.ok(same, "the named export, the default one and `new` give the same object");
    assert.deepEqual(rest, { userId: amber, status: "sent", text, storage: "indexeddb" });
  });
}
