//! wasm-bindgen, pinned by Cargo.lock.
fn main() {}
