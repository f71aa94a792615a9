// Files in a mini-program: paths up to the cloud and down again, given up, and tried again.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before } from "node:test";
import { startEmulator } from "../lib/emulator.mjs";
import { phoneTest, repository, Stage, sdk } from "./lib/stage.mjs";

const MB = 1024 * 1024;

const stage = new Stage();
let emulator;
let phone;
let basil;

const ask = async (name, ...values) => {
  const [answer, problem] = await phone.driver.executeAsyncScript(
    "const [name, values, done] = arguments; __mp.pages.top.page[name](...values).then((v) => done([v, null]), (e) => done([null, String(e.message || e.errMsg)]))",
    name,
    values,
  );
  if (problem) throw new Error(problem);
  return answer;
};

before(async () => {
  emulator = await startEmulator();
  stage.later(() => emulator.stop());
  basil = (await emulator.ids()).basil;
  const project = path.join(stage.directory(), "project");
  fs.cpSync(path.join(repository, "tests/miniprogram/files-app"), project, { recursive: true });
  fs.cpSync(sdk, path.join(project, "miniprogram_npm/floo-wasm"), { recursive: true });
  phone = await stage.phone(await stage.host(project));
  await phone.driver.manage().setTimeouts({ script: 60_000 });
  await phone.open();
  await ask("enter", emulator.dns);
});
after(() => stage.end());

const filesTest = (name, body) => phoneTest(name, () => ({ phone }), body);

for (const size of [0, 1, 5 * MB, 60 * MB]) {
  filesTest(`${size} bytes there and back`, async () => {
    assert.deepEqual(await ask("trip", basil, size), { same: true, loaded: true });
  });
}

filesTest("a transfer that is given up ends, and works the second time", async () => {
  assert.deepEqual(await ask("givenUp", basil, 60 * MB), { up: "Cancelled", down: "Cancelled", same: true });
});

filesTest("an upload is tried again when the storage fails, and a PUT works as well as a form", async () => {
  await emulator.faults({ action: { type: "http", status: 503, path: "/file/upload/store" }, times: 2 });
  assert.equal((await ask("trip", basil, 1000)).same, true);
  await emulator.faults();
  await emulator.admin("app", { upload_method: "PUT" });
  assert.equal((await ask("trip", basil, 5 * MB)).same, true);
  await emulator.admin("app", { upload_method: "POST" });
});

filesTest("what is no file is refused by a typed error", async () => {
  assert.deepEqual(await ask("refused", basil), ["ServerNotReachable", "ArgumentInvalid", "ArgumentInvalid"]);
});
