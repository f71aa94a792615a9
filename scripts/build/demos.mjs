// The demos -> dist/demo-web and dist/demo-miniprogram; both use dist/npm.
import { at, run, step } from "./common.mjs";

/** Brings the web demo's static files up to date. */
export async function buildDemoWeb() {
  const inputs = ["demo-web", "dist/npm", "package-lock.json", "scripts/build/demos.mjs"];
  await step("demo-web", inputs, ["dist/demo-web/index.html"], () => {
    run(process.execPath, [at("node_modules/vite/bin/vite.js"), "build", "demo-web", "--logLevel", "warn"]);
  });
}

/** Brings the project folder of the mini-program up to date. */
export async function buildDemoMiniProgram() {
  const inputs = ["demo-miniprogram", "dist/npm/miniprogram_dist", "scripts/build/demos.mjs"];
  await step("demo-miniprogram", inputs, ["dist/demo-miniprogram/project.config.json"], () => {
    run(process.execPath, ["demo-miniprogram/build.mjs"]);
  });
}
