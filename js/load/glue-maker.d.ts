/** Made by the build from the glue of wasm-bindgen; see `glueFactory` in scripts/build/glue.mjs. */
declare module "#glue" {
  /** Makes the glue for one instance, which opens its sockets with `WebSocket`; `enter` runs what is called back. */
  export function makeGlue(
    WebSocket: unknown,
    enter: (act: (...args: unknown[]) => unknown, ...args: unknown[]) => unknown,
  ): WebAssembly.ModuleImports & {
    /** Hands the instance's exports to the glue; once, before anything else is called. */
    __wbg_set_wasm(exports: WebAssembly.Exports): void;
    // An instance type that can be extended: rest parameters, as `Glue` in js/engine.ts has them.
    Engine: import("../engine.js").Glue["Engine"];
  };
}
