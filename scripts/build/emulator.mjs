// The emulator -> dist/emulator/floo-emulator.
import fs from "node:fs";
import path from "node:path";
import { at, run, step } from "./common.mjs";

const BINARY = "dist/emulator/floo-emulator";
const INPUTS = ["Cargo.toml", "Cargo.lock", "build.rs", "src", "emulator", "scripts/build/emulator.mjs"];

function build() {
  run("cargo", ["build", "--release", "--target-dir", "target", "-p", "floo-emulator"]);
  fs.mkdirSync(path.dirname(at(BINARY)), { recursive: true });
  // A running emulator keeps its old file: writing into it would fail.
  fs.rmSync(at(BINARY), { force: true });
  fs.copyFileSync(at("target/release/floo-emulator"), at(BINARY));
}

/** Brings the emulator's binary up to date. */
export async function buildEmulator() {
  await step("emulator", INPUTS, [BINARY], build);
}
