// Writes what is made of the table that the Rust core is generated from as well: the codes and their texts for
// JavaScript, and docs/errors.md. `node js/scripts/error-codes.mjs` after a change of the table; a test says when it
// was forgotten.
import { readFileSync, writeFileSync } from "node:fs";

const TABLE = "src/core/model/error_codes.json";
const root = new URL("../../", import.meta.url);
const rows = JSON.parse(readFileSync(new URL(TABLE, root), "utf8"));

const made = `Made by js/scripts/error-codes.mjs from ${TABLE}; change that, not this.`;
const entries = (field) =>
  rows.map((row) => (row[field] ? `  ${row.number}: ${JSON.stringify(row[field])},\n` : "")).join("");
const texts = (field) => `{
${entries(field)}}`;
const type = "Readonly<Record<number, string | undefined>>";

const codes = `// ${made}

/** Every code an error of this package can have, with the number that all Lanying SDKs give it. */
export const ErrorCode = {
${rows.map((row) => `  /** ${row.text} */\n  ${row.name}: ${row.number},\n`).join("")}} as const;

/** The name of an error code. */
export type ErrorCodeName = keyof typeof ErrorCode;
`;

const english = `// ${made}

/** What the codes mean, by number. */
export const TEXTS: ${type} = ${texts("text")};

/** What to do about them, where there is something to do. */
export const REMEDIATIONS: ${type} = ${texts("remediation")};

/** The numbers of errors after which the same call may work later. */
export const RETRIABLE: readonly number[] = [
${rows.map((row) => (row.retriable ? `  ${row.number}, // ${row.name}\n` : "")).join("")}];
`;

const chinese = `// ${made}

/** What the codes mean, by number. */
export const TEXTS: ${type} = ${texts("zh")};

/** What to do about them, where there is something to do. */
export const REMEDIATIONS: ${type} = ${texts("remediationZh")};
`;

const line = (...cells) => `| ${cells.join(" | ")} |\n`;
const table = (...heads) => line(...heads) + line(...heads.map(() => "---"));
/** Numbers ascend, a class such as `5xx` comes after its members, texts keep their order. */
const place = (from) => Number(String(from).replace(/xx$/, "99.5")) || 0;
/** The rows of a table that shows where the values of a field lead. */
const mapping = (field) =>
  rows
    .flatMap((row) => (row[field] ?? []).map((from) => [from, row.name]))
    .sort(([a], [b]) => place(a) - place(b))
    .map(([from, name]) => line(`\`${from}\``, name))
    .join("");
const both = (english, chinese) => [english, chinese].filter(Boolean).join("<br>");

const page = `<!-- ${made} -->
# Errors

Everything that goes wrong is a \`FlooError\`:

| field | what it is |
|---|---|
| \`code\` | the name below, for programs: \`error.code === "UserAuthFailed"\` |
| \`number\` | the number below, the same in all Lanying SDKs; from 9000 on it is one of this package |
| \`domain\` | where it comes from: \`dns\`, \`http\`, \`frame\` (the long connection), \`storage\`, \`argument\` or \`platform\` |
| \`message\` | the English text, with what is known in particular: a field, the server's words, or its number |
| \`retriable\` | whether the same call may work later without a change |
| \`remediation\` | what a developer or user can do; may be empty |

\`errorText(error, "zh")\` and \`errorRemediation(error, "zh")\` give the words of the table in Chinese, for an error, a name
or a number; with \`"en"\` or nothing, in English.

## Codes

An asterisk marks a name of the official table of client errors.

${table("name", "number", "English", "Chinese", "retriable", "what to do")}${rows
  .map((row) =>
    line(
      row.name + (row.official ? " \\*" : ""),
      row.number,
      row.text,
      row.zh,
      row.retriable ? "yes" : "",
      both(row.remediation, row.remediationZh),
    ),
  )
  .join("")}
## What the server says

Answers of the server become these codes. Where a code stands for several causes the message has the server's number
and words. A text that is known decides where the number says little; it need only be contained in what the server says.

### \`code\` in the body of an HTTP answer

Any other is \`ServerUnknownError\`.

${table("code", "name")}${mapping("http")}
### HTTP status

Any other is \`ServerUnknownError\`.

${table("status", "name")}${mapping("transport")}
### Status of a frame

Any other is \`ServerFireplaceUnknownError\`.

${table("status", "name")}${mapping("frame")}
### Known texts

${table("text", "name")}${mapping("reasons")}`;

/** What is generated: path from the root of the project, and text. */
export const files = {
  "js/error-codes.ts": codes,
  "js/texts/en.ts": english,
  "js/texts/zh.ts": chinese,
  "docs/errors.md": page,
};

if (process.argv[1] && import.meta.url.endsWith(process.argv[1].replace(/\\/g, "/").replace(/^.*\/js\//, "/js/"))) {
  for (const [path, text] of Object.entries(files)) writeFileSync(new URL(path, root), text);
}
