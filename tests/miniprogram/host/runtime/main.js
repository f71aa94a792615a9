// Boots the mini-program: views in this page, the app's code in a realm of its own.
//   ?profile=devtools|android|ios   which device to be (default devtools)
//   ?path=/pages/...                which page to start with (default the first one)
//   ?language=zh_CN                 what the device speaks (default en)
//   every other parameter           becomes the launch query of the app
import * as glassEasel from "glass-easel";
import { MiniProgramEnv } from "glass-easel-miniprogram-adapter";
import { defineBuiltins } from "./components.js";
import { Device } from "./device.js";
import { FileStore } from "./file-store.js";
import { watchLongpress } from "./longpress.js";
import { Modules } from "./modules.js";
import { touchWithMouse } from "./mouse.js";
import { Pages } from "./pages.js";
import { createRealm } from "./realm.js";
import { createWXWebAssembly } from "./wasm.js";
import { createWx } from "./wx.js";
import { createStorage } from "./wx-storage.js";

const importTemplates = async (id) => (await import(`./templates${id}.js`)).default;

const PROFILES = ["devtools", "android", "ios"];

/** The app's `String`, `Number`, ... are those of its realm; glass-easel compares with this page's. */
function typesOf(realm) {
  const same = new Map(["String", "Number", "Boolean", "Object", "Array"].map((n) => [realm[n], globalThis[n]]));
  const own = (type) => same.get(type) ?? type;
  return (definition) => {
    if (!definition?.properties) return definition;
    const properties = Object.entries(definition.properties).map(([name, value]) => {
      const full = value !== null && typeof value === "object" && !Array.isArray(value);
      return [name, full ? { ...value, type: own(value.type) } : own(value)];
    });
    return { ...definition, properties: Object.fromEntries(properties) };
  };
}

/** The fingers of a touch event, as the platform hands them on; undefined for other events. */
function touchesOf(original) {
  if (original?.touches === undefined) return undefined;
  const list = (touches) =>
    [...touches].map(({ identifier, pageX, pageY, clientX, clientY }) => ({
      identifier,
      pageX,
      pageY,
      clientX,
      clientY,
    }));
  return { touches: list(original.touches), changedTouches: list(original.changedTouches) };
}

/** Notes what the app hands to its views: on phones it crosses, as JSON, from one engine to another. */
function watchData(device) {
  const original = glassEasel.Component.prototype.setData;
  glassEasel.Component.prototype.setData = function setData(data) {
    const text = JSON.stringify(data ?? {});
    const bytes = new TextEncoder().encode(text).length;
    device.updates.push({ part: this.is, paths: Object.keys(data ?? {}), bytes });
    if (bytes > device.limits.setData) device.log("error", `setData of ${this.is}: ${bytes} bytes in one call`);
    return original.call(this, data);
  };
}

/** A backend that adds each style sheet once, however often its page is opened. */
function createBackend() {
  const backend = new glassEasel.CurrentWindowBackendContext();
  const append = backend.appendStyleSheetPath.bind(backend);
  const added = new Map();
  backend.appendStyleSheetPath = (path, scope) => {
    const key = `${path}|${scope}`;
    if (!added.has(key)) added.set(key, append(path, scope));
    return added.get(key);
  };
  const screen = document.getElementById("screen");
  touchWithMouse(screen, glassEasel);
  const tapIsOver = watchLongpress(screen, glassEasel);
  backend.onEvent((target, type, detail, options) => {
    if (type === "tap" && tapIsOver()) return undefined;
    if (type === "scroll") return undefined; // scroll-view says it itself, with where it is
    const event = new glassEasel.Event(type, detail, { ...options, extraFields: touchesOf(options.originalEvent) });
    glassEasel.Event.dispatchEvent(target, event);
    return event.getEventBubbleStatus();
  });
  return backend;
}

