/** The words for error codes in the languages that the package speaks. Apart, so that who shows none carries none. */
import { ErrorCode, type ErrorCodeName } from "./error-codes.js";
import { TEXTS as ENGLISH, REMEDIATIONS as ENGLISH_REMEDIATIONS } from "./texts/en.js";
import { TEXTS as CHINESE, REMEDIATIONS as CHINESE_REMEDIATIONS } from "./texts/zh.js";

/** A language of `errorText` and `errorRemediation`. */
export type ErrorLanguage = "en" | "zh";

/** What the two functions take: an error of this package, a name or a number. */
export type ErrorReference = { readonly number: number } | ErrorCodeName | number;

function numberOf(error: ErrorReference): number {
  if (typeof error === "string") return ErrorCode[error];
  return typeof error === "number" ? error : (error?.number ?? Number.NaN);
}

/**
 * What an error code means, as a sentence to show to people. Without the particulars of one error, which are in its
 * `message`. Empty for a code that is not known.
 */
export const errorText = (error: ErrorReference, language: ErrorLanguage = "en"): string =>
  (language === "zh" ? CHINESE : ENGLISH)[numberOf(error)] ?? "";

/** What can be done about an error of that code; empty when there is nothing to say. */
export const errorRemediation = (error: ErrorReference, language: ErrorLanguage = "en"): string =>
  (language === "zh" ? CHINESE_REMEDIATIONS : ENGLISH_REMEDIATIONS)[numberOf(error)] ?? "";
