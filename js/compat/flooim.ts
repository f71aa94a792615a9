/**
 * `flooim(config)`: the interface of the former SDK as a translation over the modern client, which is
 * `im.client`. What is not translated yet throws (or rejects with) `Unsupported` by its name.
 */
import type { FlooClient, Log } from "../client/client.js";
import { parseJson } from "../client/json.js";
import type { Client, ClientOptions, ConversationKey, Credentials } from "../client/types.js";
import { badArgument, unsupported } from "../errors.js";
import { Bus } from "./bus.js";
import { staticVars } from "./constants.js";
import { groupInfo, legacyId, recentConversation, rosterInfo } from "./convert.js";
import { Legacy } from "./legacy.js";
import type { Forward, GroupSend, MentionSend, Outgoing, RosterSend } from "./outgoing.js";
import { CALLS, callsOf } from "./rest.js";
import type { CustomerMessage, GroupInfo, RecentConversation, RosterInfo } from "./shapes.js";
import surface from "./surface.json";

const LEVELS = ["debug", "info", "warn", "error", "off"] as const;

/** Configuration of the legacy object. `ws` and `linkServer` of the former SDK are accepted and have no effect. */
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
  readonly rosterManage: {
    getAllRosterDetail(): Record<string, RosterInfo> | undefined;
    getRosterInfo(id: Id): RosterInfo;
    getUnreadCount(id: Id): number;
    /** At most 100, ascending by id. */
    getRosterMessageByRid(id: Id): CustomerMessage[];
    readRosterMessage(id: Id): void;
    asyncGetRosterIdList(force?: boolean): Promise<Id[]>;
  };
  readonly groupManage: {
    getUnreadCount(id: Id): number;
    getGruopMessage(id: Id): CustomerMessage[];
    getAllGroupDetail(): Record<string, GroupInfo>;
    readGroupMessage(id: Id): void;
    /** Ids with `force`, cards without: as ever. */
    asyncGetJoinedGroups(force?: boolean): Promise<GroupInfo[] | Id[]>;
  };
  readonly userManage: {
    getUid(): Id | undefined;
    getAppid(): string;
    getConversationList(): RecentConversation[];
  };
  readonly sysManage: {
    /** The client id of the message. Fires `onSendingMessageStatusChanged` "sending" before it returns. */
    sendRosterMessage(message: RosterSend): number;
    sendGroupMessage(message: GroupSend): number;
  };
  readonly rtcManage: object;
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

function consoleLogger(level: FlooimConfig["logLevel"]): Log {
  const lowest = LEVELS.indexOf(level ?? "debug");
  if (lowest < 0) throw badArgument("config.logLevel", `one of ${LEVELS.join(", ")}`);
  return (of, text) => {
    if (LEVELS.indexOf(of) >= lowest) console[of](`floo: ${text}`);
  };
}

function clientOptions(config: FlooimConfig, appId: string): ClientOptions {
  const { dnsServer, storage } = config;
  if (dnsServer !== undefined && typeof dnsServer !== "string") throw badArgument("config.dnsServer", "a URL");
  const own = dnsServer && !/dns\.(lanyingim|maximtop)\.com/.test(dnsServer);
  return {
    appId,
    logger: consoleLogger(config.logLevel),
    ...(own ? { servers: { dns: dnsServer } } : {}),
    ...(storage === undefined ? {} : { storage }),
  };
}

/** An object as it is, or of JSON text. */
function patch(value: unknown): object | undefined {
  const parsed = typeof value === "string" ? parseJson(value) : value;
  return parsed ? (parsed as object) : undefined;
}

/** What can be done to a message; the same for users and groups. */
function operations(place: (id: Id) => ConversationKey, outgoing: Outgoing) {
  return {
    recallMessage: (id: Id, mid: Id) => outgoing.operate(place(id), (conversation) => conversation.recall(mid)),
    deleteMessage: (id: Id, mid: Id) => outgoing.operate(place(id), (conversation) => conversation.delete(mid)),
    appendMessageContent: (id: Id, mid: Id, content: string) =>
      outgoing.operate(place(id), (conversation) => conversation.append(mid, content)),
    replaceMessage: (id: Id, mid: Id, content?: string, config?: unknown, ext?: unknown) => {
      if (!content && !config && !ext) return; // as ever
      const changes = {
        ...(content ? { text: content } : {}),
        ...(config ? { config: patch(config) ?? {} } : {}),
        ...(ext ? { ext: ext as object } : {}),
      };
      outgoing.operate(place(id), (conversation) => conversation.edit(mid, changes));
    },
  };
}

function reloadPage(): void {
  if (typeof location !== "undefined") location.reload();
}

