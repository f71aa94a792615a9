// Runs the test suites one after the other and sums up:  node scripts/test.mjs [suite...]
//
// Without names all but the long ones; with `all` those too.
// A failing suite does not stop the others. The last line is always "N passed, N failed".
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { at, root } from "./build/common.mjs";

const MINUTES = 60_000;
const SUITE_LIMIT = 25 * MINUTES;

/** A command that counts as one test: it succeeds or not. */
const check = (name, ...command) => ({ name, command, read: readNothing });
/** Programs of Rust's test harness, also in a browser. */
const rust = (name, ...command) => ({ name, command, read: readRust });
/** All `*.test.mjs` directly in a directory, one file after the other: browsers need the processor. */
const node = (directory) => ({
  name: path.basename(directory),
  command: ["node", "--test", "--test-reporter=spec", "--test-concurrency=1", ...testFiles(directory)],
  read: readNode,
});
const browser = (name, ...driver) =>
  rust(
    name,
    "scripts/wasm-env",
    "wasm-pack",
    "test",
    "--headless",
    ...driver,
    ".",
    "-p",
    "floo-wasm",
    "--no-default-features",
    "--features",
    "web,crypto", // no published build has the latter, but both kinds of engine have to agree on it
    "--test",
    "browser",
  );

const { FLOO_CHROMEDRIVER, FLOO_GECKODRIVER } = process.env;
const DENY = ["--", "-D", "warnings"];

const SUITES = [
  check("build", "node", "scripts/build.mjs", "sdk", "emulator", "demo-web", "demo-miniprogram", "plugin", "sizes"),
  check("lock file", "cargo", "metadata", "--locked", "--format-version", "1", "--quiet"),
  check("rustfmt", "cargo", "fmt", "--all", "--check"),
  check("clippy", "cargo", "clippy", "--workspace", "--all-targets", ...DENY),
  check("clippy bindings", "cargo", "clippy", "-p", "floo-wasm", "--lib", "--features", "web,host", ...DENY),
  check("clippy crypto", "cargo", "clippy", "-p", "floo-wasm", "--all-targets", "--features", "crypto", ...DENY),
  check("tsc", "node", "node_modules/typescript/bin/tsc", "-p", "."),
  check("vue-tsc", "node", "node_modules/vue-tsc/bin/vue-tsc.js", "--noEmit", "-p", "demo-web"),
  check("cargo doc", "cargo", "doc", "--workspace", "--no-deps", "--document-private-items", "--quiet"),
  check("biome", "node", "node_modules/@biomejs/biome/bin/biome", "ci", "--error-on-warnings", "."),
  rust("native", "cargo", "test", "--workspace", "--no-fail-fast"),
  rust("native bindings", "cargo", "test", "-p", "floo-wasm", "--lib", "--features", "web", "bindings::"),
  rust("native crypto", "cargo", "test", "-p", "floo-wasm", "--features", "crypto", "--no-fail-fast"),
  rust("simulation", "node", "scripts/sim.mjs", "test"),
  browser("wasm-chromium", "--chrome", "--chromedriver", FLOO_CHROMEDRIVER),
  browser("wasm-firefox", "--firefox", "--geckodriver", FLOO_GECKODRIVER),
  rust("wasm-webkit", "node", "scripts/wasm-webkit.mjs"),
  node("tests/js"),
  node("tests/emulator"),
  node("tests/contract"),
  node("tests/e2e"),
  node("tests/miniprogram"),
  node("tests/packaging"),
];

