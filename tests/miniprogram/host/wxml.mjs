// WXML to render functions, by the template compiler that the WeChat team publishes.
import { createRequire } from "node:module";

const { TmplGroup } = createRequire(import.meta.url)("glass-easel-template-compiler");

/** The built-in components that this host has; see `runtime/components.js`. */
export const BUILTIN = new Set([
  "view",
  "text",
  "button",
  "input",
  "textarea",
  "image",
  "scroll-view",
  "switch",
  "label",
  "form",
  "block",
  "slot",
]);
/** Names with a meaning to the compiler itself. */
const SYNTAX = new Set(["block", "slot", "template", "wxs", "include", "import"]);

/**
 * Puts `wx-` before the built-in tags, because `<button>` as such would be the browser's own, and
 * reports tags that nobody defines. Comments are removed; mustaches and wxs bodies stay as they are.
 */
function prefixBuiltins(source, own, report) {
  const tokens = /<!--[\s\S]*?(?:-->|$)|\{\{[\s\S]*?\}\}|<wxs\b[\s\S]*?(?:\/>|<\/wxs>)|<(\/?)([a-zA-Z][\w-]*)/g;
  return source.replace(tokens, (whole, close, tag) => {
    if (whole.startsWith("<!--")) return "";
    if (tag === undefined || own.has(tag) || SYNTAX.has(tag)) return whole;
    if (!BUILTIN.has(tag)) {
      if (!close) report(`tag <${tag}> is neither built in nor in usingComponents`);
      return whole;
    }
    return `<${close}wx-${tag}`;
  });
}

/** `rpx` in the `style` of a tag: 750 are the width of the screen, also when a number comes from the data. */
const inlineUnits = (source) =>
  source.replace(/\bstyle="[^"]*"/g, (style) =>
    style
      .replace(/(\{\{[^}]*\}\})rpx\b/g, "calc($1 * 100cqw / 750)")
      .replace(/(-?[\d.]+)rpx\b/g, "calc($1 * 100cqw / 750)"),
  );

/** Collects templates and hands out one ES module with all of them. */
export class Templates {
  #group = new TmplGroup();

  /** Adds the template of one page or component; `own` are the tags it declares, `report` takes problems. */
  add(path, source, own, report) {
    for (const w of this.#group.addTmpl(path, inlineUnits(prefixBuiltins(source, own, report))) ?? []) {
      report(`line ${w.startLine + 1}: ${w.message}`);
    }
    const scripts = [...this.#group.getScriptDependencies(path), ...this.#group.getInlineScriptModuleNames(path)];
    const others = this.#group.getDirectDependencies(path);
    if (scripts.length > 0 || others.length > 0) report("wxs, <import> and <include> are not supported by this host");
  }

  /** The ES module text; call once. */
  finish() {
    const code = `export default ${this.#group.getTmplGenObjectGroups()}`;
    this.#group.free();
    return code;
  }
}
