/** The log: a ring of the last entries, for bug reports. Secrets never get in. */
import type { LogEntry, LogLevel } from "./types.js";

/** The lowest first; the number of a level in the core is its place. */
export const LEVELS: ReadonlyArray<LogLevel | "off"> = ["debug", "info", "warn", "error", "off"];

/** So many entries are kept. */
const KEPT = 1000;
/** The longest text of an entry. */
const LONGEST = 500;
/** What stands behind such a word is masked, in URLs, headers and JSON alike. */
const NAMED = /((?:token|password|passwd|secret|sign)["']?\s*[:=]\s*["']?)[^\s"'&,;}]+/gi;
/** A shorter secret would blot out half of the log, and is found by its name. */
const SHORTEST = 4;

export class Logs {
  private readonly ring: LogEntry[] = [];
  private secrets: readonly string[] = [];

  constructor(private readonly header: () => string) {}

  /** Never to be seen from now on: passwords and tokens that the application gave. */
  hide(secrets: readonly unknown[]): void {
    const more = secrets.filter((it): it is string => typeof it === "string" && it.length >= SHORTEST);
    this.secrets = [...new Set([...this.secrets, ...more])].slice(-KEPT);
  }

  /** Keeps an entry without the secrets in its text, and gives it back. */
  add(level: LogLevel, text: string): LogEntry {
    let clean = text;
    for (const secret of this.secrets) clean = clean.split(secret).join("***");
    clean = clean.replace(NAMED, "$1***");
    if (clean.length > LONGEST) clean = `${clean.slice(0, LONGEST)}…`;
    const entry = Object.freeze({ time: Date.now(), level, text: clean });
    this.ring.push(entry);
    if (this.ring.length > KEPT) this.ring.shift();
    return entry;
  }

  /** A copy, oldest first. */
  get entries(): readonly LogEntry[] {
    return [...this.ring];
  }

  /** All of it as text. */
  export(): string {
    const lines = this.ring.map(({ time, level, text }) => `${new Date(time).toISOString()} ${level} ${text}`);
    return [this.header(), ...lines, ""].join("\n");
  }
}
