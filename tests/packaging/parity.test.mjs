// docs/native-parity.md says what there is: every member it names is in the published declarations, and the tests that it
// names use it.
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

/** The type of what a row names, `Interface.member`; undefined when there is none. */
const typeOf = (() => {
  const entry = path.join(path.dirname(built("npm", "index.js")), "index.d.ts");
  const program = ts.createProgram([entry], {
    strict: true,
    skipLibCheck: true,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
  });
  const checker = program.getTypeChecker();
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)));
  return (member) => {
    const [name, ...rest] = member.split(".");
    const symbol = exported.find((it) => it.name === name);
    let type = symbol && checker.getDeclaredTypeOfSymbol(symbol);
    for (const part of rest) {
      const property = type && checker.getPropertyOfType(type, part);
      type = property && checker.getTypeOfSymbol(property);
    }
    return type;
  };
})();
const isMember = (word) => /^[A-Z]\w+\.[\w.:]+$/.test(word);

/** What a test that uses something has in it: a call of a method, else the word. */
const trace = (word) => {
  if (!isMember(word)) return new RegExp(`(?<![\\w-])${word}(?![\\w-])`);
  const name = word.split(".").at(-1);
  const called = typeOf(word)?.getCallSignatures().length > 0;
  return called ? new RegExp(`\\.${name}(\\(|,| =>)`) : new RegExp(`(?<![\\w-])${name}(?![\\w-])`);
};
const uses = (file, word) => trace(word).test(fs.readFileSync(at(file), "utf8"));

test("every member that is named is in the declarations", () => {
  const members = quoted(rows.map(([, , here]) => here).join()).filter(isMember);
  assert.ok(members.length > 130, `${members.length} members`);
  assert.deepEqual(
    members.filter((member) => !typeOf(member)),
    [],
  );
  assert.ok(!typeOf("Client.nothing") && !typeOf("Nothing.at"), "what is not there is noticed");
});

test("what is there is used in the tests that are named, and the rest is in the README", () => {
  const unproven = [];
  for (const [, feature, here, tests] of rows) {
    const files = quoted(tests);
    assert.ok(files.length > 0 && quoted(here).length > 0, `${feature}: what, and where is it tested?`);
    const words = quoted(here);
    unproven.push(
      ...words
        .filter((word) => !files.some((file) => uses(file, word)))
        .map((word) => `${feature}: ${word} is in none`),
      ...files
        .filter((file) => !words.some((word) => uses(file, word)))
        .map((file) => `${feature}: nothing in ${file}`),
    );
  }
  assert.deepEqual(unproven, []);
  assert.ok(!uses("tests/js/codec.test.mjs", "Conversation.recall"), "what is not there is noticed");
  assert.match(fs.readFileSync(at("README.md"), "utf8"), /docs\/native-parity\.md/);
});
