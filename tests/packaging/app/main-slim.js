// The same with the core in a file of its own.

import wasm from "floo-wasm/floo_wasm_bg.wasm?url";
import { createClient } from "floo-wasm/slim";
import { start } from "./page.js";

start((dns) => createClient({ appId: "floo-demo", servers: { dns }, wasm }));
