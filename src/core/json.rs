//! JSON, as much as the core needs of it: a tree, a reader and a writer.
//!
//! Numbers keep their digits, so that no id loses any; fields are sorted by name. Serde and its structures for
//! this were 60 KB of code.
use std::borrow::Cow;
use std::fmt;

use super::map::Map;

/// Arrays and objects within one another.
const MAX_DEPTH: u32 = 128;

/// A JSON value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// A text.
    String(String),
    /// A list.
    Array(Vec<Self>),
    /// An object; of fields with the same name the last one counts.
    Object(Map<String, Self>),
}

impl Value {
    /// Reads a text that is one value and nothing else.
    ///
    /// # Errors
    /// The place in the text, in bytes, where it is no JSON.
    pub fn parse(text: &str) -> Result<Self, usize> {
        let mut reader = Reader::new(text);
        match reader.value() {
            Some(value) if reader.blank().is_none() => Ok(value),
            _ => Err(reader.at),
        }
    }

    /// The same of something optional: what cannot be read is null.
    pub fn lenient(text: &str) -> Self {
        Self::parse(text).unwrap_or_default()
    }

    /// An object of these fields.
    pub fn object<const N: usize>(fields: [(&str, Self); N]) -> Self {
        Self::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The field of an object.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_object()?.get(name)
    }

    /// The field of an object; null where there is none.
    pub fn field(&self, name: &str) -> &Self {
        self.get(name).unwrap_or(&Self::Null)
    }

    /// The integer, if it is one and not negative.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// The integer, if it is one.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// The integer, if it is one and not negative; also as a text of its digits, as some proxies send ids.
    pub fn as_id(&self) -> Option<u64> {
        match self {
            Self::Number(digits) | Self::String(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// Whether it is true, if it is true or false.
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(yes) => Some(*yes),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The fields, if it is an object.
    pub const fn as_object(&self) -> Option<&Map<String, Self>> {
        match self {
            Self::Object(fields) => Some(fields),
            _ => None,
        }
    }

    /// Whether it is null.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Writes it behind what is there, without blanks.
    pub fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
            Self::Number(digits) => out.push_str(digits),
            Self::String(text) => quote(text, out),
            Self::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (at, (name, value)) in fields.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    quote(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        f.write_str(&out)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<&[String]> for Value {
    fn from(texts: &[String]) -> Self {
        Self::Array(texts.iter().map(|text| Self::from(&text[..])).collect())
    }
}

impl From<&[u64]> for Value {
    fn from(numbers: &[u64]) -> Self {
        Self::Array(numbers.iter().map(|number| Self::from(*number)).collect())
    }
}

/// Writes a text as JSON.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'\n' => 'n',
            b'\r' => 'r',
            b'\t' => 't',
            8 => 'b',
            12 => 'f',
            0..0x20 => 'u',
            _ => continue,
        };
        out.push_str(text.get(plain..at).unwrap_or_default());
        plain = at + 1;
        out.push('\\');
        out.push(short);
        if short == 'u' {
            out.push_str(if byte < 16 { "000" } else { "001" });
            out.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        }
    }
    out.push_str(text.get(plain..).unwrap_or_default());
    out.push('"');
}

/// What is done with the fields of an object: takes the name, and reads the value or skips it.
type EachField<'f, 'a> = &'f mut dyn FnMut(&str, &mut Reader<'a>) -> Option<()>;

/// Reads an object of which no tree is needed. None when the text is something else.
pub fn fields<'a>(text: &'a str, each: EachField<'_, 'a>) -> Option<()> {
    let mut reader = Reader::new(text);
    reader.object(each)?;
    reader.blank().is_none().then_some(())
}

