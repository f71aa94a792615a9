// The samples of the guide for mini-programs, run as they stand: nobody signed in, and somebody.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before } from "node:test";
import { startEmulator } from "../lib/emulator.mjs";
import { healthyTest, repository, Stage, sdk } from "./lib/stage.mjs";

const USUAL = "http://127.0.0.1:7700/v2/app_dns";
const stage = new Stage();
let phone;

before(async () => {
  const emulator = await startEmulator();
  stage.later(() => emulator.stop());
  const guide = fs.readFileSync(path.join(repository, "docs/guide/mini-program.md"), "utf8");
  const [client, app, page] = [...guide.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code]) => code);
  assert.ok(client.includes(USUAL));
  const files = {
    "project.config.json": '{ "appid": "touristappid", "miniprogramRoot": "miniprogram/" }',
    "miniprogram/app.json": '{ "pages": ["pages/list/index", "pages/login/index"] }',
    "miniprogram/client.js": client.replace(USUAL, emulator.dns),
    "miniprogram/app.js": app,
    "miniprogram/pages/list/index.js": page,
    "miniprogram/pages/list/index.wxml": '<view wx:for="{{rows}}" wx:key="id" class="title">{{item.title}}</view>',
    "miniprogram/pages/login/index.js": `const client = require("../../client");
      Page({ login: () => client.login({ username: "amber", password: "amber-demo" }) });`,
    "miniprogram/pages/login/index.wxml": '<view class="login">login</view>',
  };
  const project = stage.directory();
  for (const [file, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(project, file)), { recursive: true });
    fs.writeFileSync(path.join(project, file), text);
  }
  fs.cpSync(sdk, path.join(project, "miniprogram/miniprogram_npm/floo-wasm"), { recursive: true });
  phone = await stage.phone(await stage.host(project));
});
after(() => stage.end());

healthyTest(
  "who is not signed in gets to the login, and then to the list, which has what it shows",
  () => ({ phone }),
  async () => {
    await phone.open({ profile: "ios" });
    await phone.one("login");
    const problem = await phone.driver.executeAsyncScript(
      "const done = arguments[0]; __mp.pages.top.page.login().then(() => done(null), (e) => done(e.message));",
    );
    assert.equal(problem, null);
    await phone.open({ profile: "ios" });
    await phone.waitText("title", "Team");
    const [row] = await phone.run("return __mp.pages.top.page.data.rows");
    assert.deepEqual(Object.keys(row).sort(), ["avatar", "id", "title", "unread"]);
  },
);
