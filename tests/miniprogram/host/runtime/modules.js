// CommonJS as mini-programs have it: relative paths, absolute paths, and packages in miniprogram_npm.

/** `a/b/../c` -> `a/c`; answers null when the path leaves the package. */
function normalize(path) {
  const out = [];
  for (const part of path.split("/")) {
    if (part === "..") {
      if (out.pop() === undefined) return null;
    } else if (part !== "" && part !== ".") out.push(part);
  }
  return out.join("/");
}

export class Modules {
  /**
   * `table` maps a file to its unevaluated body; `globals(path)` answers what the body gets after
   * `require`, `module` and `exports`.
   */
  constructor(table, real, globals) {
    this.table = table;
    this.real = real;
    this.globals = globals;
  }

  has(path) {
    return this.table.has(path);
  }

  /** Evaluates a file once; answers its exports. */
  load(path) {
    const entry = this.table.get(path);
    if (!entry) throw new Error(`module '${path}' is not defined`);
    if (entry.module === null) {
      entry.module = { exports: new this.real.Object() };
      const require = (name) => this.load(this.#resolve(path, name));
      entry.body.call(undefined, require, entry.module, entry.module.exports, ...this.globals(path));
    }
    return entry.module.exports;
  }

  #resolve(from, name) {
    const directory = from.split("/").slice(0, -1);
    const candidates = [];
    if (name.startsWith("/")) candidates.push(normalize(name));
    else candidates.push(normalize([...directory, name].join("/")));
    if (!/^[./]/.test(name)) {
      for (let depth = directory.length; depth >= 0; depth--) {
        candidates.push([...directory.slice(0, depth), "miniprogram_npm", name].join("/"));
      }
    }
    for (const candidate of candidates) {
      if (candidate === null) continue;
      for (const file of [candidate, `${candidate}.js`, `${candidate}/index.js`]) if (this.table.has(file)) return file;
    }
    throw new Error(`module '${name}' is not defined (required by ${from})`);
  }
}
