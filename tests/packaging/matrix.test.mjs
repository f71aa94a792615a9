// The tarball in every bundler: installed, built, opened in a browser, a message sent and one received.
//
// FLOO_MATRIX=all runs every row; otherwise only those whose tools are the root's. The table is printed at the end.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { after, before } from "node:test";
import { freePort } from "../lib/browser.mjs";
import { at } from "../lib/paths.mjs";
import { Stage, scenario } from "../lib/stage.mjs";
import { until } from "../lib/until.mjs";
import { npm, packed, project, succeeds } from "./lib/tarball.mjs";

const MINUTES = 60_000;
const VITE = "node_modules/vite/bin/vite.js";
const NEXT = "node_modules/next/dist/bin/next";
const root = (script) => at(...script.split("/"));
const port = (number) => ["--port", String(number), "--strictPort", "--host", "127.0.0.1"];

/**
 * `name` is for the table, `of` the npm package that the row is about: the root's, or with `lock` that of
 * matrix/`lock`, whose tools are installed by its lock file. `page` is the script that app/index.html loads,
 * `build` the arguments of Node that make `output` of it. `copy` adds index.html, which some bundlers leave to
 * others. `serve(port)` are arguments of Node for a server; without one a static server shows `output`.
 * The page's own scripts are `light` where the core is elsewhere. `rendered` pages come with a text that the server
 * got from the package. `size` is the directory that is weighed, where the output also has what no browser gets.
 * `long` rows are left to the long run, as those with a lock file are.
 */
const ROWS = [
  { name: "Vite", of: "vite", build: [root(VITE), "build", "--logLevel", "warn"] },
  {
    name: "Vite, slim",
    of: "vite",
    page: "main-slim.js",
    build: [root(VITE), "build", "--logLevel", "warn"],
    light: true,
  },
  {
    name: "Vite, worker",
    of: "vite",
    page: "main-worker.js",
    build: [root(VITE), "build", "--logLevel", "warn"],
    light: true,
  },
  { name: "Vite, compat", of: "vite", page: "main-compat.js", build: [root(VITE), "build", "--logLevel", "warn"] },
  { name: "Vite, dev server", of: "vite", serve: (number) => [root(VITE), ...port(number)] },
  { name: "webpack 5", of: "webpack", build: ["webpack.mjs", "main.js"], copy: true },
  { name: "webpack 5, slim", of: "webpack", build: ["webpack.mjs", "main-slim-url.js"], copy: true, long: true },
  { name: "webpack 5, worker", of: "webpack", build: ["webpack.mjs", "main-worker.js"], copy: true, long: true },
  { name: "script, module", start: "/module.html" },
  { name: "script, classic", start: "/classic.html" },
  {
    name: "esbuild",
    of: "esbuild",
    build: ["esbuild.mjs", "main.js"],
    copy: true,
    long: true,
  },
  {
    name: "webpack 4",
    of: "webpack",
    lock: "webpack4",
    // It hashes with md4, which OpenSSL 3 has put away.
    build: ["--openssl-legacy-provider", "webpack.mjs", "main.js"],
    copy: true,
  },
  { name: "Rollup", of: "rollup", lock: "rollup", build: ["node_modules/rollup/dist/bin/rollup", "-c"], copy: true },
  {
    name: "Parcel",
    of: "parcel",
    lock: "parcel",
    build: ["node_modules/parcel/lib/bin.js", "build", "index.html", "--no-cache", "--no-source-maps"],
  },
  {
    name: "Next",
    of: "next",
    lock: "next",
    build: [NEXT, "build"],
    output: ".next",
    size: ".next/static",
    serve: (number) => [NEXT, "start", "-H", "127.0.0.1", "-p", String(number)],
    rendered: true,
  },
  {
    name: "SvelteKit",
    of: "@sveltejs/kit",
    lock: "sveltekit",
    build: [VITE, "build", "--logLevel", "warn"],
    output: ".svelte-kit/output",
    size: ".svelte-kit/output/client",
    serve: (number) => [VITE, "preview", ...port(number)],
    rendered: true,
  },
  {
    name: "uni-app, H5",
    of: "@dcloudio/uni-app",
    lock: "uni-app",
    build: ["node_modules/@dcloudio/vite-plugin-uni/bin/uni.js", "build", "-p", "h5"],
    output: "dist/build/h5",
  },
];

const wanted = ROWS.filter((row) => process.env.FLOO_MATRIX === "all" || !(row.lock || row.long));
const stage = new Stage();
const table = [];
let installed;
let emulator;
let echo;
let amber;
let driver;

