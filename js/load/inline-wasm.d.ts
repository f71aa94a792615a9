/** Made by the build from dist/wasm/web/floo_wasm_bg.wasm; see `inline.ts` for the format. */
declare module "#inline-wasm" {
  /** The characters used in `text`. */
  export const alphabet: string;
  /** How many characters at the start of `alphabet` begin a pair. */
  export const escapes: number;
  /** All 256 byte values in hex, by rank. */
  export const order: string;
  export const text: string;
  /** Number of bytes packed in `text`. */
  export const length: number;
}
