/** Promises of calls under way: numbers, signals and timeouts. */
import type { RawError } from "../engine.js";
import { badArgument, FlooError, failure, shapeOf } from "../errors.js";
import type { Signal } from "./emitter.js";
import type { CallOptions } from "./types.js";

/** The longest timer all engines can hold, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** A promise with its handles. After it is settled the handles do nothing. */
export interface Waiter<T> {
  readonly promise: Promise<T>;
  readonly done: boolean;
  resolve(value: T): void;
  reject(error: FlooError): void;
}

/** Throws `ArgumentInvalid` for something that is given but is not an abort signal. */
export function checkSignal(signal: unknown): Signal | undefined {
  if (signal === undefined) return undefined;
  const it = signal as Partial<Signal> | null;
  if (typeof it?.aborted === "boolean" && typeof it.addEventListener === "function") return it as Signal;
  throw badArgument("options.signal", "an AbortSignal");
}

/**
 * Makes a promise that also ends when the signal aborts (`Cancelled`) or the time is up
 * (`ServerTimeOut`). `what` names the call in these errors; `goesOn` says what can be done where what was asked for goes
 * on all the same, so that it must not be asked for again. Throws `ArgumentInvalid` for bad options.
 */
export function waiter<T>(what: string, options: CallOptions | undefined, goesOn?: string): Waiter<T> {
  if (options !== undefined && (typeof options !== "object" || options === null))
    throw badArgument("options", "an object");
  const timeout = options?.timeout;
  if (timeout !== undefined && !(typeof timeout === "number" && timeout > 0 && timeout <= LONGEST)) {
    throw badArgument("options.timeout", "a number of milliseconds above 0, at most 2^31 - 1");
  }
  const signal = checkSignal(options?.signal);
  let done = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let settle: { resolve(value: T): void; reject(error: FlooError): void };
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  let left = goesOn;
  const ended = (code: "Cancelled" | "ServerTimeOut", why: string, cause?: unknown): FlooError =>
    failure(code, "platform", why, left, cause, left === undefined ? undefined : false);
  const abort = (): void => reject(ended("Cancelled", `${what}: the wait was cancelled.`, signal?.reason));
  const finish = (): boolean => {
    if (done) return false;
    done = true;
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    return true;
  };
  const reject = (error: FlooError): void => {
    if (finish()) settle.reject(error);
  };
  if (signal?.aborted) {
    left = undefined; // nothing was asked for
    abort();
  } else {
    signal?.addEventListener("abort", abort);
    if (timeout !== undefined) {
      timer = setTimeout(() => reject(ended("ServerTimeOut", `${what}: no answer in ${timeout} ms.`)), timeout);
    }
  }
  return {
    promise,
    get done() {
      return done;
    },
    resolve: (value) => {
      if (finish()) settle.resolve(value);
    },
    reject,
  };
}

/** What the core was asked. */
export interface Command {
  readonly name: string;
  readonly params: object;
}

interface Call {
  readonly name: string;
  readonly command: Command;
  readonly waiter: Waiter<unknown>;
  readonly read: (value: unknown) => unknown;
}

/** The calls that the core has not answered yet. */
export class Calls {
  private readonly open = new Map<number, Call>();
  private last = 0;

  /**
   * Starts a call. `read` takes the answer, in the order in which the core gave it; it runs also when
   * nobody waits any more, because the core has done what was asked. `goesOn` is that of `waiter`.
   */
  start<T>(
    name: string,
    read: (value: unknown) => T,
    options?: CallOptions,
    command: Command = { name, params: {} },
    goesOn?: string,
  ): { call: number; waiter: Waiter<T> } {
    const wait = waiter<T>(name, options, goesOn);
    const call = ++this.last;
    if (!wait.done) this.open.set(call, { name, command, waiter: wait as Waiter<unknown>, read });
    return { call, waiter: wait };
  }

  /** The name of a call that has no answer yet. */
  name(call: number): string | undefined {
    return this.open.get(call)?.name;
  }

  /** What has no answer yet, in the order in which it was asked. */
  unanswered(): Array<[number, Command]> {
    return [...this.open].map(([call, { command }]) => [call, command]);
  }

  /** Takes back a call that the core has not been given. */
  withdraw(call: number, error?: FlooError): void {
    const it = this.open.get(call);
    this.open.delete(call);
    if (error) it?.waiter.reject(error);
  }

  succeed(call: number, value: unknown): void {
    const it = this.open.get(call);
    this.open.delete(call);
    it?.waiter.resolve(it.read(value));
  }

  fail(call: number, error: RawError): void {
    this.withdraw(call, new FlooError(shapeOf(error)));
  }

  /** Ends everything with one error. */
  failAll(error: FlooError): void {
    for (const call of [...this.open.keys()]) this.withdraw(call, error);
  }
}
