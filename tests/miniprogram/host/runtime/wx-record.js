// The recorder of `wx`: one for the whole app. What it records is silence, as long as it was held.

const RATE = 8000;
const LONGEST_MS = 600_000;
const FORMATS = ["mp3", "aac", "wav", "PCM"];

/** A WAV file of silence: 8-bit, one channel. Browsers look at the bytes, not at the name. */
function silence(ms) {
  const samples = Math.max(1, Math.round((ms * RATE) / 1000));
  const file = new DataView(new ArrayBuffer(44 + samples));
  const text = (at, letters) => {
    for (let i = 0; i < letters.length; i++) file.setUint8(at + i, letters.charCodeAt(i));
  };
  text(0, "RIFF");
  file.setUint32(4, 36 + samples, true);
  text(8, "WAVEfmt ");
  file.setUint32(16, 16, true);
  file.setUint16(20, 1, true);
  file.setUint16(22, 1, true);
  file.setUint32(24, RATE, true);
  file.setUint32(28, RATE, true);
  file.setUint16(32, 1, true);
  file.setUint16(34, 8, true);
  text(36, "data");
  file.setUint32(40, samples, true);
  new Uint8Array(file.buffer).fill(0x80, 44);
  return file.buffer;
}

export function createRecorder({ device }, files) {
  const listeners = { start: [], stop: [], error: [] };
  const emit = (event, value) =>
    setTimeout(() =>
      device.deliver(() => {
        for (const listener of listeners[event]) listener(value);
      }),
    );
  let running = null;
  const stop = () => {
    if (running === null) return emit("error", { errMsg: "operateRecorder:fail recorder not start" });
    clearTimeout(running.timer);
    const duration = performance.now() - running.began;
    const bytes = silence(duration);
    const tempFilePath = files.keep(bytes, `voice.${running.format}`);
    running = null;
    emit("stop", { tempFilePath, duration, fileSize: bytes.byteLength });
  };
  const manager = {
    start({ duration = 60_000, format = "aac" } = {}) {
      if (running !== null) return emit("error", { errMsg: "operateRecorder:fail is recording or paused" });
      const refusal = device.refused.get("operateRecorder");
      if (refusal !== undefined) return emit("error", { errMsg: `operateRecorder:fail ${refusal}` });
      if (!(duration > 0 && duration <= LONGEST_MS) || !FORMATS.includes(format))
        return emit("error", { errMsg: "operateRecorder:fail parameter error" });
      running = { began: performance.now(), format, timer: setTimeout(stop, duration) };
      emit("start", {});
    },
    stop,
    onStart: (listener) => listeners.start.push(listener),
    onStop: (listener) => listeners.stop.push(listener),
    onError: (listener) => listeners.error.push(listener),
  };
  return { getRecorderManager: () => manager };
}
