//! Plain objects of JavaScript: reading parameters field by field, and making new ones.
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::core::model::{ConversationId, Error, Kind};

/// A new object.
pub(super) fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (key, value) in fields {
        let _ = Reflect::set(&object, &JsValue::from_str(key), value); // a new object takes any field
    }
    object.into()
}

/// The parameters of a call. What is absent, undefined or null counts as not given; what is not of the
/// form asked for is an error that names the field.
pub(super) struct Params {
    object: JsValue,
    asked: Vec<&'static str>,
}

impl Params {
    pub(super) fn new(object: JsValue) -> Result<Self, Error> {
        if object.is_object() { Ok(Self { object, asked: Vec::new() }) } else { Err(bad("params", "an object")) }
    }

    fn get(&mut self, name: &'static str) -> Option<JsValue> {
        self.asked.push(name);
        let value = Reflect::get(&self.object, &JsValue::from_str(name)).ok();
        value.filter(|value| !value.is_undefined() && !value.is_null())
    }

    /// Refuses what nothing has asked for: a misspelt field must not be a missing one.
    pub(super) fn end(self) -> Result<(), Error> {
        let names = Object::keys(self.object.unchecked_ref::<Object>()).into_iter();
        let known = |name: &String| self.asked.contains(&&name[..]);
        match names.filter_map(|name| name.as_string()).find(|name| !known(name)) {
            Some(name) => Err(bad(&name, "left out: it has no meaning here")),
            None => Ok(()),
        }
    }

    pub(super) fn maybe_text(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        self.get(name).map(|value| value.as_string().ok_or_else(|| bad(name, "a text"))).transpose()
    }

    /// Empty when it is not given.
    pub(super) fn text(&mut self, name: &'static str) -> Result<String, Error> {
        self.maybe_text(name).map(Option::unwrap_or_default)
    }

    pub(super) fn maybe_id(&mut self, name: &'static str) -> Result<Option<u64>, Error> {
        self.maybe_text(name)?.map(|text| id(name, &text)).transpose()
    }

    pub(super) fn id(&mut self, name: &'static str) -> Result<u64, Error> {
        self.maybe_id(name)?.ok_or_else(|| bad(name, ID))
    }

    pub(super) fn list(&mut self, name: &'static str) -> Result<Vec<JsValue>, Error> {
        let list = self.get(name).and_then(|value| value.dyn_into::<Array>().ok());
        Ok(list.ok_or_else(|| bad(name, "an array"))?.to_vec())
    }

    pub(super) fn ids(&mut self, name: &'static str) -> Result<Vec<u64>, Error> {
        self.list(name)?.iter().map(|value| id(name, &value.as_string().unwrap_or_default())).collect()
    }

    /// A whole number from 0; 0 when it is not given.
    pub(super) fn number(&mut self, name: &'static str) -> Result<u32, Error> {
        let Some(value) = self.get(name) else { return Ok(0) };
        let number = value.as_f64().filter(|n| n.fract() == 0.0 && (0.0..=f64::from(i32::MAX)).contains(n));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and within bounds")]
        let number = number.map(|n| n as u32);
        number.ok_or_else(|| bad(name, "a whole number from 0 to 2147483647"))
    }

    pub(super) fn maybe_flag(&mut self, name: &'static str) -> Result<Option<bool>, Error> {
        self.get(name).map(|value| value.as_bool().ok_or_else(|| bad(name, "true or false"))).transpose()
    }

    /// False when it is not given.
    pub(super) fn flag(&mut self, name: &'static str) -> Result<bool, Error> {
        self.maybe_flag(name).map(Option::unwrap_or_default)
    }

    /// The conversation that `kind` and `of` name; none when neither is given.
    pub(super) fn maybe_conversation(&mut self) -> Result<Option<ConversationId>, Error> {
        let (kind, uid) = (self.number("kind")?, self.maybe_id("of")?);
        let Some(uid) = uid else { return Ok(None) };
        let kind = Kind::from_number(kind).ok_or_else(|| bad("kind", "0, 1 or 2"))?;
        Ok(Some(if uid == 0 { ConversationId::SYSTEM } else { ConversationId { kind, uid } }))
    }

    pub(super) fn conversation(&mut self) -> Result<ConversationId, Error> {
        self.maybe_conversation()?.ok_or_else(|| bad("of", ID))
    }
}

const ID: &str = "a decimal number of 64 bits as text";

fn id(name: &str, text: &str) -> Result<u64, Error> {
    text.parse().map_err(|_| bad(name, ID))
}

/// An error that names the field.
pub(super) fn bad(name: &str, expected: &str) -> Error {
    Error::argument(["`", name, "` must be ", expected].concat())
}
