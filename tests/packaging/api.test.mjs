// The public declarations, as they were agreed on: api/*.txt. And what no declaration may have.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import ts from "typescript";
import { at, built } from "../lib/paths.mjs";
import { declarations, place, report, surface, walk } from "./lib/api.mjs";

const UPDATE = "UPDATE_EXPECT=1 node --test tests/packaging/api.test.mjs";
const directory = path.dirname(built("npm", "index.d.ts"));
/** Entry to the name of its file in api/, and to the entry whose text it need not repeat. */
const ENTRIES = {
  index: { name: "index" },
  slim: { name: "slim", base: "index" },
  compat: { name: "compat", base: "index" },
  codec: { name: "codec", base: "index" },
  worker: { name: "worker", base: "index" },
  "miniprogram_dist/index": { name: "miniprogram", base: "index" },
  "miniprogram_dist/compat": { name: "miniprogram-compat", base: "compat" },
};

const all = declarations(directory, Object.keys(ENTRIES));
const surfaceOf = (entry) => surface(all, path.join(directory, `${entry}.d.ts`));

for (const [entry, { name, base }] of Object.entries(ENTRIES)) {
  test(`the declarations of ${entry} are those in api/${name}.txt`, () => {
    const file = at("tests", "packaging", "api", `${name}.txt`);
    const now = report(name, surfaceOf(entry), base && { name: base, ...surfaceOf(base) });
    if (process.env.UPDATE_EXPECT) fs.writeFileSync(file, now);
    const agreed = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
    assert.equal(now, agreed, `the public API has changed; if it is meant to, \`${UPDATE}\` and commit the difference`);
  });
}

test("no declaration of the modern API says any", () => {
  const { files } = declarations(directory, Object.keys(ENTRIES));
  const found = [];
  for (const file of files.filter(({ fileName }) => !/\/compat(\/|\.d\.ts$)/.test(fileName))) {
    walk(file, (node) => {
      if (node.kind === ts.SyntaxKind.AnyKeyword) found.push(place(node, directory));
    });
  }
  assert.ok(files.length > 10, "the declarations are not found any more");
  assert.deepEqual(found, []);
});

test("the declarations are complete and strict", () => {
  const problems = ts.getPreEmitDiagnostics(all.program);
  assert.deepEqual(
    problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
    [],
  );
});
