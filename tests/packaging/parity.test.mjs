// docs/native-parity.md says what there is: every member it names is in the published declarations, every test exists.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import ts from "typescript";
import { at, built } from "../lib/paths.mjs";

const text = fs.readFileSync(at("docs", "native-parity.md"), "utf8");
const rows = text
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .filter(([, feature]) => feature !== "feature");
const quoted = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word);

test("every member that is named is in the declarations", () => {
  const entry = path.join(path.dirname(built("npm", "index.js")), "index.d.ts");
  const program = ts.createProgram([entry], {
    strict: true,
    skipLibCheck: true,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
  });
  const checker = program.getTypeChecker();
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)));
  const missing = (member) => {
    const [name, ...rest] = member.split(".");
    const symbol = exported.find((it) => it.name === name);
    let type = symbol && checker.getDeclaredTypeOfSymbol(symbol);
    for (const part of rest) {
      const property = type && checker.getPropertyOfType(type, part);
      type = property && checker.getTypeOfSymbol(property);
    }
    return type === undefined;
  };
  const members = quoted(rows.map(([, , here]) => here).join()).filter((word) => /^[A-Z]\w+\.[\w.:]+$/.test(word));
  assert.ok(members.length > 100, `${members.length} members`);
  assert.deepEqual(members.filter(missing), []);
  assert.ok(missing("Client.nothing") && missing("Nothing.at"), "what is not there is noticed");
});

test("what is there names a test that exists, and the rest is in the README", () => {
  for (const [, feature, here, tests] of rows) {
    if (here !== "–") assert.ok(quoted(tests).length > 0, `${feature}: no test`);
    for (const file of quoted(tests)) assert.ok(fs.existsSync(at(file)), `${feature}: ${file}`);
  }
  assert.match(fs.readFileSync(at("README.md"), "utf8"), /docs\/native-parity\.md/);
});
