// Runs the tests of the browser's adapters in WebKit:  node scripts/wasm-webkit.mjs
//
// wasm-pack cannot drive that engine. Its test runner can serve the tests as a page, though, with the binary that the
// other two have compiled, and the WebDriver of the end-to-end tests opens that page and reads what it says.
import { spawn } from "node:child_process";
import { browser, freePort } from "../tests/lib/browser.mjs";
import { until } from "../tests/lib/until.mjs";
import { at } from "./build/common.mjs";

const MINUTES = 60_000;
const RESULT = /^test result: .*$/m;

const address = `127.0.0.1:${await freePort()}`;
const args = ["wasm-pack", "test", "--chrome", ".", "-p", "floo-wasm", "--no-default-features"];
const tests = spawn(at("scripts/wasm-env"), [...args, "--features", "web,crypto", "--test", "browser"], {
  cwd: at(),
  // Without `headless` the runner only serves, whatever the engine.
  env: { ...process.env, NO_HEADLESS: "1", WASM_BINDGEN_TEST_ADDRESS: address },
  stdio: ["ignore", "inherit", "inherit"],
  detached: true,
});
let ended = false;
const stop = () => {
  if (!ended) process.kill(-tests.pid, "SIGTERM");
};
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    stop();
    process.exit(1);
  });
}
tests.once("exit", () => {
  ended = true;
});
let text = "";
try {
  const answers = async () => {
    if (ended) throw new Error("the tests could not be served");
    return (await fetch(`http://${address}/`)).ok;
  };
  await until("the tests", answers, { limit: 15 * MINUTES, forgive: (error) => error.message === "fetch failed" });
  const { driver, end } = await browser("webkit");
  try {
    await driver.get(`http://${address}/`);
    await until(
      "the result",
      async () => {
        text = await driver.executeScript("return document.getElementById('output').textContent");
        return RESULT.test(text);
      },
      { limit: 2 * MINUTES },
    );
  } finally {
    console.log(text);
    await end();
  }
} finally {
  stop();
}
process.exitCode = RESULT.exec(text)[0].includes(" 0 failed") ? 0 : 1;
