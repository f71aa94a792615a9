// The web site of `make docs`: made without a warning, with every public entry and every guide.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { at } from "../lib/paths.mjs";

test("the site has the entries, the guides and the error codes, and no warning", { timeout: 300_000 }, () => {
  const out = at("target", "docs-site");
  execFileSync(process.execPath, [at("node_modules/typedoc/bin/typedoc"), "--out", out], {
    cwd: at(),
    stdio: ["ignore", "inherit", "inherit"],
  });
  const pages = (folder) => fs.readdirSync(path.join(out, folder));
  assert.deepEqual(
    pages("modules").sort(),
    ["codec", "compat", "index", "slim", "worker"].map((entry) => `${entry}.html`),
  );
  const named = (folder, prefix) =>
    fs.readdirSync(at(folder)).flatMap((name) => (name.endsWith(".md") ? [`${prefix}${name.slice(0, -3)}.html`] : []));
  assert.deepEqual(pages("documents").sort(), [...named("docs", ""), ...named("docs/guide", "guide_")].sort());
  const texts = pages("documents").map((name) => fs.readFileSync(path.join(out, "documents", name), "utf8"));
  assert.ok(texts.some((text) => text.includes("CoreStopped") && text.includes("9007")));
  assert.match(fs.readFileSync(path.join(out, "interfaces", "index.ClientEvents.html"), "utf8"), /recovered/);
});
