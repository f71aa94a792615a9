/** floo-wasm for WeChat mini-programs: the same client and legacy facade over `wx`. Nothing happens at import. */
import { FlooClient } from "./client/client.js";
import type { Client, ClientOptions } from "./client/types.js";
import { type FlooimConfig, makeFlooim } from "./compat/flooim.js";
import { type WxPlatform, wechat } from "./platform/wechat.js";

export type * from "./client/types.js";
export type { FlooimConfig, FlooimFactory, Im } from "./compat/flooim.js";
export type * from "./compat/shapes.js";
export { ErrorCode, type ErrorCodeName } from "./error-codes.js";
export { type ErrorLanguage, type ErrorReference, errorRemediation, errorText } from "./error-text.js";
export { FlooError } from "./errors.js";
export type { WxPlatform };

/** Options of a client in a mini-program. */
export interface MiniProgramOptions extends ClientOptions {
  /** Path of the wasm file from the root of the code package. Default: where "Build npm" puts it. */
  wasmPath?: string;
  /** The platform's API. Default: `wx`. */
  platform?: WxPlatform;
}

/**
 * Makes a client. Nothing is loaded, stored or connected until its first call.
 * Throws `ArgumentInvalid` naming the option that is not of the expected form.
 */
export function createClient(options: MiniProgramOptions): Client {
  return new FlooClient(options, wechat(options?.wasmPath, options?.platform));
}

/** Configuration of the legacy object in a mini-program. */
export interface MiniProgramConfig extends FlooimConfig {
  /** As in `createClient`. */
  wasmPath?: string;
  /** As in `createClient`. */
  platform?: WxPlatform;
}

/** Makes the legacy object; see `FlooimFactory`. */
export const flooim = /* @__PURE__ */ makeFlooim<MiniProgramConfig>(
  (options, { wasmPath, platform }) => new FlooClient(options, wechat(wasmPath, platform)),
);
