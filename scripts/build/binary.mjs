// Reading and editing WebAssembly binaries, as much as the build and its gate need.

export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  code: 10,
  data: 11,
};
export const KIND = ["function", "table", "memory", "global", "tag"];
const TYPE_NAMES = new Map([
  [0x7f, "i32"],
  [0x7e, "i64"],
  [0x7d, "f32"],
  [0x7c, "f64"],
  [0x7b, "v128"],
  [0x70, "funcref"],
  [0x6f, "externref"],
]);

class Reader {
  constructor(bytes, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }
  byte() {
    if (this.at >= this.end) throw new Error("wasm: unexpected end");
    return this.bytes[this.at++];
  }
  u32() {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Error("wasm: number too long");
  }
  raw(length) {
    if (this.at + length > this.end) throw new Error("wasm: unexpected end");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
  name() {
    return new TextDecoder().decode(this.raw(this.u32()));
  }
  type() {
    const byte = this.byte();
    return TYPE_NAMES.get(byte) ?? `0x${byte.toString(16)}`;
  }
  limits() {
    const flags = this.byte();
    const min = this.u32();
    return { min, max: flags & 1 ? this.u32() : undefined };
  }
  list(read) {
    return Array.from({ length: this.u32() }, () => read(this));
  }
}

function leb(value) {
  const out = [];
  do {
    out.push((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    value = Math.floor(value / 128);
  } while (value > 0);
  return out;
}

const nameBytes = (name) => {
  const bytes = new TextEncoder().encode(name);
  return [...leb(bytes.length), ...bytes];
};

/** Sections in file order: `{id, body}`; a custom section has `name` and `body` after the name. */
export function sections(bytes) {
  const magic = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  if (magic.some((byte, i) => bytes[i] !== byte)) throw new Error("not a WebAssembly module");
  const reader = new Reader(bytes, 8);
  const found = [];
  while (reader.at < reader.end) {
    const id = reader.byte();
    const body = reader.raw(reader.u32());
    if (id !== SECTION.custom) {
      found.push({ id, body });
      continue;
    }
    const custom = new Reader(body);
    const name = custom.name();
    found.push({ id, name, body: body.subarray(custom.at) });
  }
  return found;
}

function join(list) {
  const parts = [Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])];
  for (const { id, name, body } of list) {
    const head = id === SECTION.custom ? nameBytes(name) : [];
    parts.push(Buffer.from([id, ...leb(head.length + body.length), ...head]), body);
  }
  return Buffer.concat(parts);
}

/** Deletes entries of the `target_features` section, which wasm-bindgen consults, and keeps the section. */
export function dropTargetFeatures(bytes, unwanted) {
  let seen = false;
  const edited = sections(bytes).map((section) => {
    if (section.name !== "target_features") return section;
    seen = true;
    const features = new Reader(section.body)
      .list((r) => ({ prefix: r.byte(), name: r.name() }))
      .filter(({ name }) => !unwanted.includes(name));
    const body = [...leb(features.length), ...features.flatMap(({ prefix, name }) => [prefix, ...nameBytes(name)])];
    return { ...section, body: Buffer.from(body) };
  });
  if (!seen) throw new Error("the linked module has no target_features section: wasm-bindgen would use externref");
  return join(edited);
}

/** Deletes the names of functions, which nothing needs to run. */
export function dropNames(bytes) {
  return join(sections(bytes).filter((section) => section.name !== "name"));
}

/** The module's own functions: `name`, as the name section has it, and `bytes` of code. */
export function functionSizes(bytes) {
  const found = sections(bytes);
  const imported = describe(bytes).imports.filter((item) => item.kind === "function").length;
  const names = new Map();
  const section = found.find((one) => one.name === "name");
  if (!section) throw new Error("the module has no names");
  for (const reader = new Reader(section.body); reader.at < reader.end; ) {
    const kind = reader.byte();
    const part = new Reader(reader.raw(reader.u32()));
    if (kind === 1) for (const [index, name] of part.list((r) => [r.u32(), r.name()])) names.set(index, name);
  }
  const code = new Reader(found.find((one) => one.id === SECTION.code).body);
  return code
    .list((r) => r.raw(r.u32()).length)
    .map((size, i) => ({ name: names.get(imported + i) ?? "", bytes: size }));
}

/** Deletes the exports of one kind ("global"). */
export function dropExports(bytes, kind) {
  return join(
    sections(bytes).map((section) => {
      if (section.id !== SECTION.export) return section;
      const kept = exportsOf(section.body).filter((item) => item.kind !== kind);
      const body = kept.flatMap((item) => [...nameBytes(item.name), KIND.indexOf(item.kind), ...leb(item.index)]);
      return { ...section, body: Buffer.from([...leb(kept.length), ...body]) };
    }),
  );
}

/** Renames what is imported and exported: `rename` gives the new name of each. */
export function renameFunctions(bytes, rename) {
  return join(
    sections(bytes).map((section) => {
      if (section.id !== SECTION.import && section.id !== SECTION.export) return section;
      const reader = new Reader(section.body);
      const count = reader.u32();
      const parts = [Buffer.from(leb(count))];
      for (let i = 0; i < count; i++) {
        if (section.id === SECTION.import) parts.push(Buffer.from(nameBytes(reader.name())));
        parts.push(Buffer.from(nameBytes(rename(reader.name()))));
        const from = reader.at;
        if (section.id === SECTION.export || KIND[reader.byte()] === "function") {
          if (section.id === SECTION.export) reader.byte();
          reader.u32();
        } else {
          throw new Error("wasm: only functions can be imported under another name");
        }
        parts.push(section.body.subarray(from, reader.at));
      }
      return { ...section, body: Buffer.concat(parts) };
    }),
  );
}

/** Gives the module's own memory an end, in pages of 64 KiB. */
export function limitMemory(bytes, maximum) {
  return join(
    sections(bytes).map((section) => {
      if (section.id !== SECTION.memory) return section;
      const limited = new Reader(section.body).list((r) => [1, ...leb(r.limits().min), ...leb(maximum)]);
      return { ...section, body: Buffer.from([...leb(limited.length), ...limited.flat()]) };
    }),
  );
}

function exportsOf(body) {
  return new Reader(body).list((r) => ({ name: r.name(), kind: KIND[r.byte()], index: r.u32() }));
}

/**
 * What a module asks of its host: `imports`, `exports` (functions with `params` and `results`),
 * `tables` (element types), `memories` (`min` and `max` in pages of 64 KiB), `types` (all function signatures), names of custom sections.
 */
export function describe(bytes) {
  const found = sections(bytes);
  const read = (id, item) => {
    const section = found.find((one) => one.id === id);
    return section ? new Reader(section.body).list(item) : [];
  };
  const types = read(SECTION.type, (r) => {
    const form = r.byte();
    if (form !== 0x60) throw new Error(`wasm: type form 0x${form.toString(16)} is not a function`);
    return { params: r.list((x) => x.type()), results: r.list((x) => x.type()) };
  });
  const imports = read(SECTION.import, (r) => {
    const module = r.name();
    const name = r.name();
    const kind = KIND[r.byte()];
    if (kind === "function") return { module, name, kind, type: r.u32() };
    if (kind === "table") return { module, name, kind, element: r.type(), ...r.limits() };
    if (kind === "memory") return { module, name, kind, ...r.limits() };
    if (kind === "global") return { module, name, kind, type: r.type(), mutable: r.byte() };
    throw new Error(`wasm: import ${name} is of an unknown kind`);
  });
  const ownFunctions = read(SECTION.function, (r) => r.u32());
  const functionTypes = [
    ...imports.filter((item) => item.kind === "function").map((item) => item.type),
    ...ownFunctions,
  ];
  const tables = [
    ...imports.filter((item) => item.kind === "table").map((item) => item.element),
    ...read(SECTION.table, (r) => {
      const element = r.type();
      r.limits();
      return element;
    }),
  ];
  const memories = [...imports.filter((item) => item.kind === "memory"), ...read(SECTION.memory, (r) => r.limits())];
  const exportSection = found.find((section) => section.id === SECTION.export);
  const exports = (exportSection ? exportsOf(exportSection.body) : []).map((item) =>
    item.kind === "function" ? { ...item, ...types[functionTypes[item.index]] } : item,
  );
  return {
    types,
    imports: imports.map((item) => (item.kind === "function" ? { ...item, ...types[item.type] } : item)),
    exports,
    tables,
    memories,
    customSections: found.filter((section) => section.name !== undefined).map((section) => section.name),
  };
}
