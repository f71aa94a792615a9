/**
 * Files on their way to the cloud. Until one is there, there is no message of it: these rows stand for it. They outlive
 * the page of the chat, not the app.
 */
const { describe } = require("./content");

let jobs = [];
let count = 0;
const listeners = new Set();

const textOf = (key) => key.kind + ":" + key.id;

function changed(job) {
  for (const listener of listeners) listener(job);
}

/** What ends a call: most versions of WeChat have no `AbortController`, and the SDK needs no more of a signal. */
function stopper() {
  const listeners = new Set();
  const signal = {
    aborted: false,
    addEventListener: (_, listener) => listeners.add(listener),
    removeEventListener: (_, listener) => listeners.delete(listener),
  };
  const stop = () => {
    signal.aborted = true;
    for (const listener of [...listeners]) listener();
  };
  return { signal, stop };
}

async function run(job) {
  const { signal, stop } = stopper();
  job.stop = stop;
  job.error = null;
  job.progress = 0;
  changed(job);
  const piece = job.piece;
  try {
    const uploaded = await job.client.files.upload({ path: piece.path }, job.key, {
      kind: piece.kind,
      name: piece.name,
      signal,
      onProgress: (it) => {
        const percent = it.total > 0 ? Math.floor((it.loaded / it.total) * 100) : 0;
        if (percent === job.progress) return;
        job.progress = percent;
        changed(job);
      },
    });
    const attachment = { ...piece.fields, url: uploaded.url, name: piece.name, size: piece.size };
    drop(job);
    job.send({ [piece.kind]: attachment });
  } catch (error) {
    if (signal.aborted) return; // the user has given it up
    job.error = error;
    changed(job);
  }
}

/**
 * Uploads `{ kind, path, name, size, fields }` for a conversation and hands the content to `send` when it is there. What
 * an account that was left has begun goes with it.
 */
function start(client, key, piece, send) {
  count += 1;
  const owner = client.session.userId;
  const job = { id: "upload" + count, owner, client, key, piece, send, progress: 0, error: null };
  jobs = jobs.filter((other) => other.owner === owner).concat(job);
  run(job);
}

/** Takes a job away; what is on its way ends. */
function drop(job) {
  job.stop();
  jobs = jobs.filter((other) => other !== job);
  changed(job);
}

function find(id) {
  return jobs.find((job) => job.id === id);
}

/** The jobs of `owner` in a conversation as rows for the view; `card` is `{ name, avatar }` of that user. */
function rows(owner, key, card) {
  const own = jobs.filter((job) => job.owner === owner && textOf(job.key) === textOf(key));
  return own.map((job) => {
    const attachment = { url: job.piece.path, thumbnailUrl: "", width: 0, height: 0, duration: 0, ...job.piece.fields };
    const shown = {
      text: "",
      attachment: { ...attachment, type: job.piece.kind, name: job.piece.name, size: job.piece.size },
    };
    const failed = job.error !== null;
    return {
      key: job.id,
      anchor: job.id,
      time: "",
      note: "",
      body: describe(shown, () => card),
      edited: false,
      mine: true,
      status: failed ? "failed" : "uploading",
      mark: failed ? "failed" : "uploading",
      progress: job.progress + "%",
      unplayed: false,
      found: false,
      from: owner,
      name: card.name,
      avatar: card.avatar,
    };
  });
}

/** Hears of each change until the returned function is called. */
function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

module.exports = { start, run, drop, find, rows, subscribe };
