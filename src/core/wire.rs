//! Protobuf messages: each only names its fields, and one loop reads and one function writes them all.
//!
//! The code that prost derives does the same at three times the size. Its derived traits stay, for tests and tools
//! and to be compared with; nothing of them gets into the wasm.
use prost::bytes::Bytes;

/// How deep messages and unknown groups may be within one another.
const MAX_DEPTH: u32 = 100;

pub(super) const VARINT: u8 = 0;
pub(super) const FIXED64: u8 = 1;
pub(super) const LENGTH: u8 = 2;
pub(super) const GROUP_START: u8 = 3;
pub(super) const GROUP_END: u8 = 4;
pub(super) const FIXED32: u8 = 5;

/// Why bytes are not the message they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireError(pub &'static str);

const CUT: WireError = WireError("ends in the middle of a field");
pub(super) const BAD_KEY: WireError = WireError("has a field without a valid number and wire type");
const BAD_TYPE: WireError = WireError("has a field of the wrong wire type");
const TOO_DEEP: WireError = WireError("is nested too deeply");

type Result<T> = std::result::Result<T, WireError>;

/// Where the value of a field goes.
pub enum Slot<'a> {
    /// Not in the schema: it is skipped.
    Unknown,
    /// `bool`.
    Bool(&'a mut bool),
    /// `uint32`.
    Uint32(&'a mut u32),
    /// `uint64`.
    Uint64(&'a mut u64),
    /// `int32` and enums.
    Int32(&'a mut i32),
    /// `sint32`.
    Sint32(&'a mut i32),
    /// `string`.
    Text(&'a mut String),
    /// `bytes`.
    Bytes(&'a mut Bytes),
    /// A message; what it has already is merged with.
    Message(&'a mut dyn Wire),
    /// `repeated uint64`.
    Numbers(&'a mut Vec<u64>),
}

impl<'a> Slot<'a> {
    /// The next message of a list.
    pub fn next<T: Wire + Default + 'a>(list: &'a mut Vec<T>) -> Self {
        list.push(T::default());
        match list.last_mut() {
            Some(message) => Self::Message(message),
            None => Self::Unknown,
        }
    }
}

/// Bytes of a message. Fields of a [`Bytes`] share its memory.
pub trait Source {
    /// The bytes, and whose they are when they can be shared.
    fn parts(&self) -> (&[u8], Option<&Bytes>);
}

impl Source for &[u8] {
    fn parts(&self) -> (&[u8], Option<&Bytes>) {
        (self, None)
    }
}

impl Source for Bytes {
    fn parts(&self) -> (&[u8], Option<&Bytes>) {
        (self, Some(self))
    }
}

/// A message.
pub trait Wire {
    /// Where the value of the field with that number goes; asked once for each value.
    fn slot(&mut self, number: u32) -> Slot<'_>;

    /// Writes the fields by ascending number.
    fn write(&self, out: &mut Writer);

    /// Reads a message as protobuf has it: unknown fields are skipped, of several values the last one counts.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    fn decode(source: impl Source) -> Result<Self>
    where
        Self: Default + Sized,
    {
        let mut message = Self::default();
        let (rest, shared) = source.parts();
        Input { rest, shared }.message(&mut message, MAX_DEPTH)?;
        Ok(message)
    }

    /// The bytes of the message.
    fn encode_to_vec(&self) -> Vec<u8> {
        let mut out = Writer::default();
        self.write(&mut out);
        out.0
    }
}

/// The bytes that are left.
#[derive(Debug)]
pub struct Input<'a> {
    rest: &'a [u8],
    shared: Option<&'a Bytes>,
}

impl<'a> Input<'a> {
    /// All of some bytes.
    pub const fn new(rest: &'a [u8]) -> Self {
        Self { rest, shared: None }
    }

    /// Whether nothing is left.
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn take(&mut self, length: u64) -> Result<&'a [u8]> {
        let (taken, rest) = usize::try_from(length).ok().and_then(|n| self.rest.split_at_checked(n)).ok_or(CUT)?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline(never)]
    pub(super) fn varint(&mut self) -> Result<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or(CUT)?;
            self.rest = rest;
            if shift == 63 && *byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return Ok(value);
            }
        }
        Err(WireError("has a number of more than 64 bits"))
    }

    /// Number and wire type of the next field.
    ///
    /// # Errors
    /// When it has none.
    pub fn key(&mut self) -> Result<(u32, u8)> {
        let key = u32::try_from(self.varint()?).map_err(|_| BAD_KEY)?;
        let (number, wire) = (key >> 3, (key & 7) as u8);
        if number == 0 || wire > FIXED32 { Err(BAD_KEY) } else { Ok((number, wire)) }
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.varint()?;
        self.take(length)
    }

    /// Steps over the value of a field.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn skip(&mut self, number: u32, wire: u8) -> Result<()> {
        self.skip_within(number, wire, MAX_DEPTH)
    }

    fn skip_within(&mut self, number: u32, wire: u8, depth: u32) -> Result<()> {
        let within = depth.checked_sub(1).ok_or(TOO_DEEP)?;
        match wire {
            VARINT => self.varint().map(drop),
            FIXED64 => self.take(8).map(drop),
            LENGTH => self.bytes().map(drop),
            FIXED32 => self.take(4).map(drop),
            GROUP_START => loop {
                let (inner, wire) = self.key()?;
                if wire == GROUP_END {
                    return if inner == number { Ok(()) } else { Err(BAD_KEY) };
                }
                self.skip_within(inner, wire, within)?;
            },
            _ => Err(BAD_KEY),
        }
    }

    fn message(&mut self, message: &mut dyn Wire, depth: u32) -> Result<()> {
        while !self.rest.is_empty() {
            let (number, wire) = self.key()?;
            let slot = message.slot(number);
            match (slot, wire) {
                (Slot::Unknown, _) => self.skip_within(number, wire, depth)?,
                (Slot::Text(to), LENGTH) => {
                    let text = std::str::from_utf8(self.bytes()?).map_err(|_| WireError("is not valid UTF-8"))?;
                    text.clone_into(to);
                }
                (Slot::Bytes(to), LENGTH) => {
                    let bytes = self.bytes()?;
                    *to = self.shared.map_or_else(|| Bytes::copy_from_slice(bytes), |shared| shared.slice_ref(bytes));
                }
                (Slot::Message(to), LENGTH) => {
                    let within = depth.checked_sub(1).ok_or(TOO_DEEP)?;
                    Input { rest: self.bytes()?, shared: self.shared }.message(to, within)?;
                }
                (Slot::Numbers(to), LENGTH) => {
                    let mut list = Self::new(self.bytes()?);
                    while !list.rest.is_empty() {
                        to.push(list.varint()?);
                    }
                }
                (slot, VARINT) => put(slot, self.varint()?)?,
                _ => return Err(BAD_TYPE),
            }
        }
        Ok(())
    }
}

/// A number into its place; upper bits are lost, as protobuf has it.
#[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "see above")]
fn put(slot: Slot<'_>, number: u64) -> Result<()> {
    match slot {
        Slot::Bool(to) => *to = number != 0,
        Slot::Uint32(to) => *to = number as u32,
        Slot::Uint64(to) => *to = number,
        Slot::Int32(to) => *to = number as i32,
        Slot::Sint32(to) => *to = (number as u32 >> 1) as i32 ^ -((number & 1) as i32),
        Slot::Numbers(to) => to.push(number),
        _ => return Err(BAD_TYPE),
    }
    Ok(())
}

/// The bytes of a message on their way out.
#[derive(Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    #[expect(clippy::cast_possible_truncation, reason = "the lowest byte is meant")]
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn key(&mut self, number: u32, wire: u8) {
        self.varint((number << 3 | u32::from(wire)).into());
    }

    /// A number, also when it is 0.
    #[inline(never)]
    pub fn present(&mut self, number: u32, value: u64) {
        self.key(number, VARINT);
        self.varint(value);
    }

    /// A number, unless it is 0.
    #[inline(never)]
    pub fn number(&mut self, number: u32, value: u64) {
        if value != 0 {
            self.present(number, value);
        }
    }

    /// Bytes, unless there are none.
    #[inline(never)]
    pub fn bytes(&mut self, number: u32, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.key(number, LENGTH);
            self.varint(bytes.len() as u64);
            self.0.extend_from_slice(bytes);
        }
    }

    /// A message, also when it has no bytes.
    #[inline(never)]
    pub fn message(&mut self, number: u32, message: &dyn Wire) {
        let mut inner = Self::default();
        message.write(&mut inner);
        self.key(number, LENGTH);
        self.varint(inner.0.len() as u64);
        self.0.append(&mut inner.0);
    }

    /// A list of numbers, unless it is empty.
    pub fn numbers(&mut self, number: u32, numbers: &[u64]) {
        let mut inner = Self::default();
        numbers.iter().for_each(|n| inner.varint(*n));
        self.bytes(number, &inner.0);
    }
}

