//! A batch of rows on its way to JavaScript: one text, the lengths of its pieces, numbers.
//!
//! Every string that crosses alone costs a decoder call; on the tape a batch costs one.
use js_sys::{Float64Array, Uint32Array};
use wasm_bindgen::JsValue;

use super::object::object;

#[derive(Debug, Default)]
pub(super) struct Tape {
    pub(super) text: String,
    /// In UTF-16 units, which is how JavaScript cuts strings.
    pub(super) lengths: Vec<u32>,
    pub(super) numbers: Vec<f64>,
}

impl Tape {
    pub(super) fn string(&mut self, s: &str) {
        let length = if s.is_ascii() { s.len() } else { s.chars().map(char::len_utf16).sum() };
        self.lengths.push(u32::try_from(length).unwrap_or(u32::MAX));
        self.text.push_str(s);
    }

    pub(super) fn number(&mut self, n: impl Into<f64>) {
        self.numbers.push(n.into());
    }

    pub(super) fn id(&mut self, id: u64) {
        self.string(&id.to_string());
    }

    /// An id of which 0 means that there is none.
    pub(super) fn maybe_id(&mut self, id: u64) {
        if id == 0 { self.string("") } else { self.id(id) }
    }

    pub(super) fn flag(&mut self, flag: bool) {
        self.number(u8::from(flag));
    }

    /// Ids, and how many there are.
    pub(super) fn ids(&mut self, ids: &[u64]) {
        self.number(u32::try_from(ids.len()).unwrap_or(u32::MAX));
        ids.iter().for_each(|id| self.id(*id));
    }
}

impl From<Tape> for JsValue {
    fn from(tape: Tape) -> Self {
        object(&[
            ("text", tape.text.into()),
            ("lengths", Uint32Array::from(&tape.lengths[..]).into()),
            ("numbers", Float64Array::from(&tape.numbers[..]).into()),
        ])
    }
}
