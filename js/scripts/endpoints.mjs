// Writes docs/endpoints.md, what `client.api` can call, from the table of the Rust core. `node js/scripts/endpoints.mjs`
// after a change of the table; a test says when it was forgotten.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const TABLE = "src/core/services/table.rs";
const root = new URL("../../", import.meta.url);
const [, table = ""] = /const TABLE: &str = "\\\n([^"]+)";/.exec(readFileSync(new URL(TABLE, root), "utf8")) ?? [];

const ANSWERS = {
  any: "whatever",
  flag: "true or false",
  text: "a text",
  object: "an object",
  upload: "an object",
  list: "a list of objects",
  ids: "a list of ids",
  page: "a page of objects",
  idpage: "a page of ids",
};
const KINDS = {
  id: "id",
  ids: "ids",
  int: "integer",
  small: "integer",
  hour: "0 to 23",
  flag: "boolean",
  text: "text",
  key: "text",
  json: "anything",
  base: "address",
  wishes: "objects",
};
/** What is written for a word of the table; throws for one that is not known. */
function word(words, of) {
  if (!Object.hasOwn(words, of)) throw new Error(`${TABLE} has "${of}", which is not known here`);
  return words[of];
}

/** What nobody can call. */
const CLOSED = ["host", "never"];
/** What only the core asks for, to log in and to find the cloud. */
const OWN = /^(getServers|token[A-Z]\w*)$/;

function row(text) {
  const [name, method, access, answer, path, ...rest] = text.split(" ");
  if (CLOSED.includes(access) || OWN.test(name)) return "";
  const params = rest
    .filter((part) => !part.startsWith("!"))
    .map((part) => {
      const [, param, kind, optional] = /^@?(\w+):(\w+)(\??)$/.exec(part) ?? [];
      return `\`${param}${optional}\` ${word(KINDS, kind)}`;
    });
  const who = access === "user" ? "" : "also before a login";
  return `| \`${name}\` | ${method.replace("+", "")} ${path.replace(/[<>]/g, "")} | ${params.join(", ")} | ${word(ANSWERS, answer.replace("?", ""))} | ${who} |\n`;
}

const page = `<!-- Made by js/scripts/endpoints.mjs from ${TABLE}; change that, not this. -->
# Endpoints

What \`client.api(name, params)\` can call, by the names that the network layer of the previous SDK gave them. Nearly all of it
is there with types and documentation, in \`client.roster\`, \`client.groups\`, \`client.group(id)\`, \`client.account\`,
\`client.app\`, \`client.files\` and \`client.conversations\`: \`api\` is for what these leave out.

\`\`\`ts
const { items, cursor } = await client.api<{ items: { user_id: string }[]; cursor: string | null }>("groupMemberlist", {
  group_id: "6600000000065",
  limit: 20,
});
\`\`\`

Parameters with \`?\` may be left out. Ids may be texts, numbers or bigints; in answers they are texts. A page is
\`{items, cursor}\`; \`cursor\` given back brings the next one, and is null with the last.

| name | request | parameters | answer | |
|---|---|---|---|---|
${table.split("\n").map(row).join("")}`;

/** What is generated: path from the root of the project, and text. */
export const files = { "docs/endpoints.md": page };

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of Object.entries(files)) writeFileSync(new URL(path, root), text);
}
