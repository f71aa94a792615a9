// Root crate -> optimised wasm and its glue, in three flavours:
//
//   web   what browsers and Node load; network, timers and IndexedDB built in
//   host  strict MVP for mini-programs; a host object supplies all of that
//   bench web and what `make bench` measures in it; in no package
//
// Neither uses reference types: Chrome has them since 96 only, mini-programs on iOS not at all.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, dropExports, dropNames, dropTargetFeatures, limitMemory, renameFunctions } from "./binary.mjs";
import { at, BuildError, freshDirectory, replaceDirectory, root, run, step } from "./common.mjs";
import { patchHostGlue, shortNames, withShortNames } from "./glue.mjs";
import { inside } from "./inside.mjs";

export const NAME = "floo_wasm";
/** What a flavour's binary is made of: a list of `{part, bytes}`. */
export const INSIDE = "inside.json";
const TARGET = "wasm32-unknown-unknown";

// Kept in `target_features`, these three make wasm-bindgen emit externref tables and multi-value shims.
const UNWANTED_FEATURES = ["reference-types", "multivalue", "call-indirect-overlong"];

const WEB_FEATURES = ["bulk-memory", "bulk-memory-opt", "sign-ext", "nontrapping-float-to-int", "mutable-globals"];
// iOS ends an app that takes too much memory. To begin with more would not save growing: Rust's allocator takes only what
// it has grown itself, and the glue does not trust a view from before.
export const HOST_MEMORY_PAGES = 2048;

// What the linker's output uses before it is lowered.
const LINKED_FEATURES = [...WEB_FEATURES, "reference-types", "multivalue"];

const WEB = {
  features: "web",
  // wasm-bindgen's own code asks the compiler, not the section.
  rustflags: ["-Ctarget-feature=-reference-types,-multivalue"],
  profile: {},
  optimise(linked, out) {
    wasmOpt(linked, out, LINKED_FEATURES, ["-Oz", "-g", "--strip-producers", "--strip-target-features"]);
  },
  allowed: WEB_FEATURES,
  glue: (source) => source,
  mustBePlain: false,
};

export const FLAVOURS = {
  web: WEB,
  bench: { ...WEB, features: "bench" },
  host: {
    features: "host",
    rustflags: ["-Ctarget-cpu=mvp"],
    // Fat LTO would compile the standard library's own bitcode, which carries newer features.
    // For size alone: what a package may weigh is limited there.
    profile: { CARGO_PROFILE_WASM_LTO: "thin", CARGO_PROFILE_WASM_OPT_LEVEL: "z" },
    optimise(linked, out) {
      const lowered = `${out}.lowered`;
      // Never --llvm-nontrapping-fptoint-lowering: it miscompiles Rust's casts. `target-cpu=mvp` leaves none.
      wasmOpt(linked, lowered, LINKED_FEATURES, [
        "--llvm-memory-copy-fill-lowering",
        "--signext-lowering",
        "-g",
        "--strip-producers",
        "--strip-target-features",
      ]);
      // iOS does not hand out exported globals; the glue never reads them (checked with the glue).
      const plain = dropExports(fs.readFileSync(lowered), "global");
      fs.writeFileSync(lowered, limitMemory(plain, HOST_MEMORY_PAGES));
      wasmOpt(lowered, out, [], ["-Oz", "-g"]);
      fs.rmSync(lowered);
    },
    allowed: [],
    // No exported globals and no 64-bit integers in exported functions: iOS has trouble with both.
    mustBePlain: true,
    glue: patchHostGlue,
  },
};

function wasmOpt(input, output, features, args) {
  run(process.execPath, [
    at("node_modules/binaryen/bin/wasm-opt"),
    input,
    "-o",
    output,
    "--mvp-features",
    ...features.map((feature) => `--enable-${feature}`),
    ...args,
  ]);
}

/** Compiles the tool crate once; cargo knows when it is up to date. */
function bindgenTool() {
  run("cargo", ["build", "--release", "--target-dir", "target", "-p", "bindgen", "--bin", "bindgen"]);
  return at("target/release/bindgen");
}