/// The number of an `int32` on the wire: a negative one is as long as can be.
pub fn int32(value: i32) -> u64 {
    i64::from(value).cast_unsigned()
}

/// The number of a `sint32` on the wire.
pub fn sint32(value: i32) -> u64 {
    u64::from(((value << 1) ^ (value >> 31)).cast_unsigned())
}

/// Implements [`Wire`]: a message, and its fields by number, name and type.
macro_rules! wire {
    ($($name:ident { $($number:literal $field:ident $kind:ident,)* })*) => { $(
        impl $crate::core::wire::Wire for $name {
            fn slot(&mut self, number: u32) -> $crate::core::wire::Slot<'_> {
                match number {
                    $($number => $crate::core::wire::wire!(@slot $kind self.$field),)*
                    _ => $crate::core::wire::Slot::Unknown,
                }
            }

            fn write(&self, out: &mut $crate::core::wire::Writer) {
                let _ = &out; // not every message has fields
                $($crate::core::wire::wire!(@write $kind out $number self.$field);)*
            }
        }
    )* };
    (@slot bool $at:expr) => { $crate::core::wire::Slot::Bool(&mut $at) };
    (@slot uint32 $at:expr) => { $crate::core::wire::Slot::Uint32(&mut $at) };
    (@slot uint64 $at:expr) => { $crate::core::wire::Slot::Uint64(&mut $at) };
    (@slot int32 $at:expr) => { $crate::core::wire::Slot::Int32(&mut $at) };
    (@slot sint32 $at:expr) => { $crate::core::wire::Slot::Sint32(&mut $at) };
    (@slot text $at:expr) => { $crate::core::wire::Slot::Text(&mut $at) };
    (@slot bytes $at:expr) => { $crate::core::wire::Slot::Bytes(&mut $at) };
    (@slot numbers $at:expr) => { $crate::core::wire::Slot::Numbers(&mut $at) };
    (@slot message $at:expr) => { $crate::core::wire::Slot::Message($at.get_or_insert_default()) };
    (@slot list $at:expr) => { $crate::core::wire::Slot::next(&mut $at) };
    (@slot maybe_int32 $at:expr) => { $crate::core::wire::Slot::Int32($at.get_or_insert_default()) };
    (@slot maybe_uint32 $at:expr) => { $crate::core::wire::Slot::Uint32($at.get_or_insert_default()) };
    (@write bool $out:ident $number:literal $at:expr) => { $out.number($number, $at.into()) };
    (@write uint32 $out:ident $number:literal $at:expr) => { $out.number($number, $at.into()) };
    (@write uint64 $out:ident $number:literal $at:expr) => { $out.number($number, $at) };
    (@write int32 $out:ident $number:literal $at:expr) => { $out.number($number, $crate::core::wire::int32($at)) };
    (@write sint32 $out:ident $number:literal $at:expr) => { $out.number($number, $crate::core::wire::sint32($at)) };
    (@write text $out:ident $number:literal $at:expr) => { $out.bytes($number, $at.as_bytes()) };
    (@write bytes $out:ident $number:literal $at:expr) => { $out.bytes($number, &$at) };
    (@write numbers $out:ident $number:literal $at:expr) => { $out.numbers($number, &$at) };
    (@write message $out:ident $number:literal $at:expr) => {
        if let Some(message) = &$at {
            $out.message($number, message);
        }
    };
    (@write list $out:ident $number:literal $at:expr) => {
        for message in &$at {
            $out.message($number, message);
        }
    };
    (@write maybe_int32 $out:ident $number:literal $at:expr) => {
        if let Some(value) = $at {
            $out.present($number, $crate::core::wire::int32(value));
        }
    };
    (@write maybe_uint32 $out:ident $number:literal $at:expr) => {
        if let Some(value) = $at {
            $out.present($number, value.into());
        }
    };
}
pub(crate) use wire;

