// What a binary is made of: the bytes of its functions by where they come from, and its data.
import { functionSizes, SECTION, sections } from "./binary.mjs";

/** The first that fits a function's place (`crate::module::...`) has it. */
const PARTS = [
  ["session", /^floo_wasm::core::session/],
  ["wire format and codec", /^floo_wasm::core::(wire|proto|codec)|^prost|^bytes/],
  ["the cloud's HTTP API", /^floo_wasm::core::services/],
  ["search", /^floo_wasm::core::search/],
  ["maps, sorting, JSON", /^floo_wasm::core/],
  // The optimiser puts functions that are called from one place into their caller.
  ["driver, and session within", /^floo_wasm::(driver|ports)/],
  ["store, network, timers", /^(floo_wasm::adapters|idb|rexie|js_sys|web_sys|futures|gloo|getrandom)/],
  ["what JavaScript calls", /^floo_wasm::bindings|^wasm_bindgen|^[^:]*$/],
  ["inflating", /^miniz_oxide|^adler/],
  ["standard library", /./],
];

/** `<floo_wasm::a::B as core::c::D>::e` is of `floo_wasm::a`; the standard library's generics keep no types in their names. */
function placeOf(name) {
  const plain = name.replace(/\[[0-9a-f]+\]/g, "");
  return plain.match(/floo_wasm::[\w:]+/)?.[0] ?? plain.match(/[A-Za-z_]\w*(::\w+)*/)?.[0] ?? plain;
}

/** Bytes by part, the largest first; `named` is a module that still has the names of its functions. */
export function inside(named) {
  const parts = new Map();
  const add = (part, bytes) => parts.set(part, (parts.get(part) ?? 0) + bytes);
  for (const { name, bytes } of functionSizes(named)) {
    add(PARTS.find(([, places]) => places.test(placeOf(name)))[0], bytes);
  }
  add("texts and tables", sections(named).find((section) => section.id === SECTION.data).body.length);
  return [...parts].map(([part, bytes]) => ({ part, bytes })).sort((a, b) => b.bytes - a.bytes);
}