function compile(flavour) {
  const { features, rustflags, profile } = FLAVOURS[flavour];
  const cargoHome = process.env.CARGO_HOME ?? path.join(os.homedir(), ".cargo");
  // Panic messages name source files: without the machine's own directories, builds are alike everywhere.
  const flags = [...rustflags, `--remap-path-prefix=${cargoHome}=/cargo`, `--remap-path-prefix=${root}=/floo-wasm`];
  const env = { ...process.env, ...profile, CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f") };
  const targetDir = at("target", flavour === "host" ? "wasm-host" : "wasm");
  const cargo = ["cargo", "build", "-p", "floo-wasm", "--lib", "--target", TARGET, "--profile", "wasm"];
  run(
    "bash",
    [at("scripts/wasm-env"), ...cargo, "--target-dir", targetDir, "--no-default-features", "--features", features],
    { env },
  );
  return path.join(targetDir, TARGET, "wasm", `${NAME}.wasm`);
}

/** Throws unless the module keeps to what the flavour's engines can load. */
export function gate(file, flavour) {
  const { allowed, mustBePlain } = FLAVOURS[flavour];
  const bytes = fs.readFileSync(file);
  const problems = [];
  if (!WebAssembly.validate(bytes)) problems.push("is not valid WebAssembly");
  const { types, imports, exports, tables, memories, customSections } = describe(bytes);
  for (const { params, results } of types) {
    if ([...params, ...results].some((type) => !["i32", "i64", "f32", "f64"].includes(type))) {
      problems.push(`has a function type with ${[...params, ...results].join(", ")}`);
    }
    if (results.length > 1) problems.push("has a function with several results");
  }
  for (const { module, name } of imports) {
    if (module !== `./${NAME}_bg.js`) problems.push(`imports ${name} from ${module}: only the glue is allowed`);
  }
  if (tables.length > 1 || tables.some((element) => element !== "funcref")) {
    problems.push(`has the tables ${tables.join(", ")}: one of funcref is allowed`);
  }
  for (const item of mustBePlain ? exports : []) {
    if (item.kind === "global") problems.push(`exports the global ${item.name}`);
    if (item.kind === "function" && [...item.params, ...item.results].includes("i64")) {
      problems.push(`passes a 64-bit integer in ${item.name}`);
    }
  }
  if (mustBePlain && imports.some((item) => item.kind !== "function")) problems.push("imports more than functions");
  if (mustBePlain && (memories.length !== 1 || memories[0].max !== HOST_MEMORY_PAGES)) {
    problems.push(`has memories other than one of at most ${HOST_MEMORY_PAGES} pages`);
  }
  if (customSections.includes("target_features")) problems.push("still has a target_features section");
  try {
    wasmOpt(file, os.devNull, allowed, []);
  } catch (error) {
    problems.push(`does not validate with the features [${allowed.join(", ")}]: ${error.message}`);
  }
  if (problems.length > 0) throw new BuildError(`${file}\n  ${problems.join("\n  ")}`);
}

/** Declarations of the glue module, which wasm-bindgen writes for its wrapper only. */
const GLUE_DECLARATIONS = `export * from "./${NAME}.js";
/** Hands the instance's exports to the glue; once, before anything else is called. */
export function __wbg_set_wasm(exports: WebAssembly.Exports): void;
`;

function build(flavour) {
  const out = freshDirectory(`.work-wasm-${flavour}`);
  const linked = path.join(out, "linked.wasm");
  fs.writeFileSync(linked, dropTargetFeatures(fs.readFileSync(compile(flavour)), UNWANTED_FEATURES));
  run(bindgenTool(), [linked, out, NAME]);
  fs.rmSync(linked);
  const wasm = path.join(out, `${NAME}_bg.wasm`);
  const unoptimised = `${wasm}.bindgen`;
  fs.renameSync(wasm, unoptimised);
  FLAVOURS[flavour].optimise(unoptimised, wasm);
  fs.rmSync(unoptimised);
  fs.writeFileSync(path.join(out, INSIDE), JSON.stringify(inside(fs.readFileSync(wasm))));
  const glue = path.join(out, `${NAME}_bg.js`);
  const source = FLAVOURS[flavour].glue(fs.readFileSync(glue, "utf8"));
  const names = shortNames(source);
  for (const [file, text] of [
    [glue, source],
    [`${wasm}.d.ts`, fs.readFileSync(`${wasm}.d.ts`, "utf8")],
  ]) {
    fs.writeFileSync(file, withShortNames(text, names));
  }
  fs.writeFileSync(
    wasm,
    renameFunctions(dropNames(fs.readFileSync(wasm)), (name) => names.get(name) ?? name),
  );
  gate(wasm, flavour);
  fs.writeFileSync(path.join(out, `${NAME}_bg.d.ts`), GLUE_DECLARATIONS);
  replaceDirectory(out, at("dist/wasm", flavour));
}

const INPUTS = [
  "Cargo.toml",
  "Cargo.lock",
  "build.rs",
  "src",
  "scripts/bindgen",
  "scripts/build/wasm.mjs",
  "scripts/build/binary.mjs",
  "scripts/build/glue.mjs",
  "scripts/build/inside.mjs",
  "scripts/build/common.mjs",
  "package-lock.json",
  "target/wasm-env.sh",
  "target/wasm-env.sh.key",
];

/** Brings dist/wasm/<flavour> up to date. */
export async function buildWasm(flavour) {
  await step(`wasm-${flavour}`, INPUTS, [`dist/wasm/${flavour}/${NAME}_bg.wasm`], () => build(flavour));
}
