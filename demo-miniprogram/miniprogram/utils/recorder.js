/** Records one voice message at a time. The platform has a single recorder for the whole app. */

/** The longest recording that the platform makes unless it is asked for more. */
const LONGEST_MS = 60000;

let manager = null;
/** What the recording under way ends with. */
let settle = null;
/** It runs: before that the platform may ask the user whether the app may record, and takes no `stop`. */
let running = false;
/** Nobody holds the button any more. */
let over = false;

function end(how, value) {
  running = false;
  if (settle) settle[how](value);
  settle = null;
}

function recorder() {
  if (manager === null) {
    manager = wx.getRecorderManager();
    manager.onStart(() => {
      running = true;
      if (over) manager.stop();
    });
    manager.onStop((it) => end("resolve", { path: it.tempFilePath, duration: it.duration / 1000, size: it.fileSize }));
    manager.onError((failure) => end("reject", new Error(failure.errMsg)));
  }
  return manager;
}

/** Begins to record; resolves with `{ path, duration, size }`, seconds and bytes, once `stop` is called or the time is up. */
function record() {
  const own = recorder();
  over = false;
  return new Promise((resolve, reject) => {
    settle = { resolve: resolve, reject: reject };
    own.start({ duration: LONGEST_MS, format: "mp3", sampleRate: 16000, numberOfChannels: 1, encodeBitRate: 48000 });
  });
}

/** Ends the recording, at once when it runs, else as soon as it begins. */
function stop() {
  over = true;
  if (running) recorder().stop();
}

module.exports = { record, stop };
