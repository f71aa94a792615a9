/** The script-tag build: `window.floo`, with everything that the package's main entry exports. */
import * as floo from "./index.js";

(globalThis as { floo?: typeof floo }).floo = floo;
