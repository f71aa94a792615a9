//! The frame codec as functions of the wasm module, for the package's `codec` entry.
#![allow(unreachable_pub)] // wasm-bindgen exports nothing less than `pub`
use crate::core::codec::json::{self, Direction};
use crate::core::json::Value;
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

/// The JSON text of the frame in `bytes`. `direction` is `client_to_server` or `server_to_client`.
///
/// # Errors
/// A JavaScript `Error` whose message names the place and what is wrong there.
#[wasm_bindgen(js_name = codecDecode)]
pub fn codec_decode(bytes: &[u8], direction: &str) -> Result<String, JsError> {
    let direction: Direction = direction.parse()?;
    Ok(json::decode(bytes, direction)?.to_string())
}

/// The bytes of the frame that the JSON text describes.
///
/// # Errors
/// A JavaScript `Error` whose message names the place and what is wrong there.
#[wasm_bindgen(js_name = codecEncode)]
pub fn codec_encode(json: &str) -> Result<Vec<u8>, JsError> {
    let frame = Value::parse(json).map_err(|at| JsError::new(&format!("frame: is not JSON at byte {at}")))?;
    Ok(json::encode(&frame)?)
}
