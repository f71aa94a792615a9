// Writes js/error-codes.ts from the table that the Rust core is generated from as well.
// `node js/scripts/error-codes.mjs` after a change of the table; a test says when it was forgotten.
import { readFileSync, writeFileSync } from "node:fs";

const root = new URL("../../", import.meta.url);
const rows = JSON.parse(readFileSync(new URL("src/core/model/error_codes.json", root), "utf8"));

/** The text of js/error-codes.ts. */
export const text = `// Made by js/scripts/error-codes.mjs from src/core/model/error_codes.json; change that, not this.

/** Every code an error of this package can have, with the number that all Lanying SDKs give it. */
export const ErrorCode = {
${rows.map((row) => `  /** ${row.text} */\n  ${row.name}: ${row.number},\n`).join("")}} as const;

/** The name of an error code. */
export type ErrorCodeName = keyof typeof ErrorCode;
`;

if (process.argv[1] && import.meta.url.endsWith(process.argv[1].replace(/\\/g, "/").replace(/^.*\/js\//, "/js/"))) {
  writeFileSync(new URL("js/error-codes.ts", root), text);
}
