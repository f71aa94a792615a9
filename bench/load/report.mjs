// The load test of the emulator: main.rs against the release build.
const TARGET = "target";

/** Messages in a second; the first is what is promised, the other shows what is left above it. */
const RATES = [
  { rate: 1000, seconds: 30 },
  { rate: 3000, seconds: 10 },
];

const ms = ({ p50, p95, p99, max }) => [p50, p95, p99, max].map((value) => value.toFixed(1)).join(" | ");

/** Builds, measures, and gives title and text for the report. */
export function load(run) {
  const build = run(
    ...["cargo", "build", "--release", "--target-dir", TARGET, "-p", "floo-emulator"],
    ...["--bin", "floo-emulator", "--example", "load"],
  );
  if (!build.ok) throw new Error("the load test could not be built");
  let failed = false;
  const results = RATES.map(({ rate, seconds }) => {
    const args = [`${TARGET}/release/floo-emulator`, "--rate", String(rate), "--seconds", String(seconds)];
    const { ok, output } = run(`${TARGET}/release/examples/load`, ...args);
    failed ||= !ok;
    if (!output) throw new Error("the load test ended without a result");
    return JSON.parse(output);
  });
  const row = (r) =>
    `| ${r.rate} | ${r.seconds} | ${r.delivered} of ${r.messages} | ${r.errors} | ${ms(r.ack_ms)} | ` +
    `${r.delivery_ms.p50.toFixed(1)} | ${r.delivery_ms.p99.toFixed(1)} | ${r.emulator_cpu_percent} | ${r.emulator_peak_mib} |`;
  const text = `
${results[0].clients} clients on raw WebSockets write to each other through the emulator, which keeps everything in its SQLite
file. Every message is sent, acknowledged, announced, pulled and confirmed. Times are milliseconds from when a message
was due until its ack was there, and until the receiver had it; 100 % is one core, which the clients also need
(${results[0].clients_cpu_percent} % at ${results[0].rate} a second).

| messages/s | s | delivered | errors | ack p50 | p95 | p99 | max | delivery p50 | p99 | CPU % | MiB |
|---|---|---|---|---|---|---|---|---|---|---|---|
${results.map(row).join("\n")}
`;
  return { title: "Load on the emulator", text, failed };
}
