// Starts the emulator and one of the demos, prints where they are, and stays until Ctrl-C:
//
//   node scripts/demo.mjs web|miniprogram
//
// Everything must have been built; `make demo` and `make demo-miniprogram` see to that.
import { spawn } from "node:child_process";
import fs from "node:fs";
import readline from "node:readline";
import { at, root } from "./build/common.mjs";
import { serve } from "./static.mjs";

const children = new Set();
let stopping = false;

/** Starts a program and resolves to the URL in the first line it prints. */
function start(name, program, args) {
  const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  children.add(child);
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(new Error(`${name}: ${error.message}`)));
    child.on("exit", (code, signal) => {
      children.delete(child);
      const end = new Error(`${name} ended (${signal ?? `exit code ${code}`})`);
      reject(end);
      if (!stopping) stop(end);
    });
    readline.createInterface({ input: child.stdout }).on("line", (line) => {
      const url = /https?:\/\/\S+/.exec(line)?.[0];
      if (url) resolve(url);
      else console.log(`${name}: ${line}`);
    });
  });
}

/** Ends the children and this process once they are gone. */
function stop(error) {
  stopping = true;
  if (error) console.error(`demo: ${error.message}`);
  const end = () => process.exit(error ? 1 : 0);
  if (children.size === 0) end();
  for (const child of children) {
    child.on("exit", () => children.size === 0 && end());
    child.kill("SIGTERM");
  }
}

const DEMOS = {
  async web(emulator) {
    const { url } = await serve(at("dist/demo-web"), 7701);
    // The page looks for the emulator at its usual port.
    const dns = new URL(emulator).port === "7700" ? "" : `?dns=${encodeURIComponent(`${emulator}/v2/app_dns`)}`;
    return [["web demo", `${url}/${dns}`]];
  },
  async miniprogram(emulator) {
    const host = ["tests/miniprogram/host.mjs", "--port", "7702", "--dns", `${emulator}/v2/app_dns`];
    return [
      ["mini-program", await start("mini-program host", process.execPath, host)],
      ["for DevTools", at("dist/demo-miniprogram")],
    ];
  },
};

const demo = DEMOS[process.argv[2]];
if (!demo) {
  console.error(`usage: node scripts/demo.mjs ${Object.keys(DEMOS).join("|")}`);
  process.exit(2);
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stopping || stop());
try {
  fs.mkdirSync(at(".floo"), { recursive: true });
  const options = ["--data", ".floo/demo.sqlite", "--bots", "echo,assistant"];
  const emulator = await start("emulator", at("dist/emulator/floo-emulator"), options);
  const places = [["emulator", emulator], ...(await demo(emulator))];
  console.log(`
${places.map(([name, place]) => `  ${name.padEnd(14)}${place}`).join("\n")}

  Sign in as amber (password amber-demo) and, in a second window, as basil (basil-demo).
  Ctrl-C stops everything.
`);
} catch (error) {
  stop(error);
}
