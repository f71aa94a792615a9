/**
 * The event bus of the former SDK. Pages depend on its odd rule: a listener is known by its source
 * text, so that one whose text is already there takes the other's place. Unlike there, a listener
 * that throws stops nothing.
 */

/** A listener; it gets one argument. */
export type Listener = (payload: never) => void;

const same = (a: Listener, b: unknown): boolean => String(a) === String(b);

export class Bus {
  private readonly lists = new Map<string, readonly Listener[]>();

  constructor(private readonly failed: (event: string, thrown: unknown) => void) {}

  /** `on({event: listener, ...})` or `on(event, listener)`. What is no function is ignored. */
  on(events: unknown, listener?: unknown): void {
    for (const [event, it] of pairs(events, listener)) {
      const list = this.lists.get(event) ?? [];
      const at = list.findIndex((other) => same(other, it));
      this.lists.set(event, at < 0 ? [...list, it] : list.map((other, index) => (index === at ? it : other)));
    }
  }

  /** Removes the first listener of the same source text. What is no function matches nothing. */
  off(events: unknown, listener?: unknown): void {
    for (const [event, it] of pairs(events, listener)) {
      const list = this.lists.get(event) ?? [];
      const at = list.findIndex((other) => same(other, it));
      this.lists.set(
        event,
        list.filter((_, index) => index !== at),
      );
    }
  }

  /** Calls the listeners at once, in the order of their registration. */
  emit(event: string, payload?: unknown): void {
    for (const listener of this.lists.get(event) ?? []) {
      try {
        const answer: unknown = listener(payload as never);
        // An async listener: nobody else would hear what it throws.
        if (answer instanceof Promise) answer.catch((thrown) => this.failed(event, thrown));
      } catch (thrown) {
        this.failed(event, thrown);
      }
    }
  }
}

function pairs(events: unknown, listener: unknown): Array<[string, Listener]> {
  const all: Array<[string, unknown]> =
    typeof events === "string" ? [[events, listener]] : Object.entries((events ?? {}) as Record<string, unknown>);
  return all.filter((pair): pair is [string, Listener] => typeof pair[1] === "function");
}
