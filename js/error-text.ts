/** The words for error codes in the languages that the package speaks. Apart, so that who shows none has none. */
import { ErrorCode, type ErrorCodeName } from "./error-codes.js";
import * as english from "./texts/en.js";
import * as chinese from "./texts/zh.js";

/** A language of `errorText` and `errorRemediation`. */
export type ErrorLanguage = "en" | "zh";

/** What the two functions take: an error of this package, a name or a number. */
export type ErrorReference = { readonly number: number } | ErrorCodeName | number;

type Kind = "TEXTS" | "REMEDIATIONS";

function words(kind: Kind, error: ErrorReference, language: ErrorLanguage): string {
  const number =
    typeof error === "number" ? error : typeof error === "string" ? ErrorCode[error] : (error?.number ?? Number.NaN);
  return (language === "zh" ? chinese : english)[kind][number] ?? "";
}

/**
 * What an error code means, as a sentence to show to people. Without the particulars of one error, which are in its
 * `message`. Empty for a code that is not known.
 */
export const errorText = (error: ErrorReference, language: ErrorLanguage = "en"): string =>
  words("TEXTS", error, language);

/** What can be done about an error of that code; empty when there is nothing to say. */
export const errorRemediation = (error: ErrorReference, language: ErrorLanguage = "en"): string =>
  words("REMEDIATIONS", error, language);
