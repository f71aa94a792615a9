/** Records one voice message at a time. The platform has a single recorder for the whole app. */

/** The longest recording that the platform makes unless it is asked for more. */
const LONGEST_MS = 60000;

let manager = null;
/** What the recording under way ends with. */
let settle = null;

function recorder() {
  if (manager === null) {
    manager = wx.getRecorderManager();
    manager.onStop((result) => {
      if (settle)
        settle.resolve({ path: result.tempFilePath, duration: result.duration / 1000, size: result.fileSize });
      settle = null;
    });
    manager.onError((failure) => {
      if (settle) settle.reject(new Error(failure.errMsg));
      settle = null;
    });
  }
  return manager;
}

/** Begins to record; resolves with `{ path, duration, size }`, seconds and bytes, once `stop` is called or the time is up. */
function record() {
  const own = recorder();
  return new Promise((resolve, reject) => {
    settle = { resolve: resolve, reject: reject };
    own.start({ duration: LONGEST_MS, format: "mp3", sampleRate: 16000, numberOfChannels: 1, encodeBitRate: 48000 });
  });
}

function stop() {
  if (settle) recorder().stop();
}

module.exports = { record, stop };
