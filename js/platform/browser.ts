/** The browser as a platform: everything but its life cycle is built into the core. */
import type { Environment } from "../client/client.js";
import { tabPlatform } from "../client/tabs.js";
import type { Glue } from "../engine.js";
import { failure } from "../errors.js";
import { browserFiles } from "./browser-files.js";
import { inWorker } from "./in-worker.js";

type Target = Pick<EventTarget, "addEventListener" | "removeEventListener">;

/**
 * Reports the life cycle of the page. Does nothing where there is none (Node, workers without it).
 *
 * A hidden tab still runs and wants its notifications, so that being hidden is no `background`: only what
 * stops the page's timers is, which is being frozen or put into the back/forward cache.
 */
function watch(signal: (name: string) => void): () => void {
  const added: Array<() => void> = [];
  const listen = (target: Target | undefined, event: string, listener: (event: Event) => void): void => {
    if (typeof target?.addEventListener !== "function") return;
    target.addEventListener(event, listener);
    added.push(() => target.removeEventListener(event, listener));
  };
  const scope = typeof self === "undefined" ? undefined : self;
  const page = typeof document === "undefined" ? undefined : document;
  listen(scope, "online", () => signal("online"));
  listen(scope, "offline", () => signal("offline"));
  listen(scope, "pageshow", (event) => {
    // Only a page taken out of the back/forward cache has anything to catch up with.
    if ((event as PageTransitionEvent).persisted) signal("foreground");
  });
  listen(scope, "pagehide", (event) => {
    if ((event as PageTransitionEvent).persisted) signal("background");
  });
  listen(page, "visibilitychange", () => {
    if (page?.visibilityState === "visible") signal("foreground");
  });
  listen(page, "freeze", () => signal("background"));
  listen(page, "resume", () => signal("foreground"));
  if (typeof navigator !== "undefined" && navigator.onLine === false) signal("offline");
  return () => {
    for (const remove of added.splice(0)) remove();
  };
}

/** Without a socket nothing would ever connect, which looks like a bad network. */
const connectable =
  (load: () => Promise<Glue>): (() => Promise<Glue>) =>
  async () => {
    if (typeof WebSocket === "undefined") {
      const remedy = "Before Node 22, set globalThis.WebSocket to that of the package ws.";
      throw failure("Unsupported", "platform", "This host has no WebSocket.", remedy);
    }
    return load();
  };

/** The environment of a browser client whose wasm comes from `load`, or is in the worker that `worker` gives. */
export const browser = (load: () => Promise<Glue>, worker?: () => Worker): Environment => ({
  deviceInfo: "Web",
  storage: "indexeddb",
  ...(worker ? inWorker(worker) : { load: connectable(load), tabs: tabPlatform }),
  transfers: () => browserFiles,
  watch,
});
