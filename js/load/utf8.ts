/**
 * UTF-8 for hosts without TextEncoder and TextDecoder (WeChat on phones). The mini-program build
 * puts the two exports where wasm-bindgen's glue says `TextEncoder` and `TextDecoder`.
 */

/** The part of `TextEncoder` that the glue uses. */
export class Utf8Encoder {
  /** Lone surrogates become U+FFFD. */
  encode(text = ""): Uint8Array {
    // A UTF-16 unit needs at most three bytes.
    const bytes = new Uint8Array(text.length * 3);
    let length = 0;
    for (let i = 0; i < text.length; i++) {
      let code = text.charCodeAt(i);
      if (code >= 0xd800 && code < 0xe000) {
        const low = text.charCodeAt(i + 1);
        if (code < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
          code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
          i++;
        } else {
          code = 0xfffd;
        }
      }
      if (code < 0x80) {
        bytes[length++] = code;
        continue;
      }
      if (code < 0x800) {
        bytes[length++] = 0xc0 | (code >> 6);
      } else {
        if (code < 0x10000) {
          bytes[length++] = 0xe0 | (code >> 12);
        } else {
          bytes[length++] = 0xf0 | (code >> 18);
          bytes[length++] = 0x80 | ((code >> 12) & 0x3f);
        }
        bytes[length++] = 0x80 | ((code >> 6) & 0x3f);
      }
      bytes[length++] = 0x80 | (code & 0x3f);
    }
    return bytes.slice(0, length);
  }
}

/** `String.fromCharCode` takes its units as arguments: keep well below any engine's limit. */
const CHUNK = 8192;

/** The part of `TextDecoder` that the glue uses: whole inputs, a byte order mark is kept. */
export class Utf8Decoder {
  /** Malformed parts become U+FFFD, as the Encoding standard has it. */
  decode(bytes?: Uint8Array): string {
    if (bytes === undefined) return "";
    let text = "";
    let units: number[] = [];
    for (let i = 0; i < bytes.length; ) {
      const first = bytes[i++] as number;
      let code = first;
      if (first >= 0x80) {
        // How many bytes follow, and the range of the first of them: no overlong forms, surrogates or beyond U+10FFFF.
        let more = first < 0xc2 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : 0;
        let low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
        let high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
        code = more === 0 ? 0xfffd : first & (0x3f >> more);
        for (; more > 0; more--) {
          const next = bytes[i];
          if (next === undefined || next < low || next > high) {
            code = 0xfffd;
            break;
          }
          code = (code << 6) | (next & 0x3f);
          low = 0x80;
          high = 0xbf;
          i++;
        }
      }
      if (code < 0x10000) {
        units.push(code);
      } else {
        units.push(0xd800 + ((code - 0x10000) >> 10), 0xdc00 + (code & 0x3ff));
      }
      if (units.length >= CHUNK) {
        text += String.fromCharCode.apply(null, units);
        units = [];
      }
    }
    return text + String.fromCharCode.apply(null, units);
  }
}

const Encoder = typeof TextEncoder === "function" ? TextEncoder : Utf8Encoder;
const Decoder = typeof TextDecoder === "function" ? TextDecoder : Utf8Decoder;

export { Decoder as TextDecoder, Encoder as TextEncoder };
