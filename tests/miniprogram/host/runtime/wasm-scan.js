// What a WebAssembly file needs beyond the first version of the format ("MVP"). Runs in Node and in browsers.

const SECTION = {
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  element: 9,
  code: 10,
  data: 11,
};
const I64 = 0x7e;
const REFERENCES = new Set([0x70, 0x6f]);
/** Opcodes with one LEB128 immediate that need nothing beyond MVP. */
const ONE_INDEX = new Set([0x0c, 0x0d, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24]);

class Reader {
  constructor(bytes, at, end) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  byte() {
    if (this.at >= this.end) throw new Error("the wasm file ends in the middle of something");
    return this.bytes[this.at++];
  }

  /** An unsigned LEB128 of at most 32 bits. */
  u32() {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const b = this.byte();
      value += (b & 0x7f) * 2 ** shift;
      if (b < 0x80) return value;
    }
    throw new Error("a number in the wasm file is too long");
  }

  /** Passes over a LEB128 of any sign and length. */
  leb() {
    while (this.byte() >= 0x80);
  }

  skip(n) {
    if (this.at + n > this.end) throw new Error("the wasm file ends in the middle of something");
    this.at += n;
  }

  name() {
    this.skip(this.u32());
  }

  times(f) {
    for (let n = this.u32(); n > 0; n--) f();
  }
}

/**
 * Lists the features that the file needs, as a sorted array of names: `multi-value`, `reference-types`,
 * `multi-table`, `bulk-memory`, `sign-extension`, `saturating-float-to-int`, `simd`, `atomics`, `tail-call`,
 * `exceptions`, `memory64`, `multi-memory`, `i64-interface` (an imported or exported function takes or
 * gives a 64-bit integer, which needs BigInt), `exported-global`.
 * Throws an `Error` when the file is not a readable WebAssembly module.
 */
