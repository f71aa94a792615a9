// The one object of the SDK, for all components.
import flooim from "floo-wasm/compat";

let im = null;

/** Makes it; listeners have to be there in the same turn. */
export function connect(config) {
  im = flooim(config);
  return im;
}

export const sdk = () => im;
