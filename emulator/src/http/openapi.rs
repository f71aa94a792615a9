//! The OpenAPI 3.1 document, made from the table of endpoints.
use axum::http::Method;
use serde_json::{Map, Value, json};

use super::{
    shapes::SHAPES,
    streams::Stream,
    table::{Access, Param, Row, Shape, Type},
};

/// The document of these endpoints. Paths of other servers that are served here as well have no
/// row of their own kind: they are listed like all others.
pub(super) fn document<'a>(rows: impl Iterator<Item = &'a Row>, streams: &[Stream]) -> Value {
    let mut paths = Map::new();
    for row in rows {
        let method = row.method.as_str().to_ascii_lowercase();
        let item = paths.entry(row.path).or_insert_with(|| json!({}));
        item[method] = operation(row);
    }
    for Stream(method, path, params, _, summary) in streams {
        let item = paths.entry(*path).or_insert_with(|| json!({}));
        item[method.as_str().to_ascii_lowercase()] = stream(path, params, summary);
    }
    let schemas: Map<_, _> = SHAPES.iter().map(|(name, shape)| ((*name).to_owned(), schema(shape))).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "floo-emulator",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A local cloud for floo-wasm. The HTTP status is 200 also for failures; `code` tells. \
                Only /admin has HTTP failures. Parameters may come in the query or in a JSON body, numbers \
                and switches also as texts.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "app": { "type": "apiKey", "in": "header", "name": "app_id" },
                "token": { "type": "apiKey", "in": "header", "name": "access-token" },
            },
        },
    })
}

/// Files and the developer's page: whatever bytes, and failures with an HTTP status.
fn stream(path: &str, params: &[Param], summary: &str) -> Value {
    let anything = json!({ "description": "as asked", "content": { "*/*": {} } });
    let code = json!({ "type": "integer" });
    let bad = json!({ "type": "object", "properties": { "code": code, "message": { "type": "string" } } });
    let bad = json!({ "description": "refused", "content": { "application/json": { "schema": bad } } });
    let security = if path.starts_with("/file/download/") { json!([{ "app": [], "token": [] }]) } else { json!([]) };
    json!({
        "summary": summary,
        "tags": [path.trim_start_matches('/').split('/').next()],
        "x-access": "stream",
        "security": security,
        "parameters": params.iter().map(in_query).collect::<Vec<_>>(),
        "responses": { "200": anything, "206": anything, "4XX": bad },
    })
}

fn in_query(param: &Param) -> Value {
    json!({ "name": param.name, "in": "query", "required": param.required, "schema": takes(param) })
}

fn operation(row: &Row) -> Value {
    let tag = row.path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let (body, query): (Vec<_>, Vec<_>) =
        row.all_params().partition(|param| row.method != Method::GET && !param.in_query);
    let parameters: Vec<_> = query.into_iter().map(in_query).collect();
    let security = match row.access {
        Access::Open | Access::Admin => json!([]),
        Access::App => json!([{ "app": [] }]),
        Access::Token => json!([{ "app": [], "token": [] }]),
        Access::Either => json!([{ "app": [] }, { "app": [], "token": [] }]),
    };
    let mut operation = json!({
        "summary": row.summary,
        "tags": [tag],
        "x-priority": row.priority.name(),
        "x-access": format!("{:?}", row.access).to_ascii_lowercase(),
        "security": security,
        "parameters": parameters,
        "responses": responses(row),
    });
    if !body.is_empty() {
        operation["requestBody"] = request(&body);
    }
    operation
}

/// A parameter called `[]` is the whole body.
fn request(params: &[&Param]) -> Value {
    let required: Vec<_> = params.iter().filter(|param| param.required).map(|param| param.name).collect();
    let schema = match params {
        [whole] if whole.name == "[]" => json!({ "type": "array" }),
        fields => {
            let properties: Map<_, _> = fields.iter().map(|param| (param.name.to_owned(), takes(param))).collect();
            json!({ "type": "object", "properties": properties, "required": required })
        }
    };
    json!({ "required": !required.is_empty(), "content": { "application/json": { "schema": schema } } })
}

fn takes(param: &Param) -> Value {
    match param.takes {
        Type::Text(limit) => json!({ "type": "string", "maxLength": limit }),
        Type::Word(limit) => {
            json!({ "type": "string", "minLength": usize::from(param.required), "maxLength": limit })
        }
        Type::Id => json!({ "type": "integer", "minimum": 0 }),
        Type::Ids => json!({ "type": "array", "items": { "type": "integer", "minimum": 0 } }),
        Type::Int => json!({ "type": "integer" }),
        Type::Flag => json!({ "type": "boolean" }),
        Type::Any => json!({}),
    }
}

fn responses(row: &Row) -> Value {
    let content = |schema: Value| json!({ "application/json": { "schema": schema } });
    let good = match row.answer {
        Shape::Missing => None,
        Shape::Bare => Some(json!({ "type": "object" })),
        shape => Some(envelope(&json!({ "const": 200 }), &json!({ "type": "null" }), &schema(&shape), row)),
    };
    let bad = |codes: &[u32]| {
        envelope(&json!({ "enum": codes }), &json!({ "type": "string" }), &json!({ "type": "null" }), row)
    };
    let codes = row.codes();
    if row.access == Access::Admin {
        let mut answers = Map::new();
        answers
            .insert("200".to_owned(), json!({ "description": "done", "content": content(good.unwrap_or_default()) }));
        for status in [400, 403] {
            let schema = bad(&[status]);
            answers.insert(status.to_string(), json!({ "description": "refused", "content": content(schema) }));
        }
        return Value::Object(answers);
    }
    let mut both = content(json!({ "oneOf": good.into_iter().chain([bad(&codes)]).collect::<Vec<_>>() }));
    if matches!(row.answer, Shape::Picture) {
        both = content(bad(&codes));
        both["image/svg+xml"] = json!({ "schema": { "type": "string" } });
    }
    json!({
        "200": { "description": "`code` tells whether it worked", "content": both },
        "429": { "description": "too many requests", "content": content(bad(&[429])) },
    })
}

fn envelope(code: &Value, message: &Value, data: &Value, row: &Row) -> Value {
    let mut properties = json!({ "code": code, "message": message, "data": data });
    if matches!(row.answer, Shape::Pages(..)) {
        properties["cursor"] = json!({ "type": "string" });
        properties["total"] = json!({ "type": "integer" });
    }
    json!({
        "type": "object",
        "properties": properties,
        "required": ["code", "message", "data"],
        "additionalProperties": false,
    })
}

fn schema(shape: &Shape) -> Value {
    match shape {
        Shape::Json | Shape::Bare | Shape::Missing | Shape::Picture => json!({}),
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::Str => json!({ "type": "string" }),
        Shape::Num => json!({ "type": "integer" }),
        Shape::Named(name) => json!({ "$ref": format!("#/components/schemas/{name}") }),
        Shape::List(item) | Shape::Pages(item, ..) => json!({ "type": "array", "items": schema(item) }),
        Shape::Fields(fields) => {
            let mut properties = Map::new();
            let mut required = Vec::new();
            for (name, shape) in *fields {
                let bare = name.strip_suffix('?').unwrap_or(name);
                properties.insert(bare.to_owned(), schema(shape));
                if bare == *name {
                    required.push(*name);
                }
            }
            json!({
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": false,
            })
        }
    }
}
