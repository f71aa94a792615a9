/** floo-wasm without the core inside: the application says where `floo_wasm_bg.wasm` is. */
import { FlooClient } from "./client/client.js";
import type { Client, ClientOptions } from "./client/types.js";
import { badArgument } from "./errors.js";
import { load, type WasmSource } from "./load/slim.js";
import { browser } from "./platform/browser.js";

export type * from "./client/types.js";
export { ErrorCode, type ErrorCodeName } from "./error-codes.js";
export { type ErrorLanguage, type ErrorReference, errorRemediation, errorText } from "./error-text.js";
export { FlooError } from "./errors.js";
export type { WasmSource };

/** Options of a client that is told where its core is: `wasm`, or a `worker` that has it. */
export type SlimOptions = ClientOptions &
  (
    | {
        /** URL of the wasm file, or an answer, its bytes, or a compiled module. */
        wasm: WasmSource;
      }
    | { worker: () => Worker }
  );

/**
 * Makes a client. Nothing is loaded, stored or connected until its first call.
 * Throws `ArgumentInvalid` naming the option that is not of the expected form.
 */
export function createClient(options: SlimOptions): Client {
  const { wasm, worker } = (options ?? {}) as ClientOptions & { wasm?: WasmSource | null };
  if (!wasm && !worker) {
    throw badArgument("options.wasm", "a URL, a Response, bytes or a WebAssembly.Module, unless there is a worker");
  }
  return new FlooClient(
    options,
    browser(() => load(wasm as WasmSource), worker),
  );
}
