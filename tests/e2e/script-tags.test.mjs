// The builds for script tags, in a plain page, as UTF-8 and as GBK.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before } from "node:test";
import { ApiPage } from "../lib/api-page.mjs";
import { at, built } from "../lib/paths.mjs";
import { Stage, scenario } from "../lib/stage.mjs";

const stage = new Stage();
let emulator;
let ids;
let driver;

before(async () => {
  emulator = await stage.emulator();
  ids = await emulator.ids();
  driver = await stage.browser("page");
});
after(() => stage.end());

for (const charset of ["utf-8", "gbk"]) {
  scenario(stage, `both globals chat in a page of charset ${charset}`, async () => {
    // Neither page nor scripts say what they are, apart from this header: the scripts inherit it.
    const mounts = { "/": at("tests", "e2e", "pages"), "/npm/": path.dirname(built("npm", "floo.global.js")) };
    const types = { ".html": `text/html; charset=${charset}`, ".js": "text/javascript" };
    const page = new ApiPage(driver, await stage.serve(mounts, { types }), "script-tags.html");
    await page.open();
    const answer = await page.run(
      async (_, { dns, amber, text }) => {
        const basil = window.floo.createClient({ appId: "floo-demo", servers: { dns }, storage: "memory" });
        const im = window.flooIM({
          appid: "floo-demo",
          dnsServer: dns,
          storage: "memory",
          autoLogin: false,
          logLevel: "warn",
        });
        const received = new Promise((resolve) => {
          im.on({ onRosterMessage: (message) => message.content === text && resolve(message) });
        });
        const loggedIn = new Promise((resolve) => im.on({ loginSuccess: resolve }));
        im.login({ name: "amber", password: "amber-demo" });
        await loggedIn;
        await basil.login({ username: "basil", password: "basil-demo" }, { timeout: 30_000 });
        await basil.conversation({ user: amber }).send({ text });
        const message = await received;
        await Promise.all([basil.close(), im.client.close()]);
        return [document.characterSet.toLowerCase(), message.content, String(message.to)];
      },
      { dns: emulator.dns, amber: ids.amber, text: "脚本标签 🏷️" },
    );
    assert.deepEqual(answer, [charset, "脚本标签 🏷️", ids.amber]);
  });
}

scenario(stage, "where the page forbids WebAssembly the error says so", async () => {
  const mounts = { "/": at("tests", "e2e", "pages"), "/npm/": path.dirname(built("npm", "floo.global.js")) };
  const page = new ApiPage(driver, await stage.serve(mounts, { csp: "script-src 'self'" }), "script-tags.html");
  await page.open();
  const refused = page.run(async (_, dns) => {
    const client = window.floo.createClient({ appId: "floo-demo", servers: { dns }, storage: "memory" });
    await client.login({ username: "amber", password: "amber-demo" });
  }, emulator.dns);
  await assert.rejects(refused, (error) => {
    assert.equal(error.name, "FlooError");
    assert.equal(error.code, "CspBlocked");
    assert.match(error.remediation, /wasm-unsafe-eval/);
    return true;
  });
});
