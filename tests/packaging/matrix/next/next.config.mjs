// The tests run this inside another project; without the root Next would take that one's.
export default { turbopack: { root: import.meta.dirname }, outputFileTracingRoot: import.meta.dirname };
