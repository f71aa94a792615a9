/** The language of the app and its texts: what the user has chosen, else what the browser speaks. */
import { computed, shallowRef } from "vue";
import { en } from "./en.js";
import { zh } from "./zh.js";

const TABLES = { en, zh };

export type Language = keyof typeof TABLES;

type Tables = typeof en;
/** The place of a text: `section.name`. */
export type TextKey = { [S in keyof Tables & string]: `${S}.${keyof Tables[S] & string}` }[keyof Tables & string];

const NAME = "floo-demo-web-language";

const known = (name: string): name is Language => name in TABLES;

function stored(): Language | "" {
  try {
    const name = localStorage.getItem(NAME) ?? "";
    return known(name) ? name : "";
  } catch (error) {
    // Private windows may refuse the storage.
    console.warn("The demo's language could not be read:", error);
    return "";
  }
}

/** What the user has chosen; "" follows the browser. */
export const choice = shallowRef(stored());

/** `zh-CN`, `zh-TW` and the like are Chinese; everything else is shown in English. */
const ofBrowser = (): Language => (navigator.language.slice(0, 2).toLowerCase() === "zh" ? "zh" : "en");

export const language = computed((): Language => choice.value || ofBrowser());

/** Chooses a language, "" for the browser's; all that is shown follows. */
export function setLanguage(wanted: Language | ""): void {
  choice.value = wanted;
  try {
    localStorage.setItem(NAME, wanted);
  } catch (error) {
    console.warn("The demo's language could not be saved:", error);
  }
}

/**
 * A text in the language of the moment, with its places filled in: `t("chat.unseen", { n: 3 })`. What stands before a `|`
 * is for one, the rest for any other number `{n}`.
 */
export function t(key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  const [section, name] = key.split(".") as [keyof Tables, never];
  const [one, many = one] = (TABLES[language.value][section][name] as string).split("|") as [string, string?];
  const text = values["n"] === 1 ? one : many;
  return text.replace(/\{(\w+)\}/g, (whole, place: string) => String(values[place] ?? whole));
}
