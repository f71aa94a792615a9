// Runs the local cloud for a test.
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { repository } from "./stage.mjs";

/** A running emulator; see `startEmulator`. */
export class Emulator {
  #child = null;

  constructor(data) {
    this.data = data;
    this.port = 0;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  get dns() {
    return `${this.url}/v2/app_dns`;
  }

  /** Starts it, on the port it had before if it ran already. */
  async start() {
    const program = process.env.FLOO_EMULATOR ?? path.join(repository, "dist/emulator/floo-emulator");
    if (!fs.existsSync(program)) throw new Error(`${program} is missing; run \`make build\` first`);
    const kept = this.data === null ? ["--memory"] : ["--data", this.data];
    const child = spawn(program, [...kept, "--port", String(this.port)], { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    const lines = readline.createInterface({ input: child.stdout });
    const first = await Promise.race([once(lines, "line"), once(child, "exit"), once(child, "error")]);
    const address = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(String(first[0]));
    if (!address) throw new Error(`the emulator did not start: ${first[0]} ${said}`);
    this.port = Number(address[1]);
    return this;
  }

  async stop() {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  }
}

/** Starts an emulator on a free port; `data` is its file, null keeps everything in memory. */
export const startEmulator = (data = null) => new Emulator(data).start();
