// The instances of the core that the packages make in this process, and a way to break one.

/** Exports of all instances, the newest last. */
export const instances = [];

const keep = (made) => {
  instances.push((made.instance ?? made).exports);
  return made;
};

const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (...what) => {
  const made = await instantiate(...what);
  // Also asked whether WebAssembly runs at all, with a module of nothing.
  return (made.instance ?? made).exports.memory ? keep(made) : made;
};

/** Makes nonsense of the newest instance's memory, so that whatever enters it next leaves its bounds: a trap. */
export const breakCore = () => new Uint8Array(instances.at(-1).memory.buffer).fill(0xff);
