// Run with Node and the script to bundle; through the API, because the program is one of Node only until npm has run its script.
import { argv } from "node:process";
import { build } from "esbuild";

await build({ entryPoints: [argv[2]], bundle: true, minify: true, format: "esm", outdir: "dist" });
