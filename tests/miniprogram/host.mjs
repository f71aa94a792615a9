// Shows the mini-program demo in a browser:  node tests/miniprogram/host.mjs [--port 7702] [--dns URL] [--project DIR]
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildHost } from "./host/build.mjs";
import { serve } from "./host/serve.mjs";

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

let options;
try {
  options = parseArgs({
    options: {
      port: { type: "string", default: "7702" },
      dns: { type: "string", default: "" },
      project: { type: "string", default: path.join(repository, "dist/demo-miniprogram") },
      out: { type: "string", default: path.join(repository, "dist/miniprogram-host") },
    },
  }).values;
} catch (error) {
  fail(`${error.message}\nusage: node tests/miniprogram/host.mjs [--port N] [--dns URL] [--project DIR] [--out DIR]`);
}
const port = Number(options.port);
if (options.port.trim() === "" || !Number.isInteger(port) || port < 0 || port > 65535)
  fail(`--port: "${options.port}" is not a port number`);

try {
  buildHost(options.project, options.out);
} catch (error) {
  fail(error.message);
}
const server = await serve(options.out, { port, orNext: port !== 0 }).catch((error) => fail(error.message));
const query = options.dns === "" ? "" : `?dns=${encodeURIComponent(options.dns)}`;
process.stdout.write(`mini-program host listening on ${server.url}/${query}\n`);
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, async () => {
    await server.close();
    process.exit(0);
  });
}
