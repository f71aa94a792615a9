// The former SDK's bundle for mini-programs was the function itself: `const flooim = require("floo-wasm/compat")`.
module.exports = require("./index.js").flooim;
