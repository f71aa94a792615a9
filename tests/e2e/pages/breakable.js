// Makes the instances of the core breakable, in a page or a worker that imports this before the package: for tests only,
// nothing of it is in the package. What enters a broken instance next meets a real trap of the engine.

/** `(module (func (export "f") unreachable))` */
const UNREACHABLE = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 4, 1, 0x60, 0, 0], // type: no parameters, no results
  ...[3, 2, 1, 0], // a function of it
  ...[7, 5, 1, 1, 0x66, 0, 0], // exported as "f"
  ...[10, 5, 1, 3, 0, 0, 0x0b], // unreachable, end
]);

const { instantiate } = WebAssembly;
let made = 0;
/** Which calls of the newest instance trap: those whose export's name has this. */
let broken;

/** The exports of an instance, each of which traps instead of its work once it was broken. */
function breakable(exports) {
  made++;
  broken = undefined;
  const all = {};
  for (const [name, it] of Object.entries(exports)) {
    all[name] =
      typeof it !== "function"
        ? it
        : (...args) => {
            if (broken === undefined || !name.includes(broken)) return it(...args);
            broken = undefined;
            return new WebAssembly.Instance(new WebAssembly.Module(UNREACHABLE)).exports.f();
          };
  }
  return all;
}

WebAssembly.instantiate = async (...what) => {
  const given = await instantiate(...what);
  const { exports } = given.instance ?? given;
  if (!("engine_new" in exports)) return given;
  const instance = { exports: breakable(exports) };
  return given.instance ? { module: given.module, instance } : instance;
};

/** The next call of an export whose name has `part` traps; of any export without one. */
export function breakCore(part = "") {
  broken = part;
}

/** How many instances were made. */
export const instances = () => made;
