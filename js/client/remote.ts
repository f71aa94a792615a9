/** What stands in for a core that runs elsewhere, in another page or in a worker, and the words that both have in common. */
import type { Engine, RawEvent } from "../engine.js";
import { ErrorCode } from "../error-codes.js";

/** What a core that runs elsewhere is asked; `from` is who asks, and where the answer goes. */
export type Asked =
  | { say: "call"; from: string; call: number; name: string; params: object }
  | { say: "signal"; from: string; name: string }
  | { say: "ids"; from: string };

/** What comes of it. Events without `to` are for all. */
export type Told =
  | { say: "events"; to?: string; batch: RawEvent[] }
  /** Ids to give to messages. `fresh`: they replace those of before. */
  | { say: "welcome"; to: string; ids: string[]; fresh?: boolean };

/** What the core counts; see `Stats`. */
export type RawStats = ReturnType<Engine["stats"]>;

/** Whether a command logs somebody in. */
export const isEntry = (name: string | undefined): boolean => name === "login" || name === "resume";

/** As many ids as are to be had, `count` at most. */
export function take(engine: Engine, count: number): string[] {
  const ids: string[] = [];
  try {
    while (ids.length < count) ids.push(engine.nextId());
  } catch {
    // Nobody is logged in any more: that is told in other ways.
  }
  return ids;
}

/** Stands in for a core that runs elsewhere. It has ids in hand, so that it can give one at once. */
export abstract class Remote implements Engine {
  private readonly stock: string[] = [];

  /** `me` is its name there, `full` how many ids it gets at a time. */
  protected constructor(
    protected readonly me: string,
    private readonly full: number,
  ) {}

  protected abstract post(what: Asked): void;

  abstract stats(): RawStats;

  abstract close(): void;

  command(call: number, name: string, params: object): void {
    this.post({ say: "call", from: this.me, call, name, params });
  }

  nextId(): string {
    const id = this.stock.shift();
    if (this.stock.length === this.full / 2) this.post({ say: "ids", from: this.me });
    // Only after hundreds of messages in one go.
    if (id === undefined)
      throw { number: ErrorCode.ServerBusy, domain: "platform", detail: "too many messages at once" };
    return id;
  }

  signal(name: string): void {
    this.post({ say: "signal", from: this.me, name });
  }

  free(): void {
    // Nothing of it is in the memory of a core here.
  }

  /** Keeps ids; `fresh` ones replace those of before. */
  protected keep(ids: readonly string[], fresh: boolean): void {
    if (fresh) this.stock.length = 0;
    this.stock.push(...ids);
  }
}
