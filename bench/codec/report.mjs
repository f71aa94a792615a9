// The receive path, from the bytes of a frame to plain objects, in Node and two browsers.
import fs from "node:fs";
import path from "node:path";
import * as esbuild from "esbuild";
import { alone, at, run as build, freshDirectory } from "../../scripts/build/common.mjs";
import { glueFactory } from "../../scripts/build/glue.mjs";
import { buildWasm, NAME } from "../../scripts/build/wasm.mjs";

const SCHEMA = "src/core/proto/xsync.proto";
const PAGE = '<!doctype html><meta charset="utf-8"><title>bench</title>';
const ENGINES = ["chromium", "firefox"];

/** What is promised, at which page, in browsers: how many times faster than which way. */
const PROMISED = { page: "100 messages", existing: 6, static: 2 };

async function bundle(out) {
  const code = path.join(out, "static.js");
  const pbjs = ["-t", "static-module", "-w", "esm", "--keep-case", "--force-long", "--no-comments", "-o", code, SCHEMA];
  build(process.execPath, [at("node_modules/protobufjs-cli/bin/pbjs"), ...pbjs]);
  const glue = path.join(out, "glue.js");
  fs.writeFileSync(glue, glueFactory(fs.readFileSync(at("dist/wasm/bench", `${NAME}_bg.js`), "utf8")));
  await esbuild.build({
    entryPoints: [at("bench/codec/measure.mjs")],
    outfile: path.join(out, "measure.js"),
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2020",
    loader: { ".proto": "text" },
    alias: { "#glue": glue, "#static": code },
    logLevel: "error",
  });
  fs.copyFileSync(at("dist/wasm/bench", `${NAME}_bg.wasm`), path.join(out, "bench.wasm"));
  fs.writeFileSync(path.join(out, "index.html"), PAGE);
}

function inNode(run, out) {
  const script = `
    import { readFileSync } from "node:fs";
    import { measure } from ${JSON.stringify(path.join(out, "measure.js"))};
    console.log(JSON.stringify(await measure(readFileSync(${JSON.stringify(path.join(out, "bench.wasm"))}))));`;
  const { ok, output } = run(process.execPath, "--input-type=module", "-e", script);
  if (!ok) throw new Error("the bench has failed in Node");
  return JSON.parse(output);
}

/** In the page: measures and answers what came out, or what was thrown. */
const IN_PAGE = `
  const done = arguments[arguments.length - 1];
  Promise.all([import("/measure.js"), fetch("/bench.wasm").then((it) => it.arrayBuffer())])
    .then(([{ measure }, wasm]) => measure(wasm))
    .then((results) => done({ results }), (error) => done({ error: String(error?.stack ?? error) }));`;

async function inBrowser(engine, out) {
  // Not at the top: the other parts do without browsers.
  const { browser } = await import("../../tests/lib/browser.mjs");
  const { serve } = await import("../../tests/lib/serve.mjs");
  const server = await serve(out);
  const { driver, end } = await browser(engine);
  try {
    const version = (await driver.getCapabilities()).get("browserVersion");
    await driver.get(`${server.url}/index.html`);
    const { results, error } = await driver.executeAsyncScript(IN_PAGE);
    if (error) throw new Error(`the bench has failed in ${engine}: ${error}`);
    return { version, results };
  } finally {
    await end();
    await server.close();
  }
}

const short = (value) => value.toFixed(value < 10 ? 1 : 0);

/** Builds, measures, and gives title and text for the report. */
export async function codec(run) {
  await alone(() => buildWasm("bench"));
  const out = freshDirectory("bench");
  await bundle(out);
  const measured = { [`Node ${process.versions.node.split(".")[0]}`]: inNode(run, out) };
  const missed = [];
  for (const engine of ENGINES) {
    const { version, results } = await inBrowser(engine, out);
    measured[`${engine[0].toUpperCase()}${engine.slice(1)} ${version.split(".")[0]}`] = results;
    const { faster } = results.find(({ page }) => page === PROMISED.page);
    if (faster.existing < PROMISED.existing || faster.static < PROMISED.static) missed.push(engine);
  }
  const rows = Object.entries(measured).flatMap(([engine, results]) =>
    results.map(
      ({ page, bytes, us, faster }) =>
        `| ${engine} | ${page} | ${bytes} | ${short(us.existing)} | ${short(us.static)} | **${short(us.sdk)}** | ` +
        `${faster.existing.toFixed(1)} × | ${faster.static.toFixed(1)} × |`,
    ),
  );
  const text = `
From the bytes of a frame to plain objects, in microseconds a page, and how many times faster the SDK is: medians of 31
rounds in which the three ways take turns, after their results were compared.

- *Existing*: the way and the versions of the existing SDK: protobufjs 6 by reflection, \`Long\`, \`JSON.parse\` of every
  attachment and json-bigint for every config, empty ones included, which throws. Gives that SDK's objects of 13 to 15 fields.
- *Static*: what protobufjs-cli 2 generates for protobufjs 8, \`Long\`, and a careful conversion to the same objects as the SDK's.
- *SDK*: decoding, sorting and showing by the core's own code in WebAssembly, the tape, and \`js/tape.ts\`: 26 fields.

The store is left out for all three, and so is what a session does to be sure that nothing is lost. Six messages of ten are
Chinese, three English, one is a picture; every fourth has a config of 190 bytes, every fifth an \`ext\`; ids are beyond 2^53.
In the page with config and ext, both are in every message, and parsing JSON is most of the work, which no way of decoding can
take away. The long texts are Chinese, three bytes a character.

Promised for 100 messages in both browsers: ${PROMISED.existing} times faster than the existing SDK, ${PROMISED.static} times faster than static
code. ${missed.length === 0 ? "Kept." : `Missed in ${missed.join(" and ")}.`}

| engine | page | bytes | existing | static | SDK | than existing | than static |
|---|---|---|---|---|---|---|---|
${rows.join("\n")}
`;
  return { title: "Receive path", text, failed: missed.length > 0 };
}
