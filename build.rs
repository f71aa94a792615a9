//! Generates what is written down once elsewhere: the wire types and the field table of the JSON
//! codec from `xsync.proto`, and the `ErrorCode` enum from `error_codes.json`.
use protox::prost_reflect::prost_types::{
    FileDescriptorSet,
    field_descriptor_proto::{Label, Type},
};
use std::{env, error::Error, fmt::Write as _, fs, path::Path};

const PROTO: &str = "src/core/proto/xsync.proto";
const CODES: &str = "src/core/model/error_codes.json";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={PROTO}");
    println!("cargo:rerun-if-changed={CODES}");
    println!("cargo:rerun-if-changed=build.rs");
    let out = env::var("OUT_DIR")?;
    let set = protox::compile([PROTO], ["src/core/proto"])?;
    fs::write(Path::new(&out).join("json_schema.rs"), json_schema(&set)?)?;
    fs::write(Path::new(&out).join("wire.rs"), wire(&set)?)?;
    prost_build::Config::new().bytes(["."]).compile_fds(set)?;
    fs::write(Path::new(&out).join("error_codes.rs"), error_codes()?)?;
    Ok(())
}

/// One row of `error_codes.json`. What is left out here is for `js/scripts/error-codes.mjs` only.
#[derive(serde::Deserialize)]
struct Row {
    name: String,
    number: u16,
    text: String,
    #[serde(default)]
    retriable: bool,
    /// Values of `code` in the body of an HTTP answer.
    #[serde(default)]
    http: Vec<u32>,
    /// HTTP statuses: numbers, or a text for a whole class, such as `5xx`.
    #[serde(default)]
    transport: Vec<serde_json::Value>,
    /// Statuses of frames.
    #[serde(default)]
    frame: Vec<u32>,
    /// What the message or reason of a server contains.
    #[serde(default)]
    reasons: Vec<String>,
}

fn error_codes() -> Result<String, Box<dyn Error>> {
    let rows: Vec<Row> = serde_json::from_str(&fs::read_to_string(CODES)?)?;
    let (mut variants, mut all, mut names, mut texts, mut retriable) =
        (String::new(), String::new(), String::new(), String::new(), String::new());
    let (mut reasons, mut http, mut transport, mut classes, mut frame) =
        (String::new(), String::new(), String::new(), String::new(), String::new());
    for row in &rows {
        let Row { name, number, text, .. } = row;
        writeln!(variants, "    /// {text}\n    {name} = {number},")?;
        writeln!(all, "        Self::{name},")?;
        writeln!(names, "            Self::{name} => {name:?},")?;
        writeln!(texts, "            Self::{name} => {text:?},")?;
        if row.retriable {
            write!(retriable, "{}Self::{name}", if retriable.is_empty() { "" } else { " | " })?;
        }
        for reason in &row.reasons {
            writeln!(reasons, "    ({reason:?}, ErrorCode::{name}),")?;
        }
        for code in &row.http {
            writeln!(http, "            {code} => Self::{name},")?;
        }
        for status in &row.frame {
            writeln!(frame, "            {status} => Self::{name},")?;
        }
        for status in &row.transport {
            match status.as_str().map(|class| class.strip_suffix("xx").ok_or(class)) {
                None => writeln!(transport, "            {status} => Self::{name},")?,
                Some(Ok(class)) => writeln!(classes, "            {class}00..={class}99 => Self::{name},")?,
                Some(Err(class)) => return Err(format!("{name}: `{class}` is no class of HTTP statuses").into()),
            }
        }
    }
    Ok(format!(
        "/// Every error the SDK can report, with the number that all Lanying SDKs give it.\n\
         #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]\n#[repr(u16)]\npub enum ErrorCode {{\n{variants}}}\n\n\
         const REASONS: &[(&str, ErrorCode)] = &[\n{reasons}];\n\n\
         impl ErrorCode {{\n\
         /// All codes, by number.\npub const ALL: &'static [Self] = &[\n{all}    ];\n\n\
         /// The name, as JavaScript sees it in `error.code`.\n\
         pub const fn name(self) -> &'static str {{\n        match self {{\n{names}        }}\n    }}\n\n\
         /// What it means, in English.\n\
         pub const fn text(self) -> &'static str {{\n        match self {{\n{texts}        }}\n    }}\n\n\
         /// True when the same call may work later without a change by the caller.\n\
         pub const fn retriable(self) -> bool {{\n        matches!(self, {retriable})\n    }}\n\n\
         /// The code for the `code` of an HTTP answer (http-api 11.2); `ServerUnknownError` for one without equivalent.\n\
         pub const fn from_http(code: u64) -> Self {{\n        match code {{\n{http}            _ => Self::ServerUnknownError,\n        }}\n    }}\n\n\
         /// The code for an HTTP status other than 2xx; `ServerUnknownError` for one without equivalent.\n\
         pub const fn from_transport(status: u16) -> Self {{\n        match status {{\n{transport}{classes}            _ => Self::ServerUnknownError,\n        }}\n    }}\n\n\
         /// The code for the status of a frame (xsync 3.6); `ServerFireplaceUnknownError` for one without equivalent.\n\
         pub const fn from_frame(status: i32) -> Self {{\n        match status {{\n{frame}            _ => Self::ServerFireplaceUnknownError,\n        }}\n    }}\n}}\n"
    ))
}

