// A static file server for built pages on this machine:  node scripts/static.mjs <directory> [port]
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { pathToFileURL } from "node:url";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

/** The file for a request path, or undefined: nothing outside of `directory` is served. */
function fileFor(directory, url) {
  let name;
  try {
    name = decodeURIComponent(new URL(url, "http://localhost").pathname);
  } catch {
    return undefined; // not a path, or broken percent-encoding
  }
  if (name.includes("\0")) return undefined;
  const file = path.join(directory, name.endsWith("/") ? `${name}index.html` : name);
  if (!file.startsWith(directory + path.sep)) return undefined;
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ? file : undefined;
}

function answer(directory, request, response) {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
    return;
  }
  const file = fileFor(directory, request.url);
  if (file === undefined) {
    response.writeHead(404, { "content-type": "text/plain; charset=utf-8" }).end("not found\n");
    return;
  }
  const bytes = fs.readFileSync(file);
  response.writeHead(200, {
    "content-type": TYPES[path.extname(file)] ?? "application/octet-stream",
    "content-length": bytes.length,
    // Builds replace these files.
    "cache-control": "no-cache",
  });
  response.end(request.method === "HEAD" ? undefined : bytes);
}

function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/**
 * Serves `directory` on 127.0.0.1 at `port`, or the next free one when it is taken; 0 is any. Resolves
 * to `{url, close}`.
 */
export async function serve(directory, port) {
  const root = path.resolve(directory);
  const server = http.createServer((request, response) => answer(root, request, response));
  const last = port === 0 ? 0 : port + 20;
  for (let attempt = port; ; attempt++) {
    try {
      await listen(server, attempt);
      break;
    } catch (error) {
      if (error.code !== "EADDRINUSE" || attempt >= last) throw error;
    }
  }
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [directory, port = "7701"] = process.argv.slice(2);
  if (directory === undefined || !/^\d{1,5}$/.test(port)) {
    console.error("usage: node scripts/static.mjs <directory> [port]");
    process.exit(2);
  }
  console.log(`serving ${directory} on ${(await serve(directory, Number(port))).url}`);
}
