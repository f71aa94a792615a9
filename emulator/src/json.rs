//! JSON into types, with errors that name the field.
use serde::Deserialize;
use serde_json::{Map, Value};

/// Reads `value`, which stands at `at` in the document (empty for the top).
///
/// # Errors
/// What is wrong, with the path of the field in front.
pub(crate) fn read<T: for<'de> Deserialize<'de>>(at: &str, value: &Value) -> Result<T, String> {
    serde_path_to_error::deserialize(value).map_err(|e| {
        let path = e.path().to_string();
        let place = match (at, path.as_str()) {
            (at, ".") => at.to_owned(),
            ("", path) => path.to_owned(),
            (at, path) => format!("{at}.{path}"),
        };
        let problem = e.into_inner();
        if place.is_empty() { problem.to_string() } else { format!("{place}: {problem}") }
    })
}

/// Reads an enum given as `"name"` or as `{"<tag>": "name", ...fields}`. serde's own tagging would
/// lose the path of a bad field.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_tagged<T: for<'de> Deserialize<'de>>(at: &str, tag: &str, value: &Value) -> Result<T, String> {
    let (name, fields) = match value {
        Value::String(name) => (name.clone(), Map::new()),
        Value::Object(object) => {
            let mut fields = object.clone();
            match fields.remove(tag) {
                Some(Value::String(name)) => (name, fields),
                _ => {
                    let dot = if at.is_empty() { "" } else { "." };
                    return Err(format!("{at}{dot}{tag}: must be a text"));
                }
            }
        }
        _ => return Err(format!("{at}: must be a text or an object")),
    };
    let mut outer = Map::new();
    outer.insert(name, Value::Object(fields));
    read(at, &Value::Object(outer))
}
