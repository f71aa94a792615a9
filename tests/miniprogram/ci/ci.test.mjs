// WeChat's own tools, miniprogram-ci, without a network: "Build npm" and compile of the demo with the package as it is
// published; what comes out runs in the test host.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { startEmulator } from "../../lib/emulator.mjs";
import { openChat, send, shown, signIn } from "../lib/chat.mjs";
import { phoneTest, repository, Stage, troubles } from "../lib/stage.mjs";

const here = import.meta.dirname;
const cache = path.join(repository, "target/miniprogram-ci");
const stage = new Stage();
let compiled;
let phone;

/** Installs the tools as the lock file has them, unless that was done before. */
function install() {
  const lock = fs.readFileSync(path.join(here, "package-lock.json"));
  const stamp = path.join(cache, ".installed");
  if (fs.existsSync(stamp) && fs.readFileSync(stamp).equals(lock)) return;
  fs.mkdirSync(cache, { recursive: true });
  for (const file of ["package.json", "package-lock.json"])
    fs.copyFileSync(path.join(here, file), path.join(cache, file));
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: cache, stdio: "pipe" });
  fs.writeFileSync(stamp, lock);
}

/** Compiles a project; answers the directory of the result. */
function compile(project, type) {
  const out = path.join(stage.directory(), "out");
  const env = { ...process.env, NODE_PATH: path.join(cache, "node_modules") };
  const args = [path.join(here, "compile.cjs"), project, out, type];
  execFileSync(process.execPath, args, { cwd: stage.directory(), env, stdio: "pipe" });
  return out;
}

/** The demo's sources with the packed package installed as a developer would. */
function projectWithPackage() {
  const project = stage.directory();
  const pack = ["pack", "--json", "--pack-destination", project, path.join(repository, "dist/npm")];
  const [{ filename }] = JSON.parse(execFileSync("npm", pack, { encoding: "utf8" }));
  for (const name of ["miniprogram", "project.config.json"]) {
    fs.cpSync(path.join(repository, "demo-miniprogram", name), path.join(project, name), { recursive: true });
  }
  const root = path.join(project, "miniprogram");
  fs.writeFileSync(path.join(root, "package.json"), '{"private":true}');
  execFileSync("npm", ["install", "--offline", "--no-audit", path.join(project, filename)], {
    cwd: root,
    stdio: "pipe",
  });
  return project;
}

before(async () => {
  install();
  const project = projectWithPackage();
  compiled = stage.directory();
  fs.copyFileSync(path.join(project, "project.config.json"), path.join(compiled, "project.config.json"));
  fs.cpSync(compile(project, "miniProgram"), path.join(compiled, "miniprogram"), { recursive: true });
});
after(() => stage.end());

test("the result holds the package, and its wasm byte for byte", () => {
  const built = path.join(compiled, "miniprogram/miniprogram_npm/floo-wasm");
  const original = path.join(repository, "dist/npm/miniprogram_dist");
  for (const file of ["index.js", "floo_wasm_bg.wasm.br"]) assert.ok(fs.existsSync(path.join(built, file)), file);
  const wasm = "floo_wasm_bg.wasm.br";
  assert.ok(fs.readFileSync(path.join(built, wasm)).equals(fs.readFileSync(path.join(original, wasm))));
});

phoneTest(
  "the compiled demo signs in and sends, on the strictest device",
  () => ({ phone }),
  async () => {
    const emulator = await startEmulator({ data: path.join(stage.directory(), "cloud.sqlite") });
    stage.later(() => emulator.stop());
    phone = await stage.phone(await stage.host(compiled));
    await signIn(phone, emulator.dns, "amber", "ios");
    await openChat(phone, "basil");
    await send(phone, "经官方工具编译");
    await shown(phone, "经官方工具编译", "sent");
    assert.deepEqual(troubles(await phone.logs()), []);
  },
);

test("the plugin project compiles", () => {
  const out = compile(path.join(repository, "dist/plugin"), "miniProgramPlugin");
  const files = fs.readdirSync(out, { recursive: true });
  for (const file of ["plugin/index.js", "plugin/floo_wasm_bg.wasm.br"]) {
    assert.ok(files.includes(file), `${file} is not among ${files.length} files`);
  }
});
