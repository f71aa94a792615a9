/** Checks of what an application hands in to make a client and to log in. */
import type { EngineOptions } from "../engine.js";
import { badArgument, unsupported } from "../errors.js";
import { userId } from "./ids.js";
import { LEVELS } from "./logs.js";
import type { ClientOptions, Token } from "./types.js";

/** The DNS document of the public Lanying cloud. */
const PUBLIC_DNS = "https://dns.lanyingim.com/v2/app_dns";

function url(value: unknown, schemes: RegExp, field: string, expected: string): string {
  if (typeof value !== "string" || !schemes.test(value)) throw badArgument(field, expected);
  return value;
}

const http = (value: unknown, field: string): string =>
  url(value, /^https?:\/\/[^\s/]+/i, field, "a URL that begins with http:// or https://");

function text(value: unknown, field: string): string {
  if (typeof value !== "string" || value === "") throw badArgument(field, "a text that is not empty");
  return value;
}

/** All options there are, those of single entries too. */
const KNOWN: Record<keyof ClientOptions | "wasm" | "wasmPath" | "platform", true> = {
  appId: true,
  servers: true,
  storage: true,
  logger: true,
  logLevel: true,
  deliveryReceipts: true,
  tokenProvider: true,
  search: true,
  legacyRandomSn: true,
  worker: true,
  wasm: true,
  wasmPath: true,
  platform: true,
};

/** The names of the options that nobody knows: a slip of the pen, perhaps, but none that must end an application. */
export const unknownOptions = (options: ClientOptions): string[] =>
  Object.keys(options).filter((name) => !Object.keys(KNOWN).includes(name));

/** Turns the options of `createClient` into those of the core; throws `ArgumentInvalid` naming the field. */
export function engineOptions(options: ClientOptions, deviceInfo: string): EngineOptions {
  if (typeof options !== "object" || options === null) throw badArgument("options", "an object");
  const { servers, storage, logger, logLevel, deliveryReceipts = false } = options;
  if (storage !== undefined && storage !== "default" && storage !== "memory") {
    throw badArgument("options.storage", '"default" or "memory"');
  }
  const { tokenProvider, legacyRandomSn = false, search, worker } = options;
  for (const [name, value] of Object.entries({ logger, tokenProvider, worker })) {
    if (value !== undefined && typeof value !== "function") throw badArgument(`options.${name}`, "a function");
  }
  if (worker && deviceInfo !== "Web") throw unsupported("options.worker");
  for (const [name, value] of Object.entries({ legacyRandomSn, deliveryReceipts })) {
    if (typeof value !== "boolean") throw badArgument(`options.${name}`, "true or false");
  }
  if (search !== undefined && typeof search !== "boolean") throw badArgument("options.search", "true or false");
  if (logLevel !== undefined && !LEVELS.includes(logLevel)) {
    throw badArgument("options.logLevel", `one of ${LEVELS.join(", ")}`);
  }
  const made: EngineOptions = {
    appId: text(options.appId, "options.appId"),
    deviceInfo,
    memory: storage === "memory",
    ...(deliveryReceipts ? { deliveryReceipts } : {}),
    ...(tokenProvider ? { tokenProvider: true } : {}),
    ...((search ?? deviceInfo === "Web") ? { search: true } : {}),
    ...(legacyRandomSn ? { legacyRandomSn } : {}),
  };
  if (servers === undefined) return { ...made, dns: PUBLIC_DNS };
  if (
    typeof servers !== "object" ||
    servers === null ||
    !("dns" in servers || "rest" in servers || "socket" in servers)
  )
    throw badArgument("options.servers", "{dns} or {rest, socket}");
  if ("dns" in servers) return { ...made, dns: http(servers.dns, "options.servers.dns") };
  return {
    ...made,
    rest: http(servers.rest, "options.servers.rest"),
    socket: url(
      servers.socket,
      /^(wss?|https?):\/\/[^\s/]+/i,
      "options.servers.socket",
      "a URL that begins with ws:// or wss://",
    ),
  };
}

/** What is checked, by its name. */
type Checked = { [name: string]: string | true };

/** Checks a token and leaves out what does not belong; throws `ArgumentInvalid` naming the field. */
export function checkToken(given: unknown, field: string): Checked {
  if (typeof given !== "object" || given === null) throw badArgument(field, "an object");
  const { userId: id, token, publicKey } = given as Partial<Token>;
  return {
    userId: userId(id as string, `${field}.userId`),
    token: text(token, `${field}.token`),
    // Some servers say null where they have none.
    ...(publicKey === undefined || publicKey === null ? {} : { publicKey: text(publicKey, `${field}.publicKey`) }),
  };
}

/**
 * Checks credentials and leaves out what does not belong; throws `ArgumentInvalid` naming the field.
 * `provided`: there is a token provider, so that there need not be any.
 */
export function checkCredentials(credentials: unknown, provided: boolean): Checked {
  if (credentials === undefined) {
    if (provided) return {};
    throw badArgument("credentials", "given, as there is no options.tokenProvider");
  }
  if (typeof credentials !== "object" || credentials === null) throw badArgument("credentials", "an object");
  const given = credentials as Record<"username" | "userId" | "mobile" | "password" | "token" | "anonymous", unknown>;
  const password = (): string => text(given.password, "credentials.password");
  if (given.anonymous !== undefined) {
    if (given.anonymous !== true) throw badArgument("credentials.anonymous", "true, or left out");
    return { anonymous: true };
  }
  if (given.userId !== undefined) {
    if (given.token !== undefined) return checkToken(given, "credentials");
    const id = userId(given.userId as string, "credentials.userId");
    if (provided && given.password === undefined) return { userId: id };
    return { userId: id, password: text(given.password, "credentials.password or credentials.token") };
  }
  if (given.mobile !== undefined && given.username === undefined) {
    return { mobile: text(given.mobile, "credentials.mobile"), password: password() };
  }
  if (provided && given.username === undefined && given.password === undefined) return {};
  return { username: text(given.username, "credentials.username"), password: password() };
}
