// The files that go into a mini-program: syntax, globals, wasm; and the checks themselves.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import test from "node:test";
import zlib from "node:zlib";
import binaryen from "binaryen";
import { buildDemo } from "../../demo-miniprogram/build.mjs";
import { nodeWx } from "../lib/node-client.mjs";
import { buildHost, ProjectError } from "./host/build.mjs";
import { neededFeatures } from "./host/runtime/wasm-scan.js";
import { globalsOf, newerThanEs2018 } from "./lib/source.mjs";
import { repository, Stage, sdk } from "./lib/stage.mjs";

/** What every engine of a mini-program has by itself. */
const LANGUAGE = [
  "Array",
  "ArrayBuffer",
  "BigInt",
  "BigInt64Array",
  "BigUint64Array",
  "Boolean",
  "DataView",
  "Date",
  "Error",
  "Float32Array",
  "Float64Array",
  "Function",
  "Infinity",
  "Int16Array",
  "Int32Array",
  "Int8Array",
  "JSON",
  "Map",
  "Math",
  "NaN",
  "Number",
  "Object",
  "Promise",
  "Proxy",
  "RangeError",
  "ReferenceError",
  "Reflect",
  "RegExp",
  "Set",
  "String",
  "Symbol",
  "SyntaxError",
  "TypeError",
  "Uint16Array",
  "Uint32Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "WeakMap",
  "WeakSet",
  "arguments",
  "decodeURIComponent",
  "encodeURIComponent",
  "globalThis",
  "isFinite",
  "isNaN",
  "parseFloat",
  "parseInt",
  "undefined",
  "toString", // inherited by the global object itself
];
/** Reached only after the wasm has asked the global object whether it is there; the host's phones do not have it. */
const ASKED_FOR_IN_WASM = ["queueMicrotask"];
/** What the platform adds for modules and for pages. */
const PLATFORM = [
  "App",
  "Behavior",
  "Component",
  "Page",
  "WXWebAssembly",
  "clearInterval",
  "clearTimeout",
  "console",
  "exports",
  "getApp",
  "getCurrentPages",
  "module",
  "require",
  "setInterval",
  "setTimeout",
  "wx",
];
const KNOWN = new Set([...LANGUAGE, ...PLATFORM, ...ASKED_FOR_IN_WASM]);

/** Names used without a `typeof` check that a mini-program does not have. */
const missingGlobals = (code) =>
  [...globalsOf(code)].filter(([name, { probed }]) => !KNOWN.has(name) && probed === 0).map(([name]) => name);

const wasmOf = () => zlib.brotliDecompressSync(fs.readFileSync(path.join(sdk, "floo_wasm_bg.wasm.br")));
const scripts = (dir) =>
  fs
    .readdirSync(dir, { recursive: true })
    .filter((f) => f.endsWith(".js"))
    .map((f) => path.join(dir, f));

test("the SDK's file for mini-programs has no syntax newer than ES2018", () => {
  assert.deepEqual(newerThanEs2018(fs.readFileSync(path.join(sdk, "index.js"), "utf8")), []);
});

test("the SDK's file for mini-programs uses no global that a mini-program lacks", () => {
  assert.deepEqual(missingGlobals(fs.readFileSync(path.join(sdk, "index.js"), "utf8")), []);
});

test("the module of the former SDK's name is the function itself", async () => {
  const load = createRequire(import.meta.url);
  const flooim = load(path.join(sdk, "compat.js"));
  assert.equal(typeof flooim, "function");
  assert.equal(flooim, load(path.join(sdk, "index.js")).flooim);
  const wasmPath = path.join(sdk, "floo_wasm_bg.wasm.br");
  const im = flooim({ appid: "floo-demo", logLevel: "off", autoLogin: false, platform: nodeWx(), wasmPath });
  assert.equal(typeof im.sysManage.sendRosterMessage, "function");
  await im.client.close();
  assert.deepEqual(newerThanEs2018(fs.readFileSync(path.join(sdk, "compat.js"), "utf8")), []);
});

test("the sources of the demo keep the same rules", () => {
  const files = scripts(path.join(repository, "demo-miniprogram/miniprogram"));
  assert.ok(files.length > 10, `only ${files.length} sources found`);
  for (const file of files) {
    const code = fs.readFileSync(file, "utf8");
    assert.deepEqual(newerThanEs2018(code), [], file);
    assert.deepEqual(missingGlobals(code), [], file);
  }
});

test("the wasm for mini-programs needs nothing beyond the first version of the format", () => {
  const features = neededFeatures(wasmOf());
  assert.deepEqual(features, []);
});

test("the wasm exports one memory, functions, and nothing twice", () => {
  const exports = WebAssembly.Module.exports(new WebAssembly.Module(wasmOf()));
  assert.deepEqual(
    exports.filter((e) => e.kind !== "function").map((e) => `${e.kind} ${e.name}`),
    ["memory memory"],
  );
  assert.equal(new Set(exports.map((e) => e.name)).size, exports.length);
});

test("the demo fits into the main package and holds the SDK", async () => {
  const stage = new Stage();
  try {
    const { out, size } = buildDemo({ sdk, out: path.join(stage.directory(), "project") });
    assert.ok(size < 1024 * 1024, `${size} bytes`);
    assert.ok(fs.existsSync(path.join(out, "miniprogram/miniprogram_npm/floo-wasm/index.js")));
  } finally {
    await stage.end();
  }
});

