//! The messages of `xsync.proto` as tables, written by the build script.

/// One message type.
pub(super) struct Message {
    pub(super) name: &'static str,
    /// By ascending number.
    pub(super) fields: &'static [Field],
}

/// One field of a message.
pub(super) struct Field {
    pub(super) number: u32,
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) repeated: bool,
    /// Declared `optional`: a zero on the wire differs from nothing.
    pub(super) optional: bool,
}

/// What a field holds.
pub(super) enum Kind {
    Uint64,
    Uint32,
    /// Enums too: numbers that the schema does not name are kept.
    Int32,
    /// Zig-zag.
    Sint32,
    Bool,
    Text,
    Bytes,
    Message(&'static Message),
}

impl Field {
    /// Whether the bytes of this field are a message of a type that other fields choose.
    pub(super) fn is_payload(&self) -> bool {
        matches!(self.kind, Kind::Bytes) && self.name == "payload"
    }
}

include!(concat!(env!("OUT_DIR"), "/json_schema.rs"));
