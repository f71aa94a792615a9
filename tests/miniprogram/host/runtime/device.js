// The simulated phone: in the foreground or suspended, with or without a network, with its limits.

/** Limits that the platform documents; a test may lower them. */
const LIMITS = {
  /** Bytes of one storage entry. */
  storageEntry: 1024 * 1024,
  /** Bytes of all storage entries. */
  storageTotal: 10 * 1024 * 1024,
  /** Sockets open at the same time. */
  sockets: 5,
  /** Requests running at the same time. */
  requests: 10,
  /** Pages on the stack. */
  pages: 10,
  /** Bytes of one call of getRandomValues. */
  random: 1024 * 1024,
  /** Bytes of one call of setData. */
  setData: 1024 * 1024,
};

export class Device {
  limits = { ...LIMITS };
  suspended = false;
  network = "wifi";
  /** What the user, or WeChat, does not let the app do: API -> what the failure says. */
  refused = new Map();
  /** What went wrong or was said, in order: `{ kind, text }`. */
  logs = [];
  /** What was handed to views: `{ part, paths, bytes }`. */
  updates = [];
  #queue = [];
  #listeners = new Map();

  constructor(profile, language) {
    this.profile = profile;
    this.language = language;
  }

  log(kind, ...parts) {
    const text = parts
      .map((p) => p?.stack ?? p?.errMsg ?? (typeof p === "object" ? JSON.stringify(p) : String(p)))
      .join(" ");
    this.logs.push({ kind, text });
    if (kind !== "log") console.warn(`[${kind}] ${text}`);
  }

  /**
   * Runs something of the app now, or when it comes back: a suspended app runs no code, and what
   * arrived meanwhile is delivered on return.
   */
  deliver(call) {
    if (this.suspended) {
      this.#queue.push(call);
      return;
    }
    try {
      call();
    } catch (error) {
      this.log("error", error);
    }
  }

  on(event, listener) {
    const all = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, all.add(listener));
  }

  off(event, listener) {
    if (listener === undefined) this.#listeners.delete(event);
    else this.#listeners.get(event)?.delete(listener);
  }

  emit(event, value) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) this.deliver(() => listener(value));
  }

  /** Stops the app's code; the platform closes sockets and requests by itself. */
  suspend() {
    this.suspended = true;
    for (const end of [...(this.#listeners.get("interrupt") ?? [])]) end("interrupted");
  }

  /** Lets the app run again. `queuedFirst` says whether what arrived meanwhile comes before `after`. */
  resume(after, queuedFirst) {
    this.suspended = false;
    const queue = this.#queue.splice(0);
    const steps = queuedFirst ? [...queue, after] : [after, ...queue];
    for (const step of steps) this.deliver(step);
  }

  /** Switches the network: "none", "wifi", "4g". Without one, sockets and requests fail. */
  setNetwork(type) {
    this.network = type;
    if (type === "none") for (const end of [...(this.#listeners.get("interrupt") ?? [])]) end("network is down");
    this.emit("network", { isConnected: type !== "none", networkType: type });
  }

  /** Answers a failure text while nothing can be sent, else null. */
  get unreachable() {
    if (this.suspended) return "interrupted";
    return this.network === "none" ? "network is down" : null;
  }
}
