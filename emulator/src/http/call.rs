//! What an endpoint gets: the caller and the parameters, wherever they were put.
use axum::http::HeaderMap;
use serde_json::{Map, Value};

use super::ApiError;
use crate::{Cloud, store::Uid};

/// One request.
pub(super) struct Call<'a> {
    pub(super) cloud: &'a Cloud,
    /// The account of the token; 0 on endpoints without one.
    pub(super) caller: Uid,
    pub(super) headers: &'a HeaderMap,
    pub(super) params: &'a Params,
}

/// Parameters from query and JSON body, the body winning. Numbers may come as texts.
#[derive(Debug, Default)]
pub(super) struct Params {
    merged: Map<String, Value>,
    body: Value,
}

impl Params {
    pub(super) fn read(query: &str, body: &[u8]) -> Result<Self, ApiError> {
        let mut merged = Map::new();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = Value::String(value.into_owned());
            match merged.get_mut(key.as_ref()) {
                // A repeated key is a list.
                Some(Value::Array(list)) => list.push(value),
                Some(first) => *first = Value::Array(vec![first.take(), value]),
                None => {
                    merged.insert(key.into_owned(), value);
                }
            }
        }
        let body = if body.iter().all(u8::is_ascii_whitespace) {
            Value::Object(Map::new())
        } else {
            serde_json::from_slice(body).map_err(|e| ApiError::parameter("body", &format!("not JSON: {e}")))?
        };
        match &body {
            Value::Object(fields) => merged.extend(fields.clone()),
            _ => return Err(ApiError::parameter("body", "must be a JSON object")),
        }
        Ok(Self { merged, body })
    }

    /// The JSON body alone, `{}` when there was none.
    pub(super) const fn body(&self) -> &Value {
        &self.body
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.merged.get(name).filter(|value| !value.is_null())
    }

    /// A text, if it was given.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ApiError::parameter(name, "must be a text")),
        }
    }

    /// A text that must be there and not be empty.
    pub(super) fn required_text(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name)?.filter(|text| !text.is_empty()).ok_or_else(|| ApiError::parameter(name, "missing"))
    }

    /// An id that must be there.
    pub(super) fn id(&self, name: &str) -> Result<Uid, ApiError> {
        let value = self.get(name).ok_or_else(|| ApiError::parameter(name, "missing"))?;
        as_id(name, value)
    }

    /// A list of ids that must be there; one id alone is a list of one.
    pub(super) fn ids(&self, name: &str) -> Result<Vec<Uid>, ApiError> {
        match self.get(name) {
            None => Err(ApiError::parameter(name, "missing")),
            Some(Value::Array(list)) => list.iter().map(|value| as_id(name, value)).collect(),
            Some(one) => Ok(vec![as_id(name, one)?]),
        }
    }
}

fn as_id(name: &str, value: &Value) -> Result<Uid, ApiError> {
    let id = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    id.ok_or_else(|| ApiError::parameter(name, "must be an id"))
}
