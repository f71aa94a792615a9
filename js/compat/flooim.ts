/** `flooim(config)`: the interface of the former SDK as a translation over the modern client, which is `im.client`. */
import type { FlooClient, Log } from "../client/client.js";
import type { Client, ClientOptions, Credentials } from "../client/types.js";
import { badArgument } from "../errors.js";
import { Bus } from "./bus.js";
import { Cards } from "./cards.js";
import { Chat } from "./chat.js";
import { legacyId } from "./convert.js";
import { groupManage, type Parts, rosterManage, rtcManage, sysManage, userManage } from "./managers.js";
import { Notices } from "./notices.js";
import { asker } from "./rest.js";
import { Servers } from "./servers.js";
import { BY_ID, BY_PASSWORD, BY_TOKEN, Session } from "./session.js";
import type { Id, LegacyEventName, Listeners } from "./shapes.js";
import { TakeOver } from "./takeover.js";

const LEVELS = ["debug", "info", "warn", "error", "off"] as const;
type Level = (typeof LEVELS)[number];

/** Where links of applications are resolved. */
const LINKS = "https://lanyinglink.com/info";
/** Web browsers, as the cloud counts platforms. */
const WEB = 6;

/** Configuration of the legacy object. `ws` of the former SDK is accepted and has no effect. */
export interface FlooimConfig {
  /** The application's id. Default: the vendor's sample application, `welovemaxim`. */
  appid?: string;
  /** Take up the last login of this device. Default: true. */
  autoLogin?: boolean;
  /** The whole URL of a private DNS document. Addresses of the vendor mean the public cloud. */
  dnsServer?: string;
  /** What goes to the console. Default: debug. */
  logLevel?: Level;
  ws?: boolean;
  /** What `sysManage.getLinkServer()` gives. */
  linkServer?: string;
  /** As in `createClient`. */
  storage?: "default" | "memory";
  /** As in `createClient`. */
  worker?: () => Worker;
  /** What `logout()` does at its end. Default: reload the page, where there is one. */
  reload?: () => void;
}

/** A user and a token, as positions or as an object. */
interface TokenLogin {
  user_id: Id;
  token: string;
  public_key?: string | null;
}

