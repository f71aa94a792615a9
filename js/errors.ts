/** The one error class of the package and the makers of the errors that arise on this side of the core. */
import type { ErrorDomain, FlooErrorShape } from "./client/types.js";
import { ErrorCode, type ErrorCodeName } from "./error-codes.js";

/**
 * Every error that the package throws, rejects with or reports. Recognise it by `name === "FlooError"`
 * and tell the cases apart by `code`; `instanceof` fails when two copies of the package are loaded.
 */
export class FlooError extends Error implements FlooErrorShape {
  readonly code: string;
  readonly number: number;
  readonly domain: ErrorDomain;
  readonly retriable: boolean;
  readonly remediation: string;

  /** `cause` is what led to it, if something was thrown. */
  constructor(shape: FlooErrorShape, cause?: unknown) {
    super(shape.message);
    this.code = shape.code;
    this.number = shape.number;
    this.domain = shape.domain;
    this.retriable = shape.retriable;
    this.remediation = shape.remediation;
    Object.defineProperty(this, "name", { value: "FlooError", configurable: true, writable: true });
    // By hand, because engines before 2021 ignore the second argument of `Error`.
    if (cause !== undefined) Object.defineProperty(this, "cause", { value: cause, configurable: true, writable: true });
  }
}

/** Makes an error of this side. */
export function failure(
  code: ErrorCodeName,
  domain: ErrorDomain,
  message: string,
  remediation = "",
  cause?: unknown,
  retriable = code === "Cancelled" || code === "ServerTimeOut",
): FlooError {
  return new FlooError({ code, number: ErrorCode[code], domain, message, retriable, remediation }, cause);
}

/** An argument that is not of the expected form. Names the field, never its value. */
export const badArgument = (field: string, expected: string): FlooError =>
  failure("ArgumentInvalid", "argument", `${field} must be ${expected}.`);

/** A message that may not be sent as it is. Names the field, never its value. */
export const badMessage = (field: string, expected: string): FlooError =>
  failure("MessageInvalid", "argument", `${field} must be ${expected}.`);

/** Something that this version does not do. */
export const unsupported = (what: string): FlooError =>
  failure("Unsupported", "platform", `${what} is not supported by this version of floo-wasm.`);

/** Nobody is logged in. */
export const notLoggedIn = (): FlooError =>
  failure("UserNotLogin", "argument", "Nobody is logged in.", "Call login() or resume() first and wait for it.");

/** True for anything with the fields of this package's errors, from whatever realm or copy. */
export function isShape(thrown: unknown): thrown is FlooErrorShape {
  const it = thrown as Partial<FlooErrorShape> | null | undefined;
  return typeof it === "object" && it !== null && typeof it.code === "string" && typeof it.number === "number";
}

/** The text of anything that was thrown. */
export function textOf(thrown: unknown): string {
  const it = thrown as { name?: unknown; message?: unknown; errMsg?: unknown } | null | undefined;
  const message = it?.message ?? it?.errMsg;
  if (typeof message !== "string") return String(thrown);
  return typeof it?.name === "string" && it.name !== "Error" ? `${it.name}: ${message}` : message;
}

/** Makes a `FlooError` of anything: keeps one, wraps a shape, and calls the rest `otherwise`. */
export function asFlooError(thrown: unknown, otherwise: ErrorCodeName, doing: string): FlooError {
  if (isShape(thrown)) {
    return (thrown as { name?: unknown }).name === "FlooError" ? (thrown as FlooError) : new FlooError(thrown);
  }
  return failure(otherwise, "platform", `${doing}: ${textOf(thrown)}`, "", thrown);
}
