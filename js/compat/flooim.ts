/**
 * `flooim(config)`: the interface of the former SDK as a translation over the modern client, which is
 * `im.client`. What is not translated yet throws (or rejects with) `Unsupported` by its name.
 */
import type { FlooClient, Log } from "../client/client.js";
import type { Client, ClientOptions, Credentials } from "../client/types.js";
import { badArgument, unsupported } from "../errors.js";
import { Bus } from "./bus.js";
import { Cards } from "./cards.js";
import { Legacy } from "./legacy.js";
import { groupManage, type Parts, rosterManage, rtcManage, sysManage, userManage } from "./managers.js";
import { Places } from "./places.js";
import { Recents } from "./recents.js";
import type { Call } from "./rest.js";
import surface from "./surface.json";
import { System } from "./system.js";

const LEVELS = ["debug", "info", "warn", "error", "off"] as const;

/** Configuration of the legacy object. `ws` of the former SDK is accepted and has no effect. */
export interface FlooimConfig {
  /** The application's id. Default: the vendor's sample application, `welovemaxim`. */
  appid?: string;
  /** Take up the last login of this device. Default: true. */
  autoLogin?: boolean;
  /** The whole URL of a private DNS document. Addresses of the vendor mean the public cloud. */
  dnsServer?: string;
  /** What goes to the console. Default: debug. */
  logLevel?: (typeof LEVELS)[number];
  ws?: boolean;
  /** Where links are looked up. Default: that of the vendor. */
  linkServer?: string;
  /** As in `createClient`. */
  storage?: "default" | "memory";
  /** What `logout()` does at its end. Default: reload the page, where there is one. */
  reload?: () => void;
}

type Id = number | string;

/** The legacy object. Functions that are not here exist and throw `Unsupported`. */
export interface Im {
  /** The modern client that this object stands on. */
  readonly client: Client;
  /** Logs in; what comes of it is told by events. Before the core is ready the last call waits. */
  login(options: { name: string; password: string }): void;
  idLogin(options: { user_id: Id; password: string }): void;
  qrlogin(options: { user_id: Id; password: string }): void;
  tokenLogin(userId: Id, token: string, publicKey?: string | null): void;
  /** `on(event, listener)` or `on({event: listener})`; a listener of the same source text is replaced. */
  on(events: string | Record<string, unknown>, listener?: (payload: never) => void): void;
  listen(events: string | Record<string, unknown>, listener?: (payload: never) => void): void;
  off(events: string | Record<string, unknown>, listener?: unknown): void;
  isLogin(): boolean;
  isReady(): boolean;
  isAppInfoReady(): boolean;
  /** Logs out, fires `logout` and reloads the page unless one of the options is set. */
  logout(options?: { deleteUser?: boolean; linkLogin?: boolean }): void;
  /** Ends the connection until the next login. */
  disConnect(): void;
  /** Closes nothing: forgets what this object has read of messages and cards, and the order that the page has given. */
  cleanup(): void;
  setLogLevel(level: (typeof LEVELS)[number]): void;
  /** Does nothing, as ever. */
  wxlogin(): void;
  /** The first HTTP server, once it is known. */
  readonly baseUrl: string | undefined;
  readonly rosterManage: Manager<typeof rosterManage>;
  readonly groupManage: Manager<typeof groupManage>;
  readonly userManage: Manager<typeof userManage>;
  readonly sysManage: Manager<typeof sysManage>;
  readonly rtcManage: Manager<typeof rtcManage>;
}

/** What a manager has by its own type, and the functions that are calls of the HTTP API. */
type Manager<M extends (parts: Parts) => object> = ReturnType<M> & Calls;

interface Calls {
  readonly [name: string]: Call;
}

/**
 * Makes the legacy object, with or without `new`. The same configuration gives the same object, until
 * its client is closed; another application id or DNS server gives another one, and both work side
 * by side. Listeners must be attached in the same turn. Throws `ArgumentInvalid` naming the option.
 */
export interface FlooimFactory<C extends FlooimConfig = FlooimConfig> {
  (config?: C): Im;
  new (config?: C): Im;
}

/** Adds every function of the former surface that `made` lacks: it says that it is not there yet. */
function complete<T extends object>(names: { sync: string[]; async: string[] }, prefix: string, made: T): T {
  const all = made as Record<string, unknown>;
  const add = (name: string, stub: () => unknown): void => {
    if (!(name in all)) all[name] = stub;
  };
  for (const name of names.sync) {
    add(name, () => {
      throw unsupported(prefix + name);
    });
  }
  for (const name of names.async) add(name, () => Promise.reject(unsupported(prefix + name)));
  return made;
}

/** The console, from a level on that may change. */
class ConsoleLogger {
  private lowest = 0;

  constructor(level: FlooimConfig["logLevel"] = "debug") {
    this.set(level, "config.logLevel");
  }

