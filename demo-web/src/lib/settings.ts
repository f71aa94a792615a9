/**
 * What this demo remembers besides the SDK's own data: the server's address, so that a resumed login
 * goes to the same place, and the name that was typed in. Never a password or a token.
 */

export interface Settings {
  /** Address of the DNS document; empty for the page's default. */
  readonly dns: string;
  /** The user name that was last signed in with. */
  readonly username: string;
  /** The id that name belongs to, decimal. */
  readonly userId: string;
}

const NAME = "floo-demo-web";
const NOTHING: Settings = { dns: "", username: "", userId: "" };

/** What was remembered; empty fields when nothing was, or when it cannot be read. */
export function loadSettings(): Settings {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(NAME) ?? "{}");
    if (typeof stored !== "object" || stored === null) return NOTHING;
    const field = (name: string) => {
      const value: unknown = Reflect.get(stored, name);
      return typeof value === "string" ? value : "";
    };
    return { dns: field("dns"), username: field("username"), userId: field("userId") };
  } catch (error) {
    // Private windows may refuse the storage, and another program may have written to it.
    console.warn("The demo's settings could not be read:", error);
    return NOTHING;
  }
}

/** Remembers for the next visit; a browser that refuses is only worth a warning. */
export function saveSettings(settings: Settings): void {
  try {
    localStorage.setItem(NAME, JSON.stringify(settings));
  } catch (error) {
    console.warn("The demo's settings could not be saved:", error);
  }
}

/** The local emulator on the machine that serves this page. */
export function defaultDns(): string {
  return `http://${location.hostname || "127.0.0.1"}:7700/v2/app_dns`;
}

/** The address of the last login, or the default. */
export function knownDns(settings: Settings): string {
  return settings.dns || defaultDns();
}

/** The address to start with: `?dns=` of the page, else the known one. */
export function startDns(settings: Settings): string {
  return new URLSearchParams(location.search).get("dns") || knownDns(settings);
}
