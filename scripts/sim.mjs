// Runs the simulation optimised:  [SEEDS=2000] [FIRST=0] [SEED=17] node scripts/sim.mjs [fleet | mutants | test]
//
// Without a word: histories from FIRST on; with SEED that one, everything that happened written down. `fleet`
// models a million clients that lose their servers and draws docs/fleet.svg; `mutants` lets the simulation find
// out cores that are broken on purpose; `test` is all of it, as `make test` runs it.
import { spawnSync } from "node:child_process";
import { at } from "./build/common.mjs";

const MODES = { "": "nothing_is_lost", fleet: "fleet::", mutants: "is_found_out", test: "" };

const mode = process.argv[2] ?? "";
const filter = MODES[mode];
if (filter === undefined) {
  console.error(`sim: '${mode}' is none of ${Object.keys(MODES).filter(Boolean).join(", ")}`);
  process.exit(2);
}
const env = { ...process.env, SEEDS: process.env.SEEDS || "2000" };
if (mode === "fleet") env.FLEET_SVG = at("docs", "fleet.svg");
const args = ["test", "--profile", "sim", "-p", "floo-wasm", "--test", "simulation", "--", "--nocapture"];
const { status, error } = spawnSync("cargo", filter ? [...args, filter] : args, { cwd: at(), env, stdio: "inherit" });
if (error) console.error(`sim: ${error.message}`);
process.exitCode = status ?? 1;
