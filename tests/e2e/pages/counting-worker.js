// The package's worker, which also tells how often it has made an instance: `{instances}` to its page.
import "/npm/worker.js";

const { instantiate } = WebAssembly;
let instances = 0;
WebAssembly.instantiate = (...what) => {
  instances++;
  postMessage({ instances });
  return instantiate(...what);
};
