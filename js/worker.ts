/** floo-wasm/worker: what the worker of a client runs whose core is to be in a worker. Loads the core when a page asks. */
import { load } from "./load/inline.js";
import { type Scope, serve } from "./platform/worker-scope.js";

const scope = globalThis as { document?: unknown; postMessage?: unknown } & Partial<Scope>;
// Nothing happens in a page, nor on a server.
if (scope.document === undefined && scope.postMessage && scope.addEventListener) serve(scope as Scope, load);
