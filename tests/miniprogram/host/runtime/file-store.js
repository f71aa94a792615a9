// The files of the simulated phone, in memory: what the app writes, downloads and picks.

export class FileStore {
  #files = new Map();
  #urls = new Map();
  #count = 0;

  /** `real` has the types of the app's realm: what the app reads has to be of them. */
  constructor(real) {
    this.real = real;
  }

  /** The bytes of a file, or undefined. */
  get(path) {
    return this.#files.get(path);
  }

  set(path, bytes) {
    URL.revokeObjectURL(this.#urls.get(path) ?? "");
    this.#urls.delete(path);
    const own = new this.real.Uint8Array(bytes.byteLength);
    own.set(new Uint8Array(bytes));
    this.#files.set(path, own.buffer);
  }

  /** Keeps bytes in a temporary file; answers its path. `name` is what the path ends with. */
  keep(bytes, name) {
    this.#count += 1;
    const path = `wxfile://tmp_${this.#count}_${name}`;
    this.set(path, bytes);
    return path;
  }

  /** An address that the browser can load a file of the phone from; other addresses are answered as they are. */
  urlOf(path) {
    if (!this.#files.has(path)) return path;
    if (!this.#urls.has(path)) this.#urls.set(path, URL.createObjectURL(new Blob([this.#files.get(path)])));
    return this.#urls.get(path);
  }
}
