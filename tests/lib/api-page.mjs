// A page that holds the built package; tests run functions in it.
import path from "node:path";
import { at, built } from "./paths.mjs";
import { until } from "./until.mjs";

/** The directories that the page needs, for `serve`. */
export const apiMounts = () => ({ "/": at("tests", "e2e", "pages"), "/npm/": path.dirname(built("npm", "index.js")) });

/** An error that was thrown in the page, with the fields of the package's errors. */
export class PageError extends Error {
  constructor({ name, message, stack, ...fields }) {
    super(message);
    Object.assign(this, fields);
    Object.defineProperty(this, "name", { value: name });
    this.page = stack;
  }
}

/** A loaded page. */
export class ApiPage {
  constructor(driver, url, page = "api.html") {
    this.driver = driver;
    // The whole of the tests can be had with the cores in workers; see `LONG` in scripts/test.mjs.
    this.address = `${url}/${page}${process.env.FLOO_E2E_WORKER ? "?worker" : ""}`;
  }

  /** Loads the page, anew if it is there already, and waits for its script. */
  async open() {
    await this.driver.get(this.address);
    await until("the page's script", () => this.driver.executeScript("return window.ready === true"));
    return this;
  }

  /**
   * Runs `act(window.sdk, value)` in the page and resolves to its answer. It is moved as source text, so
   * it knows nothing of where it was written. Rejects with a `PageError` when it throws.
   */
  async run(act, value = null) {
    const [answer, thrown] = await this.driver.executeAsyncScript(
      `const [value, done] = arguments;
       const plain = (e) => ({ name: e.name, message: e.message, code: e.code, number: e.number, domain: e.domain,
         retriable: e.retriable, remediation: e.remediation, stack: String(e.stack) });
       (async () => (${act})(window.sdk, value))().then((a) => done([a ?? null, null]), (e) => done([null, plain(e)]));`,
      value,
    );
    if (thrown) throw new PageError(thrown);
    return answer;
  }
}
