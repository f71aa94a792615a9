// The texts of the demo: the same in both languages, and nowhere else.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import ts from "typescript";
import { loadModule } from "./lib/source.mjs";
import { repository } from "./lib/stage.mjs";

const root = path.join(repository, "demo-miniprogram/miniprogram");
const sources = (ending) => fs.readdirSync(root, { recursive: true }).filter((file) => file.endsWith(ending));
const read = (file) => fs.readFileSync(path.join(root, file), "utf8");
const load = (file) => loadModule(path.join(root, file));
const tables = { en: load("i18n/en.js"), zh: load("i18n/zh.js") };

/** `section.key` -> text, or texts, of a table. */
function flat(table) {
  const entries = Object.entries(table).flatMap(([section, texts]) =>
    Object.entries(texts).flatMap(([key, text]) =>
      typeof text === "object" && !Array.isArray(text)
        ? Object.entries(text).map(([inner, words]) => [`${section}.${key}.${inner}`, words])
        : [[`${section}.${key}`, text]],
    ),
  );
  return new Map(entries);
}

const places = (text) => [...new Set([...String(text).matchAll(/\{(\w+)\}/g)].map(([, name]) => name))].sort();

test("both languages have the same texts, with the same places to fill in", () => {
  const [en, zh] = [flat(tables.en), flat(tables.zh)];
  assert.ok(en.size > 150, `only ${en.size} texts`);
  assert.deepEqual([...zh.keys()], [...en.keys()]);
  for (const [key, text] of en) {
    assert.equal(Array.isArray(zh.get(key)), Array.isArray(text), key);
    if (Array.isArray(text)) assert.equal(zh.get(key).length, text.length, key);
    assert.deepEqual(places(zh.get(key)), places(text), key);
    // Titles may come from the data; everything else is said.
    if (key !== "chat.title") assert.ok(String(text).length > 0 && String(zh.get(key)).length > 0, key);
  }
});

test("the buttons of dialogs have the four characters that WeChat takes", () => {
  for (const { common } of Object.values(tables)) {
    for (const text of [common.ok, common.cancel, common.open]) assert.ok(text.length <= 4, text);
  }
});

/** Words between tags and in attributes that are read out or shown. */
function visibleWords(wxml) {
  const source = wxml.replace(/<!--[\s\S]*?-->/g, "");
  const found = [];
  // Texts in mustaches count too, such as `{{busy ? 'Wait' : ''}}`.
  const check = (text, where) => {
    const outside = text.replace(/\{\{[\s\S]*?\}\}/g, "");
    const inside = [...text.matchAll(/\{\{([\s\S]*?)\}\}/g)].flatMap(
      ([, code]) => code.match(/'[^']*'|"[^"]*"/g) ?? [],
    );
    for (const words of [outside, ...inside]) if (/\p{L}/u.test(words)) found.push(`${where}: ${words.trim()}`);
  };
  for (const text of source.split(/<(?:"[^"]*"|[^>"])*>/)) check(text, "text");
  for (const [, name, text] of source.matchAll(/\s(placeholder|aria-label|label|title|value|note)="([^"]*)"/g))
    check(text, name);
  return found;
}

test("no template has words of its own", () => {
  assert.deepEqual(visibleWords("<view aria-label=\"Go\">{{a ? 'Yes' : b}} now</view>"), [
    "text: now",
    "text: 'Yes'",
    "aria-label: Go",
  ]);
  const files = sources(".wxml");
  assert.ok(files.length > 30, `only ${files.length} templates`);
  for (const file of files) assert.deepEqual(visibleWords(read(file)), [], file);
});

test("every text that the code asks for is there, and every text is asked for", () => {
  const en = flat(tables.en);
  const sections = new Set();
  const asked = new Set();
  const all = [];
  for (const file of sources(".js").filter((file) => !/^(i18n|miniprogram_npm)\//.test(file))) {
    const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
    const visit = (node) => {
      if (ts.isStringLiteral(node)) all.push(node.text);
      if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.arguments.length > 0) {
        const [first] = node.arguments;
        const named = ts.isStringLiteral(first) ? first.text : null;
        if (node.expression.text === "t" && named?.includes(".") && !named.endsWith(".")) {
          asked.add(named);
          assert.ok(en.has(named), `${file}: t("${named}")`);
        }
        if (["section", "localised", "localise"].includes(node.expression.text) && named) sections.add(named);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  for (const name of sections) assert.ok(tables.en[name] !== undefined, `section "${name}"`);
  const templates = sources(".wxml").map(read).join("\n");
  const literals = new Set(all.map((text) => text.split(".").at(-1)));
  const used = (key) => {
    const last = key.split(".").at(-1);
    return asked.has(key) || all.includes(key) || new RegExp(`\\bt\\.${last}\\b`).test(templates) || literals.has(last);
  };
  const indirect = /^(language|bubble|time|me\.state|content|preview)\./; // by a value of the SDK
  assert.deepEqual(
    [...en.keys()].filter((key) => !used(key) && !indirect.test(key)),
    [],
  );
});

test("the report names the version of the SDK that the demo is built with", () => {
  const { version } = JSON.parse(fs.readFileSync(path.join(repository, "pkg-templates/npm/package.json"), "utf8"));
  assert.equal(load("config.js").sdkVersion, version);
});