export function neededFeatures(bytes) {
  const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  if (head.some((b, i) => bytes[i] !== b)) throw new Error("not a wasm file of version 1");
  const found = new Set();
  const types = [];
  const functions = [];
  let tables = 0;
  let memories = 0;

  const limits = (r) => {
    const flags = r.byte();
    if (flags & 2) found.add("atomics");
    if (flags & 4) found.add("memory64");
    r.leb();
    if (flags & 1) r.leb();
  };
  const table = (r) => {
    const type = r.byte();
    if (type !== 0x70) found.add("reference-types");
    limits(r);
    if (++tables > 1) found.add("multi-table");
  };
  const memory = (r) => {
    limits(r);
    if (++memories > 1) found.add("multi-memory");
  };
  const value = (r) => {
    const type = r.byte();
    if (REFERENCES.has(type)) found.add("reference-types");
    else if (type === 0x7b) found.add("simd");
    else if (type < 0x7b) throw new Error(`unknown value type 0x${type.toString(16)}`);
    return type;
  };
  const atInterface = (type) => {
    if (type?.wide) found.add("i64-interface");
  };

  /** Reads instructions up to the `end` that closes the expression. */
  const expression = (r) => {
    for (let depth = 1; depth > 0; ) {
      const op = r.byte();
      if (op === 0x0b) depth--;
      else if (op === 0x02 || op === 0x03 || op === 0x04) {
        depth++;
        const first = r.bytes[r.at];
        if (first === 0x40 || (first >= 0x7b && first <= 0x7f)) {
          if (first === 0x7b) found.add("simd");
          r.skip(1);
        } else if (REFERENCES.has(first)) {
          found.add("reference-types");
          r.skip(1);
        } else {
          found.add("multi-value");
          r.leb();
        }
      } else if (ONE_INDEX.has(op)) r.leb();
      else if (op === 0x0e) {
        r.times(() => r.leb());
        r.leb();
      } else if (op === 0x11) {
        r.leb();
        if (r.byte() !== 0) {
          found.add("reference-types");
          r.at--;
          r.leb();
        }
      } else if (op === 0x41 || op === 0x42) r.leb();
      else if (op === 0x43) r.skip(4);
      else if (op === 0x44) r.skip(8);
      else if (op >= 0x28 && op <= 0x3e) {
        r.leb();
        r.leb();
      } else if (op === 0x3f || op === 0x40) {
        if (r.byte() !== 0) found.add("multi-memory");
      } else if (op >= 0xc0 && op <= 0xc4) found.add("sign-extension");
      else if (op === 0x1c) {
        found.add("reference-types");
        r.times(() => value(r));
      } else if (op === 0x25 || op === 0x26 || op === 0xd0 || op === 0xd2) {
        found.add("reference-types");
        r.leb();
      } else if (op === 0xd1) found.add("reference-types");
      else if (op === 0xfc) {
        const sub = r.u32();
        if (sub <= 7) found.add("saturating-float-to-int");
        else if (sub <= 14) {
          found.add("bulk-memory");
          r.leb();
          if (sub === 8 || sub === 10 || sub === 12 || sub === 14) r.leb();
        } else {
          found.add("reference-types");
          r.leb();
        }
      } else if (
        op === 0xfd ||
        op === 0xfe ||
        op === 0x12 ||
        op === 0x13 ||
        (op >= 0x06 && op <= 0x0a) ||
        op === 0x1f
      ) {
        found.add(
          op === 0xfd ? "simd" : op === 0xfe ? "atomics" : op < 0x12 || op === 0x1f ? "exceptions" : "tail-call",
        );
        r.at = r.end;
        return;
      } else if (!((op <= 0x1b && op !== 0x14 && op !== 0x15) || (op >= 0x45 && op <= 0xbf))) {
        throw new Error(`unknown instruction 0x${op.toString(16)}`);
      }
    }
  };

  const sections = {
    [SECTION.type]: (r) =>
      r.times(() => {
        if (r.byte() !== 0x60) throw new Error("a type is not a function");
        let wide = false;
        let results = 0;
        r.times(() => {
          wide = value(r) === I64 || wide;
        });
        r.times(() => {
          wide = value(r) === I64 || wide;
          results++;
        });
        if (results > 1) found.add("multi-value");
        types.push({ wide });
      }),
    [SECTION.import]: (r) =>
      r.times(() => {
        r.name();
        r.name();
        const kind = r.byte();
        if (kind === 0) {
          const type = types[r.u32()];
          functions.push(type);
          atInterface(type);
        } else if (kind === 1) table(r);
        else if (kind === 2) memory(r);
        else if (kind === 3) {
          value(r);
          r.byte();
        } else {
          found.add("exceptions");
          r.at = r.end;
        }
      }),
    [SECTION.function]: (r) => r.times(() => functions.push(types[r.u32()])),
    [SECTION.table]: (r) => r.times(() => table(r)),
    [SECTION.memory]: (r) => r.times(() => memory(r)),
    [SECTION.global]: (r) =>
      r.times(() => {
        value(r);
        r.byte();
        expression(r);
      }),
    [SECTION.export]: (r) =>
      r.times(() => {
        r.name();
        const kind = r.byte();
        const index = r.u32();
        if (kind === 0) atInterface(functions[index]);
        if (kind === 3) found.add("exported-global");
      }),
    [SECTION.element]: (r) => {
      r.times(() => {
        if (r.at >= r.end) return;
        if (r.u32() !== 0) {
          found.add("bulk-memory");
          r.at = r.end;
          return;
        }
        expression(r);
        r.times(() => r.leb());
      });
    },
    [SECTION.code]: (r) =>
      r.times(() => {
        const size = r.u32();
        const body = new Reader(r.bytes, r.at, r.at + size);
        r.skip(size);
        body.times(() => {
          body.u32();
          value(body);
        });
        expression(body);
      }),
    [SECTION.data]: (r) =>
      r.times(() => {
        if (r.at >= r.end) return;
        if (r.u32() !== 0) {
          found.add("bulk-memory");
          r.at = r.end;
          return;
        }
        expression(r);
        r.name();
      }),
  };

  const all = new Reader(bytes, 8, bytes.length);
  while (all.at < all.end) {
    const id = all.byte();
    const size = all.u32();
    const section = new Reader(bytes, all.at, all.at + size);
    all.skip(size);
    if (id === 12) found.add("bulk-memory");
    if (id === 13) found.add("exceptions");
    sections[id]?.(section);
  }
  return [...found].sort();
}
