//! What an endpoint gets: the caller and the parameters, wherever they were put.
use std::sync::MutexGuard;

use axum::http::HeaderMap;
use serde_json::{Map, Value};

use super::{ApiError, desk::Desk};
use crate::{
    Cloud,
    clock::Millis,
    guard,
    notify::Notifier,
    store::{Change, Field, Kind, Store, Uid},
};

/// One request.
pub(super) struct Call<'a> {
    pub(super) cloud: &'a Cloud,
    /// The account of the token; 0 on endpoints without one.
    pub(super) caller: Uid,
    /// The token; empty on endpoints without one.
    pub(super) token: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) params: &'a Params,
}

impl<'a> Call<'a> {
    /// The database, locked.
    pub(super) fn store(&self) -> MutexGuard<'a, Store> {
        guard(&self.cloud.store)
    }

    /// Where short-lived codes lie.
    pub(super) fn desk(&self) -> &'a Desk {
        &self.cloud.desk
    }

    /// Server time.
    pub(super) fn now(&self) -> Millis {
        self.cloud.clock.now()
    }

    /// The way to tell devices.
    pub(super) fn notifier<'s>(&self, store: &'s mut Store) -> Notifier<'s>
    where
        'a: 's,
    {
        Notifier { cloud: self.cloud, store, now: self.now() }
    }

    /// The device that calls: the one that logged in with this token last; 0 when none has.
    pub(super) fn device(&self, store: &Store) -> Result<u32, ApiError> {
        Ok(store.device_of_token(self.token)?)
    }

    /// A user who exists, named by a parameter.
    pub(super) fn user(&self, store: &Store, name: &str) -> Result<Uid, ApiError> {
        let uid = self.params.id(name)?;
        if store.user_exists(uid)? { Ok(uid) } else { Err(ApiError::new(10000, "user does not exist")) }
    }
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
            // One endpoint takes an array.
            Value::Array(_) => {
                merged.insert("[]".to_owned(), body.clone());
            }
            _ => return Err(ApiError::parameter("body", "must be a JSON object")),
        }
        Ok(Self { merged, body })
    }

    /// The JSON body alone, `{}` when there was none.
    pub(super) const fn body(&self) -> &Value {
        &self.body
    }

    /// The body of an endpoint that takes an array; null when there was none.
    pub(super) fn list(&self) -> &Value {
        self.merged.get("[]").unwrap_or(&Value::Null)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.merged.get(name).filter(|value| !value.is_null())
    }

    /// True when something was given under this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
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

    /// A text that may be missing, of at most so many bytes.
    pub(super) fn short_text(&self, name: &str, limit: usize) -> Result<&str, ApiError> {
        let text = self.text(name)?.unwrap_or("");
        if text.len() > limit {
            return Err(ApiError::parameter(name, &format!("longer than {limit} bytes")));
        }
        Ok(text)
    }

    /// A whole number, if it was given.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let number = match self.get(name) {
            None => return Ok(None),
            Some(Value::Bool(flag)) => Some(i64::from(*flag)),
            Some(Value::Number(number)) => number.as_i64(),
            Some(Value::String(text)) => text.parse().ok(),
            Some(_) => None,
        };
        number.map(Some).ok_or_else(|| ApiError::parameter(name, "must be a number"))
    }

    /// A switch, if it was given: a boolean, 0 or 1.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) if text == "true" || text == "1" => Ok(Some(true)),
            Some(Value::String(text)) if text == "false" || text == "0" => Ok(Some(false)),
            Some(Value::Number(number)) if number.as_i64().is_some_and(|n| n == 0 || n == 1) => {
                Ok(Some(number.as_i64() == Some(1)))
            }
            Some(_) => Err(ApiError::parameter(name, "must be true or false")),
        }
    }

    /// A switch that must be there.
    pub(super) fn required_flag(&self, name: &str) -> Result<bool, ApiError> {
        self.flag(name)?.ok_or_else(|| ApiError::parameter(name, "missing"))
    }

    /// A new value for a field, in the parameter `name`, if it was given.
    pub(super) fn change(&self, field: &Field, name: &str) -> Result<Option<Change>, ApiError> {
        let value = match field.kind {
            Kind::Text(limit) if self.get(name).is_some() => Some(self.short_text(name, limit)?.into()),
            Kind::Text(_) => None,
            Kind::Flag => self.flag(name)?.map(Value::Bool),
            Kind::Upto(most) => match self.number(name)? {
                Some(number) if !(0..=most).contains(&number) => {
                    return Err(ApiError::parameter(name, &format!("must be from 0 to {most}")));
                }
                number => number.map(Value::from),
            },
        };
        Ok(value.map(|value| (field.name, value)))
    }

    /// New values for those of the fields that were given under their own names.
    pub(super) fn changes(&self, fields: &[Field]) -> Result<Vec<Change>, ApiError> {
        fields.iter().filter_map(|field| self.change(field, field.name).transpose()).collect()
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

/// An id, given as a number or a text.
pub(super) fn as_id(name: &str, value: &Value) -> Result<Uid, ApiError> {
    let id = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    id.ok_or_else(|| ApiError::parameter(name, "must be an id"))
}
