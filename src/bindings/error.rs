//! Errors as plain objects (`RawError` in `js/engine.ts`). The facade makes its `FlooError` of them: it has the
//! names and texts of the codes, which would otherwise be in the binary too.
use serde::Serialize;
use wasm_bindgen::JsValue;

use crate::core::model::{Domain, Error, ErrorCode};

#[derive(Serialize)]
struct Raw<'a> {
    number: u16,
    domain: &'a str,
    detail: &'a str,
}

/// The error for JavaScript.
pub(super) fn raw(e: &Error) -> JsValue {
    let raw = Raw { number: e.code as u16, domain: e.domain.name(), detail: &e.detail };
    serde_wasm_bindgen::to_value(&raw).unwrap_or(JsValue::UNDEFINED) // a number and texts: cannot fail
}

/// Parameters that are not of the form asked for.
pub(super) fn argument(e: &serde_wasm_bindgen::Error) -> Error {
    Error::argument(e.to_string())
}

/// The platform lacks something.
pub(super) fn platform(detail: impl Into<String>) -> Error {
    Error::new(Domain::Platform, ErrorCode::Unsupported, detail)
}
