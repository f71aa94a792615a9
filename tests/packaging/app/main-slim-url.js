// The core in a file of its own, in the way that standards have for it.
import { createClient } from "floo-wasm/slim";
import { start } from "./page.js";

const wasm = new URL("floo-wasm/floo_wasm_bg.wasm", import.meta.url);
start((dns) => createClient({ appId: "floo-demo", servers: { dns }, wasm }));
