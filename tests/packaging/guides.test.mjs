// The samples that a newcomer begins with, taken out of the documents and run as they are.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { after, before } from "node:test";
import { nodeClient } from "../lib/node-client.mjs";
import { at } from "../lib/paths.mjs";
import { Stage, scenario } from "../lib/stage.mjs";
import { until } from "../lib/until.mjs";
import { npm, packed, tool } from "./lib/tarball.mjs";

const stage = new Stage();
let tarball;
let emulator;
let ids;

/** The first sample of a document. */
function sample(document, language) {
  const text = fs.readFileSync(at(...document.split("/")), "utf8");
  const found = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(text);
  assert.ok(found, `${document} has no sample`);
  return found[1];
}

/** A user in this process. */
async function user(name) {
  const client = nodeClient({ appId: "floo-demo", servers: { dns: emulator.dns }, logger() {} });
  stage.later(() => client.close());
  const heard = [];
  client.on("message", ({ message }) => heard.push(message));
  await client.login({ username: name, password: `${name}-demo` });
  return { client, heard };
}

/** A new folder in which somebody has said `npm install`. */
async function folder() {
  const directory = stage.directory();
  fs.writeFileSync(path.join(directory, "package.json"), '{"name":"first-steps","private":true,"type":"module"}');
  await npm("install", ["--offline", tarball], directory);
  return directory;
}

before(async () => {
  ({ tarball } = await packed(stage.directory()));
});
after(() => stage.end());

scenario(stage, "the README's quick start, from npm install to the first message", async (context) => {
  emulator = await stage.emulator();
  ids = await emulator.ids();
  const basil = await user("basil");
  const toAmber = basil.client.conversation({ user: ids.amber });
  // The answer that the sample follows to its end.
  const answer = await toAmber.send({ text: "that was all", ext: { ai: { finish: true } } });
  const driver = await stage.browser("newcomer");

  const began = performance.now();
  const directory = await folder();
  // What the sample takes for granted, and the emulator of this test instead of that of `make demo`.
  const given = `
    const file = new File(["a picture"], "walk.png", { type: "image/png" });
    const answer = new URLSearchParams(location.search).get("answer");
    const show = (...what) => console.log(...what);
    const said = (globalThis.said = []);
    console.log = (...what) => said.push(typeof what[0] === "string" ? what[0] : JSON.stringify(what, (_, v) => typeof v === "bigint" ? String(v) : v));`;
  const usual = "http://127.0.0.1:7700";
  const text = sample("README.md", "ts");
  assert.ok(text.includes(usual));
  fs.writeFileSync(
    path.join(directory, "main.ts"),
    `${text.replace(usual, emulator.url)}\nglobalThis.finished = true;`,
  );
  fs.writeFileSync(
    path.join(directory, "index.html"),
    `<!doctype html><link rel="icon" href="data:,"><script>${given}
      window.onunhandledrejection = ({ reason }) => said.push(\`rejected: \${reason}\`);</script>
      <script type="module" src="./main.ts"></script>`,
  );
  await tool("vite/bin/vite.js", ["build", "--logLevel", "warn"], { cwd: directory });
  const url = await stage.serve(path.join(directory, "dist"));
  await driver.get(`${url}?answer=${answer.id}`);
  const said = () => driver.executeScript("return window.said");
  await until("the message to be heard", () => basil.heard.find((message) => message.text === "你好 👋"));
  await toAmber.send({ text: "hello newcomer" });
  await until("the first message", async () => (await said()).includes(`${ids.basil}: hello newcomer`));
  context.diagnostic(`npm install to the first message: ${((performance.now() - began) / 1000).toFixed(1)} s`);

  await until("the sample to come to its end", async () => {
    const failure = (await said()).find((line) => line.startsWith("rejected"));
    assert.equal(failure, undefined);
    return driver.executeScript("return window.finished");
  });
  assert.ok((await said()).includes("that was all"));
  await until("the picture", () => basil.heard.find((message) => message.type === "image"));
});

scenario(stage, "the bot of docs/guide/node.md answers, and ends when it is told to", async () => {
  emulator = await stage.emulator();
  ids = await emulator.ids();
  const directory = await folder();
  fs.writeFileSync(path.join(directory, "bot.mjs"), sample("docs/guide/node.md", "js"));
  fs.cpSync(at("node_modules", "ws"), path.join(directory, "node_modules", "ws"), { recursive: true });
  const bot = spawn(process.execPath, ["bot.mjs"], {
    cwd: directory,
    env: { ...process.env, FLOO_DNS: emulator.dns },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(bot, "exit");
  stage.later(() => bot.kill("SIGKILL"));
  let said = "";
  for (const stream of [bot.stdout, bot.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      said += text;
    });
  }
  await until("the bot", () => {
    assert.equal(bot.exitCode, null, said);
    return said.includes("the bot listens");
  });
  const amber = await user("amber");
  await amber.client.conversation({ user: ids.basil }).send({ text: "are you there? 在吗" });
  await until("the bot's answer", () => amber.heard.find(({ text }) => text === "You said: are you there? 在吗"));
  bot.kill("SIGTERM");
  assert.deepEqual(await ended, [0, null], said);
});
