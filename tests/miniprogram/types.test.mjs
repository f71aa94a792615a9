// The adapter, the demo and the plugin against WeChat's own declarations of its API.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import ts from "typescript";
import { repository, sdk } from "./lib/stage.mjs";

const at = (...parts) => path.join(repository, ...parts);
const scripts = (dir) =>
  fs
    .readdirSync(at(dir), { recursive: true })
    .filter((file) => file.endsWith(".js"))
    .map((file) => at(dir, file));

/** What the compiler says of the files, by file and line. `virtual` are more of them, by name. */
function problems(files, strict, virtual = {}) {
  const options = {
    strict,
    noEmit: true,
    allowJs: true,
    checkJs: true,
    skipLibCheck: true,
    types: ["miniprogram-api-typings"],
    lib: strict ? ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"] : ["lib.es2020.d.ts"],
    target: ts.ScriptTarget.ES2022,
    module: strict ? ts.ModuleKind.ESNext : ts.ModuleKind.CommonJS,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    resolveJsonModule: true,
    paths: { "floo-wasm": [path.join(sdk, "index.d.ts")] },
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.getCurrentDirectory = () => repository;
  host.fileExists = (file) => Object.hasOwn(virtual, file) || fileExists.call(host, file);
  host.readFile = (file) => virtual[file] ?? readFile.call(host, file);
  const program = ts.createProgram([...files, ...Object.keys(virtual)], options, host);
  return ts.getPreEmitDiagnostics(program).flatMap(({ file, start, messageText }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, "\n");
    // Pages and components keep fields of their own in `this`, which the declarations do not know.
    if (/^Property '\w+' does not exist on type 'Instance</.test(text)) return [];
    const where = file
      ? `${path.relative(repository, file.fileName)}:${file.getLineAndCharacterOfPosition(start).line + 1}`
      : "";
    return [`${where}: ${text}`];
  });
}

test("what the adapter asks of wx is there, in that form", () => {
  assert.deepEqual(problems([at("tests/miniprogram/types/adapter.ts"), at("js/load/glue-maker.d.ts")], true), []);
});

test("the demo and the plugin's mini-program call wx and the SDK as they are declared", () => {
  const files = [...scripts("demo-miniprogram/miniprogram"), ...scripts("pkg-templates/plugin/miniprogram")];
  assert.ok(files.length > 20, `only ${files.length} sources found`);
  // With a file that does not, so that a check which finds nothing any more is noticed.
  const wrong = "tests/miniprogram/wrong.js";
  const code = "wx.showToast({ title: 1 }); wx.noSuchCall(); require('floo-wasm').createClient({ appid: 'x' });";
  const found = problems([...files, at("tests/miniprogram/types/engine.d.ts")], false, { [at(wrong)]: code });
  assert.deepEqual(
    found.filter((problem) => !problem.startsWith(wrong)),
    [],
  );
  assert.equal(found.length, 3, found.join("\n"));
});
