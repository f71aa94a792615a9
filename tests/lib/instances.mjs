// The instances of the core that the packages make in this process, and a way to break one.

/** Exports of all instances, the newest last. */
export const instances = [];

const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (...what) => {
  const made = await instantiate(...what);
  const { exports } = made.instance ?? made;
  // Node's own fetch has WebAssembly inside as well.
  if ("engine_new" in exports) instances.push(exports);
  return made;
};

/** Makes nonsense of the newest instance's memory, so that whatever enters it next leaves its bounds: a trap. */
export const breakCore = () => new Uint8Array(instances.at(-1).memory.buffer).fill(0xff);
