/** Sends from before anybody is logged in: they have their ids already, and wait for the login to come to something. */
import type { ClientId, FlooErrorShape } from "../client/types.js";

interface Parked {
  readonly id: ClientId;
  /** Sends it. */
  readonly go: () => void;
}

export class Parking {
  private parked: readonly Parked[] = [];
  private last = 0;
  /** Tells the ids of two pages apart, as the core does by the device's name, which is not known yet. */
  private readonly salt = Math.floor(Math.random() * 1000);

  /** `open` tells whether a login is under way; `failed` hears of what will not be sent. */
  constructor(
    readonly open: () => boolean,
    private readonly failed: (id: ClientId, error: FlooErrorShape) => void,
  ) {}

  /** An id as the core gives them, which goes on from the latest it has heard of: by the time, and ascending. */
  allocate(): ClientId {
    this.last = Math.max(this.last + 1, Date.now() * 1000 + this.salt);
    return String(this.last) as ClientId;
  }

  add(id: ClientId, go: () => void): void {
    this.parked = [...this.parked, { id, go }];
  }

  /** The login is through, or has come to nothing: what waits is sent in its order, or fails. */
  settle(error: FlooErrorShape | undefined): void {
    const { parked } = this;
    this.parked = [];
    for (const { id, go } of parked) {
      if (error) this.failed(id, error);
      else go();
    }
  }
}