/** The legacy object. */
export interface Im {
  /** The modern client that this object stands on. */
  readonly client: Client;
  /** The origin of the HTTP API; undefined before it is known. */
  baseUrl?: string;
  /** Logs in; what comes of it is told by events. Before the core is ready the last call waits. */
  login(options: { name?: string; mobile?: string; password: string }): void;
  idLogin(options: { user_id: Id; password: string }): void;
  qrlogin(options: { user_id: Id; password: string }): void;
  tokenLogin(userId: Id | TokenLogin, token?: string, publicKey?: string | null): void;
  /** Does nothing, as ever. */
  wxlogin(): void;
  /** `on(event, listener)` or `on({event: listener})`; a listener of the same source text is replaced. */
  on<E extends LegacyEventName | (string & Record<never, never>)>(event: E, listener: Listeners[E]): void;
  on(events: Listeners): void;
  listen<E extends LegacyEventName | (string & Record<never, never>)>(event: E, listener: Listeners[E]): void;
  listen(events: Listeners): void;
  off(events: string | Record<string, unknown>, listener?: unknown): void;
  isLogin(): boolean;
  isReady(): boolean;
  /** True once the cloud has said how the application is. */
  isAppInfoReady(): boolean;
  /** Logs out, fires `logout` and reloads the page unless `deleteUser` or `linkLogin` is set. */
  logout(options?: { deleteUser?: boolean; linkLogin?: boolean; quitAllWeb?: boolean }): void;
  /** Ends all sessions in browsers, erases the account from this device and reloads the page. */
  kickAllWeb(): void;
  /** Logs out and erases the account from this device. */
  cleanup(): void;
  /** Ends the connection until the next login. */
  disConnect(): void;
  /** What goes to the console from now on. */
  setLogLevel(level: Level): void;
  readonly rosterManage: ReturnType<typeof rosterManage>;
  readonly groupManage: ReturnType<typeof groupManage>;
  readonly userManage: ReturnType<typeof userManage>;
  readonly sysManage: ReturnType<typeof sysManage>;
  readonly rtcManage: ReturnType<typeof rtcManage>;
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

/** A logger for the console, and how to change its level. */
function consoleLogger(given: unknown): { logger: Log; setLevel: (level: Level) => void } {
  const check = (level: unknown): number => {
    const index = (LEVELS as readonly unknown[]).indexOf(level);
    if (index < 0) throw badArgument("config.logLevel", `one of ${LEVELS.join(", ")}`);
    return index;
  };
  let lowest = check(given ?? "debug");
  return {
    logger: (of, text) => {
      if (LEVELS.indexOf(of) >= lowest) console[of](`floo: ${text}`);
    },
    setLevel: (level) => {
      lowest = check(level);
    },
  };
}

function clientOptions(config: FlooimConfig, appId: string, logger: Log): ClientOptions {
  const { dnsServer, storage, worker } = config;
  if (dnsServer !== undefined && typeof dnsServer !== "string") throw badArgument("config.dnsServer", "a URL");
  const own = dnsServer && !/dns\.(lanyingim|maximtop)\.com/.test(dnsServer);
  return {
    appId,
    logger,
    ...(own ? { servers: { dns: dnsServer } } : {}),
    ...(storage === undefined ? {} : { storage }),
    ...(worker === undefined ? {} : { worker }),
  };
}

function reloadPage(): void {
  if (typeof location !== "undefined") location.reload();
}

function build(config: FlooimConfig, appId: string, client: FlooClient, setLogLevel: (level: Level) => void): Im {
  const bus = new Bus((event, thrown) => client.complain(`A listener of "${event}" threw`, thrown));
  const ask = asker(
    (endpoint, params) => client.api(endpoint, params),
    (thrown) => session.refused(thrown),
  );
  const cards = new Cards(client, bus, ask);
  const chat = new Chat(
    client,
    bus,
    (gid) => cards.readers(gid),
    () => session.entering,
  );
  const notices = new Notices(client, bus);
  const old = new TakeOver(client, appId);
  const servers = new Servers(
    client,
    bus,
    appId,
    (base) => {
      im.baseUrl = base;
    },
    (token) => old.mirror(token),
  );
  const session: Session = new Session(
    client,
    bus,
    {
      follow: () => servers.follow(),
      begin: () => {
        notices.begin();
        return chat.fillAll();
      },
      adopt: (autoLogin) => old.adopt(autoLogin),
      takeOver: () => old.messages(),
      end: () => {
        chat.clear();
        cards.clear();
        servers.forget();
      },
      kicked: (name) => notices.end(name),
      ready: () => servers.look(),
      through: (error) => chat.parking.settle(error),
    },
    config.autoLogin !== false,
  );
  client.on("roster", ({ users }) => {
    if (users.length === 0) return;
    bus.emit(
      "onRosterInfoUpdate",
      users.map((user) => legacyId(user.id)),
    );
    bus.emit("onRosterListUpdate");
  });
  client.on("groups", () => bus.emit("onGroupListUpdate"));

  const reload = config.reload ?? reloadPage;
  const leave = (): void => session.leave(undefined);
  /**
   * All web sessions, this one too: nothing of it is kept anyway. The core does not tell which one this is, so that the
   * latest comes last: whoever is out cannot put out others.
   */
  const kick = async (): Promise<void> => {
    const devices = (await ask("userDeviceList", {})) as Array<Record<"device_sn" | "platform" | "last_login", number>>;
    const web = devices.filter((device) => device.platform === WEB);
    web.sort((one, other) => (one.last_login || 0) - (other.last_login || 0));
    for (const { device_sn } of web) await ask("userKick", { device_sn });
  };
  const kickAllWeb = (after: (() => void) | undefined): void =>
    session.finish(
      () =>
        kick().then(
          () => client.wipe(),
          (thrown: unknown) => client.wipe().then(() => Promise.reject(thrown)),
        ),
      after,
    );
  const byId = (it: { user_id: Id; password: string }) => (): Credentials => ({
    userId: it?.user_id,
    password: it?.password,
  });
  const parts: Parts = { client, chat, cards, notices, servers, ask, leave, linkServer: config.linkServer ?? LINKS };
  const im: Im = {
    client,
    login: (it) =>
      session.enter(() => {
        const password = it?.password ?? "";
        return it?.mobile && !it.name ? { mobile: it.mobile, password } : { username: it?.name ?? "", password };
      }, BY_PASSWORD),
    idLogin: (it) => session.enter(byId(it), BY_ID),
    qrlogin: (it) => session.enter(byId(it), BY_PASSWORD),
    tokenLogin: (user, token, publicKey) => {
      // The vendor's own demo gives an object, which never worked there.
      const it = typeof user === "object" && user !== null ? user : { user_id: user, token, public_key: publicKey };
      if (!it.user_id) throw badArgument("user_id", "an id");
      const key = it.public_key ? { publicKey: it.public_key } : {};
      session.enter(() => ({ userId: it.user_id, token: it.token as string, ...key }), BY_TOKEN);
    },
    wxlogin: () => undefined,
    on: (events: unknown, listener?: unknown) => bus.on(events, listener),
    listen: (events: unknown, listener?: unknown) => bus.on(events, listener),
    off: (events, listener) => bus.off(events, listener),
    isLogin: () => client.session !== null && client.state !== "kicked",
    isReady: () => session.ready,
    isAppInfoReady: () => servers.known,
    logout: (it) => {
      const after = it?.deleteUser || it?.linkLogin ? undefined : reload;
      if (it?.quitAllWeb) kickAllWeb(after);
      else session.leave(after);
      bus.emit("logout");
    },
    kickAllWeb: () => kickAllWeb(reload),
    cleanup: () => session.finish(() => client.wipe(), undefined),
    disConnect: leave,
    setLogLevel,
    rosterManage: rosterManage(parts),
    groupManage: groupManage(parts),
    userManage: userManage(parts),
    sysManage: sysManage(parts),
    rtcManage: rtcManage(parts),
  };
  return im;
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
    const { logger, setLevel } = consoleLogger(config.logLevel);
    const client = makeClient(clientOptions(config, appId, logger), config);
    const im = build(config, appId, client, setLevel);
    open.set(name, im);
    client.on("state", ({ to }) => {
      if (to === "closed") open.delete(name);
    });
    return im;
  }
  return flooim as unknown as FlooimFactory<C>;
}
