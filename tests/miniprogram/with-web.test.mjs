// One account in the mini-program chats with another in the web demo.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before } from "node:test";
import { startEmulator } from "../lib/emulator.mjs";
import { openChat, send, shown, signIn } from "./lib/chat.mjs";
import { untilSeen } from "./lib/phone.mjs";
import { phoneTest, repository, Stage, troubles } from "./lib/stage.mjs";

const web = process.env.FLOO_DEMO_WEB ?? path.join(repository, "dist/demo-web");
const stage = new Stage();
let emulator;
let phone;
let driver;
let webUrl;

const testId = (name) => ({ css: `[data-testid="${name}"]` });

/** Waits for an element of the web demo that is shown. */
const element = (locator, what) =>
  untilSeen(what ?? JSON.stringify(locator), async () => {
    for (const found of await driver.findElements(locator)) if (await found.isDisplayed()) return found;
    return false;
  });

/** Like a paste: WebDriver cannot type characters beyond the basic plane into Chromium. */
const insert = (target, text) =>
  driver.executeScript("arguments[0].focus(); document.execCommand('insertText', false, arguments[1])", target, text);

const webTexts = () =>
  driver.executeScript(
    "return [...document.querySelectorAll('[data-testid=message-text]')].map((e) => e.textContent.trim())",
  );

before(async () => {
  if (!fs.existsSync(path.join(web, "index.html"))) throw new Error(`${web} is missing; run \`make build\` first`);
  emulator = await startEmulator();
  stage.later(() => emulator.stop());
  webUrl = await stage.static(web);
  phone = await stage.phone(await stage.demo());
  driver = await stage.browser({ phone: false });
});
after(() => stage.end());

phoneTest(
  "amber on the phone and basil in the browser",
  () => ({ phone }),
  async () => {
    await signIn(phone, emulator.dns, "amber", "ios");
    await driver.get(`${webUrl}/?dns=${encodeURIComponent(emulator.dns)}`);
    await (await element(testId("signin-user"))).sendKeys("basil");
    await (await element(testId("signin-password"))).sendKeys("basil-demo");
    await (await element(testId("signin-submit"))).click();
    const { amber: amberId } = await emulator.ids();
    await (
      await element({ css: `[data-testid="conversation"][data-id="user:${amberId}"]` }, "the conversation with amber")
    ).click();
    await openChat(phone, "basil");

    await send(phone, "从手机到浏览器 📱➡️💻");
    await shown(phone, "从手机到浏览器 📱➡️💻", "sent");
    await untilSeen("the message in the browser", async () => (await webTexts()).includes("从手机到浏览器 📱➡️💻"));

    await insert(await element(testId("composer")), "收到了 👍 from the browser");
    await (await element(testId("send"))).click();
    await shown(phone, "收到了 👍 from the browser", "received");
    assert.deepEqual(troubles(await phone.logs()), []);
  },
);
