// Throws generated requests at the emulator and holds every answer against its OpenAPI document:
//   node scripts/schemathesis.mjs [examples per endpoint]
//
// Needs python3 with venv; schemathesis is installed under target/ the first time. The program under
// test is $FLOO_EMULATOR, or the one that `make build` makes.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import readline from "node:readline";
import { at, run } from "./build/common.mjs";

const VERSION = "4.32.5";
const SEED = "4";
const CHECKS = "not_a_server_error,response_schema_conformance,status_code_conformance,content_type_conformance";
/** What would end the session that all other requests need: tried on their own, at the end. */
const DISRUPTIVE = "^(/admin/api/(app|clock|faults|user)|/user/(delete|username)|/app/pwd_change)$";

const directory = at("target", "schemathesis");

function install() {
  const program = `${directory}/venv/bin/st`;
  const mark = `${directory}/installed`;
  if (!fs.existsSync(mark) || fs.readFileSync(mark, "utf8") !== VERSION) {
    fs.mkdirSync(directory, { recursive: true });
    run("python3", ["-m", "venv", `${directory}/venv`]);
    run(`${directory}/venv/bin/pip`, ["install", "--quiet", "--disable-pip-version-check", `schemathesis==${VERSION}`]);
    fs.writeFileSync(mark, VERSION);
  }
  return program;
}

async function ask(url, options = {}) {
  const { code, message, data } = await (await fetch(url, options)).json();
  if (code !== 200) throw new Error(`${url}: ${code} ${message}`);
  return data;
}

/** Random ids lead nowhere, so half of those that are tried are real ones. */
function withRealIds(document, ids) {
  const enrich = (name, schema) => (name in ids ? { anyOf: [{ enum: ids[name] }, schema] } : schema);
  for (const operation of Object.values(document.paths).flatMap(Object.values)) {
    for (const parameter of operation.parameters) parameter.schema = enrich(parameter.name, parameter.schema);
    const { properties } = operation.requestBody?.content["application/json"].schema ?? {};
    for (const name in properties) properties[name] = enrich(name, properties[name]);
  }
  return document;
}

async function main(examples) {
  const program = install();
  const binary = process.env.FLOO_EMULATOR ?? at("dist/emulator/floo-emulator");
  const switches = JSON.stringify({ http_rate: 0 });
  const emulator = spawn(binary, ["--memory", "--port", "0", "--bots", "echo,assistant", "--app", switches], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    // It goes on printing, captchas for example, and must not wait for anybody to read that.
    const lines = readline.createInterface(emulator.stdout);
    const [first] = await Promise.race([once(lines, "line"), once(emulator, "exit")]);
    const url = /^floo-emulator listening on (http:\S+)$/.exec(String(first))?.[1];
    if (url === undefined) throw new Error(`the emulator did not start: ${first}`);
    const { users, groups } = await ask(`${url}/admin/api/state`);
    const login = { method: "POST", headers: { app_id: "floo-demo" } };
    const body = JSON.stringify({ name: "amber", password: "amber-demo" });
    const { token } = await ask(`${url}/token/user`, { ...login, body });
    const people = users.map(({ id }) => id);
    const teams = groups.map(({ id }) => id);
    const ids = {
      ...{ user_id: people, roster_id: people, new_owner: people, list: [people], user_list: [people] },
      ...{ group_id: teams, group_list: [teams], conversation_id: [...people, ...teams] },
      ...{ to_id: [...people, ...teams], to_type: [1, 2], file_type: [100, 200] },
      ...{ device_sn: [1], announcement_id: [1], username: users.map(({ username }) => username) },
    };
    const document = await (await fetch(`${url}/admin/api/openapi`)).json();
    fs.writeFileSync(`${directory}/openapi.json`, JSON.stringify(withRealIds(document, ids)));
    const options = [
      ...["run", `${directory}/openapi.json`, "--url", url, "--checks", CHECKS, "--phases", "coverage,fuzzing"],
      ...["--seed", SEED, "--max-examples", String(examples), "--generation-database", "none", "--no-color"],
      ...["-H", "app_id: floo-demo", "-H", `access-token: ${token}`, "--warnings", "off", "--continue-on-failure"],
      ...["--request-timeout", "20", "--suppress-health-check", "all"],
      // Has no end.
      ...["--exclude-path", "/admin/api/frames"],
    ];
    const passes = (which) =>
      spawnSync(program, [...options, which, DISRUPTIVE], { cwd: directory, stdio: "inherit" }).status === 0;
    const usual = passes("--exclude-path-regex");
    // Otherwise all that was seen is how a bad token is refused.
    await ask(`${url}/user/profile`, { headers: { ...login.headers, "access-token": token } });
    return passes("--include-path-regex") && usual;
  } finally {
    if (emulator.exitCode === null) {
      emulator.kill();
      await once(emulator, "exit");
    }
  }
}

const examples = Number(process.argv[2] ?? 40);
if (!Number.isInteger(examples) || examples < 1) {
  console.error("usage: node scripts/schemathesis.mjs [examples per endpoint]");
  process.exit(2);
}
process.exitCode = (await main(examples)) ? 0 : 1;
