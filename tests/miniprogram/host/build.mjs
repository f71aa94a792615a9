// Compiles a mini-program project into static files that a browser runs.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import zlib from "node:zlib";
import { Templates } from "./wxml.mjs";
import { compileWxss, scopeOf } from "./wxss.mjs";

const require = createRequire(import.meta.url);
const here = path.dirname(fileURLToPath(import.meta.url));

/** What the packer of the platform keeps besides sources; anything else never reaches a phone. */
const ASSET = /\.(png|jpe?g|gif|svg|mp3|aac|m4a|mp4|wav|wasm|br)$/;
/**
 * Globals of the browser that cannot be deleted from a realm; every module gets them as parameters
 * without a value, so that they are `undefined` to it.
 */
const SHADOWED = [
  "window",
  "document",
  "self",
  "frames",
  "location",
  "navigator",
  "localStorage",
  "sessionStorage",
  "history",
  "screen",
  "alert",
  "confirm",
  "prompt",
  "XMLHttpRequest",
  "WebSocket",
  "top",
  "parent",
  "opener",
  "fetch",
];
const PARAMETERS = [
  "require",
  "module",
  "exports",
  "Page",
  "Component",
  "Behavior",
  "App",
  "getApp",
  "getCurrentPages",
  "wx",
  "WXWebAssembly",
  ...SHADOWED,
];

/** All the problems found in a project, one a line. */
export class ProjectError extends Error {
  constructor(problems) {
    super(`the mini-program project has problems:\n${problems.map((p) => `  ${p}`).join("\n")}`);
    this.name = "ProjectError";
    this.problems = problems;
  }
}

function walk(root, at = "") {
  return fs.readdirSync(path.join(root, at), { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(at, entry.name);
    return entry.isDirectory() ? walk(root, file) : [file];
  });
}

function write(file, content) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content);
}

/** Reads a JSON file that has to be there; problems go to `report`. */
function readJson(root, file, report) {
  try {
    return JSON.parse(fs.readFileSync(path.join(root, file), "utf8"));
  } catch (error) {
    report(`${file}: ${error.message}`);
    return {};
  }
}

/** Replaces `@name` values of a window configuration by those of theme.json. */
function themed(config, theme) {
  const values = Object.entries(config).map(([key, value]) => {
    const named = typeof value === "string" && value.startsWith("@") ? theme?.[value.slice(1)] : undefined;
    return [key, named === undefined ? value : named];
  });
  return Object.fromEntries(values);
}

class Project {
  problems = [];
  parts = new Map();
  templates = new Templates();

  constructor(dir) {
    this.config = readJson(dir, "project.config.json", (p) => this.problems.push(p));
    this.root = path.join(dir, this.config.miniprogramRoot ?? "");
    this.app = readJson(this.root, "app.json", (p) => this.problems.push(p));
    for (const page of this.app.pages ?? []) this.add(page);
  }

  #exists(file) {
    return fs.existsSync(path.join(this.root, file));
  }

  /** Where a component named in `usingComponents` is, without extension. */
  #resolve(from, name) {
    const target = name.startsWith("/") ? name.slice(1) : path.posix.join(path.posix.dirname(from), name);
    for (const candidate of [target, `${target}/index`]) if (this.#exists(`${candidate}.json`)) return candidate;
    this.problems.push(`${from}.json: component "${name}" not found`);
    return null;
  }

  /** Adds a page or a component and everything that it uses. */
  add(part) {
    if (this.parts.has(part)) return;
    const config = this.#exists(`${part}.json`)
      ? readJson(this.root, `${part}.json`, (p) => this.problems.push(p))
      : {};
    const using = {};
    const entry = { config: { ...config, usingComponents: using, component: config.component === true } };
    this.parts.set(part, entry);
    for (const [tag, name] of Object.entries({ ...this.app.usingComponents, ...config.usingComponents })) {
      const found = this.#resolve(part, name);
      if (found === null) continue;
      using[tag] = `/${found}`;
      this.add(found);
    }
    for (const extension of ["js", "wxml"]) {
      if (!this.#exists(`${part}.${extension}`)) this.problems.push(`${part}.${extension} is missing`);
    }
    if (this.#exists(`${part}.wxml`)) {
      const source = fs.readFileSync(path.join(this.root, `${part}.wxml`), "utf8");
      this.templates.add(part, source, new Set(Object.keys(using)), (p) => this.problems.push(`${part}.wxml: ${p}`));
    }
    const kind = config.component === true ? "component" : "page";
    const report = (p) => this.problems.push(`${part}.wxss: ${p}`);
    entry.css = compileWxss({ root: this.root, file: `${part}.wxss`, kind, owner: part, report });
    entry.scope = kind === "component" ? scopeOf(part) : "";
  }

  appCss() {
    const report = (p) => this.problems.push(`app.wxss: ${p}`);
    return compileWxss({ root: this.root, file: "app.wxss", kind: "app", owner: "", report });
  }
}

