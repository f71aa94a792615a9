// The same with the core in a worker: nothing of it is in the page's own scripts.
import { createClient } from "floo-wasm/slim";
import { start } from "./page.js";

const worker = () => new Worker(new URL("floo-wasm/worker", import.meta.url), { type: "module" });
start((dns) => createClient({ appId: "floo-demo", servers: { dns }, worker }));
