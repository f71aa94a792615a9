// Drives the mini-program host, or any page, in headless Chromium.
import fs from "node:fs";
import { Builder, Key } from "selenium-webdriver";
import chrome from "selenium-webdriver/chrome.js";
import { Origin } from "selenium-webdriver/lib/input.js";
import { until } from "../../lib/until.mjs";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const PHONE = { width: 375, height: 667, pixelRatio: 2, touch: true };

/** The first of the usual places that exists. */
function installed(variable, places) {
  const found = [process.env[variable], ...places].find((place) => place && fs.existsSync(place));
  if (!found)
    throw new Error(
      `none of ${places.join(", ")} is installed; \`scripts/setup test\` installs them, ${variable} names another`,
    );
  return found;
}

/** Starts a browser; `phone` gives it the screen of a small phone with touch. */
export async function startBrowser({ phone = true, pixelRatio = PHONE.pixelRatio } = {}) {
  const options = new chrome.Options();
  options.addArguments(...FLAGS);
  options.setBinaryPath(
    installed("CHROMIUM", ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]),
  );
  if (phone) options.setMobileEmulation({ deviceMetrics: { ...PHONE, pixelRatio } });
  else options.addArguments("--window-size=1100,800");
  const service = new chrome.ServiceBuilder(
    installed("CHROMEDRIVER", ["/usr/bin/chromedriver", "/usr/lib/chromium/chromedriver"]),
  );
  const driver = await new Builder().forBrowser("chrome").setChromeOptions(options).setChromeService(service).build();
  return driver;
}

/** Errors of an element that was replaced, or covered, while it was looked at. */
const PASSING = [
  "StaleElementReferenceError",
  "NoSuchElementError",
  "JavascriptError",
  "ElementNotInteractableError",
  "ElementClickInterceptedError",
];

/** Milliseconds between two looks: a person's, who does not act on a page that is still moving. */
const LOOK = 200;

/** Waits like `until` for something in a page; what changed while it was looked at is looked at again. */
export const untilSeen = (what, probe) =>
  until(what, probe, { step: LOOK, forgive: ({ name }) => PASSING.includes(name) });

/** Runs in the page: visible elements with that WXML id or class, of pages and of components. */
function find(name) {
  const page = [...document.querySelectorAll(".mp-page:not([hidden])")].at(-1);
  const selector = `[exparser\\:info-attr-id="${name}"], .${name}, [class*="--${name}"]`;
  const exact = (e) =>
    e.getAttribute("exparser:info-attr-id") === name ||
    [...e.classList].some((c) => c === name || c.endsWith(`--${name}`));
  return [...(page ?? document).querySelectorAll(selector)].filter((e) => exact(e) && e.getClientRects().length > 0);
}

/** A mini-program running in a browser. */
export class Phone {
  constructor(driver, base) {
    this.driver = driver;
    this.base = base;
  }

  /** Loads the host page and waits until the app runs. */
  async open(parameters = {}) {
    await this.driver.get(`${this.base}/?${new URLSearchParams(parameters)}`);
    await this.until("the mini-program to start", () => this.run("return window.__mp && window.__mp.ready"));
  }

  run(script, ...values) {
    return this.driver.executeScript(script, ...values);
  }

  until(what, probe) {
    return untilSeen(what, probe);
  }

  /** Elements by the id or class of the WXML. */
  all(name) {
    return this.driver.executeScript(`return (${find})(arguments[0])`, name);
  }

  one(name) {
    return this.until(`"${name}" to be shown`, async () => (await this.all(name))[0]);
  }

  /** The texts of all elements of that name. */
  texts(name) {
    return this.driver.executeScript(`return (${find})(arguments[0]).map((e) => e.textContent.trim())`, name);
  }

  /** What `data-...` says on all elements of that name. */
  dataset(name) {
    return this.driver.executeScript(`return (${find})(arguments[0]).map((e) => ({ ...e.__wxElement.dataset }))`, name);
  }

  async tap(name) {
    await this.until(`"${name}" to take a tap`, async () => {
      const [element] = await this.all(name);
      if (!element) return false;
      await element.click();
      return true;
    });
  }

  /** Taps twice, before anything can come of the first tap. */
  async tapTwice(name) {
    await this.run(
      `const [target] = arguments;
       const changedTouches = [new Touch({ identifier: 1, target })];
       for (const type of ["touchstart", "touchend", "touchstart", "touchend"])
         target.dispatchEvent(new TouchEvent(type, { bubbles: true, composed: true, changedTouches }));`,
      await this.one(name),
    );
  }

