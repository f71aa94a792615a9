/** JSON with 64-bit numbers, which the protocol writes bare and a JavaScript number cannot hold. */
import type { JsonValue } from "./types.js";

/** A string or a number of text that is well-formed. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** A whole number that may be too large. */
const LONG = /^-?\d{16,}$/;

const isDigit = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
};

/**
 * Whether there are sixteen digits in a row. Such a row covers one of every sixteen places, so that no others are
 * looked at: a regular expression takes longer than parsing.
 */
function hasLong(text: string): boolean {
  for (let at = 15; at < text.length; at += 16) {
    if (!isDigit(text, at)) continue;
    let [from, to] = [at, at];
    while (isDigit(text, from - 1)) from--;
    while (isDigit(text, to + 1)) to++;
    if (to - from >= 15) return true;
  }
  return false;
}

/** A value of JSON text; whole numbers beyond 2^53 - 1 become decimal strings. Undefined for text that is no JSON. */
export function parseJson(text: string): JsonValue | undefined {
  try {
    // First as it is: what is well-formed has closed strings, so that the search below is quick.
    const value = JSON.parse(text);
    if (!hasLong(text)) return value;
    const exact = (token: string): string =>
      LONG.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token;
    return JSON.parse(text.replace(TOKEN, exact));
  } catch {
    return undefined; // the caller says what that means
  }
}

/** Text that is JSON already, to stand in a value of `toJson`: an id as an exact number, or a whole object. */
export class Verbatim {
  constructor(readonly text: string) {}
}

/** JSON text of a value; bigints become exact numbers. Throws where `JSON.stringify` would, and on cycles. */
export function toJson(value: unknown): string {
  if (value instanceof Verbatim) return value.text;
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(toJson).join()}]`;
  if (typeof value !== "object" || value === null || typeof (value as { toJSON?: unknown }).toJSON === "function") {
    return JSON.stringify(value) ?? "null";
  }
  const fields = Object.entries(value).filter(([, it]) => it !== undefined && typeof it !== "function");
  return `{${fields.map(([key, it]) => `${JSON.stringify(key)}:${toJson(it)}`).join()}}`;
}
