// What a page of `traps.test.mjs` has of its own realm: drivers run their functions in another, which Firefox ends.
import { breakCore, instances } from "./breakable.js";

window.breakable = {
  breakCore,
  instances,
  worker: () => new Worker("/breakable-worker.js", { type: "module" }),
};
