/** The one error class of the package and the makers of the errors that arise on this side of the core. */
import type { ErrorDomain, FlooErrorShape } from "./client/types.js";
import type { RawError } from "./engine.js";
import { ErrorCode, type ErrorCodeName } from "./error-codes.js";
import { REMEDIATIONS, RETRIABLE, TEXTS } from "./texts/en.js";

/**
 * Every error that the package throws, rejects with or reports. Recognise it by `name === "FlooError"`
 * and tell the cases apart by `code`; `instanceof` fails when two copies of the package are loaded.
 */
export class FlooError extends Error implements FlooErrorShape {
  /** What went wrong, for example `UserAuthFailed`; the list is `ErrorCode` and docs/errors.md. */
  readonly code: ErrorCodeName;
  /** The number that all Lanying SDKs give that code; from 9000 on it is one of this package. */
  readonly number: number;
  /** Which part of the system it comes from. */
  readonly domain: ErrorDomain;
  /** True when the same call may work later without a change by the caller. */
  readonly retriable: boolean;
  /** What a developer or user can do about it, in English; empty when there is nothing to say. */
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

/** The name of a number; undefined for one that this version does not know. */
export const nameOf = (number: number): ErrorCodeName | undefined =>
  (Object.keys(ErrorCode) as ErrorCodeName[]).find((name) => ErrorCode[name] === number);

/** An error of the core, completed with the name, the words and the advice that belong to its number. */
export function shapeOf({ number, domain, detail }: RawError): FlooErrorShape {
  const text = TEXTS[number] ?? "The core reported an error that this version does not know.";
  return {
    code: nameOf(number) ?? "GeneralError",
    number,
    domain: domain as ErrorDomain,
    message: detail === "" ? text : `${text.replace(/\.$/, "")} (${detail})`,
    retriable: RETRIABLE.includes(number),
    remediation: REMEDIATIONS[number] ?? "",
  };
}

/** Makes an error of this side. What is not said is as for all errors of that code. */
export function failure(
  code: ErrorCodeName,
  domain: ErrorDomain,
  message: string,
  remediation = REMEDIATIONS[ErrorCode[code]] ?? "",
  cause?: unknown,
  retriable = RETRIABLE.includes(ErrorCode[code]),
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
  new FlooError(shapeOf({ number: ErrorCode.UserNotLogin, domain: "argument", detail: "" }));

/** True for anything with the fields of this package's errors, from whatever realm or copy. */
export function isShape(thrown: unknown): thrown is FlooErrorShape {
  const it = thrown as Partial<FlooErrorShape> | null | undefined;
  return typeof it === "object" && it !== null && typeof it.code === "string" && typeof it.number === "number";
}

/** True for an error that the core threw instead of reporting it. */
export function isRaw(thrown: unknown): thrown is RawError {
  const it = thrown as Partial<RawError> | null | undefined;
  return typeof it === "object" && it !== null && typeof it.number === "number" && typeof it.detail === "string";
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
  if (isRaw(thrown)) return new FlooError(shapeOf(thrown));
  if (isShape(thrown)) {
    return (thrown as { name?: unknown }).name === "FlooError" ? (thrown as FlooError) : new FlooError(thrown);
  }
  return failure(otherwise, "platform", `${doing}: ${textOf(thrown)}`, undefined, thrown);
}
