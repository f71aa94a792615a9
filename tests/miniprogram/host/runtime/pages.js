// The page stack and the navigation bar.

/** Takes `/pages/a/a?x=1` apart. Values stay encoded: the platform does not decode them either. */
function parse(url) {
  const [path, search = ""] = url.split("?");
  const query = {};
  for (const pair of search.split("&").filter(Boolean)) {
    const [key, ...value] = pair.split("=");
    query[key] = value.join("=");
  }
  return { path: path.replace(/^\//, ""), query };
}

/** Pixels from the end of a page within which it is reached, unless its configuration says otherwise. */
const REACHED = 50;

const nextFrame = () =>
  new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
  });

export class Pages {
  /** The open pages, the visible one last: `{ path, root, page, element, title }`. */
  stack = [];
  /** The pages of the tab bar that were opened: they stay until all is left, by path. */
  #tabs = new Map();

  constructor({ device, project, space, backend, screen }) {
    Object.assign(this, { device, project, space, backend, screen });
    this.bar = screen.querySelector(".mp-bar");
    this.body = screen.querySelector(".mp-body");
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.dark.addEventListener("change", () => this.#paint());
    this.bar.querySelector(".mp-back").addEventListener("click", () => this.navigateBack({}));
  }

  get top() {
    return this.stack.at(-1);
  }

  setTitle(title) {
    if (!this.top) return;
    this.top.title = title;
    this.#paint();
  }

  #call(entry, name, ...values) {
    const method = entry.page[name];
    if (typeof method === "function") this.device.deliver(() => method.apply(entry.page, values));
  }

  /** The page, and the components in it, hear that it is shown or hidden. */
  #tell(entry, name) {
    entry.roots[0].getComponent().triggerPageLifetime(name, []);
    this.#call(entry, name === "show" ? "onShow" : "onHide");
  }

  #paint() {
    for (const entry of [...this.#tabs.values(), ...this.stack]) entry.element.hidden = entry !== this.top;
    if (!this.top) return;
    const scheme = this.dark.matches ? "dark" : "light";
    const look = { ...this.project.window[scheme], ...this.project.parts[this.top.path].config };
    this.bar.querySelector(".mp-title").textContent = this.top.title ?? look.navigationBarTitleText ?? "";
    this.bar.querySelector(".mp-back").hidden = this.stack.length < 2;
    this.bar.style.background = look.navigationBarBackgroundColor ?? "#000";
    this.bar.style.color = look.navigationBarTextStyle === "black" ? "#000" : "#fff";
    this.body.style.background = look.backgroundColor ?? "#fff";
  }

  #close(entry) {
    this.#call(entry, "onUnload");
    this.#tabs.delete(entry.path);
    // What is still under way may set data: the platform takes it for a page that is gone and does nothing.
    entry.page.setData = () => {};
    for (const root of entry.roots) root.release();
    entry.element.remove();
  }

  #isTab(path) {
    return this.project.tabs.includes(path);
  }

  /** The tab bar of one page: each has an own instance of it. */
  #addTabBar(entry) {
    const place = document.createElement("span");
    entry.element.append(place);
    const root = this.backend.createRoot("wx-tab-bar", this.space, this.project.tabBar);
    entry.page.getTabBar = () => root.get();
    entry.roots.push(root);
    root.attach(entry.element, place);
  }

  /** Calls `onReachBottom` each time the page is scrolled to its end. */
  #watchBottom(entry) {
    const { element } = entry;
    const reach = this.project.parts[entry.path].config.onReachBottomDistance ?? REACHED;
    /** The length of the page whose end was reached; a page that has grown since has another end. */
    let reached = 0;
    element.addEventListener("scroll", () => {
      const length = element.scrollHeight;
      const there = length - element.scrollTop - element.clientHeight <= reach;
      if (there && length !== reached) this.#call(entry, "onReachBottom");
      reached = there ? length : 0;
    });
  }

  async #open(url) {
    const { path, query } = parse(url);
    if (!this.project.pages.includes(path)) throw new Error(`page "${path}" is not found`);
    const element = document.createElement("div");
    element.className = "mp-page";
    element.dataset.route = path;
    const place = document.createElement("span");
    element.append(place);
    this.body.append(element);
    const root = this.backend.createRoot("wx-page", this.space, path);
    const page = root.get();
    page.route = path;
    page.options = query;
    const entry = { path, roots: [root], page, element, title: null };
    this.stack.push(entry);
    if (this.#isTab(path)) {
      this.#tabs.set(path, entry);
      this.#addTabBar(entry);
    }
    this.#watchBottom(entry);
    this.#call(entry, "onLoad", query);
    root.attach(element, place);
    this.#paint();
    this.#tell(entry, "show");
    await nextFrame();
    this.#call(entry, "onReady");
  }

  #absolute(url) {
    if (typeof url !== "string" || url === "") throw new Error("parameter error: url should be a text");
    if (url.startsWith("/")) return url;
    return new URL(url, `http://package/${this.top?.path ?? ""}`).href.slice("http://package".length);
  }

  /** The address of a page that is no tab; throws for one that is. */
  #noTab(name, url) {
    const target = this.#absolute(url);
    if (this.#isTab(parse(target).path)) throw new Error(`can not ${name} a tabbar page`);
    return target;
  }

  async navigateTo({ url }) {
    const target = this.#noTab("navigateTo", url);
    if (this.stack.length >= this.device.limits.pages) throw new Error("webview count limit exceed");
    if (this.top) this.#tell(this.top, "hide");
    await this.#open(target);
  }

  async redirectTo({ url }) {
    const target = this.#noTab("redirectTo", url);
    this.#close(this.stack.pop());
    await this.#open(target);
  }

  async reLaunch({ url }) {
    const target = this.#absolute(url);
    while (this.top) this.#close(this.stack.pop());
    for (const entry of [...this.#tabs.values()]) this.#close(entry);
    await this.#open(target);
  }

  async switchTab({ url }) {
    const target = this.#absolute(url);
    const { path } = parse(target);
    if (!this.#isTab(path)) throw new Error("can not switch to no-tabBar page");
    if (target.includes("?")) throw new Error("the url of switchTab must not have a query");
    if (this.top?.path === path) return;
    if (this.top) this.#tell(this.top, "hide");
    for (const entry of this.stack.splice(0).reverse()) if (!this.#isTab(entry.path)) this.#close(entry);
    const known = this.#tabs.get(path);
    if (known === undefined) {
      await this.#open(target);
      return;
    }
    this.stack.push(known);
    this.#paint();
    this.#tell(known, "show");
  }

  async navigateBack({ delta = 1 } = {}) {
    if (this.stack.length < 2) throw new Error("cannot navigate back at first page");
    for (let n = delta; n > 0 && this.stack.length > 1; n--) this.#close(this.stack.pop());
    this.#paint();
    this.#tell(this.top, "show");
  }

  /** Tells the visible page that the app goes away or comes back. */
  visible(isVisible) {
    if (this.top) this.#tell(this.top, isVisible ? "show" : "hide");
  }
}
