/** Why there is no core. Apart from the loaders, because whoever tells of it need not have one. */

/**
 * Why the core could not be loaded.
 *
 * - `missing`: the host has no WebAssembly (old engine, Lockdown Mode).
 * - `blocked`: it has, and forbids compiling: the Content Security Policy lacks `'wasm-unsafe-eval'`.
 * - `network`: the binary could not be fetched.
 * - `invalid`: what was loaded is not the binary, or this engine cannot run it.
 */
export type LoadFailure = "missing" | "blocked" | "network" | "invalid";

/** A failed load; recognise it with `loadFailure`. `cause` is what the host threw, if anything. */
export class LoadError extends Error {
  override readonly name = "LoadError";
  readonly failure: LoadFailure;
  override readonly cause: unknown;

  constructor(failure: LoadFailure, message: string, cause?: unknown) {
    super(message);
    this.failure = failure;
    this.cause = cause;
  }
}

const FAILURES: readonly string[] = ["missing", "blocked", "network", "invalid"] satisfies LoadFailure[];

/** The reason of a failed load, or undefined for any other value. */
export function loadFailure(error: unknown): LoadFailure | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { name, failure } = error as Partial<LoadError>;
  return name === "LoadError" && FAILURES.includes(String(failure)) ? failure : undefined;
}
