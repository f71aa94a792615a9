/** A small typed emitter: listeners are told apart by registration, and none can disturb another. */

interface Registration {
  readonly listener: (payload: never) => unknown;
  live: boolean;
}

/** The part of an `AbortSignal` that is used here; the class itself may be missing on the platform. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** Delivers events of the map `E`. What a listener throws goes to `failed` and changes nothing else. */
export class Emitter<E> {
  private readonly lists = new Map<keyof E, readonly Registration[]>();

  constructor(private readonly failed: (event: keyof E, thrown: unknown) => void) {}

  /** Adds a listener until the returned function is called or the signal aborts. */
  on<K extends keyof E>(event: K, listener: (payload: E[K]) => void, signal?: Signal): () => void {
    if (signal?.aborted) return () => undefined;
    const registration: Registration = { listener: listener as (payload: never) => void, live: true };
    // The lists are replaced, never changed, so that a delivery under way keeps its own.
    this.lists.set(event, [...(this.lists.get(event) ?? []), registration]);
    const stop = (): void => {
      if (!registration.live) return;
      registration.live = false;
      signal?.removeEventListener("abort", stop);
      this.lists.set(
        event,
        (this.lists.get(event) ?? []).filter((other) => other !== registration),
      );
    };
    signal?.addEventListener("abort", stop);
    return stop;
  }

  /** Calls the listeners in the order of their registration. One removed meanwhile is not called. */
  emit<K extends keyof E>(event: K, payload: E[K]): void {
    for (const registration of this.lists.get(event) ?? []) {
      if (!registration.live) continue;
      try {
        const answer: unknown = registration.listener(payload as never);
        // An async listener: nobody else would hear what it throws.
        if (answer instanceof Promise) answer.catch((thrown) => this.failed(event, thrown));
      } catch (thrown) {
        this.failed(event, thrown);
      }
    }
  }
}
