/**
 * Files in browsers: uploads through XMLHttpRequest, the only one that tells how far it is; downloads through fetch.
 * Where there is no XMLHttpRequest, in Node, fetch uploads too, and only beginning and end are told.
 */
import type { FileSource } from "../client/cloud-types.js";
import type { Transfers } from "../client/files.js";
import { badArgument, failure, textOf } from "../errors.js";

/** The name of the cache that downloads with `cache` are kept in. */
const CACHE = "floo-files";

const isBlob = (file: unknown): file is Blob => {
  const it = file as Partial<Blob> | null | undefined;
  return typeof it === "object" && it !== null && typeof it.size === "number" && typeof it.slice === "function";
};

const unreachable = (why: string): Error =>
  failure("ServerNotReachable", "http", `The file did not get through: ${why}`);

function bodyOf(file: FileSource, fields: Record<string, string>, name: string): FormData {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  form.append("file", file as Blob, name);
  return form;
}

/** The cache, where the page has one: not in Node, not on pages without TLS, not in some private windows. */
async function cacheOf(): Promise<Cache | undefined> {
  if (typeof caches === "undefined") return undefined;
  return caches.open(CACHE).catch(() => undefined);
}

/** The bytes of an answer, and how many have come by now. */
async function blobOf(answer: Response, progress: (loaded: number, total: number) => void): Promise<Blob> {
  const total = Number(answer.headers.get("content-length") ?? 0);
  const reader = answer.body?.getReader();
  if (!reader) return answer.blob();
  const parts: BlobPart[] = [];
  let loaded = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    parts.push(next.value as BlobPart);
    loaded += next.value.length;
    progress(loaded, total);
  }
  return new Blob(parts, { type: answer.headers.get("content-type") ?? "" });
}

/** See `Transfers`. */
export const browserFiles: Transfers = {
  check(file) {
    if (!isBlob(file)) throw badArgument("file", "a Blob or File");
    return { name: (file as File).name || "file" };
  },

  upload: ({ method, url, headers, fields, file, name }, progress, stop) =>
    new Promise((resolve, reject) => {
      const body = method === "PUT" ? (file as Blob) : bodyOf(file, fields, name);
      if (typeof XMLHttpRequest === "undefined") {
        const abort = new AbortController();
        stop(() => abort.abort());
        const { size } = file as Blob;
        progress(0, size);
        fetch(url, { method, headers, body, signal: abort.signal })
          .then(async (answer) => {
            if (answer.ok) progress(size, size);
            resolve({ status: answer.status, body: await answer.text() });
          })
          .catch((thrown) => reject(unreachable(textOf(thrown))));
        return;
      }
      const xhr = new XMLHttpRequest();
      xhr.open(method, url);
      for (const [header, value] of Object.entries(headers)) xhr.setRequestHeader(header, value);
      xhr.upload.onprogress = (event) => progress(event.loaded, event.lengthComputable ? event.total : 0);
      xhr.onload = () => resolve({ status: xhr.status, body: xhr.responseText });
      xhr.onerror = () => reject(unreachable("the connection broke"));
      xhr.onabort = () => reject(unreachable("it was given up"));
      stop(() => xhr.abort());
      xhr.send(body);
    }),

  async download({ url, headers, cache }, progress, stop) {
    const kept = cache ? await cacheOf() : undefined;
    const before = await kept?.match(url);
    if (before) return { status: 200, file: await before.blob() };
    const abort = new AbortController();
    stop(() => abort.abort());
    let answer: Response;
    let file: Blob;
    try {
      answer = await fetch(url, { headers, signal: abort.signal });
      file = await blobOf(answer, progress);
    } catch (thrown) {
      throw unreachable(textOf(thrown));
    }
    // A full cache is no reason to fail: the file is there.
    if (answer.status === 200) await kept?.put(url, new Response(file)).catch(() => undefined);
    return { status: answer.status, file };
  },
};
