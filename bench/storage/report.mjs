// What is kept in the browser: how opening, reading, searching and taking in grow with the number of messages.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import * as esbuild from "esbuild";
import { at, freshDirectory } from "../../scripts/build/common.mjs";
import { browser } from "../../tests/lib/browser.mjs";
import { startEmulator } from "../../tests/lib/emulator.mjs";
import { built } from "../../tests/lib/paths.mjs";
import { serve } from "../../tests/lib/serve.mjs";
import { until } from "../../tests/lib/until.mjs";

const CHATS = 10_000;
const SMALL = 10_000;
const LARGE = Number(process.env.FLOO_BENCH_MESSAGES || 1_000_000);
/** Each is a browser of its own over the same profile. */
const ROUNDS = 5;
/** How much slower the large set may be, and at what. */
const PROMISED = { factor: 2, of: { open: "opening", newest: "the newest page", insert: "taking in" } };
/** How long the filling may take, in milliseconds. */
const PATIENCE = 25 * 60_000;

const FLAGS = ["--enable-precise-memory-info", "--js-flags=--expose-gc"];
const PAGE = `<!doctype html><meta charset="utf-8"><title>bench</title><link rel="icon" href="data:,">
<script type="importmap">{"imports": {"floo-wasm": "/npm/index.js"}}</script>
<script type="module" src="/page.js"></script>`;

async function bundle(out) {
  await esbuild.build({
    entryPoints: [at("bench/storage/page.mjs")],
    outfile: path.join(out, "page.js"),
    bundle: true,
    format: "esm",
    target: "es2022",
    external: ["floo-wasm"],
    logLevel: "error",
  });
  fs.writeFileSync(path.join(out, "index.html"), PAGE);
}

/** Runs an act of the page in a new browser over a profile. */
async function act(profile, url, name, value) {
  const { driver, end } = await browser("chromium", { profile, flags: FLAGS });
  try {
    await driver.get(`${url}/index.html`);
    await until("the page's script", () => driver.executeScript("return window.ready === true"));
    await driver.executeScript("window.bench.start(arguments[0], arguments[1])", name, value);
    let told = Date.now();
    const { value: answer, error } = await until(
      name,
      async () => {
        if (Date.now() - told > 15_000) {
          told = Date.now();
          const progress = await driver.executeScript("return window.progress ?? null");
          if (progress) console.log(`  ${progress.chat} conversations, ${progress.rows} rows`);
        }
        return driver.executeScript("return window.bench.result()");
      },
      { limit: PATIENCE },
    );
    if (error) throw new Error(`${name} has failed: ${error}`);
    return { answer, version: (await driver.getCapabilities()).get("browserVersion") };
  } finally {
    await end();
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Fills a profile with so many messages and measures over it. */
async function measure(total, { dns, url }) {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), "floo-bench-"));
  try {
    const common = { dns, total, chats: CHATS };
    const { answer: me } = await act(profile, url, "login", { dns, username: "amber" });
    const begun = performance.now();
    const { answer: filled, version } = await act(profile, url, "fill", { ...common, me });
    const seconds = (performance.now() - begun) / 1000;
    console.log(`${filled.messages} messages, ${filled.terms} rows of the index in ${seconds.toFixed(0)} s`);
    const rounds = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { answer } = await act(profile, url, "measure", { ...common, me, round });
      console.log(JSON.stringify(answer));
      rounds.push(answer);
    }
    const middle = (name) => median(rounds.flatMap((it) => it[name]));
    const names = ["load", "open", "newest", "jump", "rare", "common", "insert", "wasm", "heap"];
    return { version, seconds, filled, medians: Object.fromEntries(names.map((name) => [name, middle(name)])) };
  } finally {
    fs.rmSync(profile, { recursive: true, force: true });
  }
}

const ROWS = {
  open: "opening, until the first 200 entries of the list are there",
  newest: "newest 50 messages of the large conversation",
  jump: "jump to its middle: `messageAt` and 50 messages",
  rare: "search of a word that 10 messages have",
  common: "search of a word that a third has, the newest 50",
  insert: "taking in a page of 100, until it is durable and confirmed",
};

/** Fills, measures, and gives title and text for the report. */
export async function storage() {
  if (!Number.isInteger(LARGE) || LARGE < SMALL) throw new Error(`FLOO_BENCH_MESSAGES: a number from ${SMALL}`);
  const out = freshDirectory("bench-storage");
  await bundle(out);
  const server = await serve({ "/": out, "/npm/": path.dirname(built("npm", "index.js")) });
  const emulator = await startEmulator();
  let small;
  let large;
  try {
    const where = { dns: emulator.dns, url: server.url };
    small = await measure(SMALL, where);
    large = await measure(LARGE, where);
  } finally {
    await emulator.stop();
    await server.close();
  }
  const short = (value) => value.toFixed(value < 10 ? 1 : 0);
  const factor = (name) => large.medians[name] / small.medians[name];
  const missed = Object.keys(PROMISED.of).filter((name) => factor(name) > PROMISED.factor);
  const rows = Object.entries(ROWS).map(
    ([name, what]) =>
      `| ${what} | ${short(small.medians[name])} | ${short(large.medians[name])} | ${factor(name).toFixed(1)} × |`,
  );
  const size = (what, of) => {
    const [a, b] = [of(small), of(large)].map((bytes) => bytes / 2 ** 20);
    return `| ${what}, MiB | ${short(a)} | ${short(b)} | ${(b / a).toFixed(1)} × |`;
  };
  const sizes = [
    size("memory of the core after opening", (it) => it.medians.wasm),
    size("JavaScript's heap then, after a collection", (it) => it.medians.heap),
    size("the database, as the browser says", (it) => it.filled.bytes),
  ];
  const number = (value) => value.toLocaleString("en");
  const text = `
Chromium ${small.version.split(".")[0]} without a screen, IndexedDB, ${number(CHATS)} conversations, one of which holds 5 % of all messages. Milliseconds,
medians of ${ROUNDS} rounds, each in a new browser over the same profile; of pages taken in there are four a round. "Opening" begins with
\`resume()\` when the core is loaded, which takes ${short(large.medians.load)} ms more. The connection is up while the rest is measured; a page that is
taken in is put into the client's WebSocket, and its time ends when the client writes the receipt.

The rows were written into the database by the bench, in pages of up to 100 as after a time offline: ${number(LARGE)} messages and
${number(large.filled.terms)} rows of the search index in ${large.seconds.toFixed(0)} s. In each run it is checked that the client itself writes the same for a page, byte by
byte. Messages have 2 to 5 of 500 words, every third the common one, every fourth a Chinese phrase.

Promised for ${Object.values(PROMISED.of).join(", ")}: at ${number(LARGE)} within ${PROMISED.factor} × of ${number(SMALL)}.
${missed.length === 0 ? "Kept." : `Missed at ${missed.map((name) => PROMISED.of[name]).join(" and ")}.`}

| | ${number(SMALL)} | ${number(LARGE)} | grows |
|---|---|---|---|
${[...rows, ...sizes].join("\n")}
`;
  return { title: "Storage", text, failed: missed.length > 0 };
}
