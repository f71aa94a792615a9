// A sound that a browser can play, made here because tests have no files from elsewhere.

const RATE = 8000;

/** A WAV file of half a second of silence: 8-bit, one channel. */
export function silence() {
  const samples = RATE / 2;
  const file = Buffer.alloc(44 + samples, 0x80);
  file.write("RIFF", 0);
  file.writeUInt32LE(36 + samples, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  for (const [at, value] of [
    [20, 1],
    [22, 1],
    [32, 1],
    [34, 8],
  ])
    file.writeUInt16LE(value, at);
  file.writeUInt32LE(RATE, 24);
  file.writeUInt32LE(RATE, 28);
  file.write("data", 36);
  file.writeUInt32LE(samples, 40);
  return file;
}
