//! Errors as plain objects; the facade makes its `FlooError` of them (`RawError` in `js/engine.ts`).
use serde::Serialize;
use wasm_bindgen::JsValue;

use crate::core::model::{Domain, Error, ErrorCode};

#[derive(Serialize)]
struct Raw<'a> {
    code: &'a str,
    number: u16,
    domain: &'a str,
    message: String,
    retriable: bool,
    remediation: &'a str,
}

/// The error for JavaScript.
pub(super) fn raw(e: &Error) -> JsValue {
    let raw = Raw {
        code: e.code.name(),
        number: e.code as u16,
        domain: e.domain.name(),
        message: e.to_string(),
        retriable: e.retriable(),
        remediation: e.remediation(),
    };
    serde_wasm_bindgen::to_value(&raw).unwrap_or(JsValue::UNDEFINED) // texts, numbers, booleans: cannot fail
}

/// Parameters that are not of the form asked for.
pub(super) fn argument(e: &serde_wasm_bindgen::Error) -> Error {
    Error::argument(e.to_string())
}

/// The platform lacks something.
pub(super) fn platform(detail: impl Into<String>) -> Error {
    Error::new(Domain::Platform, ErrorCode::Unsupported, detail)
}
