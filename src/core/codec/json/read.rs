//! Wire bytes to JSON.
use super::{
    Direction, JsonCodecError, JsonErrorKind, MAX_DEPTH, MAX_FIELDS, payload_type,
    schema::{self, Field, Kind, Message},
};
use crate::core::codec::MAX_FRAME_IN;
use crate::core::json::Value;
use crate::core::map::Map;
use crate::core::wire::{BAD_KEY, FIXED32, FIXED64, GROUP_END, GROUP_START, Input, LENGTH, VARINT, WireError};

type Result<T> = std::result::Result<T, JsonCodecError>;

impl From<WireError> for JsonCodecError {
    fn from(WireError(what): WireError) -> Self {
        Self::malformed(what)
    }
}

pub(super) fn frame(bytes: &[u8], direction: Direction) -> Result<Map<String, Value>> {
    if bytes.len() > MAX_FRAME_IN {
        return Err(JsonCodecError::limit("is larger than 16 MiB"));
    }
    let mut decoder = Decoder { direction, fields: MAX_FIELDS };
    let mut frame = decoder.message(&schema::FRAME, &[bytes], 0)?;
    if bytes.is_empty() {
        frame.insert("vsn".into(), 0.into());
        frame.insert("compress_method".into(), 0.into());
    }
    if !frame.contains_key("command") {
        frame.insert("command".into(), 0.into());
    }
    Ok(frame)
}

struct Decoder {
    direction: Direction,
    /// How many more fields may be read.
    fields: u32,
}

impl Decoder {
    /// Reads a message that came in `parts`: more than one when a field that is not repeated was,
    /// in which case protobuf merges them.
    fn message(&mut self, message: &Message, parts: &[&[u8]], depth: u32) -> Result<Map<String, Value>> {
        check_depth(depth)?;
        let mut values = vec![None; message.fields.len()];
        let mut nested: Vec<(usize, &'static Message, Vec<&[u8]>)> = Vec::new();
        // Read when the fields that choose its type are known, wherever they stand.
        let mut payload = None;
        for part in parts {
            let mut input = Input::new(part);
            while !input.is_empty() {
                let (number, wire) = self.key(&mut input)?;
                let known = message.fields.iter().zip(&mut values).enumerate();
                let Some((at, (field, value))) = known.into_iter().find(|(_, (field, _))| field.number == number)
                else {
                    self.skip(&mut input, number, wire, depth)?;
                    continue;
                };
                let raw = value_of(&mut input, field, wire).map_err(|e| e.under(field.name))?;
                match (&field.kind, raw) {
                    (Kind::Message(inner), Raw::Bytes(bytes)) if field.repeated => {
                        if let Value::Array(list) = value.get_or_insert_with(|| Value::Array(Vec::new())) {
                            let item = self
                                .message(inner, &[bytes], depth + 1)
                                .map_err(|e| e.at(list.len()).under(field.name))?;
                            list.push(Value::Object(item));
                        }
                    }
                    (Kind::Message(inner), Raw::Bytes(bytes)) => {
                        match nested.iter_mut().find(|(known, ..)| *known == at) {
                            Some((.., parts)) => parts.push(bytes),
                            None => nested.push((at, inner, vec![bytes])),
                        }
                    }
                    (_, Raw::Bytes(bytes)) if field.is_payload() => payload = Some((field, bytes)),
                    // The last one counts, also when it is zero.
                    (kind, raw) => *value = scalar(kind, raw, field.optional).map_err(|e| e.under(field.name))?,
                }
            }
        }
        for (at, inner, parts) in nested {
            let (Some(field), Some(value)) = (message.fields.get(at), values.get_mut(at)) else { continue };
            *value = Some(Value::Object(self.message(inner, &parts, depth + 1).map_err(|e| e.under(field.name))?));
        }
        let mut out = Map::new();
        for (field, value) in message.fields.iter().zip(values) {
            if let Some(value) = value {
                out.insert(field.name.into(), value);
            }
        }
        if let Some((field, bytes)) = payload {
            let value = match payload_type(message, &out, self.direction) {
                Some(inner) => self.payload(inner, bytes, depth + 1).map_err(|e| e.under(field.name))?,
                None => hex(bytes),
            };
            if let Some(value) = value {
                out.insert(field.name.into(), value);
            }
        }
        Ok(out)
    }

    /// Reads a payload as what it should be, or gives it as hex. Limits are not hidden that way.
    fn payload(&mut self, message: &Message, bytes: &[u8], depth: u32) -> Result<Option<Value>> {
        match self.message(message, &[bytes], depth) {
            Ok(mut fields) => {
                fields.insert("@type".into(), message.name.into());
                Ok(Some(Value::Object(fields)))
            }
            Err(e) if e.kind == JsonErrorKind::Malformed => Ok(hex(bytes)),
            Err(e) => Err(e),
        }
    }

    fn key(&mut self, input: &mut Input) -> Result<(u32, u8)> {
        self.fields =
            self.fields.checked_sub(1).ok_or_else(|| JsonCodecError::limit("has more fields than this codec takes"))?;
        Ok(input.key()?)
    }

    /// Steps over the value of a field that is not in the schema.
    fn skip(&mut self, input: &mut Input, number: u32, wire: u8, depth: u32) -> Result<()> {
        match wire {
            VARINT => drop(input.varint()?),
            FIXED64 => drop(input.take(8)?),
            LENGTH => drop(input.bytes()?),
            FIXED32 => drop(input.take(4)?),
            GROUP_START => {
                check_depth(depth + 1)?;
                loop {
                    let (inner, wire) = self.key(input)?;
                    if wire == GROUP_END && inner == number {
                        break;
                    }
                    self.skip(input, inner, wire, depth + 1)?;
                }
            }
            _ => return Err(BAD_KEY.into()),
        }
        Ok(())
    }
}

/// The value of a field as the wire has it.
enum Raw<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn value_of<'a>(input: &mut Input<'a>, field: &Field, wire: u8) -> Result<Raw<'a>> {
    let has_length = matches!(field.kind, Kind::Text | Kind::Bytes | Kind::Message(_));
    match wire {
        LENGTH if has_length => Ok(Raw::Bytes(input.bytes()?)),
        VARINT if !has_length => Ok(Raw::Number(input.varint()?)),
        _ => Err(JsonCodecError::malformed("has the wrong wire type")),
    }
}

