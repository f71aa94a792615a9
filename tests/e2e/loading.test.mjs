// The core on its way into the page: files that are not there or not what they should be, and what policies allow.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { ApiPage, apiMounts } from "../lib/api-page.mjs";
import { Stage, scenario } from "../lib/stage.mjs";

const WASM = "/npm/floo_wasm_bg.wasm";
const stage = new Stage();
let emulator;
let amber;

before(async () => {
  emulator = await stage.emulator();
  ({ amber } = await emulator.ids());
});
after(() => stage.end());

/** Logs in from a page that is served like this; `wasm` null is the core in the script. */
async function enter(driver, wasm, serving) {
  const page = new ApiPage(driver, await stage.serve(apiMounts(), serving), "loading.html");
  await page.open();
  return page.run(({ enter }, { dns, wasm }) => enter(dns, wasm), { dns: emulator.dns, wasm });
}

const half = (name, bytes) => (name.endsWith(".wasm") ? bytes.subarray(0, bytes.length / 2) : bytes);
/** A policy as strict as an application's may be; the client has to reach the cloud by both protocols. */
const policy = (scripts) =>
  `default-src 'none'; script-src 'self' ${scripts}; img-src data:; connect-src 'self' http://127.0.0.1:* ws://127.0.0.1:*`;

for (const engine of ["chromium", "firefox", "webkit"]) {
  scenario(stage, `the core as a file in ${engine}: missing, a web page, cut short, of any type`, async () => {
    const driver = await stage.browser(engine, engine);
    for (const [wasm, serving, words, retriable] of [
      ["/nothing-here.wasm", {}, /nothing-here\.wasm answered with status 404/, true],
      ["http://127.0.0.1:9/floo.wasm", {}, /could not be fetched/, true],
      ["/api.html", {}, /not a WebAssembly binary/, false],
      [WASM, { changed: half }, /the WebAssembly module was refused/, false],
    ]) {
      const error = await enter(driver, wasm, serving).catch((thrown) => thrown);
      assert.equal(error.code, "WasmUnavailable", `${wasm}: ${error}`);
      assert.match(error.message, words);
      assert.equal(error.retriable, retriable, error.message);
    }
    for (const type of ["application/wasm", "application/octet-stream", "text/plain; charset=utf-8"]) {
      assert.equal(await enter(driver, WASM, { types: { ".wasm": type } }), amber, type);
    }
  });

  scenario(stage, `a content security policy in ${engine}: 'wasm-unsafe-eval' is what it takes`, async () => {
    const driver = await stage.browser(`${engine} with policies`, engine);
    for (const wasm of [null, WASM]) {
      const error = await enter(driver, wasm, { csp: policy("") }).catch((thrown) => thrown);
      assert.equal(error.code, "CspBlocked", String(error));
      assert.match(error.message, /needs 'wasm-unsafe-eval' in script-src/);
      assert.match(error.remediation, /wasm-unsafe-eval/);
      assert.equal(await enter(driver, wasm, { csp: policy("'wasm-unsafe-eval'") }), amber);
    }
  });
}
