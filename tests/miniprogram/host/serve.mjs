// A static file server for one directory, on the loopback interface.
import fs from "node:fs";
import http from "node:http";
import path from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
};

function answer(root, request, response) {
  let name;
  try {
    name = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
  } catch {
    response.writeHead(400).end("bad address");
    return;
  }
  const file = path.join(root, name.endsWith("/") ? `${name}index.html` : name);
  if (!file.startsWith(root + path.sep)) {
    response.writeHead(403).end("outside of the directory");
    return;
  }
  fs.readFile(file, (error, content) => {
    if (error) {
      response.writeHead(404).end("not found");
      return;
    }
    const type = TYPES[path.extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type, "cache-control": "no-store" }).end(content);
  });
}

/**
 * Serves `dir` on 127.0.0.1. With `port` taken and `orNext` given, the next free port is used; port 0
 * is any. Resolves with the address and a function that stops the server.
 */
export function serve(dir, { port = 0, orNext = false } = {}) {
  const root = path.resolve(dir);
  const server = http.createServer((request, response) => answer(root, request, response));
  return new Promise((resolve, reject) => {
    let at = port;
    server.on("error", (error) => {
      if (error.code === "EADDRINUSE" && orNext && at < port + 50) server.listen(++at, "127.0.0.1");
      else reject(error);
    });
    server.on("listening", () => {
      const close = () =>
        new Promise((done) => {
          server.close(done);
          server.closeAllConnections();
        });
      resolve({ url: `http://127.0.0.1:${server.address().port}`, close });
    });
    server.listen(at, "127.0.0.1");
  });
}
