// Every sample in the README and the guides compiles against the published types, strictly.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import ts from "typescript";
import { at } from "../lib/paths.mjs";

/** What samples may take for granted. */
const GIVEN = at("tests", "js", "guides.d.ts");
const SAMPLE = /^```(ts|js)\n([\s\S]*?)^```$/gm;

const pages = [
  "README.md",
  "docs/compat.md",
  "docs/bundlers.md",
  "docs/endpoints.md",
  ...fs.readdirSync(at("docs", "guide")).map((name) => path.join("docs", "guide", name)),
].filter((page) => page.endsWith(".md"));

/** Name of a file to the text of a sample in it. */
const samples = new Map();
for (const page of pages) {
  const text = fs.readFileSync(at(page), "utf8");
  for (const [whole, language, code] of text.matchAll(SAMPLE)) {
    const line = text.slice(0, text.indexOf(whole)).split("\n").length;
    samples.set(at(`${page}.${line}.${language}`), `${code}\nexport {};\n`);
  }
}

const options = {
  strict: true,
  noEmit: true,
  allowJs: true,
  checkJs: true,
  noImplicitAny: true,
  skipLibCheck: true,
  types: ["miniprogram-api-typings"],
  lib: ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
};

/** What the compiler says, by page and line. */
function problems() {
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (file) => samples.has(file) || fileExists.call(host, file);
  host.readFile = (file) => samples.get(file) ?? readFile.call(host, file);
  const program = ts.createProgram([...samples.keys(), GIVEN], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const where = file ? `${path.relative(at(), file.fileName)}+${file.getLineAndCharacterOfPosition(start).line}` : "";
    return `${where}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
}

describe("the samples of README and guides", () => {
  test(`compile: ${samples.size} of them`, () => {
    assert.ok(samples.size >= 25, "samples are not found any more");
    assert.deepEqual(problems(), []);
  });

  test("are the only code: no block of another kind goes unchecked", () => {
    for (const page of pages) {
      const kinds = [...fs.readFileSync(at(page), "utf8").matchAll(/^```(\w+)$/gm)].map(([, kind]) => kind);
      for (const kind of kinds) assert.ok(["ts", "js", "sh"].includes(kind), `${page}: \`\`\`${kind}`);
    }
  });

  test("links between the pages lead somewhere", () => {
    for (const page of pages) {
      const text = fs.readFileSync(at(page), "utf8");
      for (const [, to] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
        assert.ok(fs.existsSync(path.resolve(path.dirname(at(page)), to)), `${page}: ${to}`);
      }
    }
  });
});