/** One script that registers all CommonJS modules of the project without running any. */
function wrapModules(root, files) {
  const wrapped = files.map((file) => {
    const source = fs.readFileSync(path.join(root, file), "utf8");
    return `__define(${JSON.stringify(file)}, function (${PARAMETERS.join(", ")}) {\n${source}\n});\n`;
  });
  return wrapped.join("");
}

/**
 * Compiles the project in `projectDir` to `outDir` (emptied first).
 * Throws a `ProjectError` with every problem found: WXML and WXSS errors, missing components, missing files.
 */
export function buildHost(projectDir, outDir) {
  const project = new Project(projectDir);
  const appCss = project.appCss();
  if (project.problems.length > 0) throw new ProjectError(project.problems);

  fs.rmSync(outDir, { recursive: true, force: true });
  const files = walk(project.root);
  const assets = files.filter((file) => ASSET.test(file));
  for (const file of assets) {
    const bytes = fs.readFileSync(path.join(project.root, file));
    // Brotli is a matter of the platform's loader; the host hands the decoded file to its own.
    write(path.join(outDir, "package", file), file.endsWith(".br") ? zlib.brotliDecompressSync(bytes) : bytes);
  }
  write(
    path.join(outDir, "app-modules.js"),
    wrapModules(
      project.root,
      files.filter((file) => file.endsWith(".js")),
    ),
  );

  const builtin = new Templates();
  const own = path.join(here, "runtime/components");
  for (const file of fs.readdirSync(own)) {
    builtin.add(
      path.basename(file, ".html"),
      fs.readFileSync(path.join(own, file), "utf8"),
      new Set(["input", "textarea"]),
      (p) => {
        throw new Error(`${file}: ${p}`);
      },
    );
  }
  write(path.join(outDir, "builtin-templates.js"), builtin.finish());
  write(path.join(outDir, "templates.js"), project.templates.finish());

  const themeFile = project.app.themeLocation;
  const theme = themeFile ? readJson(project.root, themeFile, (p) => project.problems.push(p)) : {};
  if (project.problems.length > 0) throw new ProjectError(project.problems);
  const window = {
    light: themed(project.app.window ?? {}, theme.light),
    dark: themed(project.app.window ?? {}, theme.dark),
  };
  const config = {
    appId: project.config.appid ?? "touristappid",
    pages: project.app.pages,
    parts: Object.fromEntries(project.parts),
    window,
    appCss,
    assets,
  };
  write(path.join(outDir, "project.json"), JSON.stringify(config));

  for (const file of fs.readdirSync(path.join(here, "runtime"))) {
    if (file !== "components") fs.copyFileSync(path.join(here, "runtime", file), path.join(outDir, file));
  }
  for (const [name, file] of [
    ["glass-easel", "glass_easel.all.es.js"],
    ["glass-easel-miniprogram-adapter", "glass_easel_miniprogram_adapter.es.js"],
  ]) {
    const dist = path.join(path.dirname(require.resolve(`${name}/package.json`)), "dist", file);
    fs.copyFileSync(dist, path.join(outDir, file));
  }
  return { pages: config.pages.length, parts: project.parts.size };
}
