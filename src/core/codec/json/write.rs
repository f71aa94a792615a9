//! JSON to wire bytes.
use super::{
    Direction, JsonCodecError, payload_type,
    schema::{self, Field, Kind, Message},
};
use crate::core::codec::MAX_FRAME_OUT;
use crate::core::json::Value;
use crate::core::map::Map;

type Result<T> = std::result::Result<T, JsonCodecError>;

/// The largest integer that a JavaScript number holds exactly.
const MAX_SAFE: u64 = (1 << 53) - 1;

/// The key of an object that names the message it is.
const TYPE: &str = "@type";

const VARINT: u32 = 0;
const LENGTH: u32 = 2;

pub(super) fn frame(frame: &Value) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    message(&schema::FRAME, object(frame)?, &mut out)?;
    Ok(out)
}

fn message(schema: &Message, fields: &Map<String, Value>, out: &mut Vec<u8>) -> Result<()> {
    for (name, value) in fields.iter() {
        if name == TYPE {
            if value.as_str() != Some(schema.name) {
                return Err(JsonCodecError::invalid("is not the type of this message").under(TYPE));
            }
        } else if !schema.fields.iter().any(|field| field.name == name) {
            return Err(JsonCodecError::invalid("is not a field of this message").under(name));
        }
    }
    for field in schema.fields {
        let Some(value) = fields.get(field.name) else {
            if always_written(schema, field, fields) {
                put_number(field, 0, out);
            }
            continue;
        };
        let written = match (&field.kind, value) {
            (Kind::Message(inner), Value::Array(list)) if field.repeated => {
                list.iter().enumerate().try_for_each(|(index, item)| {
                    object(item).and_then(|item| nested(field, inner, item, out)).map_err(|e| e.at(index))
                })
            }
            (Kind::Message(_), _) if field.repeated => Err(JsonCodecError::invalid("must be a list")),
            (Kind::Message(inner), _) => object(value).and_then(|value| nested(field, inner, value, out)),
            (Kind::Bytes, Value::Object(value)) if field.is_payload() => {
                type_of_payload(schema, fields, value).and_then(|inner| nested(field, inner, value, out))
            }
            _ => scalar(field, value, out),
        };
        written.map_err(|e| e.under(field.name))?;
        if out.len() > MAX_FRAME_OUT {
            return Err(JsonCodecError::limit("is larger than 1 MiB").under(field.name));
        }
    }
    Ok(())
}

/// Frames have a command, and one without payload has its first three fields: never no bytes at all.
fn always_written(schema: &Message, field: &Field, fields: &Map<String, Value>) -> bool {
    schema.name == "Frame"
        && match field.name {
            "command" => true,
            "vsn" | "compress_method" => !fields.contains_key("payload"),
            _ => false,
        }
}

/// The type that a payload object names, which must be one that goes with `fields` beside it.
fn type_of_payload(
    parent: &Message,
    fields: &Map<String, Value>,
    payload: &Map<String, Value>,
) -> Result<&'static Message> {
    let wrong = |what| JsonCodecError::invalid(what).under(TYPE);
    let Some(Value::String(name)) = payload.get(TYPE) else {
        return Err(wrong("must name the message that the payload is"));
    };
    [Direction::ClientToServer, Direction::ServerToClient]
        .into_iter()
        .filter_map(|direction| payload_type(parent, fields, direction))
        .find(|known| known.name == name)
        .ok_or_else(|| wrong("does not go with the fields beside the payload; other bytes are given as hex"))
}

fn nested(field: &Field, schema: &Message, fields: &Map<String, Value>, out: &mut Vec<u8>) -> Result<()> {
    let mut inner = Vec::new();
    message(schema, fields, &mut inner)?;
    put_bytes(field, &inner, out);
    Ok(())
}

fn scalar(field: &Field, value: &Value, out: &mut Vec<u8>) -> Result<()> {
    let number = match field.kind {
        Kind::Uint64 => match value {
            // Checked because `parse` would take a sign.
            Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
            _ => value.as_u64().filter(|number| *number <= MAX_SAFE),
        }
        .ok_or("must be a decimal string below 2^64 or a safe integer, not negative"),
        Kind::Uint32 => {
            value.as_u64().filter(|number| *number <= u32::MAX.into()).ok_or("must be an integer from 0 to 4294967295")
        }
        // A negative number takes ten bytes, sign-extended.
        Kind::Int32 => int32(value).map(|number| i64::from(number).cast_unsigned()),
        Kind::Sint32 => int32(value).map(|number| u64::from(((number << 1) ^ (number >> 31)).cast_unsigned())),
        Kind::Bool => value.as_bool().map(u64::from).ok_or("must be true or false"),
        Kind::Text => {
            let text = value.as_str().ok_or_else(|| JsonCodecError::invalid("must be a string"))?;
            put_bytes(field, text.as_bytes(), out);
            return Ok(());
        }
        Kind::Bytes | Kind::Message(_) => {
            let bytes = value
                .as_str()
                .and_then(bytes_of_hex)
                .ok_or_else(|| JsonCodecError::invalid("must be a string of hex digits, two for each byte"))?;
            put_bytes(field, &bytes, out);
            return Ok(());
        }
    }
    .map_err(JsonCodecError::invalid)?;
    put_number(field, number, out);
    Ok(())
}

fn int32(value: &Value) -> std::result::Result<i32, &'static str> {
    value
        .as_i64()
        .and_then(|number| i32::try_from(number).ok())
        .ok_or("must be an integer from -2147483648 to 2147483647")
}

fn object(value: &Value) -> Result<&Map<String, Value>> {
    value.as_object().ok_or_else(|| JsonCodecError::invalid("must be an object"))
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

fn put_number(field: &Field, number: u64, out: &mut Vec<u8>) {
    put_varint((field.number << 3 | VARINT).into(), out);
    put_varint(number, out);
}

fn put_bytes(field: &Field, bytes: &[u8], out: &mut Vec<u8>) {
    put_varint((field.number << 3 | LENGTH).into(), out);
    put_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

#[inline(never)]
fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
