// The style sheets of the demo and the plugin have nothing that the oldest systems do not know: iOS 12 and Chrome 66.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import postcss from "postcss";
import { repository } from "./lib/stage.mjs";

const PROPERTIES =
  /^(inset.*|(row-|column-)?gap|aspect-ratio|place-.*|(margin|padding)-(block|inline).*|accent-color)$/;
const VALUES = /\b(anywhere|flow-root|fit-content|(min|max|clamp)\(|\d+[dls]v[hw])\b/;
const SELECTORS = /:(is|where|has|focus-visible)\b/;

/** What is too new in a style sheet. */
function newer(text) {
  const found = [];
  postcss.parse(text).walk((node) => {
    if (node.type === "rule" && SELECTORS.test(node.selector)) found.push(node.selector);
    if (node.type !== "decl") return;
    if (PROPERTIES.test(node.prop) || VALUES.test(node.value)) found.push(`${node.prop}: ${node.value}`);
  });
  return found;
}

test("no style sheet is newer than the oldest systems", () => {
  assert.deepEqual(
    newer("a { inset: 0; gap: 1rpx; width: min(1px, 2px); color: red } a:is(.b) { top: 0; overflow-wrap: anywhere }"),
    ["inset: 0", "gap: 1rpx", "width: min(1px, 2px)", "a:is(.b)", "overflow-wrap: anywhere"],
  );
  const roots = ["demo-miniprogram/miniprogram", "pkg-templates/plugin"].map((dir) => path.join(repository, dir));
  const files = roots.flatMap((root) =>
    fs
      .readdirSync(root, { recursive: true })
      .filter((file) => file.endsWith(".wxss"))
      .map((file) => path.join(root, file)),
  );
  assert.ok(files.length > 25, `only ${files.length} style sheets`);
  for (const file of files) assert.deepEqual(newer(fs.readFileSync(file, "utf8")), [], file);
});
