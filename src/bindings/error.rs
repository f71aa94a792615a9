//! Errors as plain objects (`RawError` in `js/engine.ts`). The facade makes its `FlooError` of them: it has the
//! names and texts of the codes, which would otherwise be in the binary too.
use wasm_bindgen::JsValue;

use super::object::object;
use crate::core::model::{Domain, Error, ErrorCode};

/// The error for JavaScript.
pub(super) fn raw(e: &Error) -> JsValue {
    object(&[
        ("number", (e.code as u16).into()),
        ("domain", e.domain.name().into()),
        ("detail", JsValue::from_str(&e.detail)),
    ])
}

/// The platform lacks something.
pub(super) fn platform(detail: impl Into<String>) -> Error {
    Error::new(Domain::Platform, ErrorCode::Unsupported, detail)
}
