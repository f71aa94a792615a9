import { flooim } from "./index.js";
export = flooim;
