// Runs in Node and in browsers: checks that all ways give the same, then measures them beside each other.
import { instantiate } from "../../js/load/standard.ts";
import { readMessages } from "../../js/tape.ts";
import { existing } from "./existing.mjs";
import { ME, pages } from "./pages.mjs";
import { statically } from "./static.mjs";

const ROUNDS = 31;
/** Long enough for clocks that tell milliseconds only, short enough that neighbours disturb all three ways alike. */
const BATCH_MS = 20;
const WARM_UP_MS = 400;

/** An object of the existing SDK, as far as it says the same as one of ours. */
const fromExisting = (m) => ({
  id: m.id,
  from: m.from,
  conversation: { kind: m.toType, id: m.to },
  type: m.type,
  text: m.content,
  ext: m.ext === "null" ? "" : m.ext,
  timestamp: Number(m.timestamp),
  editedAt: Number(m.editTimestamp),
  attachment: m.attach ?? null,
  config: m.config ?? null,
});

const fromOurs = (m) => ({
  id: m.id,
  from: m.from,
  conversation: m.conversation,
  type: m.type,
  text: m.text,
  ext: m.ext,
  timestamp: m.timestamp,
  editedAt: m.editedAt,
  attachment: m.attachment?.raw ?? null,
  config: m.config,
});

/** With names in order, because only what objects hold is compared. */
const ordered = (value) =>
  JSON.stringify(value, (_, it) =>
    it && typeof it === "object" && !Array.isArray(it)
      ? Object.fromEntries(Object.entries(it).sort(([a], [b]) => (a < b ? -1 : 1)))
      : it,
  );

function same(name, one, other) {
  const [a, b] = [ordered(one), ordered(other)];
  if (a !== b) throw new Error(`${name} differ:\n${a.slice(0, 3000)}\n${b.slice(0, 3000)}`);
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

let sink = 0;

/** Microseconds that one call takes, by calls enough to fill a batch. */
function time(act, bytes, count) {
  const start = performance.now();
  for (let n = 0; n < count; n++) sink += act(bytes).length;
  return ((performance.now() - start) * 1000) / count;
}

/** Calls until the engine has seen enough; answers how many fill a batch. */
function warmUp(act, bytes) {
  let count = 1;
  for (let spent = 0; spent < WARM_UP_MS; ) {
    const took = time(act, bytes, count) * count;
    spent += took / 1000;
    if (took < BATCH_MS * 1000) count *= 2;
  }
  return count;
}

/** For each `page` its bytes, `us` a way, and how many times `faster` the SDK is than the other two: medians. `wasm` is the binary of the bench flavour. */
export async function measure(wasm) {
  const { Bench } = await instantiate(() => wasm);
  const bench = new Bench(ME);
  const sdk = (bytes) => readMessages(bench.page(bytes));
  const ways = { existing, static: statically, sdk };
  const results = [];
  for (const [page, bytes] of Object.entries(pages())) {
    const ours = sdk(bytes);
    same(`${page}: the SDK's and the static code's messages`, ours, statically(bytes));
    same(`${page}: the SDK's and the existing SDK's messages`, ours.map(fromOurs), existing(bytes).map(fromExisting));
    const counts = Object.fromEntries(Object.entries(ways).map(([name, act]) => [name, warmUp(act, bytes)]));
    const samples = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, act] of Object.entries(ways)) samples[name].push(time(act, bytes, counts[name]));
    }
    // Of each round by itself: a machine that is slow for a while is so for all three.
    const times = (name) => median(samples[name].map((us, round) => us / samples.sdk[round]));
    const medians = Object.entries(samples).map(([name, list]) => [name, median(list)]);
    results.push({
      page,
      bytes: bytes.length,
      us: Object.fromEntries(medians),
      faster: { existing: times("existing"), static: times("static") },
    });
  }
  if (sink === 0) throw new Error("nothing was read");
  return results;
}
