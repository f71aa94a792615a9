//! Every answer that any test gets is held against the emulator's own OpenAPI document.
use std::sync::LazyLock;

use serde_json::Value;

pub static DOCUMENT: LazyLock<Value> = LazyLock::new(floo_emulator::openapi);

/// Fails when the document does not allow this answer.
pub fn check_answer(method: &str, target: &str, status: u16, body: &Value) {
    let path = target.split('?').next().unwrap();
    let operation = &DOCUMENT["paths"][path][method.to_ascii_lowercase()];
    // Pictures and broken connections have no JSON; unknown endpoints are not in the document.
    if operation.is_null() || body.is_null() || operation["x-access"] == "stream" {
        return;
    }
    let schema = &operation["responses"][status.to_string()]["content"]["application/json"]["schema"];
    assert!(!schema.is_null(), "{method} {path}: HTTP status {status} is not in the document");
    if let Err(why) = check(schema, body, "") {
        panic!("{method} {path}: {why}\n{body}");
    }
}

/// As much of JSON Schema as the document uses.
pub fn check(schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    for (keyword, rule) in schema.as_object().ok_or(format!("{at}: no schema"))? {
        let good = match keyword.as_str() {
            "$ref" => {
                let name = rule.as_str().unwrap().rsplit('/').next().unwrap();
                check(&DOCUMENT["components"]["schemas"][name], value, at)?;
                true
            }
            "oneOf" => {
                let results: Vec<_> = rule.as_array().unwrap().iter().map(|rule| check(rule, value, at)).collect();
                if results.iter().filter(|result| result.is_ok()).count() != 1 {
                    return Err(format!("{results:?}"));
                }
                true
            }
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "type" => match rule.as_str().unwrap() {
                "null" => value.is_null(),
                "boolean" => value.is_boolean(),
                "integer" => value.is_i64() || value.is_u64(),
                "string" => value.is_string(),
                "array" => value.is_array(),
                "object" => value.is_object(),
                other => return Err(format!("{at}: type {other}")),
            },
            "required" => rule.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            "additionalProperties" => {
                assert_eq!(rule, false);
                value.as_object().is_none_or(|fields| fields.keys().all(|name| !schema["properties"][name].is_null()))
            }
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    if let Some(field) = value.get(name) {
                        check(rule, field, &format!("{at}.{name}"))?;
                    }
                }
                true
            }
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(rule, item, &format!("{at}[{n}]"))?;
                }
                true
            }
            other => return Err(format!("{at}: keyword {other}")),
        };
        if !good {
            return Err(format!("{at}: {keyword} {rule} does not hold for {value}"));
        }
    }
    Ok(())
}

#[test]
fn the_checker_sees_what_is_wrong() {
    use serde_json::json;
    let schema = json!({ "type": "object", "required": ["a"], "additionalProperties": false,
        "properties": { "a": { "oneOf": [{ "const": 1 }, { "type": "array", "items": { "type": "string" } }] } } });
    for good in [json!({ "a": 1 }), json!({ "a": ["x"] })] {
        check(&schema, &good, "").unwrap();
    }
    for bad in [json!({}), json!(1), json!({ "a": 2 }), json!({ "a": [1] }), json!({ "a": 1, "b": 1 })] {
        check(&schema, &bad, "").unwrap_err();
    }
}