  set(level: FlooimConfig["logLevel"], field = "logLevel"): void {
    const lowest = LEVELS.indexOf(level as (typeof LEVELS)[number]);
    if (lowest < 0) throw badArgument(field, `one of ${LEVELS.join(", ")}`);
    this.lowest = lowest;
  }

  readonly log: Log = (of, text) => {
    if (LEVELS.indexOf(of) >= this.lowest) console[of](`floo: ${text}`);
  };
}

function clientOptions(config: FlooimConfig, appId: string, logger: ConsoleLogger): ClientOptions {
  const { dnsServer, storage } = config;
  if (dnsServer !== undefined && typeof dnsServer !== "string") throw badArgument("config.dnsServer", "a URL");
  const own = dnsServer && !/dns\.(lanyingim|maximtop)\.com/.test(dnsServer);
  return {
    appId,
    logger: logger.log,
    ...(own ? { servers: { dns: dnsServer } } : {}),
    ...(storage === undefined ? {} : { storage }),
  };
}

function reloadPage(): void {
  if (typeof location !== "undefined") location.reload();
}

function build(config: FlooimConfig, appId: string, client: FlooClient, logger: ConsoleLogger): Im {
  const bus = new Bus((event, thrown) => client.complain(`A listener of "${event}" threw`, thrown));
  const places = new Places(client);
  const cards = new Cards(client, bus);
  const recents = new Recents(client, bus, places);
  const system = new System(client, bus, places, appId, config.linkServer);
  const legacy = new Legacy(client, bus, config.autoLogin !== false, { cards, places, recents, system });
  const parts = { client, appId, legacy, cards, recents, system };
  const base = {
    client,
    login: (it: { name?: string; mobile?: string; password?: string } | undefined) =>
      legacy.enter(() => {
        const password = it?.password ?? "";
        return it?.mobile && !it.name ? { mobile: it.mobile, password } : { username: it?.name ?? "", password };
      }),
    idLogin: (it: { user_id: Id; password: string }) =>
      legacy.enter(() => ({ userId: it?.user_id, password: it?.password }) as Credentials, "id"),
    qrlogin: (it: { user_id: Id; password: string }) =>
      legacy.enter(() => ({ userId: it?.user_id, password: it?.password }) as Credentials),
    tokenLogin: (userId: Id, token: string, publicKey?: string | null) =>
      legacy.enter(() => ({ userId, token, ...(publicKey ? { publicKey } : {}) }), "token"),
    on: (events: unknown, listener?: unknown) => bus.on(events, listener),
    listen: (events: unknown, listener?: unknown) => bus.on(events, listener),
    off: (events: unknown, listener?: unknown) => bus.off(events, listener),
    isLogin: () => client.session !== null,
    isReady: () => legacy.ready,
    isAppInfoReady: () => system.ready,
    logout: (it?: { deleteUser?: boolean; linkLogin?: boolean; quitAllWeb?: boolean }) => {
      if (it?.quitAllWeb) throw unsupported("logout({quitAllWeb: true})");
      const stay = it?.deleteUser || it?.linkLogin;
      legacy.leave(stay ? undefined : (config.reload ?? reloadPage));
      bus.emit("logout");
    },
    disConnect: () => legacy.leave(undefined),
    cleanup: () => legacy.forget(),
    setLogLevel: (level: FlooimConfig["logLevel"]) => logger.set(level),
    wxlogin: () => undefined,
    get baseUrl() {
      return system.baseUrl;
    },
    rosterManage: complete(surface.rosterManage, "rosterManage.", rosterManage(parts)),
    groupManage: complete(surface.groupManage, "groupManage.", groupManage(parts)),
    userManage: complete(surface.userManage, "userManage.", userManage(parts)),
    sysManage: complete(surface.sysManage, "sysManage.", sysManage(parts)),
    rtcManage: complete(surface.rtcManage, "rtcManage.", rtcManage(parts)),
  };
  return complete(surface.base, "", base) as unknown as Im;
}

/** The factory over whatever makes a client of this platform. */
export function makeFlooim<C extends FlooimConfig = FlooimConfig>(
  makeClient: (options: ClientOptions, config: C) => FlooClient,
): FlooimFactory<C> {
  const open = new Map<string, Im>();
  // A function, not an arrow: `new` must work, and what a function returns then takes precedence.
  function flooim(given?: C): Im {
    const config = given ?? ({} as C);
    if (typeof config !== "object") throw badArgument("config", "an object");
    const appId = config.appid ?? "welovemaxim";
    if (typeof appId !== "string" || appId === "") throw badArgument("config.appid", "a text that is not empty");
    const name = JSON.stringify([appId, config.dnsServer, config.storage]);
    const known = open.get(name);
    if (known) return known;
    const logger = new ConsoleLogger(config.logLevel);
    const client = makeClient(clientOptions(config, appId, logger), config);
    const im = build(config, appId, client, logger);
    open.set(name, im);
    client.on("state", ({ to }) => {
      if (to === "closed") open.delete(name);
    });
    return im;
  }
  return flooim as unknown as FlooimFactory<C>;
}
