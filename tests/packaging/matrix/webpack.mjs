// Builds an entry with the webpack of this directory, 4 or 5, as `mode: "production"` has it.
import { createRequire } from "node:module";
import path from "node:path";

const webpack = createRequire(path.join(process.cwd(), "package.json"))("webpack");
const output = { path: path.resolve("dist"), filename: "main.js" };
webpack({ mode: "production", entry: `./${process.argv[2]}`, output, performance: false }, (failure, stats) => {
  if (!failure && !stats.hasErrors()) return;
  console.error(failure ?? stats.toString({ all: false, errors: true }));
  process.exitCode = 1;
});
