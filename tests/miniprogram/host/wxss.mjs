// WXSS to CSS: rpx, `page`, built-in tags, `:host`, ids, and the isolation between pages and components.
import fs from "node:fs";
import path from "node:path";
import postcss from "postcss";
import selectorParser from "postcss-selector-parser";
import { BUILTIN } from "./wxml.mjs";

/** The class prefix of a component, for example `components-cell-cell`. */
export const scopeOf = (component) => component.replace(/[^\w]+/g, "-");

/** 750 rpx are the width of the screen; `cqw` is a hundredth of the simulated screen. */
const toCqw = (value) => value.replace(/(-?[\d.]+)rpx\b/g, (_, n) => `${Number((n / 7.5).toFixed(4))}cqw`);

function inKeyframes(rule) {
  return rule.parent?.type === "atrule" && /keyframes$/.test(rule.parent.name);
}

/**
 * Translates one file. `kind` says whose it is: `app` applies to all pages, `page` to the page `owner`
 * only, `component` to that component only (by its `scope`), where tags and ids are not allowed (as on the platform).
 */
export function compileWxss({ root, file, kind, owner, scope, report }, seen = new Set()) {
  const full = path.join(root, file);
  if (!fs.existsSync(full) || seen.has(file)) return "";
  seen.add(file);
  let sheet;
  try {
    sheet = postcss.parse(fs.readFileSync(full, "utf8"), { from: file });
  } catch (error) {
    report(error.message);
    return "";
  }
  let imported = "";
  sheet.walkAtRules("import", (rule) => {
    const target = rule.params.replace(/^['"]|['"]$/g, "");
    const next = target.startsWith("/") ? target.slice(1) : path.posix.join(path.posix.dirname(file), target);
    if (!fs.existsSync(path.join(root, next))) report(`@import "${target}" not found`);
    imported += compileWxss({ root, file: next, kind, owner, scope, report }, seen);
    rule.remove();
  });
  sheet.walkDecls((decl) => {
    decl.value = toCqw(decl.value);
  });

  const rewrite = selectorParser((selectors) => {
    selectors.each((selector) => {
      let namesPage = false;
      selector.walk((node) => {
        if (node.type === "tag" && node.value === "page") {
          namesPage = true;
          node.replaceWith(selectorParser.className({ value: "mp-page" }));
        } else if (node.type === "tag") {
          if (kind === "component") report(`tag selector "${node.value}" does not work in a component`);
          if (BUILTIN.has(node.value)) node.value = `wx-${node.value}`;
        } else if (node.type === "id") {
          if (kind === "component") report(`id selector "#${node.value}" does not work in a component`);
          const name = { attribute: "exparser\\:info-attr-id", operator: "=", value: node.value, quoteMark: '"' };
          node.replaceWith(selectorParser.attribute({ ...name, raws: {} }));
        } else if (node.type === "pseudo" && node.value === ":host") {
          node.replaceWith(
            selectorParser.attribute({
              attribute: "wx-host",
              operator: "=",
              value: scope,
              quoteMark: '"',
              raws: {},
            }),
          );
        } else if (node.type === "class" && kind === "component") {
          node.value = `${scope}--${node.value}`;
        }
      });
      if (kind !== "page") return;
      const only = `.mp-page[data-route="${owner}"]`;
      const text = selector.toString().trim();
      const scoped = namesPage ? text.replace(".mp-page", only) : `${only} ${text}`;
      selector.replaceWith(selectorParser().astSync(scoped).first.clone());
    });
  });
  sheet.walkRules((rule) => {
    if (!inKeyframes(rule)) rule.selector = rewrite.processSync(rule.selector);
  });
  return imported + sheet.toString();
}