#[cfg(test)]
pub(crate) mod tests {
    use std::fmt::Debug;

    use proptest::prelude::*;

    use super::*;
    use crate::core::proto::*;

    /// Fields of any number and type, nested ones among them, and sometimes damage.
    pub(crate) fn any_message() -> impl Strategy<Value = Vec<u8>> {
        let field = |key: u32, wire: u8, value: &[u8]| {
            let mut out = Writer::default();
            out.key(key, wire);
            out.0.extend_from_slice(value);
            out.0
        };
        let sized = |bytes: &[u8]| {
            let mut out = Writer::default();
            out.varint(bytes.len() as u64);
            out.0.extend_from_slice(bytes);
            out.0
        };
        let number = (any::<u64>(), 0_u32..64).prop_map(|(bits, shift)| {
            let mut out = Writer::default();
            out.varint(bits >> shift);
            out.0
        });
        let leaf = prop_oneof![
            6 => (1_u32..18, number).prop_map(move |(key, value)| field(key, VARINT, &value)),
            6 => (1_u32..18, "[a-z你]{0,6}").prop_map(move |(key, text)| field(key, LENGTH, &sized(text.as_bytes()))),
            1 => (1_u32..18, any::<[u8; 8]>()).prop_map(move |(key, value)| field(key, FIXED64, &value)),
            1 => (1_u32..18, any::<[u8; 4]>()).prop_map(move |(key, value)| field(key, FIXED32, &value)),
            1 => (1_u32..18, 1_u32..18).prop_map(move |(a, b)| [field(a, GROUP_START, &[]), field(b, GROUP_END, &[])].concat()),
            1 => prop::collection::vec(any::<u8>(), 0..4),
        ];
        let fields = prop::collection::vec(leaf, 0..6).prop_map(|all| all.concat());
        fields.prop_recursive(3, 24, 4, move |inner| {
            prop::collection::vec((1_u32..18, inner, any::<bool>()), 1..4).prop_map(move |all| {
                let one = |(key, bytes, plain): (u32, Vec<u8>, bool)| {
                    if plain { bytes } else { field(key, LENGTH, &sized(&bytes)) }
                };
                all.into_iter().map(one).collect::<Vec<_>>().concat()
            })
        })
    }

