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
  "requirePlugin",
  ...SHADOWED,
];

/** Where the platform looks for the tab bar of an app that draws its own. */
const TAB_BAR = "custom-tab-bar/index";

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

/** The code of the mini-program or of a plugin: its pages and components with templates and styles. */
class Code {
  parts = new Map();
  templates = new Templates();

  /** `plugins` maps the names a plugin goes by to what it makes public; `scope` keeps classes apart. */
  constructor({ root, label, scope, shared, plugins, problems }) {
    Object.assign(this, { root, scope, shared, plugins });
    this.report = (problem) => problems.push(label + problem);
    this.files = fs.existsSync(root) ? walk(root) : [];
  }

  #exists(file) {
    return fs.existsSync(path.join(this.root, file));
  }

  /** What a name in `usingComponents` means to the framework; parts of this code are added on the way. */
  #resolve(from, name) {
    const plugin = /^plugin:\/\/([^/]+)\/(.+)$/.exec(name);
    if (plugin) {
      const known = this.plugins.get(plugin[1]);
      if (known && Object.hasOwn(known, plugin[2])) return name;
      this.report(`${from}.json: component "${name}" is not public in a plugin of this app`);
      return null;
    }
    const target = name.startsWith("/") ? name.slice(1) : path.posix.join(path.posix.dirname(from), name);
    const found = [target, `${target}/index`].find((candidate) => this.#exists(`${candidate}.json`));
    if (found === undefined) {
      this.report(`${from}.json: component "${name}" not found`);
      return null;
    }
    this.add(found);
    return `/${found}`;
  }

  /** Adds a page or a component and everything that it uses. */
  add(part) {
    if (this.parts.has(part)) return;
    const config = this.#exists(`${part}.json`) ? readJson(this.root, `${part}.json`, this.report) : {};
    const using = {};
    const entry = { config: { ...config, usingComponents: using, component: config.component === true } };
    this.parts.set(part, entry);
    for (const [tag, name] of Object.entries({ ...this.shared, ...config.usingComponents })) {
      const found = this.#resolve(part, name);
      if (found !== null) using[tag] = found;
    }
    for (const extension of ["js", "wxml"]) {
      if (!this.#exists(`${part}.${extension}`)) this.report(`${part}.${extension} is missing`);
    }
    if (this.#exists(`${part}.wxml`)) {
      const source = fs.readFileSync(path.join(this.root, `${part}.wxml`), "utf8");
      this.templates.add(part, source, new Set(Object.keys(using)), (p) => this.report(`${part}.wxml: ${p}`));
    }
    const kind = config.component === true ? "component" : "page";
    const report = (p) => this.report(`${part}.wxss: ${p}`);
    entry.scope = kind === "component" ? scopeOf(this.scope + part) : "";
    entry.css = compileWxss({ root: this.root, file: `${part}.wxss`, kind, owner: part, scope: entry.scope, report });
  }

  /** Writes scripts, templates and assets; answers what the runtime has to know. */
  write(outDir, id) {
    const assets = this.files.filter((file) => ASSET.test(file));
    for (const file of assets) {
      const bytes = fs.readFileSync(path.join(this.root, file));
      // Brotli is a matter of the platform's loader; the host hands the decoded file to its own.
      const plain = file.endsWith(".br") ? zlib.brotliDecompressSync(bytes) : bytes;
      write(path.join(outDir, `package${id}`, file), plain);
    }
    const scripts = this.files.filter((file) => file.endsWith(".js"));
    write(path.join(outDir, `code${id}.js`), wrapModules(id, this.root, scripts));
    write(path.join(outDir, `templates${id}.js`), this.templates.finish());
    return { id, assets, parts: Object.fromEntries(this.parts) };
  }
}

class Project {
  problems = [];
  /** The plugins that the app uses, by the name they go by there. Only the project's own can be compiled. */
  plugins = new Map();

  constructor(dir) {
    const report = (p) => this.problems.push(p);
    this.config = readJson(dir, "project.config.json", report);
    const root = path.join(dir, this.config.miniprogramRoot ?? "");
    this.app = readJson(root, "app.json", report);
    const { problems } = this;
    for (const [alias, { provider }] of Object.entries(this.app.plugins ?? {})) {
      if (this.config.pluginRoot === undefined || provider !== this.config.appid) {
        report(`app.json: plugin "${alias}" is not the one of this project`);
        continue;
      }
      const own = path.join(dir, this.config.pluginRoot);
      const manifest = readJson(own, "plugin.json", report);
      const scope = `${alias}/`;
      const code = new Code({ root: own, label: `plugin ${alias}: `, scope, shared: {}, plugins: new Map(), problems });
      const components = manifest.publicComponents ?? {};
      for (const component of Object.values(components)) code.add(component);
      if (manifest.pages) code.report("plugin.json: this host has no pages of plugins");
      if (!code.files.includes(manifest.main)) code.report(`plugin.json: main "${manifest.main}" not found`);
      this.plugins.set(alias, { code, components, main: manifest.main });
    }
    const plugins = new Map([...this.plugins].map(([alias, { components }]) => [alias, components]));
    this.code = new Code({ root, label: "", scope: "", shared: this.app.usingComponents, plugins, problems });
    for (const page of this.app.pages ?? []) this.code.add(page);
    const tabs = this.app.tabBar;
    if (tabs !== undefined) {
      for (const { pagePath } of tabs.list ?? [])
        if (!this.app.pages?.includes(pagePath)) report(`app.json: tab "${pagePath}" is not a page`);
      if (tabs.custom !== true) report("app.json: this host draws no tab bar; make it custom");
      else this.code.add(TAB_BAR);
    }
    this.root = root;
  }

  appCss() {
    const report = (p) => this.problems.push(`app.wxss: ${p}`);
    return compileWxss({ root: this.root, file: "app.wxss", kind: "app", owner: "", scope: "", report });
  }
}

/** One script that registers all CommonJS modules of one code without running any. */
function wrapModules(id, root, files) {
  const wrapped = files.map((file) => {
    const source = fs.readFileSync(path.join(root, file), "utf8");
    const names = `${JSON.stringify(id)}, ${JSON.stringify(file)}`;
    return `__define(${names}, function (${PARAMETERS.join(", ")}) {\n${source}\n});\n`;
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
    tabs: (project.app.tabBar?.list ?? []).map(({ pagePath }) => pagePath),
    tabBar: TAB_BAR,
    privateInfos: project.app.requiredPrivateInfos ?? [],
    window,
    appCss,
    ...project.code.write(outDir, ""),
    plugins: [...project.plugins].map(([alias, { code, components, main }]) => ({
      ...code.write(outDir, `-${alias}`),
      alias,
      components,
      main,
    })),
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
  return { pages: config.pages.length, parts: project.code.parts.size };
}
