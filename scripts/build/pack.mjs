// Bytes as an ASCII string that compresses nearly as well as the bytes; js/load/inline.ts unpacks it.

// Printable ASCII without what a string, template or HTML script would have to escape.
const ALPHABET = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i))
  .filter((char) => !"\"'`\\$<".includes(char))
  .join("");
// Characters that begin a pair; two suffice for 256 byte values.
const ESCAPES = 2;

/** `{alphabet, escapes, order, text, length}` as declared in js/load/inline-wasm.d.ts. */
export function pack(bytes) {
  const counts = new Array(256).fill(0);
  for (const byte of bytes) counts[byte] += 1;
  const byFrequency = Array.from({ length: 256 }, (_, byte) => byte).sort((a, b) => counts[b] - counts[a] || a - b);
  const singles = ALPHABET.length - ESCAPES;
  const codes = [];
  byFrequency.forEach((byte, rank) => {
    const pair = rank - singles;
    codes[byte] =
      pair < 0
        ? ALPHABET[ESCAPES + rank]
        : ALPHABET[Math.floor(pair / ALPHABET.length)] + ALPHABET[pair % ALPHABET.length];
  });
  let text = "";
  for (const byte of bytes) text += codes[byte];
  const order = Buffer.from(byFrequency).toString("hex");
  return { alphabet: ALPHABET, escapes: ESCAPES, order, text, length: bytes.length };
}