    /// Reads what prost reads, refuses what it refuses, and writes the same.
    pub(crate) fn agrees<M: prost::Message + Wire + Default + PartialEq + Debug>(bytes: &[u8]) {
        let theirs = <M as prost::Message>::decode(bytes);
        let ours = <M as Wire>::decode(bytes);
        assert_eq!(ours.as_ref().ok(), theirs.as_ref().ok(), "{ours:?} {theirs:?}");
        assert_eq!(<M as Wire>::decode(Bytes::copy_from_slice(bytes)), ours);
        if let Ok(message) = ours {
            assert_eq!(Wire::encode_to_vec(&message), prost::Message::encode_to_vec(&message));
        }
    }

    proptest! {
        #[test]
        fn messages_are_what_prost_makes_of_them(bytes in any_message()) {
            agrees::<Frame>(&bytes);
            agrees::<Status>(&bytes);
            agrees::<UnreadDl>(&bytes);
            agrees::<SyncUl>(&bytes);
            agrees::<SyncDl>(&bytes);
            agrees::<Notice>(&bytes);
            agrees::<Provision>(&bytes);
            agrees::<Meta>(&bytes);
            agrees::<MessageBody>(&bytes);
            agrees::<GroupNotice>(&bytes);
            agrees::<RosterNotice>(&bytes);
            agrees::<UserNotice>(&bytes);
            agrees::<Info>(&bytes);
            agrees::<Conversation>(&bytes);
            agrees::<RtcSignal>(&bytes);
            agrees::<UnreadUl>(&bytes);
        }
    }

    #[test]
    fn groups_are_followed_as_deep_as_prost_does() {
        for depth in 97..104 {
            agrees::<Meta>(&[vec![0x7b; depth], vec![0x7c; depth]].concat());
        }
        agrees::<Meta>(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
        agrees::<Meta>(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]);
    }
}