/** What takes many minutes: only in `make test-all`, or by name. */
const LONG = [
  node("tests/kill"),
  // Installs WeChat's own compiler, 280 MB, into target/miniprogram-ci.
  { ...node("tests/miniprogram/ci"), name: "miniprogram-ci" },
  {
    ...node("tests/e2e"),
    name: "e2e in a worker",
    // Those that have pages of the API; what they make has its core in a worker.
    command: ["env", "FLOO_E2E_WORKER=1", "node", "--test", "--test-reporter=spec", "--test-concurrency=1"].concat(
      ["api", "files", "local", "operations", "token-provider"].map((name) => `tests/e2e/${name}.test.mjs`),
    ),
  },
  {
    ...node("tests/packaging"),
    name: "packaging matrix",
    // Every bundler; their tools are fetched once, into target/packaging.
    command: ["env", "FLOO_MATRIX=all", "node", "--test", "--test-reporter=spec", "tests/packaging/matrix.test.mjs"],
  },
];
const EVERY = [...SUITES, ...LONG];

function testFiles(directory) {
  const names = fs.existsSync(at(directory)) ? fs.readdirSync(at(directory)) : [];
  const files = names.filter((name) => name.endsWith(".test.mjs")).sort();
  // A name that does not exist makes node fail, and so the suite: an empty one must not pass.
  return files.length > 0 ? files.map((name) => path.join(directory, name)) : [path.join(directory, "*.test.mjs")];
}

function sum(output, pattern) {
  let total;
  for (const [, number] of output.matchAll(pattern)) total = (total ?? 0) + Number(number);
  return total;
}

function readNothing(_, succeeded) {
  return { passed: succeeded ? 1 : 0, failed: succeeded ? 0 : 1 };
}

function readRust(output) {
  return {
    passed: sum(output, /^test result: .*? (\d+) passed/gm),
    failed: sum(output, /^test result: .*? (\d+) failed/gm),
  };
}

