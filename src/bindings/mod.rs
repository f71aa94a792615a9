//! What JavaScript sees. wasm-bindgen attributes on exports are here and nowhere else.
#[cfg(feature = "bench")]
mod bench;
mod client;
mod codec;
mod error;
mod object;
mod tape;
mod view;