test("the demo is not assembled without the wasm file", async () => {
  const stage = new Stage();
  try {
    const empty = stage.directory();
    fs.writeFileSync(path.join(empty, "index.js"), "");
    assert.throws(
      () => buildDemo({ sdk: empty, out: path.join(stage.directory(), "out") }),
      /floo_wasm_bg\.wasm\.br is missing/,
    );
    const script = path.join(repository, "demo-miniprogram/build.mjs");
    assert.throws(
      () => execFileSync("node", [script, "--package", empty, "--out", path.join(empty, "o")], { stdio: "pipe" }),
      { status: 1 },
    );
  } finally {
    await stage.end();
  }
});

test("the syntax check finds what is too new", () => {
  const samples = {
    "?.": "a?.b",
    "??": "a ?? b",
    "??=": "a ??= b",
    "BigInt literal": "f(10n)",
    "class field": "class A { x = 1 }",
    "private name": "class A { #x() {} }",
    "catch without a name": "try { f() } catch { g() }",
    "import()": "import('x')",
    "import.meta or new.target": "f(import.meta)",
    import: "import x from 'x'",
    export: "export const x = 1",
    "numeric separator": "f(1_000)",
    "await at the top level": "await f()",
  };
  for (const [name, code] of Object.entries(samples)) {
    assert.ok(
      newerThanEs2018(code).some((found) => found.startsWith(name)),
      `${name}: ${newerThanEs2018(code)}`,
    );
  }
  assert.ok(newerThanEs2018("let = ;").length > 0);
  const fine =
    "const f = async (a, ...b) => { for await (const c of a) g({ ...c, b }); try { g() } catch (e) { g(e) } }; var x = /a(?<n>.)/su; class A { static m() {} }";
  assert.deepEqual(newerThanEs2018(fine), []);
});

test("the check of globals finds what is not there", () => {
  const code =
    "const own = 1; function f(fetch) { return fetch(own) } f({ URL: 1 }.URL); label: for (;;) break label; new TextDecoder(); if (typeof crypto !== 'undefined') f(crypto); ({ performance });";
  assert.deepEqual(missingGlobals(code).sort(), ["TextDecoder", "performance"]);
});

test("the wasm scan finds each feature, and none in a plain module", () => {
  const samples = {
    "multi-value": '(module (func (export "f") (result i32 i32) (i32.const 1) (i32.const 2)))',
    "reference-types": '(module (func (export "f") (param externref)))',
    "multi-table": "(module (table 1 funcref) (table 1 funcref))",
    "bulk-memory": "(module (memory 1) (func (memory.copy (i32.const 0) (i32.const 8) (i32.const 4))))",
    "sign-extension": "(module (func (param i32) (result i32) (i32.extend8_s (local.get 0))))",
    "saturating-float-to-int": "(module (func (param f64) (result i32) (i32.trunc_sat_f64_s (local.get 0))))",
    simd: "(module (func (result v128) (v128.const i32x4 0 0 0 0)))",
    "tail-call": "(module (func $f (return_call $f)))",
    "i64-interface": '(module (func (export "f") (param i64)))',
    "exported-global": '(module (global (export "g") i32 (i32.const 1)))',
  };
  const compile = (text, features = binaryen.Features.All) => {
    const module = binaryen.parseText(text);
    module.setFeatures(features);
    const bytes = module.emitBinary();
    module.dispose();
    return bytes;
  };
  for (const [name, text] of Object.entries(samples))
    assert.ok(neededFeatures(compile(text)).includes(name), `${name}: ${neededFeatures(compile(text))}`);
  const plain =
    '(module (memory 1) (table 1 funcref) (global $g (mut i32) (i32.const 0)) (elem (i32.const 0) $f) (data (i32.const 0) "x") (func $f (export "f") (param i32 f64) (result i32) (local i64) (block $b (loop $l (br_if $b (local.get 0)) (br_table $l $b (i32.const 0)))) (local.set 2 (i64.extend_i32_s (local.get 0))) (f64.store (i32.const 8) (f64.const 1)) (select (i32.wrap_i64 (local.get 2)) (call $f (memory.size) (local.get 1)) (i32.const 1))))';
  const bytes = compile(plain, binaryen.Features.MVP);
  assert.deepEqual(neededFeatures(bytes), []);
  assert.throws(() => neededFeatures(new Uint8Array([1, 2, 3])), /not a wasm file/);
  assert.throws(() => neededFeatures(bytes.subarray(0, bytes.length - 3)), /ends in the middle/);
});

test("a project with mistakes is refused with all of them named", async () => {
  const stage = new Stage();
  try {
    const dir = stage.directory();
    const put = (file, text) => {
      fs.mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
      fs.writeFileSync(path.join(dir, file), text);
    };
    put("project.config.json", "{}");
    put("app.json", '{"pages":["p/p","q/q"]}');
    put("p/p.json", '{"usingComponents":{"c":"../c/c","gone":"../gone/gone"}}');
    put("p/p.js", "Page({})");
    put("p/p.wxml", "<view><nothing /></view><view");
    put("p/p.wxss", "a { color: ");
    put("c/c.json", '{"component":true}');
    put("c/c.js", "Component({})");
    put("c/c.wxml", "<view></view>");
    put("c/c.wxss", "#id { color: red } view { color: red }");
    let problems = [];
    assert.throws(
      () => buildHost(dir, path.join(dir, "out")),
      (error) => {
        problems = error.problems;
        return error instanceof ProjectError;
      },
    );
    for (const expected of [
      /"..\/gone\/gone" not found/,
      /<nothing>/,
      /p\/p\.wxml: line 1/,
      /p\/p\.wxss/,
      /id selector "#id"/,
      /tag selector "view"/,
      /q\/q\.js is missing/,
    ]) {
      assert.ok(
        problems.some((p) => expected.test(p)),
        `${expected} in\n${problems.join("\n")}`,
      );
    }
  } finally {
    await stage.end();
  }
});