/// Goes through a text. Everything is `None` where it is no JSON; nothing may be read after that.
#[derive(Debug)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    const fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// The next value.
    pub fn value(&mut self) -> Option<Value> {
        self.next(true)
    }

    /// Checks the next value and leaves it out.
    pub fn skip(&mut self) -> Option<()> {
        self.next(false).map(drop)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The first byte that is no blank.
    fn blank(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other,
            }
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.blank()? == byte).then(|| self.at += 1)
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        self.text.get(self.at..)?.starts_with(word).then(|| {
            self.at += word.len();
            value
        })
    }

    /// The next value; unless it is to be kept, texts and what has parts are empty.
    fn next(&mut self, keep: bool) -> Option<Value> {
        match self.blank()? {
            b'{' => {
                let mut fields = Vec::new();
                self.object(&mut |name, reader| {
                    let value = reader.next(keep)?;
                    if keep {
                        fields.push((name.to_owned(), value));
                    }
                    Some(())
                })?;
                Some(Value::Object(fields.into_iter().collect()))
            }
            b'[' => {
                let mut items = Vec::new();
                self.parts(b']', &mut |reader| {
                    let value = reader.next(keep)?;
                    if keep {
                        items.push(value);
                    }
                    Some(())
                })?;
                Some(Value::Array(items))
            }
            b'"' => {
                let text = self.string()?;
                Some(Value::String(if keep { text.into_owned() } else { String::new() }))
            }
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            _ => {
                let start = self.at;
                self.number()?;
                Some(Value::Number(if keep { self.text.get(start..self.at)?.to_owned() } else { String::new() }))
            }
        }
    }

    fn object(&mut self, each: EachField<'_, 'a>) -> Option<()> {
        (self.blank()? == b'{').then_some(())?;
        self.parts(b'}', &mut |reader| {
            (reader.blank()? == b'"').then_some(())?;
            let name = reader.string()?;
            reader.expect(b':')?;
            each(&name, reader)
        })
    }

    /// From the opening bracket, which is next, to the closing one.
    fn parts(&mut self, end: u8, each: &mut dyn FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.at += 1;
        self.depth += 1;
        (self.depth <= MAX_DEPTH).then_some(())?;
        if self.blank()? != end {
            loop {
                each(self)?;
                if self.blank()? != b',' {
                    break;
                }
                self.at += 1;
            }
        }
        self.depth -= 1;
        self.expect(end)
    }

    /// The text whose quotation mark is next.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        self.at += 1;
        let mut whole = Cow::Borrowed("");
        let mut start = self.at;
        loop {
            match self.peek()? {
                byte @ (b'"' | b'\\') => {
                    let plain = self.text.get(start..self.at)?;
                    self.at += 1;
                    if byte == b'"' {
                        return Some(if whole.is_empty() { Cow::Borrowed(plain) } else { whole + plain });
                    }
                    whole.to_mut().push_str(plain);
                    let escaped = self.escape()?;
                    whole.to_mut().push(escaped);
                    start = self.at;
                }
                0..0x20 => return None,
                _ => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.hex()?;
                if unit & 0xfc00 != 0xd800 {
                    return char::from_u32(unit);
                }
                self.text.get(self.at..)?.starts_with("\\u").then_some(())?;
                self.at += 2;
                let low = self.hex()?;
                (low & 0xfc00 == 0xdc00).then_some(())?;
                return char::from_u32(0x10000 + ((unit & 0x3ff) << 10 | low & 0x3ff));
            }
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit << 4 | char::from(self.peek()?).to_digit(16)?;
            self.at += 1;
        }
        Some(unit)
    }

    fn number(&mut self) -> Option<()> {
        self.one_of(b"-");
        if !self.one_of(b"0") {
            self.digits()?;
        }
        if self.one_of(b".") {
            self.digits()?;
        }
        if self.one_of(b"eE") {
            self.one_of(b"+-");
            self.digits()?;
        }
        Some(())
    }

    fn one_of(&mut self, bytes: &[u8]) -> bool {
        let there = self.peek().is_some_and(|byte| bytes.contains(&byte));
        self.at += usize::from(there);
        there
    }

    fn digits(&mut self) -> Option<()> {
        self.peek()?.is_ascii_digit().then_some(())?;
        while self.one_of(b"0123456789") {}
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_what_serde_does() {
        for text in [
            "null",
            "true",
            " [ ] ",
            "{}",
            "0",
            "-0",
            "12",
            "18446744073709551615",
            "-9223372036854775808",
            r#"{"b":[1,"2",{"c":null}],"a":"\u0041\n\"\\\/\b\f\r\t\u0001\u001f😀\ud83d\ude00","":false}"#,
            "[1 , 2,\t3\n]",
            r#""\u0000""#,
            r#"{"a":1,"a":2}"#,
            "[[[[]]]]",
            "\"\u{7f}\u{2028}\"",
        ] {
            let theirs: serde_json::Value = serde_json::from_str(text).unwrap();
            let ours = Value::parse(text).unwrap_or_else(|at| panic!("{text} at {at}"));
            if text != "-0" {
                assert_eq!(ours.to_string(), theirs.to_string(), "{text}");
            }
            assert_eq!(Value::parse(&ours.to_string()), Ok(ours.clone()), "{text}");
            assert_eq!(Reader::new(text).skip(), Some(()), "{text}");
        }
        for text in [
            "",
            " ",
            "nul",
            "tru e",
            "[1,]",
            "[,]",
            "[1",
            "{",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "01",
            "1.",
            ".5",
            "1e",
            "1e+",
            "+1",
            "--1",
            "\"",
            "\"\n\"",
            r#""\x""#,
            r#""\u12""#,
            r#""\ud800""#,
            r#""\ud800\u0041""#,
            r#""\udc00""#,
            "1 2",
            "{} x",
            "[1 2]",
            "{\"a\" 1}",
            "'a'",
            "NaN",
            "]",
            "{1:2}",
        ] {
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
            assert!(Value::parse(text).is_err(), "{text}");
        }
        for (depth, good) in [(MAX_DEPTH as usize, true), (MAX_DEPTH as usize + 1, false), (100_000, false)] {
            assert_eq!(Value::parse(&("[".repeat(depth) + &"]".repeat(depth))).is_ok(), good);
        }
        assert_eq!(Value::parse("[1, x]"), Err(4));
    }

    #[test]
    fn numbers_keep_their_digits() {
        let value = Value::parse("[1.10, 1e400, 123456789012345678901234567890, 7]").unwrap();
        assert_eq!(value.to_string(), "[1.10,1e400,123456789012345678901234567890,7]");
        let numbers: Vec<_> = value.as_array().unwrap().iter().map(|n| (n.as_u64(), n.as_i64())).collect();
        assert_eq!(numbers, [(None, None), (None, None), (None, None), (Some(7), Some(7))]);
    }

    #[test]
    fn an_object_with_very_many_fields_takes_no_quadratic_time() {
        let fields: Vec<_> = (0..200_000u32).map(|n| format!("\"{:08x}\":{n}", n.wrapping_mul(0x9e37_79b1))).collect();
        let text = format!("{{{}}}", fields.join(","));
        assert_eq!(Value::parse(&text).unwrap().as_object().unwrap().len(), 200_000);
    }
}
