"use client";
import { createClient } from "floo-wasm";
import { useEffect } from "react";
import { start } from "../page.js";

export default function Chat() {
  useEffect(() => start((dns) => createClient({ appId: "floo-demo", servers: { dns } })), []);
  return null;
}
