/** The 64-bit numbers of raw metas, which pages know as objects of a class `Long`. */

const HALF = 2 ** 32;

/** As much of that class as pages have been seen to use. Its text is the decimal number. */
export class Long {
  /** Both halves as signed 32-bit numbers, as ever. */
  readonly low: number;
  readonly high: number;
  readonly unsigned = true;
  private readonly digits: string;

  constructor(digits: string) {
    let [low, high] = [0, 0];
    for (const digit of digits) {
      low = low * 10 + Number(digit);
      high = (high * 10 + Math.floor(low / HALF)) % HALF;
      low %= HALF;
    }
    this.low = low | 0;
    this.high = high | 0;
    this.digits = digits;
    // Not seen when the object is printed or copied.
    Object.defineProperty(this, "digits", { enumerable: false });
  }

  toString(): string {
    return this.digits;
  }

  /** Rounded beyond 2^53. */
  toNumber(): number {
    return Number(this.digits);
  }

  toJSON(): string {
    return this.digits;
  }

  equals(other: unknown): boolean {
    return String(other) === this.digits;
  }
}
