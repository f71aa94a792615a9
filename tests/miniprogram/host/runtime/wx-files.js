// The file system of `wx` in memory, and what moves files over the network.
import { layer } from "./layer.js";
import { makeApi } from "./wx-call.js";

const USER = "wxfile://usr/";

/** What the platform makes of the end of a name. */
const TYPES = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  mp4: "video/mp4",
  mp3: "audio/mpeg",
  pdf: "application/pdf",
};
const typeOf = (name) => TYPES[name.split(".").at(-1).toLowerCase()] ?? "application/octet-stream";

/** Uploads as the platform makes them: a form with the fields first and the file last. */
function uploadFile({ device, real }, files) {
  return ({ url, filePath, name, header, formData }, ok, fail) => {
    const listeners = [];
    const bytes = files.get(filePath);
    const xhr = new real.XMLHttpRequest();
    const task = {
      onProgressUpdate: (listener) => listeners.push(listener),
      abort: () => xhr.abort(),
    };
    const problem = device.unreachable ?? (bytes === undefined ? `file doesn't exist: ${filePath}` : null);
    if (problem) {
      fail(problem);
      return task;
    }
    const form = new FormData();
    for (const [field, value] of Object.entries(formData ?? {})) form.append(field, value);
    const fileName = filePath.slice(filePath.lastIndexOf("/") + 1);
    form.append(name, new Blob([bytes], { type: typeOf(fileName) }), fileName);
    xhr.open("POST", url);
    for (const [key, value] of Object.entries(header ?? {})) xhr.setRequestHeader(key, value);
    xhr.upload.onprogress = ({ loaded, total }) =>
      device.deliver(() => {
        const progress = Math.floor((loaded / total) * 100);
        for (const listener of listeners)
          listener({ progress, totalBytesSent: loaded, totalBytesExpectedToSend: total });
      });
    xhr.onload = () => ok({ statusCode: xhr.status, data: xhr.responseText });
    xhr.onerror = () => fail("network error");
    xhr.onabort = () => fail("abort");
    xhr.send(form);
    return task;
  };
}

function downloadFile({ device, real }, files) {
  return ({ url, header }, ok, fail) => {
    const listeners = [];
    const xhr = new real.XMLHttpRequest();
    const task = {
      onProgressUpdate: (listener) => listeners.push(listener),
      abort: () => xhr.abort(),
    };
    if (device.unreachable) {
      fail(device.unreachable);
      return task;
    }
    xhr.open("GET", url);
    xhr.responseType = "arraybuffer";
    for (const [key, value] of Object.entries(header ?? {})) xhr.setRequestHeader(key, value);
    xhr.onprogress = ({ loaded, total }) =>
      device.deliver(() => {
        const progress = Math.floor((loaded / total) * 100);
        for (const listener of listeners)
          listener({ progress, totalBytesWritten: loaded, totalBytesExpectedToWrite: total });
      });
    xhr.onload = () => {
      const tempFilePath = files.keep(xhr.response, "download");
      ok({ statusCode: xhr.status, tempFilePath });
    };
    xhr.onerror = () => fail("network error");
    xhr.onabort = () => fail("abort");
    xhr.send();
    return task;
  };
}

/** The files part of `wx`. Only what lies in the user's directory can be written. */
export function createFiles(context, screen, files) {
  const api = (name, work, options) => makeApi(context, name, work, options);
  const manager = {
    writeFile: api("writeFile", ({ filePath, data }, ok, fail) => {
      if (typeof filePath !== "string" || !filePath.startsWith(USER))
        return fail(`permission denied, open ${filePath}`);
      if (!(data instanceof context.real.ArrayBuffer)) return fail("data must be an ArrayBuffer");
      files.set(filePath, data);
      ok({});
    }),
    readFile: api("readFile", ({ filePath }, ok, fail) => {
      const data = files.get(filePath);
      if (data === undefined) return fail(`no such file or directory, open ${filePath}`);
      ok({ data: data.slice(0) });
    }),
  };
  return {
    getFileSystemManager: () => manager,
    openDocument: api("openDocument", ({ filePath, fileType }, ok, fail) => {
      if (files.get(filePath) === undefined) return fail(`file doesn't exist: ${filePath}`);
      if (!/^(docx?|xlsx?|pptx?|pdf)$/.test(fileType ?? filePath.split(".").at(-1)))
        return fail("filetype not supported");
      layer(screen, "document", filePath.slice(filePath.lastIndexOf("/") + 1));
      ok({});
    }),
    uploadFile: api("uploadFile", uploadFile(context, files), { task: true }),
    downloadFile: api("downloadFile", downloadFile(context, files), { task: true }),
  };
}
