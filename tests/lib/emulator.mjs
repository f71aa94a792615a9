// Runs the local cloud as a process of its own.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import readline from "node:readline";
import { built } from "./paths.mjs";
import { until } from "./until.mjs";

/** A local cloud. It may be stopped and started again, then with the same port and data file. */
export class Emulator {
  #arguments;
  #child = null;
  #ended = null;
  #said = "";
  port;

  constructor({ data, memory = data === undefined, port = 0, faults } = {}) {
    assert.ok(memory !== (data !== undefined), "either data or memory");
    this.#arguments = memory ? ["--memory"] : ["--data", data];
    if (faults !== undefined) this.#arguments.push("--fault", JSON.stringify(faults));
    this.port = port;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The address of its DNS document. */
  get dns() {
    return `${this.url}/v2/app_dns`;
  }

  /** Its process, while it runs. */
  get pid() {
    return this.#child?.pid;
  }

  /** What it wrote to its error output. */
  get said() {
    return this.#said;
  }

  /** Starts it; resolves when it answers. */
  async start() {
    assert.equal(this.#child, null, "the emulator runs already");
    const child = spawn(built("emulator", "floo-emulator"), [...this.#arguments, "--port", String(this.port)], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    this.#ended = once(child, "exit");
    child.stderr.setEncoding("utf8").on("data", (text) => {
      this.#said += text;
    });
    const first = await Promise.race([once(readline.createInterface(child.stdout), "line"), this.#ended]);
    const address = /^floo-emulator listening on http:\/\/127\.0\.0\.1:(\d+)$/.exec(String(first[0]));
    assert.ok(address, `the emulator did not start: ${first[0]} ${this.#said}`);
    this.port = Number(address[1]);
    return this;
  }

  /** Stops it politely; resolves when it has ended. */
  stop() {
    return this.#end("SIGTERM");
  }

  /** Takes it down at once, without a chance to say goodbye; resolves when it has ended. */
  kill() {
    return this.#end("SIGKILL");
  }

  async #end(signal) {
    if (this.#child === null) return;
    this.#child.kill(signal);
    await this.#ended;
    this.#child = null;
  }

  /** Users, groups, sockets and counts of the server. */
  async state() {
    return data(await fetch(`${this.url}/admin/api/state`));
  }

  /** `{amber: "id", basil: "id", clover: "id", Team: "id"}`: ids as decimal text. */
  async ids() {
    const { users, groups } = await this.state();
    const pairs = [...users.map(({ username, id }) => [username, id]), ...groups.map(({ name, id }) => [name, id])];
    return Object.fromEntries(pairs.map(([name, id]) => [name, String(id)]));
  }

  /** Calls the admin interface; resolves to the data of its answer. */
  async admin(path, body) {
    return data(await fetch(`${this.url}/admin/api/${path}`, { method: "POST", body: JSON.stringify(body) }));
  }

  /** Replaces the fault rules; each is `{match, action, times}`. */
  async faults(...rules) {
    await this.admin("faults", { seed: 7, rules });
  }

  /** Waits until every fault rule has been applied as often as it says: what they do has happened. */
  async faultsDone() {
    await until("the faults to happen", async () => (await this.state()).faults.rules.every(({ left }) => left === 0));
  }
}

async function data(answer) {
  const body = await answer.json();
  assert.equal(body.code, 200, `the emulator refused: ${body.message}`);
  return body.data;
}

/**
 * Starts an emulator. `data` is its file; without one everything is in memory. `port` 0 is any free
 * one; `faults` are rules in the form of the admin interface.
 */
export const startEmulator = (options) => new Emulator(options).start();