  /** Taps the element of that name whose `data-id` is `id`. */
  async tapRow(name, id) {
    await this.until(`"${name}" ${id} to take a tap`, async () => {
      const index = (await this.dataset(name)).findIndex((d) => d.id === id);
      if (index < 0) return false;
      await (await this.all(name))[index].click();
      return true;
    });
  }

  /** Holds a finger on an element that `pick` answers until something comes of it: a sheet of actions. */
  async hold(what, pick) {
    let before = "";
    // At rest: else the finger would come down on what has taken its place.
    const element = await this.until(`${what} at rest`, async () => {
      const found = await pick();
      if (!found) return false;
      const place = await this.run(
        `const [it] = arguments;
         it.scrollIntoView({ block: "nearest" });
         const { top, left } = it.getBoundingClientRect();
         return top + " " + left;`,
        found,
      );
      const still = place === before;
      before = place;
      return still && found;
    });
    await this.driver.actions().move({ origin: element }).press().perform();
    try {
      await this.until("the menu of a long press", async () => (await this.labels()).length > 0);
    } finally {
      await this.driver.actions().release().perform();
    }
  }

  /** Touches an element for `ms`, and moves the finger up by `up` pixels before it leaves. */
  async touch(name, { ms = 0, up = 0 } = {}) {
    const origin = await this.one(name);
    const actions = this.driver.actions().move({ origin, duration: 0 }).press().pause(ms);
    if (up > 0) actions.move({ origin: Origin.POINTER, x: 0, y: -up, duration: 50 });
    await actions.release().perform();
  }

  /** Picks files of the computer in the dialog that the app has opened; without any the dialog is closed. */
  async pick(...files) {
    const input = await this.until(
      "the dialog for files",
      async () => (await this.driver.findElements({ css: ".mp-picker-files" }))[0],
    );
    if (files.length > 0) await input.sendKeys(files.join("\n"));
    await this.driver.findElement({ css: files.length > 0 ? ".mp-confirm" : ".mp-cancel" }).click();
  }

  /** Waits for a toast that fits. */
  toast(wanted) {
    return this.until(`a toast like ${wanted}`, async () => {
      const text = await this.run("return document.querySelector('.mp-toast')?.textContent ?? ''");
      return wanted.test(text) && text;
    });
  }

  /** Waits for the text of a dialog that fits, and closes the dialog with the button of that class. */
  async dialog(wanted, button = "mp-confirm") {
    await this.until(`a dialog like ${wanted}`, async () =>
      wanted.test(await this.run("return document.querySelector('.mp-modal-content')?.textContent ?? ''")),
    );
    await this.driver.findElement({ css: `.${button}` }).click();
  }

  /** What the open action sheet offers. */
  labels() {
    return this.run("return [...document.querySelectorAll('.mp-sheet-item')].map((e) => e.textContent)");
  }

  /** Chooses from the open action sheet. */
  async choose(label) {
    const item = await this.until(`"${label}" in the menu`, async () => {
      const items = await this.driver.findElements({ css: ".mp-sheet-item" });
      for (const one of items) if ((await one.getText()) === label) return one;
      return false;
    });
    await item.click();
  }

  /** Replaces what is written in an `input` or `textarea`. */
  async type(name, text) {
    const field = await this.until(`"${name}" to be writable`, async () => {
      const [element] = await this.all(name);
      return element && this.run("return arguments[0].querySelector('input, textarea')", element);
    });
    await field.sendKeys(Key.chord(Key.CONTROL, "a"), Key.DELETE);
    // WebDriver types only the basic plane into Chromium; a paste takes everything.
    if (/[\u{10000}-\u{10ffff}]/u.test(text)) {
      await this.run("arguments[0].focus(); document.execCommand('insertText', false, arguments[1])", field, text);
    } else if (text !== "") await field.sendKeys(text);
  }

  waitText(name, wanted) {
    const fits = (text) => (wanted instanceof RegExp ? wanted.test(text) : text === wanted);
    return this.until(`"${name}" to read ${wanted}`, async () => {
      const texts = await this.texts(name);
      return texts.find(fits) ?? false;
    });
  }

  title() {
    return this.run("return document.querySelector('.mp-title').textContent");
  }

  async logs() {
    return this.run("return window.__mp ? window.__mp.logs : []");
  }

  async screenshot(file) {
    fs.writeFileSync(file, await this.driver.takeScreenshot(), "base64");
  }
}
