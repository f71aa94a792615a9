//! What JavaScript sees. wasm-bindgen attributes on exports are here and nowhere else.
mod client;
mod codec;
mod error;
mod tape;
mod view;