/// One static for each message, for `src/core/codec/json/schema.rs`: its fields by ascending number.
fn json_schema(set: &FileDescriptorSet) -> Result<String, Box<dyn Error>> {
    let mut out = String::new();
    for message in set.file.iter().flat_map(|file| &file.message_type) {
        if !message.nested_type.is_empty() {
            return Err(format!("{}: nested messages are not handled", message.name()).into());
        }
        let mut fields: Vec<_> = message.field.iter().collect();
        fields.sort_by_key(|field| field.number());
        let mut rows = String::new();
        for field in fields {
            let kind = match field.r#type() {
                Type::Uint64 => "Uint64".into(),
                Type::Uint32 => "Uint32".into(),
                Type::Enum | Type::Int32 => "Int32".into(),
                Type::Sint32 => "Sint32".into(),
                Type::Bool => "Bool".into(),
                Type::String => "Text".into(),
                Type::Bytes => "Bytes".into(),
                Type::Message => format!("Message(&{})", static_name(field.type_name())),
                other => return Err(format!("{}.{}: {other:?} is not handled", message.name(), field.name()).into()),
            };
            let repeated = field.label() == Label::Repeated;
            if repeated && field.r#type() != Type::Message {
                return Err(format!("{}.{}: a repeated scalar is not handled", message.name(), field.name()).into());
            }
            writeln!(
                rows,
                "    Field {{ number: {}, name: {:?}, kind: Kind::{kind}, repeated: {repeated}, optional: {} }},",
                field.number(),
                field.name(),
                field.proto3_optional(),
            )?;
        }
        writeln!(
            out,
            "pub(super) static {}: Message = Message {{ name: {:?}, fields: &[\n{rows}] }};",
            static_name(message.name()),
            message.name(),
        )?;
    }
    Ok(out)
}

/// The fields of each message for `src/core/wire.rs`, by ascending number.
fn wire(set: &FileDescriptorSet) -> Result<String, Box<dyn Error>> {
    let mut out = String::from("wire! {\n");
    for message in set.file.iter().flat_map(|file| &file.message_type) {
        let mut fields: Vec<_> = message.field.iter().collect();
        fields.sort_by_key(|field| field.number());
        writeln!(out, "    {} {{", type_name(message.name()))?;
        for field in fields {
            let kind = match (field.r#type(), field.label() == Label::Repeated) {
                (Type::Message, true) => "list",
                (Type::Message, false) => "message",
                (Type::Enum | Type::Int32, false) => "int32",
                (Type::Uint64, false) => "uint64",
                (Type::Uint32, false) => "uint32",
                (Type::Sint32, false) => "sint32",
                (Type::Bool, false) => "bool",
                (Type::String, false) => "text",
                (Type::Bytes, false) => "bytes",
                (other, _) => return Err(format!("{}.{}: {other:?}", message.name(), field.name()).into()),
            };
            let maybe = if field.proto3_optional() && kind != "message" { "maybe_" } else { "" };
            let name = static_name(field.name()).to_lowercase();
            let raw = if name == "type" { "r#" } else { "" };
            writeln!(out, "        {} {raw}{name} {maybe}{kind},", field.number())?;
        }
        out.push_str("    }\n");
    }
    out.push_str("}\n");
    Ok(out)
}

/// `SyncUL` becomes `SyncUl`.
fn type_name(name: &str) -> String {
    let mut after_upper = false;
    name.chars()
        .map(|c| {
            let lower = after_upper && c.is_ascii_uppercase();
            after_upper = c.is_ascii_uppercase();
            if lower { c.to_ascii_lowercase() } else { c }
        })
        .collect()
}

/// `.im.floo.protobuf.SyncUL` becomes `SYNC_UL`.
fn static_name(type_name: &str) -> String {
    let mut out = String::new();
    let mut after_lower = false;
    for c in type_name.rsplit('.').next().unwrap_or(type_name).chars() {
        if c.is_ascii_uppercase() && after_lower {
            out.push('_');
        }
        after_lower = c.is_ascii_lowercase();
        out.push(c.to_ascii_uppercase());
    }
    out
}
