/** floo-wasm: the chat client for browsers, with the core inside. Nothing happens at import. */
import { FlooClient } from "./client/client.js";
import type { Client, ClientOptions } from "./client/types.js";
import { load } from "./load/inline.js";
import { browser } from "./platform/browser.js";

export type * from "./client/types.js";
export { ErrorCode, type ErrorCodeName } from "./error-codes.js";
export { type ErrorLanguage, type ErrorReference, errorRemediation, errorText } from "./error-text.js";
export { FlooError } from "./errors.js";

/**
 * Makes a client. Nothing is loaded, stored or connected until its first call.
 * Throws `ArgumentInvalid` naming the option that is not of the expected form.
 */
export function createClient(options: ClientOptions): Client {
  return new FlooClient(options, browser(load, options?.worker));
}
