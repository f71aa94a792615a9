// What a page of `traps.test.mjs` has of its own realm: drivers run their functions in another, which Firefox ends.
import { breakCore, instances } from "./breakable.js";

/** The worker that was made last. */
let made;

window.breakable = {
  worker() {
    made = new Worker("/breakable-worker.js", { type: "module" });
    return made;
  },
  /** Breaks the core, here or in the worker, and tells how many instances were made there. */
  async breakCore(part) {
    if (!made) {
      breakCore(part);
      return instances();
    }
    const { port1, port2 } = new MessageChannel();
    const count = new Promise((resolve) => {
      port1.onmessage = ({ data }) => resolve(data);
    });
    made.postMessage({ breakCore: part }, [port2]);
    return count;
  },
};
