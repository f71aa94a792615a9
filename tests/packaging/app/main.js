// What an application does first: log in and send a message.
import { createClient } from "floo-wasm";
import { start } from "./page.js";

start((dns) => createClient({ appId: "floo-demo", servers: { dns } }));
