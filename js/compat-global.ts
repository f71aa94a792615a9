/** The script-tag build of the legacy facade: `window.flooIM`, as the former SDK had it. */
import { flooim } from "./compat.js";

(globalThis as { flooIM?: typeof flooim }).flooIM = flooim;
