import type { FlooErrorShape } from "floo-wasm";

/** Any thrown value in the shape of the SDK's errors, so that views have one thing to show. */
export function asFlooError(thrown: unknown): FlooErrorShape {
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && "domain" in thrown) {
    return thrown as FlooErrorShape;
  }
  return {
    code: "GeneralError",
    number: 1,
    domain: "platform",
    message: thrown instanceof Error ? thrown.message : String(thrown),
    retriable: false,
    remediation: "",
  };
}

/** The message and what can be done about it, as sentences. */
export function errorText(error: FlooErrorShape): string {
  return [error.message, error.remediation]
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part) => (/[.!?。！？]$/.test(part) ? part : `${part}.`))
    .join(" ");
}
