/** The legacy facade with the core inside: `flooim(config)`. Nothing happens at import. */
import { FlooClient } from "./client/client.js";
import { makeFlooim } from "./compat/flooim.js";
import { load } from "./load/inline.js";
import { browser } from "./platform/browser.js";

export type { FlooimConfig, FlooimFactory, Im } from "./compat/flooim.js";
export type * from "./compat/shapes.js";

/** Makes the legacy object; see `FlooimFactory`. */
export const flooim = /* @__PURE__ */ makeFlooim((options) => new FlooClient(options, browser(load, options.worker)));
export default flooim;
