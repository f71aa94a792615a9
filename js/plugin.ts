/** The SDK inside a WeChat plugin: one client for the plugin's components and for the mini-program that uses it. */
import { FlooClient } from "./client/client.js";
import type { Client, ClientOptions } from "./client/types.js";
import { badArgument, failure } from "./errors.js";
import { wechat } from "./platform/wechat.js";
import { LACKING, type PluginHost, pluginPlatform } from "./platform/wechat-plugin.js";

export type * from "./client/types.js";
export { ErrorCode, type ErrorCodeName } from "./error-codes.js";
export { type ErrorLanguage, type ErrorReference, errorRemediation, errorText } from "./error-text.js";
export { FlooError } from "./errors.js";
export type { PluginHost };

/** Where the wasm file is, from the root of the plugin. */
const WASM_PATH = "/floo_wasm_bg.wasm.br";

/** What a mini-program starts the plugin with. */
export interface PluginOptions extends ClientOptions {
  /** What plugins do not have; the mini-program's `wx` will do. */
  host: PluginHost;
}

let client: FlooClient | undefined;

/**
 * Makes the one client, which the mini-program logs in and the components of the plugin show. Once, in the
 * mini-program's `onLaunch`; again only after `close()` of the client. Nothing is loaded, stored or connected until
 * the client's first call. Throws `ArgumentInvalid` naming the option that is not of the expected form.
 */
export function start(options: PluginOptions): Client {
  if (client !== undefined && client.state !== "closed") {
    throw failure("ArgumentInvalid", "argument", "start() was called already.", "Close the client of before first.");
  }
  const host: unknown = options?.host;
  if (typeof host !== "object" || host === null) throw badArgument("options.host", "the mini-program's wx");
  for (const name of LACKING) {
    if (typeof (host as Partial<PluginHost>)[name] !== "function") {
      throw badArgument(`options.host.${name}`, "the function of the mini-program's wx");
    }
  }
  client = new FlooClient(options, wechat(WASM_PATH, pluginPlatform(options.host)));
  return client;
}

/** The client that `start` made. Throws `Unsupported` before that. */
export function current(): Client {
  if (client === undefined) {
    throw failure(
      "Unsupported",
      "platform",
      "The plugin has not been started.",
      "Call its start() in the onLaunch of the mini-program.",
    );
  }
  return client;
}
