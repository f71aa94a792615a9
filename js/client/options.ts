/** Checks of what an application hands in to make a client and to log in. */
import type { EngineOptions } from "../engine.js";
import { badArgument } from "../errors.js";
import { userId } from "./ids.js";
import { LEVELS } from "./logs.js";
import type { ClientOptions, Credentials } from "./types.js";

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

/** Turns the options of `createClient` into those of the core; throws `ArgumentInvalid` naming the field. */
export function engineOptions(options: ClientOptions, deviceInfo: string): EngineOptions {
  if (typeof options !== "object" || options === null) throw badArgument("options", "an object");
  const { servers, storage, logger, logLevel, deliveryReceipts = false } = options;
  if (storage !== undefined && storage !== "default" && storage !== "memory") {
    throw badArgument("options.storage", '"default" or "memory"');
  }
  if (logger !== undefined && typeof logger !== "function") throw badArgument("options.logger", "a function");
  if (logLevel !== undefined && !LEVELS.includes(logLevel)) {
    throw badArgument("options.logLevel", `one of ${LEVELS.join(", ")}`);
  }
  if (typeof deliveryReceipts !== "boolean") throw badArgument("options.deliveryReceipts", "true or false");
  const made = {
    appId: text(options.appId, "options.appId"),
    deviceInfo,
    memory: storage === "memory",
    deliveryReceipts,
  };
  if (servers === undefined) return { ...made, dns: PUBLIC_DNS };
  if (typeof servers !== "object" || servers === null) throw badArgument("options.servers", "{dns} or {rest, socket}");
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

/** Checks credentials and leaves out what does not belong; throws `ArgumentInvalid` naming the field. */
export function checkCredentials(credentials: Credentials): { [name: string]: string } {
  const given = credentials as { username?: unknown; userId?: unknown; password?: unknown; token?: unknown } | null;
  if (typeof given !== "object" || given === null) throw badArgument("credentials", "an object");
  if (given.userId === undefined) {
    return {
      username: text(given.username, "credentials.username"),
      password: text(given.password, "credentials.password"),
    };
  }
  const id = userId(given.userId as string, "credentials.userId");
  return given.token === undefined
    ? { userId: id, password: text(given.password, "credentials.password or credentials.token") }
    : { userId: id, token: text(given.token, "credentials.token") };
}
