// What a test file needs around it, taken down again at its end.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { browser } from "./browser.mjs";
import { startEmulator } from "./emulator.mjs";
import { serve } from "./serve.mjs";

const LIMIT = 180_000;
const LINES = 60;

/** Everything that a test file has started. */
export class Stage {
  #undo = [];
  #browsers = new Map();

  later(undo) {
    this.#undo.push(undo);
  }

  /** Takes everything down, the newest first; what fails does not keep the rest alive. */
  async end() {
    const failures = [];
    for (const undo of this.#undo.splice(0).reverse()) {
      try {
        await undo();
      } catch (error) {
        failures.push(error);
      }
    }
    this.#browsers.clear();
    if (failures.length > 0) throw new AggregateError(failures, "the stage could not be taken down");
  }

  /** An empty directory. */
  directory() {
    const made = fs.mkdtempSync(path.join(os.tmpdir(), "floo-test-"));
    this.later(() => fs.rmSync(made, { recursive: true, force: true }));
    return made;
  }

  async emulator(options) {
    const emulator = await startEmulator(options);
    this.later(() => emulator.stop());
    return emulator;
  }

  /** An emulator whose data survives a restart. */
  persistentEmulator() {
    return this.emulator({ data: path.join(this.directory(), "cloud.sqlite") });
  }

  /** Serves a directory, or several; answers the address. */
  async serve(mounts, options) {
    const server = await serve(mounts, options);
    this.later(server.close);
    return server.url;
  }

  /** A new browser with nothing in it; `name` is for reports. Answers the WebDriver session. */
  async browser(name, engine = "chromium") {
    return (await this.started(name, engine)).driver;
  }

  /** The same, with a profile for one: answers all of the browser, which may have been killed since at the end. */
  async started(name, engine = "chromium", options = {}) {
    const started = await browser(engine, options);
    this.later(started.end);
    this.#browsers.set(name, started);
    return started;
  }

  /** What the pages have said, for the report of a failure. */
  async report() {
    let report = "";
    for (const [name, { output }] of this.#browsers) {
      const text = await output().catch((error) => `no log: ${error.message}`);
      report += `\n--- ${name}\n${text.split("\n").slice(-LINES).join("\n")}`;
    }
    return report;
  }
}

/** A test whose failure shows what the browsers of the stage have said. */
export function scenario(stage, name, body, { timeout = LIMIT } = {}) {
  test(name, { timeout }, async (context) => {
    try {
      await body(context);
    } catch (error) {
      throw new Error(`${error.message}${await stage.report()}`, { cause: error });
    }
  });
}
