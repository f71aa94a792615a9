//! The receive path from the bytes of a frame to the tape, for `make bench`.
#![allow(unreachable_pub)] // wasm-bindgen exports nothing less than `pub`
use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

use super::view;
use crate::core::session::bench::Receiver;

/// Who receives the pages that are measured.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Bench {
    receiver: Receiver,
}

#[wasm_bindgen]
impl Bench {
    /// A user by decimal id.
    ///
    /// # Errors
    /// When it is none.
    #[wasm_bindgen(constructor)]
    pub fn new(uid: &str) -> Result<Self, JsError> {
        Ok(Self { receiver: Receiver::new(uid.parse()?) })
    }

    /// The tape of the messages in a frame, as the engine's sink gets it.
    ///
    /// # Errors
    /// When the frame cannot be decoded.
    pub fn page(&mut self, frame: &[u8]) -> Result<JsValue, JsError> {
        Ok(view::messages(&self.receiver.messages(frame)?).into())
    }
}
