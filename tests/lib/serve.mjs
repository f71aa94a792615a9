// A static file server for pages under test.
import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** The file that a path of a URL stands for; undefined when there is none in the served directories. */
function find(mounts, pathname) {
  const [prefix, directory] = mounts.find(([mounted]) => pathname.startsWith(mounted)) ?? [];
  if (prefix === undefined) return undefined;
  const wanted = path.join(directory, decodeURIComponent(pathname.slice(prefix.length)) || "index.html");
  if (!wanted.startsWith(directory + path.sep) || !fs.existsSync(wanted)) return undefined;
  return fs.statSync(wanted).isFile() ? wanted : undefined;
}

/**
 * Serves directories on a free port: `mounts` is a directory, or `{"/path/": directory}`. `types`
 * replaces content types by extension, `csp` is sent as Content-Security-Policy, `changed(name, bytes)`
 * may answer other bytes for a file. Resolves to `{url, close}`.
 */
export async function serve(mounts, { csp, types = {}, changed = (_, bytes) => bytes } = {}) {
  const list = Object.entries(typeof mounts === "string" ? { "/": mounts } : mounts)
    .map(([prefix, directory]) => [prefix, path.resolve(directory)])
    .sort(([a], [b]) => b.length - a.length);
  const server = http.createServer((request, response) => {
    const file = find(list, new URL(request.url, "http://localhost").pathname);
    if (file === undefined) return response.writeHead(404, { "content-type": "text/plain" }).end("not found");
    const type = { ...TYPES, ...types }[path.extname(file)] ?? "application/octet-stream";
    const headers = { "content-type": type, "cache-control": "no-store" };
    if (csp !== undefined) headers["content-security-policy"] = csp;
    response.writeHead(200, headers).end(changed(path.basename(file), fs.readFileSync(file)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
