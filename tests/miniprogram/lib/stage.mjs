// What tests of the mini-program need around them.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { buildDemo } from "../../../demo-miniprogram/build.mjs";
import { buildHost } from "../host/build.mjs";
import { serve } from "../host/serve.mjs";
import { Phone, startBrowser } from "./phone.mjs";

/** The root of the repository. */
export const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
/** Where the built SDK for mini-programs is. */
export const sdk = process.env.FLOO_MINIPROGRAM_DIST ?? path.join(repository, "dist/npm/miniprogram_dist");

/** Things to undo at the end of a test file, last one first. */
export class Stage {
  #undo = [];

  later(undo) {
    this.#undo.push(undo);
  }

  async end() {
    for (const undo of this.#undo.splice(0).reverse()) await undo();
  }

  /** An empty directory that goes away at the end. */
  directory() {
    const made = fs.mkdtempSync(path.join(os.tmpdir(), "floo-miniprogram-"));
    this.later(() => fs.rmSync(made, { recursive: true, force: true }));
    return made;
  }

  /** Compiles a project and serves it; answers the address. */
  async host(project) {
    const out = path.join(this.directory(), "host");
    buildHost(project, out);
    return this.static(out);
  }

  /** Builds the demo with the SDK, compiles and serves it; answers the address. */
  async demo() {
    const out = path.join(this.directory(), "project");
    buildDemo({ sdk, out });
    return this.host(out);
  }

  /** Serves a directory; answers the address. */
  async static(dir) {
    const server = await serve(dir);
    this.later(server.close);
    return server.url;
  }

  async browser(options) {
    const driver = await startBrowser(options);
    this.later(() => driver.quit());
    return driver;
  }

  /** A phone in a browser of its own. */
  async phone(base, options) {
    return new Phone(await this.browser(options), base);
  }
}

/** Adds to an error what the mini-programs wrote to their logs. */
async function explain(error, phones) {
  for (const [name, phone] of Object.entries(phones)) {
    const logs = await phone.logs().catch((cause) => [{ kind: "no log", text: cause.message }]);
    const lines = logs.map((entry) => `  [${entry.kind}] ${entry.text}`);
    error.message += `\n--- ${name}: ${lines.length} lines\n${lines.slice(-60).join("\n")}`;
  }
  return error;
}

/** A test whose failure shows the logs of the phones; `phones()` answers them by name. */
export function phoneTest(name, phones, body) {
  test(name, { timeout: 180_000 }, async (context) => {
    try {
      await body(context);
    } catch (error) {
      throw await explain(error, phones());
    }
  });
}

/** Log entries that a healthy run does not have. */
export function troubles(logs) {
  return logs.filter(({ kind }) =>
    ["error", "unhandledrejection", "console.error", "missing-api", "warning"].includes(kind),
  );
}

/** Fails when a phone's log has what a healthy run does not have. */
export async function quiet(phone) {
  assert.deepEqual(troubles(await phone.logs()), []);
}

/** A test at whose end the logs of all phones are those of a healthy run. */
export function healthyTest(name, phones, body) {
  phoneTest(name, phones, async () => {
    await body();
    for (const phone of Object.values(phones())) await quiet(phone);
  });
}