/// The JSON value of a scalar, none for a zero or empty one unless zeros are to be `kept`. Numbers
/// too large for their type lose their upper bits, as protobuf has it.
fn scalar(kind: &Kind, raw: Raw<'_>, kept: bool) -> Result<Option<Value>> {
    Ok(match raw {
        Raw::Number(number) => {
            let (value, zero) = match kind {
                Kind::Uint64 => (Value::String(number.to_string()), number == 0),
                Kind::Bool => (Value::Bool(number != 0), number == 0),
                Kind::Int32 => (Value::from(number as i32), number as i32 == 0),
                Kind::Sint32 => {
                    let bits = number as u32;
                    (Value::from((bits >> 1) as i32 ^ -((bits & 1) as i32)), bits == 0)
                }
                _ => (Value::from(u64::from(number as u32)), number as u32 == 0),
            };
            (kept || !zero).then_some(value)
        }
        Raw::Bytes(bytes) if matches!(kind, Kind::Text) => {
            let text = std::str::from_utf8(bytes).map_err(|_| JsonCodecError::malformed("is not valid UTF-8"))?;
            (!text.is_empty()).then(|| text.into())
        }
        Raw::Bytes(bytes) => hex(bytes),
    })
}

fn hex(bytes: &[u8]) -> Option<Value> {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble & 15), 16).unwrap_or('0');
    (!bytes.is_empty())
        .then(|| bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect())
        .map(Value::String)
}

fn check_depth(depth: u32) -> Result<()> {
    if depth < MAX_DEPTH { Ok(()) } else { Err(JsonCodecError::limit("is nested too deeply")) }
}
