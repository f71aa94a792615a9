// Bundles TypeScript sources for a unit test and imports the result.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The exports of all `files` (paths from the root of the project), in one bundle: classes are shared. */
export async function sources(...files) {
  const folder = await mkdtemp(join(tmpdir(), "floo-js-"));
  try {
    const outfile = join(folder, "bundle.mjs");
    const contents = files.map((file) => `export * from ${JSON.stringify(`./${file}`)};`).join("\n");
    await build({
      stdin: { contents, resolveDir: root, loader: "ts" },
      bundle: true,
      format: "esm",
      target: "es2018",
      outfile,
      logLevel: "error",
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
