// WebDriver sessions in the three engines. Each has a driver and a browser of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { Builder, Capabilities } from "selenium-webdriver";
import { installed } from "./paths.mjs";
import { until } from "./until.mjs";

const SCRIPT_LIMIT = 90_000;
const CHROMIUM_FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--window-size=1100,800",
];

const ENGINES = {
  chromium: {
    driver: () => installed("FLOO_CHROMEDRIVER", ["/usr/bin/chromedriver", "/usr/lib/chromium/chromedriver"]),
    capabilities: () => ({
      browserName: "chrome",
      "goog:chromeOptions": {
        binary: installed("FLOO_CHROMIUM", [
          "/usr/bin/chromium",
          "/usr/bin/chromium-browser",
          "/usr/bin/google-chrome",
        ]),
        args: CHROMIUM_FLAGS,
      },
      "goog:loggingPrefs": { browser: "ALL" },
    }),
  },
  firefox: {
    driver: () => installed("FLOO_GECKODRIVER", ["/usr/bin/geckodriver", "/usr/local/bin/geckodriver"]),
    capabilities: () => ({
      browserName: "firefox",
      "moz:firefoxOptions": {
        binary: installed("FLOO_FIREFOX", ["/usr/bin/firefox-esr", "/usr/bin/firefox"]),
        args: ["-headless", "--width=1100", "--height=800"],
        // The page's console goes to the driver's output.
        prefs: { "devtools.console.stdout.content": true },
      },
    }),
  },
  webkit: {
    driver: () => installed("FLOO_WEBKIT_DRIVER", ["/usr/bin/WebKitWebDriver"]),
    display: true,
    capabilities: () => ({
      browserName: "MiniBrowser",
      "webkitgtk:browserOptions": {
        binary: installed("FLOO_MINI_BROWSER", [
          `/usr/lib/${os.arch() === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/webkit2gtk-4.1/MiniBrowser`,
          "/usr/libexec/webkit2gtk-4.1/MiniBrowser",
        ]),
        args: ["--automation", "--enable-write-console-messages-to-stdout=true"],
      },
    }),
  },
};

/** A port that nobody listens on. */
export async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Starts a program whose output goes to a file; `end()` takes it down and waits for that. */
function start(program, args, { log, env = {}, extra = [] }) {
  const child = spawn(program, args, { stdio: ["ignore", log, log, ...extra], env: { ...process.env, ...env } });
  const ended = new Promise((resolve) => {
    child.once("exit", resolve).once("error", resolve);
  });
  return {
    child,
    async end(signal = "SIGTERM") {
      child.kill(signal);
      await ended;
    },
  };
}

/** A screen that nobody looks at; WebKit does not start without one. */
async function startDisplay(log) {
  const program = installed("FLOO_XVFB", ["/usr/bin/Xvfb"]);
  const args = ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"];
  const display = start(program, args, { log, extra: ["pipe"] });
  let number = "";
  display.child.stdio[3].setEncoding("utf8").on("data", (text) => {
    number += text;
  });
  await until("the virtual display", () => number.endsWith("\n") || display.child.exitCode !== null);
  if (!number) throw new Error(`${program} did not start`);
  return { name: `:${number.trim()}`, end: () => display.end() };
}

/**
 * A running browser: `driver` is selenium's, `output()` what page and driver have said, `end()` closes it. Chromium
 * also takes more `flags`, and `profile`, a directory that outlives it; with that, `kill()` ends it without a goodbye.
 */
export async function browser(engine, { profile, flags = [] } = {}) {
  const { driver: program, capabilities, display: needsDisplay } = ENGINES[engine];
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "floo-browser-"));
  const output = path.join(directory, "output.txt");
  const log = fs.openSync(output, "a");
  const undo = [
    () => {
      fs.closeSync(log);
      fs.rmSync(directory, { recursive: true, force: true });
    },
  ];
  const end = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const env = {};
    if (needsDisplay) {
      const display = await startDisplay(log);
      undo.push(display.end);
      env.DISPLAY = display.name;
      // The sandbox of this engine refuses to run as root.
      if (process.getuid() === 0) env.WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS = "1";
    }
    const port = await freePort();
    const service = start(program(), [`--port=${port}`], { log, env });
    undo.push(() => service.end());
    const url = `http://127.0.0.1:${port}`;
    await until(
      `${engine}'s driver`,
      async () => {
        if (service.child.exitCode !== null)
          throw new Error(`the driver has ended: ${fs.readFileSync(output, "utf8")}`);
        return (await (await fetch(`${url}/status`)).json()).value.ready;
      },
      { forgive: (error) => error.message === "fetch failed" },
    );
    const wanted = new Capabilities(capabilities());
    if (engine === "chromium") {
      const options = wanted.get("goog:chromeOptions");
      const own = profile === undefined ? [] : [`--user-data-dir=${profile}`];
      wanted.set("goog:chromeOptions", { ...options, args: [...options.args, ...own, ...flags] });
    }
    const driver = await new Builder().usingServer(url).withCapabilities(wanted).build();
    let killed = false;
    undo.push(() => (killed ? undefined : driver.quit()));
    const kill = async () => {
      killed = true;
      // The browser's own lock names its process: "host-number".
      process.kill(Number(/\d+$/.exec(fs.readlinkSync(path.join(profile, "SingletonLock")))[0]), "SIGKILL");
      await end();
    };
    await driver.manage().setTimeouts({ script: SCRIPT_LIMIT });
    return { engine, driver, end, kill, output: () => said(engine, driver, output) };
  } catch (error) {
    await end();
    throw error;
  }
}

async function said(engine, driver, file) {
  if (engine !== "chromium") return fs.readFileSync(file, "utf8");
  const entries = await driver.manage().logs().get("browser");
  return entries.map((entry) => `${entry.level.name} ${entry.message}`).join("\n");
}
