//! A batch of rows on its way to JavaScript: two texts, and numbers, among them the lengths of their pieces.
//!
//! Every string that crosses alone costs a decoder call; on the tape a batch costs two. Pieces that are ASCII
//! have a text of their own, because engines decode, cut and keep such text at half the price.
use js_sys::{Array, Float64Array};
use wasm_bindgen::JsValue;

#[derive(Debug, Default)]
pub(super) struct Tape {
    pub(super) ascii: String,
    pub(super) wide: String,
    /// In the order of reading. Lengths are in UTF-16 units, which is how JavaScript cuts strings; those of pieces
    /// in the wide text are negative.
    pub(super) numbers: Vec<f64>,
    /// The last id that `again` has written.
    last: Option<u64>,
}

/// How many UTF-16 units a text has: one for each byte but those that continue a character, and one more
/// for each that begins one of four bytes. Counted in eight bytes at once, by their highest bits.
fn utf16_length(text: &str) -> usize {
    const HIGHEST: u64 = 0x8080_8080_8080_8080;
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let (mut continuing, mut long) = (0, 0);
    let mut count = |bits: u64| {
        continuing += (bits & !(bits << 1) & HIGHEST).count_ones();
        long += (bits & bits << 1 & bits << 2 & bits << 3 & HIGHEST).count_ones();
    };
    for word in words {
        count(u64::from_le_bytes(*word));
    }
    count(rest.iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte)));
    (text.len() + long as usize).saturating_sub(continuing as usize)
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Tape {
    /// A tape with room for rows.
    pub(super) fn of(rows: usize) -> Self {
        // Most are messages, which have this many numbers and, with ids and names only, this much text.
        Self {
            ascii: String::with_capacity(rows * 64),
            wide: String::new(),
            numbers: Vec::with_capacity(rows * 19),
            last: None,
        }
    }

    fn length(&mut self, units: usize) {
        self.number(count(units));
    }

    pub(super) fn string(&mut self, s: &str) {
        if s.is_ascii() {
            self.length(s.len());
            self.ascii.push_str(s);
        } else {
            self.number(-f64::from(count(utf16_length(s))));
            self.wide.push_str(s);
        }
    }

    #[inline]
    pub(super) fn number(&mut self, n: impl Into<f64>) {
        self.numbers.push(n.into());
    }

    pub(super) fn id(&mut self, id: u64) {
        // By hand: `to_string` costs an allocation and divides by ten twenty times, and ids are half of all pieces.
        let mut digits = [b'0'; 20];
        let mut rest = id;
        let mut at = digits.len();
        while rest >= 1_000_000_000 {
            let low = (rest % 1_000_000_000) as u32;
            rest /= 1_000_000_000;
            write_digits(&mut digits, at, low);
            at -= 9;
        }
        #[expect(clippy::cast_possible_truncation, reason = "below 10^9")]
        let first = write_digits(&mut digits, at, rest as u32);
        let text = digits.get(first..).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default();
        self.length(text.len());
        self.ascii.push_str(text);
    }

    /// An id that is often the one before; the answer says whether it is, and nothing is written then.
    pub(super) fn again(&self, id: u64) -> bool {
        self.last == Some(id)
    }

    /// Writes an id for `again`.
    pub(super) fn remembered_id(&mut self, id: u64) {
        self.last = Some(id);
        self.id(id);
    }

    /// An id of which 0 means that there is none.
    pub(super) fn maybe_id(&mut self, id: u64) {
        if id == 0 { self.string("") } else { self.id(id) }
    }

    pub(super) fn flag(&mut self, flag: bool) {
        self.number(u8::from(flag));
    }

    /// Up to eight flags as the bits of one number, the first is the lowest.
    pub(super) fn flags(&mut self, flags: &[bool]) {
        self.number(flags.iter().rev().fold(0, |bits: u8, flag| bits << 1 | u8::from(*flag)));
    }

    /// Ids, and how many there are.
    pub(super) fn ids(&mut self, ids: &[u64]) {
        self.length(ids.len());
        ids.iter().for_each(|id| self.id(*id));
    }
}

/// Writes a number so that it ends before `end`; answers where it begins.
fn write_digits(digits: &mut [u8; 20], end: usize, number: u32) -> usize {
    let mut rest = number;
    let mut at = end;
    loop {
        at = at.saturating_sub(1);
        if let Some(digit) = digits.get_mut(at) {
            *digit = b'0' + (rest % 10) as u8;
        }
        rest /= 10;
        if rest == 0 {
            return at;
        }
    }
}

impl From<Tape> for JsValue {
    fn from(tape: Tape) -> Self {
        Array::of3(&tape.ascii.into(), &tape.wide.into(), &Float64Array::from(&tape.numbers[..])).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_written_in_decimal() {
        for id in [0, 1, 9, 10, 999_999_999, 1_000_000_000, 1_000_000_001, 10_000_000_000_000_000_000, u64::MAX] {
            let mut tape = Tape::default();
            tape.id(id);
            assert_eq!(tape.ascii, id.to_string());
            assert_eq!(tape.numbers, [f64::from(u32::try_from(tape.ascii.len()).unwrap())]);
        }
        let mut id = 1_u64;
        for _ in 0..2_000 {
            id = id.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let shown = id >> (id % 61);
            let mut tape = Tape::default();
            tape.id(shown);
            assert_eq!(tape.ascii, shown.to_string());
        }
    }

    #[test]
    fn lengths_are_those_that_javascript_counts() {
        for text in ["", "a", "é", "你好", "👋", "a👨‍👩‍👧‍👦é文\u{ffff}\u{10000}"] {
            assert_eq!(utf16_length(text), text.encode_utf16().count(), "{text}");
        }
    }

    #[test]
    fn what_is_not_ascii_has_a_text_of_its_own() {
        let mut tape = Tape::default();
        for text in ["a", "好👋", "", "b\0"] {
            tape.string(text);
        }
        assert_eq!((&tape.ascii[..], &tape.wide[..]), ("ab\0", "好👋"));
        assert_eq!(tape.numbers, [1.0, -3.0, 0.0, 2.0]);
    }

    #[test]
    fn flags_are_bits() {
        let mut tape = Tape::default();
        tape.flags(&[true, false, true, true]);
        assert_eq!(tape.numbers, [13.0]);
    }
}