/** A directory with the tools that a lock file names; kept in target/, so that they are fetched once. */
async function withTools(lock) {
  const source = at("tests", "packaging", "matrix", lock);
  const key = createHash("sha256")
    .update(fs.readFileSync(path.join(source, "package-lock.json")))
    .digest("hex");
  const directory = at("target", "packaging", `${lock}-${key.slice(0, 12)}`);
  const complete = path.join(directory, "node_modules", ".complete");
  if (!fs.existsSync(complete)) {
    fs.rmSync(directory, { recursive: true, force: true });
    fs.mkdirSync(directory, { recursive: true });
    for (const name of ["package.json", "package-lock.json"]) {
      fs.copyFileSync(path.join(source, name), path.join(directory, name));
    }
    await npm("ci", [], directory);
    fs.writeFileSync(complete, "");
  }
  for (const name of fs.readdirSync(directory)) {
    if (name !== "node_modules") fs.rmSync(path.join(directory, name), { recursive: true });
  }
  return directory;
}

/** The row's project, with nothing built yet. */
async function prepare({ of, lock, page, build }) {
  const directory = lock ? await withTools(lock) : stage.directory();
  const own = of ? [] : ["scripts-app"];
  project(directory, ["app", ...(lock ? [path.join("matrix", lock)] : own)], installed);
  const script = build?.find((word) => word === `${of}.mjs`);
  if (script) {
    fs.copyFileSync(at("tests", "packaging", "matrix", script), path.join(directory, script));
    if (!lock) fs.symlinkSync(at("node_modules", of), path.join(directory, "node_modules", of));
  }
  if (page) {
    const index = path.join(directory, "index.html");
    fs.writeFileSync(index, fs.readFileSync(index, "utf8").replace("main.js", page));
  }
  return directory;
}

/** Runs a server until the end of the test; resolves to its address when it answers. */
async function server(args, number, cwd) {
  const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      said += text;
    });
  }
  const ended = once(child, "exit");
  stage.later(async () => {
    child.kill();
    await ended;
  });
  const url = `http://127.0.0.1:${number}`;
  const answers = async () => {
    assert.equal(child.exitCode, null, `the server has ended: ${said}`);
    return (await fetch(url)).ok;
  };
  await until("the server", answers, { limit: MINUTES, forgive: (error) => error.message === "fetch failed" });
  return url;
}

/** Bytes of the files below a directory with such names. */
function weight(directory, names = /\.(js|wasm)$/) {
  const files = fs.readdirSync(directory, { recursive: true, withFileTypes: true });
  const counted = files.filter((file) => file.isFile() && names.test(file.name));
  return counted.reduce((sum, file) => sum + fs.statSync(path.join(file.parentPath, file.name)).size, 0);
}

const versionOf = (directory, name) =>
  JSON.parse(fs.readFileSync(path.join(directory, "node_modules", name, "package.json"), "utf8")).version;

async function open(row, directory) {
  if (row.serve) {
    const number = await freePort();
    return server(row.serve(number), number, directory);
  }
  if (row.of) return stage.serve(path.join(directory, row.output ?? "dist"));
  return stage.serve({ "/": directory, "/floo-wasm/": installed });
}

async function chats(url, row) {
  const text = `${row.name}: 你好 🧱`;
  const query = new URLSearchParams({ dns: emulator.dns, to: echo, text });
  await driver.get(`${url}${row.start ?? "/"}?${query}`);
  const outcome = await until("the page's outcome", () => driver.executeScript("return window.outcome"));
  assert.deepEqual(outcome, { userId: amber, status: "sent", text, storage: "indexeddb" });
}

before(async () => {
  ({ installed } = await packed(stage.directory()));
  emulator = await stage.emulator();
  await emulator.admin("bots", { bots: ["echo"] });
  ({ amber, echo } = await emulator.ids());
  driver = await stage.browser("page");
});

after(async () => {
  await stage.end();
  const widths = [20, 34, 8, 10, 6];
  const line = (cells) => cells.map((cell, at) => String(cell).padEnd(widths[at])).join("");
  console.log(line(["bundler", "version", "build", "kB", "chat"]));
  for (const row of table) console.log(line([row.name, row.version, row.build, row.size, row.chat]));
});

for (const row of wanted) {
  scenario(
    stage,
    `${row.name}: builds, logs in, sends and receives`,
    async () => {
      const result = { name: row.name, version: "", build: row.build ? "failed" : "", size: "", chat: "failed" };
      table.push(result);
      const directory = await prepare(row);
      if (row.of) result.version = versionOf(row.lock ? directory : at(), row.of);
      if (row.build) {
        await succeeds(process.execPath, row.build, { cwd: directory });
        result.build = "ok";
        const output = path.join(directory, row.output ?? "dist");
        if (row.copy) {
          const index = fs.readFileSync(path.join(directory, "index.html"), "utf8");
          fs.writeFileSync(path.join(output, "index.html"), index);
        }
        if (row.light) assert.ok(weight(output, /^index.*\.js$/) < 200_000, "the core is in the page's own scripts");
        result.size = Math.round(weight(row.size ? path.join(directory, row.size) : output) / 1000);
      }
      const url = await open(row, directory);
      if (row.rendered) assert.match(await (await fetch(url)).text(), /<p id="rendered"[^>]*>[A-Z][^<]+</);
      await chats(url, row);
      result.chat = "ok";
    },
    { timeout: 10 * MINUTES },
  );
}
