// Files of a mini-program up to the cloud and down again.
const { createClient } = require("floo-wasm");

const client = {};

function bytes(size) {
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + 1, 2654435761);
  return words.buffer.slice(0, size);
}

const written = (filePath, data) =>
  wx
    .getFileSystemManager()
    .writeFile({ filePath, data })
    .then(() => filePath);

/** A signal where there is no AbortController; `AbortSignal` is asked for in its form only. */
function stopper() {
  const listeners = [];
  const signal = {
    aborted: false,
    addEventListener: (_, listener) => listeners.push(listener),
    removeEventListener: (_, listener) => listeners.splice(listeners.indexOf(listener), 1),
  };
  const abort = () => {
    signal.aborted = true;
    for (const listener of listeners.slice()) listener();
  };
  return { signal, abort };
}

async function same(file, size) {
  const { data } = await wx.getFileSystemManager().readFile({ filePath: file.path });
  const got = new Uint8Array(data);
  const want = new Uint8Array(bytes(size));
  return got.length === want.length && got.every((byte, index) => byte === want[index]);
}

Page({
  async enter(dns) {
    client.now = createClient({ appId: "floo-demo", servers: { dns }, storage: "memory" });
    const { userId } = await client.now.login({ username: "amber", password: "amber-demo" });
    return userId;
  },
  async trip(to, size) {
    const path = await written("wxfile://usr/a.bin", bytes(size));
    const progress = [];
    const { url } = await client.now.files.upload({ path }, { user: to }, { onProgress: (it) => progress.push(it) });
    return { same: await same(await client.now.files.download(url), size), loaded: progress.length > 0 };
  },
  async givenUp(to, size) {
    const path = await written("wxfile://usr/b.bin", bytes(size));
    const up = stopper();
    const code = await client.now.files
      .upload({ path }, { user: to }, { signal: up.signal, onProgress: up.abort })
      .catch((error) => error.code);
    const { url } = await client.now.files.upload({ path }, { user: to });
    const down = stopper();
    const again = await client.now.files
      .download(url, { signal: down.signal, onProgress: down.abort })
      .catch((error) => error.code);
    return { up: code, down: again, same: await same(await client.now.files.download(url), size) };
  },
  async refused(to) {
    const codes = [];
    for (const file of [{ path: "wxfile://usr/none" }, { path: "" }, new Uint8Array(3)]) {
      codes.push(await client.now.files.upload(file, { user: to }).catch((error) => error.code));
    }
    return codes;
  },
});