async function boot(device, query) {
  glassEasel.globalOptions.throwGlobalError = false;
  glassEasel.globalOptions.writeExtraInfoToAttr = true; // WXML ids become attributes that a test can find
  glassEasel.addGlobalErrorListener((error) => {
    device.log("error", error);
    return false;
  });
  glassEasel.addGlobalWarningListener((text) => {
    device.log("warning", text);
    return false;
  });

  watchData(device);

  const project = await (await fetch("./project.json")).json();
  const ids = [project, ...project.plugins].map(({ id }) => id);
  const { realm, modules: tables, real } = await createRealm(device, ids);
  const context = { device, real };
  const env = new MiniProgramEnv();
  const files = new FileStore(real);
  const builtins = defineBuiltins(env, files);
  const backend = env.associateBackend(createBackend());
  /** Hands the framework the templates and styles of the app or of a plugin. */
  const makeSpace = async ({ id, parts, appCss, alias, components }) => {
    const space = env.createCodeSpace(id, alias === undefined, components ?? {});
    for (const [tag, definition] of Object.entries(builtins)) {
      space.getComponentSpace().setGlobalUsingComponent(tag, definition);
    }
    if (appCss !== undefined) {
      space.addStyleSheet("app", "app");
      backend.registerStyleSheetContent("app", appCss);
    }
    const templates = await importTemplates(id);
    for (const [path, part] of Object.entries(parts)) {
      const sheet = `${id}:${path}`;
      space.addComponentStaticConfig(path, part.config);
      space.addCompiledTemplate(path, { groupList: templates, content: templates[path] });
      space.addStyleSheet(path, sheet, part.scope || undefined);
      backend.registerStyleSheetContent(sheet, part.css);
    }
    return space;
  };
  const space = await makeSpace(project);

  const screen = document.getElementById("screen");
  const pages = new Pages({ device, project, space, backend, screen });
  const storage = await createStorage(context, project.appId);
  const { path = "", profile: _, language: __, ...own } = query;
  const start = path || `/${project.pages[0]}`;
  const launch = { path: start.slice(1), query: own, scene: 1001, referrerInfo: {} };
  const { wx, forPlugin } = createWx(context, {
    appId: project.appId,
    pages,
    screen,
    storage,
    files,
    privateInfos: project.privateInfos,
    launch,
  });
  const wasmOf = ({ id, assets }) => {
    const address = (file) => new URL(`./package${id}/${file}`, location.href).href;
    const fetchFile = async (file) => (await real.fetch(address(file))).arrayBuffer();
    return createWXWebAssembly({ device, real, assets, fetchFile });
  };
  const wasm = wasmOf(project);
  realm.wx = wx;
  realm.WXWebAssembly = wasm;

  let app = {};
  let current = null;
  const withTypes = typesOf(realm);
  const define = (kind) => (definition) => {
    if (current === null) throw new Error(`${kind}() outside of the file of a page or component`);
    return current[kind](withTypes(definition));
  };
  const mains = new Map();
  const requirePlugin = (name) => {
    if (!mains.has(name)) throw new Error(`plugin "${name}" is not declared in app.json`);
    return mains.get(name)();
  };
  const openPages = () => pages.stack.map((entry) => entry.page);
  const setApp = (definition) => {
    app = definition;
  };
  const makeModules = (id, ofApp, api, loader) =>
    new Modules(tables.get(id), real, () => [
      ...["Page", "Component", "Behavior"].map(define),
      ...ofApp,
      api,
      loader,
      requirePlugin,
    ]);
  const loadParts = (parts, from, its) => {
    for (const part of Object.keys(parts)) {
      from.componentEnv(part, (constructors) => {
        current = constructors;
        try {
          its.load(`${part}.js`);
        } finally {
          current = null;
        }
      });
    }
  };

  const plugins = [];
  for (const plugin of project.plugins) {
    const kept = await createStorage(context, `${project.appId}/${plugin.alias}`);
    // No App, getApp and getCurrentPages: those are the mini-program's.
    const its = makeModules(plugin.id, [undefined, undefined, undefined], forPlugin(kept), wasmOf(plugin));
    plugins.push({ plugin, its, from: await makeSpace(plugin) });
    mains.set(plugin.alias, () => its.load(plugin.main));
    space.importCodeSpace(plugin.id, plugin.alias);
  }
  const modules = makeModules("", [setApp, () => app, openPages], wx, wasm);
  if (modules.has("app.js")) modules.load("app.js");
  for (const { plugin, its, from } of plugins) loadParts(plugin.parts, from, its);
  loadParts(project.parts, space, modules);

  device.on("apperror", (text) => app.onError?.(text));
  device.deliver(() => app.onLaunch?.(launch));
  device.deliver(() => app.onShow?.(launch));
  await pages.reLaunch({ url: start });
  return { project, pages, app: () => app, requirePlugin, launch };
}

/** What a test, or the buttons beside the phone, can do with the simulated phone. */
function controls(device, { pages, app, requirePlugin, launch }) {
  let hidden = false;
  return {
    pages,
    app,
    requirePlugin,
    /** The app goes to the background; its code still runs for a moment. */
    hide() {
      if (hidden) return;
      hidden = true;
      pages.visible(false);
      device.deliver(() => app().onHide?.());
      device.emit("hide", {});
    },
    /** The platform stops the hidden app: timers stop, sockets close, requests fail. */
    suspend() {
      this.hide();
      device.suspend();
    },
    /** The app comes back. `queuedFirst`: what arrived meanwhile is delivered before onShow, else after it. */
    show({ queuedFirst = true } = {}) {
      hidden = false;
      const shown = () => {
        app().onShow?.(launch);
        device.emit("show", launch);
        pages.visible(true);
      };
      device.resume(shown, queuedFirst);
    },
    /** "none" cuts the network, "wifi" and the like bring it back. */
    setNetwork: (type) => device.setNetwork(type),
    /** Lets an API fail with what WeChat says when the user or itself does not allow it; "" allows it again. */
    refuse: (api, why) => void (why === "" ? device.refused.delete(api) : device.refused.set(api, why)),
    /** Limits of the device; a test may lower them. */
    limits: device.limits,
    logs: device.logs,
    /** What the app has handed to its views: `{ part, paths, bytes }` for each call of `setData`. */
    updates: device.updates,
    profile: device.profile,
  };
}

function wireSidePanel(mp) {
  const panel = document.getElementById("panel");
  for (const profile of PROFILES) {
    const link = document.createElement("a");
    const url = new URL(location.href);
    url.searchParams.set("profile", profile);
    link.href = url.href;
    link.textContent = profile;
    if (profile === mp.profile) link.setAttribute("aria-current", "true");
    panel.querySelector(".profiles").append(link);
  }
  const act = (name, call) => panel.querySelector(`[data-act=${name}]`).addEventListener("click", call);
  act("suspend", () => mp.suspend());
  act("show", () => mp.show());
  act("offline", () => mp.setNetwork("none"));
  act("online", () => mp.setNetwork("wifi"));
}

const query = Object.fromEntries(new URLSearchParams(location.search));
const device = new Device(PROFILES.includes(query.profile) ? query.profile : "devtools", query.language || "en");
window.__mp = { logs: device.logs, ready: false };
try {
  window.__mp = { ...controls(device, await boot(device, query)), ready: true };
  wireSidePanel(window.__mp);
} catch (error) {
  device.log("error", error);
  document
    .getElementById("screen")
    .querySelector(".mp-body").textContent = `The mini-program did not start: ${error.message}`;
}