function build(config: FlooimConfig, appId: string, client: FlooClient): Im {
  const bus = new Bus((event, thrown) => client.complain(`A listener of "${event}" threw`, thrown));
  const recents = (): void => bus.emit("recentlistUpdate");
  const legacy = new Legacy(client, bus, config.autoLogin !== false, recents, () => []);
  const { outgoing } = legacy;
  const base = {
    client,
    login: (it: { name?: string; mobile?: string; password?: string } | undefined) =>
      legacy.enter(() => {
        const password = it?.password ?? "";
        return it?.mobile && !it.name ? { mobile: it.mobile, password } : { username: it?.name ?? "", password };
      }),
    idLogin: (it: { user_id: Id; password: string }) =>
      legacy.enter(() => ({ userId: it?.user_id, password: it?.password }) as Credentials),
    qrlogin: (it: { user_id: Id; password: string }) =>
      legacy.enter(() => ({ userId: it?.user_id, password: it?.password }) as Credentials),
    tokenLogin: (userId: Id, token: string, publicKey?: string | null) =>
      legacy.enter(() => ({ userId, token, ...(publicKey ? { publicKey } : {}) })),
    on: (events: unknown, listener?: unknown) => bus.on(events, listener),
    listen: (events: unknown, listener?: unknown) => bus.on(events, listener),
    off: (events: unknown, listener?: unknown) => bus.off(events, listener),
    isLogin: () => client.session !== null,
    isReady: () => legacy.ready,
    isAppInfoReady: () => legacy.ready,
    logout: (it?: { deleteUser?: boolean; linkLogin?: boolean; quitAllWeb?: boolean }) => {
      if (it?.quitAllWeb) throw unsupported("logout({quitAllWeb: true})");
      const stay = it?.deleteUser || it?.linkLogin;
      legacy.leave(stay ? undefined : (config.reload ?? reloadPage));
      bus.emit("logout");
    },
    disConnect: () => legacy.leave(undefined),
    rosterManage: complete(surface.rosterManage, "rosterManage.", {
      ...callsOf(client, CALLS.rosterManage),
      getAllRosterDetail: () => {
        if (!client.session) return undefined;
        const all: Record<string, RosterInfo> = {};
        for (const user of client.cards()) all[user.id] = rosterInfo(user);
        return all;
      },
      getRosterInfo: (id: Id) => {
        const user = client.roster.get(id);
        return { ...(user ? rosterInfo(user) : {}), user_id: id };
      },
      getUnreadCount: (id: Id) => legacy.unread(legacy.places.user(id)),
      getRosterMessageByRid: (id: Id) => legacy.messages(legacy.places.user(id)),
      readRosterMessage: (id: Id, mid?: Id) => legacy.read(legacy.places.user(id), id, mid),
      ...operations((id) => legacy.places.find(id), outgoing),
      unreadMessage: (id: Id, mid: Id) =>
        outgoing.operate(legacy.places.find(id), (conversation) => conversation.markUnread(mid)),
      asyncGetRosterIdList: async () => (await client.roster.list()).map((user) => legacyId(user.id)),
    }),
    groupManage: complete(surface.groupManage, "groupManage.", {
      ...callsOf(client, CALLS.groupManage),
      getUnreadCount: (id: Id) => legacy.unread(legacy.places.group(id)),
      getGruopMessage: (id: Id) => legacy.messages(legacy.places.group(id)),
      getAllGroupDetail: () => {
        const all: Record<string, GroupInfo> = {};
        for (const group of client.groupCards()) all[group.id] = groupInfo(group);
        return all;
      },
      readGroupMessage: (id: Id, mid?: Id) => legacy.read(legacy.places.group(id), id, mid),
      ...operations((id) => legacy.places.group(id), outgoing),
      asyncGetJoinedGroups: async (force?: boolean) => {
        const groups = await client.groups.list();
        return force ? groups.map((group) => legacyId(group.id)) : groups.map(groupInfo);
      },
    }),
    userManage: complete(surface.userManage, "userManage.", {
      ...callsOf(client, CALLS.userManage),
      getUid: () => (client.session ? legacyId(client.session.userId) : undefined),
      getAppid: () => appId,
      getConversationList: () => client.conversations.snapshot.map(recentConversation),
    }),
    sysManage: complete(surface.sysManage, "sysManage.", {
      ...callsOf(client, CALLS.sysManage),
      getStaticVars: staticVars,
      sendRosterMessage: (message: RosterSend) => outgoing.roster(message),
      sendGroupMessage: (message: GroupSend) => outgoing.group(message),
      sendMentionMessage: (message: MentionSend) => outgoing.mention(message),
      sendInputStatusMessage: (id: Id, status: string) => outgoing.typing(id, status),
      forwardMessage: (it: Forward) => outgoing.forward(it),
      requireHistoryMessage: (id: Id, sid: Id, amount: number) => legacy.history(id, sid, amount),
      getMessageStatus: (id: Id, mid: Id, isGroup?: boolean) => outgoing.status(legacy.places.of(id, isGroup), mid),
      markMessageUnread: (id: Id, mid: Id, isGroup?: boolean) =>
        outgoing.markUnread(legacy.places.of(id, isGroup), mid),
      deleteConversation: (id: Id, everywhere = true) => legacy.remove(id, everywhere),
      getNoticeMessage: () => legacy.notices(),
    }),
    rtcManage: complete(surface.rtcManage, "rtcManage.", {
      sendRTCMessage: (message: RosterSend) => outgoing.roster({ ...message, type: "rtc" }),
      // No call can be on: they are what is missing.
      getInCallStatus: () => false,
      getJanusObject: () => null,
      getPublishHandler: () => null,
      getSubscribeHandler: () => null,
    }),
  };
  return complete(surface.base, "", base);
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
    const client = makeClient(clientOptions(config, appId), config);
    const im = build(config, appId, client);
    open.set(name, im);
    client.on("state", ({ to }) => {
      if (to === "closed") open.delete(name);
    });
    return im;
  }
  return flooim as unknown as FlooimFactory<C>;
}