function readNode(output) {
  return {
    passed: sum(output, /^(?:#|ℹ) pass (\d+)$/gm),
    failed: sum(output, /^(?:#|ℹ) (?:fail|cancelled) (\d+)$/gm),
  };
}

const ANSI = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");

/** Runs a suite, showing what it prints; resolves to its output and how it ended. */
function execute({ name, command }) {
  // wasm-bindgen's runner would choose a browser by these instead of by the one it is given.
  const { CHROMEDRIVER: _c, GECKODRIVER: _g, SAFARIDRIVER: _s, ...env } = process.env;
  const [program, ...args] = command.map(String);
  const quiet = name === "lock file"; // prints megabytes when all is well
  return new Promise((resolve) => {
    // A group of its own, so that drivers and browsers left behind can be ended.
    const child = spawn(program, args, { cwd: root, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let problem;
    const end = (signal) => {
      try {
        process.kill(-child.pid, signal);
      } catch (error) {
        if (error.code !== "ESRCH") throw error; // nobody left
      }
    };
    const limit = setTimeout(() => {
      problem = `took longer than ${SUITE_LIMIT / MINUTES} minutes`;
      end("SIGKILL");
    }, SUITE_LIMIT);
    const collect = (from, to) => {
      from.setEncoding("utf8").on("data", (text) => {
        output += text;
        if (!quiet) to.write(text);
      });
    };
    collect(child.stdout, process.stdout);
    collect(child.stderr, process.stderr);
    const interrupted = () => {
      end("SIGTERM");
      process.exit(130);
    };
    process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
    child.on("error", (error) => {
      clearTimeout(limit);
      resolve({ output, problem: error.message });
    });
    child.on("exit", () => end("SIGTERM"));
    child.on("close", (code, signal) => {
      clearTimeout(limit);
      process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
      problem ??= code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}`;
      resolve({ output: output.replace(ANSI, ""), problem });
    });
  });
}

/** The engines of the store, by the suite that runs the cases of tests/store/cases.json on them. */
const STORES = {
  native: "memory",
  "wasm-chromium": "Chromium",
  "wasm-firefox": "Firefox",
  "wasm-webkit": "WebKit",
  js: "wx log",
};

/** The cases that a suite's output tells of, and whether they passed. */
function storeCases(output) {
  const lines = output.matchAll(/^(?:(✔|✖) |test )\S*store_case::(\w+)(?: \.\.\. (\w+)| \(|$)/gm);
  return new Map([...lines].map(([, mark, name, word]) => [name, mark === "✔" || word === "ok"]));
}

/** Cases by engines; a dash where a case does not apply. */
function printStores(told) {
  const engines = [...told.keys()];
  const names = [...new Set([...told.values()].flatMap((cases) => [...cases.keys()]))];
  if (names.length === 0) return;
  console.log("\n=== store cases by engine");
  const width = Math.max(...names.map((name) => name.length)) + 2;
  console.log("".padEnd(width) + engines.map((engine) => engine.padStart(10)).join(""));
  const word = (passed) => (passed === undefined ? "–" : passed ? "ok" : "FAILED");
  for (const name of names) {
    const row = engines.map((engine) => word(told.get(engine).get(name)).padStart(10));
    console.log(name.replaceAll("_", " ").padEnd(width) + row.join(""));
  }
  const sums = engines.map((engine) => [...told.get(engine).values()].filter(Boolean).length);
  console.log("passed".padEnd(width) + sums.map((sum) => String(sum).padStart(10)).join(""));
}

/** A suite that fails or says nothing counts at least one failure. */
function judge(suite, { output, problem }) {
  const { passed = 0, failed } = suite.read(output, problem === undefined);
  const silent = failed === undefined || passed + failed === 0;
  if (silent) return { passed, failed: 1, note: `${problem ?? "ended well"}, but printed no result` };
  if (problem && failed === 0) return { passed, failed: 1, note: problem };
  return { passed, failed, note: problem };
}

/** How a suite's own report of its failures begins, and so much of it as the end of a log has room for. */
const FAILURES = /^(?:✖ failing tests:|failures:)$/m;
const LINES = 12;

/** What the runner says of the failures of a suite, or else the last that it said. */
function failures({ output }) {
  const start = output.search(FAILURES);
  const lines = (start < 0 ? output : output.slice(start)).split("\n").filter((line) => line.trim() !== "");
  const told = start < 0 ? lines.slice(-LINES) : lines.slice(1, 1 + LINES);
  return told.map((line) => line.slice(0, 400)).join("\n");
}

const asked = process.argv.slice(2).flatMap((name) => (name === "all" ? EVERY.map((suite) => suite.name) : [name]));
const unknown = asked.filter((name) => !EVERY.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(
    `test: unknown suite '${unknown.join("', '")}'; there are: all, ${EVERY.map(({ name }) => name).join(", ")}`,
  );
  process.exit(2);
}
const suites = asked.length > 0 ? EVERY.filter(({ name }) => asked.includes(name)) : SUITES;
const rows = [];
const told = new Map();
for (const suite of suites) {
  console.log(`\n=== ${suite.name}`);
  const start = performance.now();
  const ended = await execute(suite);
  const result = judge(suite, ended);
  const engine = STORES[suite.name];
  if (engine) told.set(engine, storeCases(ended.output));
  const why = result.failed > 0 ? failures(ended) : "";
  rows.push({ ...result, why, name: suite.name, seconds: (performance.now() - start) / 1000 });
}

printStores(told);
console.log("\n=== summary");
for (const { name, passed, failed, note, seconds } of rows) {
  const counts = `${String(passed).padStart(6)} passed ${String(failed).padStart(4)} failed ${seconds.toFixed(1).padStart(8)} s`;
  console.log(`${name.padEnd(18)}${counts}${note ? `  (${note})` : ""}`);
}
for (const { name, why } of rows.filter((row) => row.failed > 0)) console.log(`\n--- ${name}\n${why}`);
const passed = rows.reduce((total, row) => total + row.passed, 0);
const failed = rows.reduce((total, row) => total + row.failed, 0);
process.exitCode = failed > 0 ? 1 : 0;
console.log(`${passed} passed, ${failed} failed`);
