import { type FlooErrorShape, errorText as sdkText } from "floo-wasm";
import { language } from "../i18n/index.js";

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

/** What went wrong and what can be done about it, as sentences in the language of the app. */
export function errorText(error: FlooErrorShape): string {
  if (language.value === "zh") return sdkText(error, "zh");
  return [error.message, error.remediation]
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part) => (/[.!?。！？]$/.test(part) ? part : `${part}.`))
    .join(" ");
}
