// What a person does and sees in the web demo, in any engine.
import { Key } from "selenium-webdriver";
import { until } from "./until.mjs";

// The page replaces elements while they are looked at: look again.
const PASSING = [
  "StaleElementReferenceError",
  "NoSuchElementError",
  "ElementNotInteractableError",
  "ElementClickInterceptedError",
];
const forgive = (error) => PASSING.includes(error.name);

/** The web demo in one browser. */
export class ChatApp {
  /** `url` is where the demo is served, `dns` the cloud's DNS document. */
  constructor(driver, url, dns) {
    this.driver = driver;
    this.address = `${url}/?dns=${encodeURIComponent(dns)}`;
  }

  /** Loads the page and waits until it knows whether somebody is signed in. */
  async open() {
    await this.driver.get(this.address);
    await this.until("the sign-in form or the chats", () => this.#has("signin-submit, conversation-list"));
  }

  run(script, ...values) {
    return this.driver.executeScript(script, ...values);
  }

  until(what, probe, options) {
    return until(what, probe, { forgive, ...options });
  }

  #has(names) {
    const selector = names
      .split(", ")
      .map((name) => `[data-testid="${name}"]`)
      .join();
    return this.run("return document.querySelector(arguments[0]) !== null", selector);
  }

  /** True while an element of that test id is in the page. */
  has(name) {
    return this.#has(name);
  }

  /** Waits for the visible element of that test id. */
  one(name, more = "") {
    return this.until(`"${name}"${more}`, async () => {
      const found = await this.driver.findElements({ css: `[data-testid="${name}"]${more}` });
      for (const element of found) if (await element.isDisplayed()) return element;
      return undefined;
    });
  }

  async click(name, more = "") {
    await this.until(`"${name}"${more} to take a click`, async () => {
      await (await this.one(name, more)).click();
      return true;
    });
  }

  async text(name) {
    return (await this.one(name)).getText();
  }

  /**
   * Replaces what is in a field, as a paste does: WebDriver types only the basic plane into Chromium, and
   * long texts slowly.
   */
  async fill(name, text) {
    const field = await this.one(name);
    await this.run(
      `const [field, text] = arguments;
       const of = field instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement;
       field.focus();
       Object.getOwnPropertyDescriptor(of.prototype, "value").set.call(field, text);
       field.dispatchEvent(new Event("input", { bubbles: true }));`,
      field,
      text,
    );
  }

  /** Fills in the sign-in form and submits it. */
  async submit(username, password) {
    await this.fill("signin-user", username);
    await this.fill("signin-password", password);
    await this.click("signin-submit");
  }

  /** Opens the demo, signs in and waits until the client is online. */
  async signIn(username) {
    await this.open();
    await this.submit(username, `${username}-demo`);
    await this.online();
  }

  /** What the account menu's button says about the connection. */
  async connection() {
    const label = await (await this.one("menu")).getAttribute("aria-label");
    return label.slice(label.lastIndexOf(", ") + 2);
  }

  online(options) {
    return this.until("the app to be online", async () => (await this.connection()) === "Online", options);
  }

  offline(options) {
    return this.until("the app to be offline", async () => (await this.connection()) === "Offline", options);
  }

  /** The rows of the conversation list: `{id, unread, preview}`, the most recent first. */
  conversations() {
    return this.run(`return [...document.querySelectorAll("[data-testid=conversation]")].map((row) => ({
      id: row.dataset.id,
      unread: parseInt(row.querySelector("[data-testid=unread]")?.textContent ?? "0", 10),
      preview: row.querySelector(".preview").textContent.trim(),
    }))`);
  }

  async unread(id) {
    return (await this.conversations()).find((row) => row.id === id)?.unread;
  }

  /** Waits until the badge of a conversation says so; 0 is no badge. */
  unreadIs(id, count) {
    return this.until(`${count} unread messages of ${id}`, async () => (await this.unread(id)) === count);
  }

  /** Opens a conversation from the list; `id` as in `user:123`. */
  async openChat(id) {
    await this.click("conversation", `[data-id="${id}"]`);
    await this.one("composer");
  }

  /** The shown messages, oldest first: `{key, status, outgoing, text}`. */
  messages() {
    return this.run(`return [...document.querySelectorAll("[data-testid=message]")].map((row) => ({
      key: row.dataset.key,
      status: row.dataset.status,
      outgoing: row.dataset.outgoing === "true",
      text: row.querySelector("[data-testid=message-text]").textContent,
    }))`);
  }

  async texts() {
    return (await this.messages()).map(({ text }) => text);
  }

  /** Writes a text and sends it with the button; does not wait for what comes of it. */
  async send(text) {
    await this.fill("composer", text);
    await this.click("send");
  }

  /** Waits until a message of that text is shown, with that status if one is given. */
  shown(text, status, options) {
    return this.until(
      `the message "${text}" ${status ?? ""}`,
      async () => {
        const found = (await this.messages()).filter((message) => message.text === text);
        if (found.length > 1) throw new Error(`"${text}" is shown ${found.length} times`);
        return found.find((message) => status === undefined || message.status === status);
      },
      options,
    );
  }

  /** Does something with the message of that text, from the menu beside it: `edit`, `recall`, ... */
  async act(text, action) {
    const { key } = await this.shown(text);
    const row = `[data-testid="message"][data-key="${key}"]`;
    await this.until(`the menu of "${text}"`, async () => {
      const [message] = await this.driver.findElements({ css: row });
      if (!message) return false;
      // By keyboard: a browser without a mouse gives the button no place for a click.
      if (!(await this.has("pop-menu"))) {
        await (await this.driver.findElement({ css: `${row} [data-testid="message-menu"]` })).sendKeys(Key.ENTER);
      }
      return this.has("pop-menu");
    });
    await this.click(`do-${action}`);
  }

  /** Waits until no message of that text is shown. */
  gone(text) {
    return this.until(`"${text}" to go`, async () => !(await this.texts()).includes(text));
  }

  /** Waits until the mark of an own message says so: `sent`, `delivered`, `read`. */
  marked(text, stage) {
    return this.until(`"${text}" to be marked ${stage}`, async () => {
      const { key } = await this.shown(text);
      return this.run(
        "return document.querySelector(arguments[0]) !== null",
        `[data-key="${key}"] [data-stage="${stage}"]`,
      );
    });
  }

  /** Goes to the top of the open chat again and again until its beginning is shown. */
  async scrollToBeginning(text) {
    await this.until(`"${text}" at the beginning of the chat`, async () => {
      await this.run(`document.querySelector("[role=log]").scrollTop = 0`);
      return (await this.texts())[0] === text;
    });
  }

  /** What the account menu shows, opened and closed again. */
  async menu() {
    await this.click("menu");
    const text = await this.text("menu-panel");
    await this.click("menu");
    return text;
  }
}
