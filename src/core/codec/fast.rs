//! Pages of messages, in one pass over the bytes: what every page is made of, and only if it is regular.
//! Anything else (an operation, a field of a later version, another wire type, a number above 2^63, damage) is
//! left to `core::wire`, which alone says what is an error.
use prost::bytes::Bytes;

use super::MAX_METAS;
use crate::core::proto::{MessageBody, Meta, Status, SyncDl, Xid};
use crate::core::wire::Wire as _;

/// The bytes that are left.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    /// The key of the next field, or 0 at the end: number and wire type, which are one byte for all that is read here.
    fn key(&mut self) -> u8 {
        let Some((key, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *key
    }

    /// Most numbers are one byte: lengths, flags, kinds.
    #[inline]
    fn varint(&mut self) -> Option<u64> {
        match self.0.split_first() {
            Some((byte, rest)) if *byte < 0x80 => {
                self.0 = rest;
                Some(u64::from(*byte))
            }
            _ => self.long(),
        }
    }

    // A plain loop: what iterators are made of is not put together where size counts.
    #[inline(never)]
    fn long(&mut self) -> Option<u64> {
        let (mut value, mut shift, mut left) = (0, 0, self.0);
        while shift < 63 {
            let (byte, rest) = left.split_first()?;
            left = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                self.0 = left;
                return Some(value);
            }
            shift += 7;
        }
        None
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.varint()?).ok()?;
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    // In several places: out of line, for the size of the binary.
    #[inline(never)]
    fn text(&mut self) -> Option<String> {
        std::str::from_utf8(self.bytes()?).ok().map(str::to_owned)
    }
}

/// The message of a meta.
#[expect(clippy::cast_possible_truncation, reason = "upper bits are lost, as protobuf has it")]
pub(super) fn body(bytes: &[u8]) -> Option<MessageBody> {
    let mut input = Input(bytes);
    let mut body = MessageBody::default();
    while !input.0.is_empty() {
        match input.key() {
            0x08 => body.r#type = input.varint()? as i32,
            0x22 => body.content = input.text()?,
            0x28 => body.ctype = input.varint()? as i32,
            0x3a => body.config = input.text()?,
            0x42 => body.attachment = input.text()?,
            0x4a => body.ext = input.text()?,
            0x50 => body.qos = input.varint()? as i32,
            0x5a => body.sender_name = input.text()?,
            0x60 => body.is_system = input.varint()? != 0,
            0x68 => body.priority = input.varint()? as u32,
            0x70 => body.status = input.varint()? as i32,
            0x78 => body.edit_timestamp = input.varint()?,
            _ => return None,
        }
    }
    Some(body)
}

/// A page, if it has no more than [`MAX_METAS`] metas.
pub(super) fn page(bytes: &Bytes) -> Option<SyncDl> {
    let mut input = Input(bytes);
    let mut page = SyncDl::default();
    while !input.0.is_empty() {
        match input.key() {
            // Twice would have to be merged.
            0x0a if page.status.is_none() => page.status = Some(Status::decode(input.bytes()?).ok()?),
            0x12 if page.metas.len() < MAX_METAS => page.metas.push(meta(bytes, input.bytes()?)?),
            0x18 => page.next_key = input.varint()?,
            0x22 if page.xid.is_none() => page.xid = Some(xid(input.bytes()?)?),
            0x28 => page.client_mid = input.varint()?,
            0x30 => page.server_mid = input.varint()?,
            0x38 => page.server_time = input.varint()?,
            0x40 => page.is_full_sync = input.varint()? != 0,
            0x48 => page.prev_mid = input.varint()?,
            0x50 => page.is_eager_sync = input.varint()? != 0,
            0x58 => page.edit_timestamp = input.varint()?,
            _ => return None,
        }
    }
    Some(page)
}

/// A meta in the bytes of its page, which its payload goes on sharing.
#[expect(clippy::cast_possible_truncation, reason = "upper bits are lost, as protobuf has it")]
fn meta(page: &Bytes, bytes: &[u8]) -> Option<Meta> {
    let mut input = Input(bytes);
    let mut meta = Meta::default();
    while !input.0.is_empty() {
        match input.key() {
            0x08 => meta.id = input.varint()?,
            0x12 if meta.from.is_none() => meta.from = Some(xid(input.bytes()?)?),
            0x1a if meta.to.is_none() => meta.to = Some(xid(input.bytes()?)?),
            0x20 => meta.timestamp = input.varint()?,
            0x28 => meta.ns = input.varint()? as i32,
            0x32 => meta.payload = page.slice_ref(input.bytes()?),
            _ => return None,
        }
    }
    Some(meta)
}

#[expect(clippy::cast_possible_truncation, reason = "upper bits are lost, as protobuf has it")]
fn xid(bytes: &[u8]) -> Option<Xid> {
    let mut input = Input(bytes);
    let mut xid = Xid::default();
    while !input.0.is_empty() {
        match input.key() {
            0x08 => xid.uid = input.varint()?,
            0x10 => xid.device_sn = input.varint()? as u32,
            _ => return None,
        }
    }
    Some(xid)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Numbers of every length on the wire.
    fn number() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0_u32..64).prop_map(|(bits, shift)| bits >> shift)
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![Just(String::new()), "\\PC{0,12}", "[a-z你好👋]{0,200}"]
    }

    prop_compose! {
        fn some_body()(numbers in prop::array::uniform7(number()), texts in prop::array::uniform5(text())) -> MessageBody {
            let [kind, ctype, qos, is_system, priority, status, edit_timestamp] = numbers;
            let [content, config, attachment, ext, sender_name] = texts;
            MessageBody {
                r#type: kind as i32 >> 1,
                content,
                ctype: ctype as i32,
                config,
                attachment,
                ext,
                qos: qos as i32,
                sender_name,
                is_system: is_system % 2 == 1,
                priority: priority as u32,
                status: status as i32,
                edit_timestamp,
                ..MessageBody::default()
            }
        }
    }

    fn some_xid() -> impl Strategy<Value = Option<Xid>> {
        prop::option::of((number(), number()).prop_map(|(uid, sn)| Xid { uid, device_sn: sn as u32 }))
    }

    prop_compose! {
        fn some_meta()(id in number(), from in some_xid(), to in some_xid(), timestamp in number(), ns in 0..9, body in some_body())
            -> Meta {
            Meta { id, from, to, timestamp, ns, payload: body.encode_to_vec().into() }
        }
    }

    prop_compose! {
        fn some_page()(metas in prop::collection::vec(some_meta(), 0..4), xid in some_xid(),
            numbers in prop::array::uniform6(number()), code in 0..3, status in any::<bool>()) -> SyncDl {
            let [next_key, client_mid, server_mid, server_time, prev_mid, edit_timestamp] = numbers;
            let status = status.then(|| Status { code, reason: "why".into() });
            SyncDl {
                status, metas, next_key, xid, client_mid, server_mid, server_time, prev_mid, edit_timestamp,
                is_full_sync: next_key % 2 == 1, is_eager_sync: prev_mid % 2 == 1,
            }
        }
    }

    /// Bytes with some of them changed, and cut somewhere.
    fn damaged(mut bytes: Vec<u8>, changes: &[(prop::sample::Index, u8)], length: prop::sample::Index) -> Vec<u8> {
        if !bytes.is_empty() {
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            bytes.truncate(length.index(bytes.len()) + 1);
        }
        bytes
    }

    /// What is read here, prost reads, and the same.
    fn agree(bytes: Vec<u8>) -> Result<(), TestCaseError> {
        if let Some(body) = body(&bytes) {
            prop_assert_eq!(Ok(body), prost::Message::decode(&bytes[..]));
        }
        let bytes = Bytes::from(bytes);
        if let Some(page) = page(&bytes) {
            prop_assert_eq!(Ok(page), prost::Message::decode(bytes));
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn whole_pages_and_damaged_ones_are_read_as_prost_does(
            page in some_page(), body in some_body(), bytes in prop::collection::vec(any::<u8>(), 0..40),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            length in any::<prop::sample::Index>(),
        ) {
            agree(page.encode_to_vec())?;
            agree(body.encode_to_vec())?;
            agree(damaged(page.encode_to_vec(), &changes, length))?;
            agree(damaged(body.encode_to_vec(), &changes, length))?;
            agree([body.encode_to_vec(), body.encode_to_vec()].concat())?;
            agree([page.encode_to_vec(), page.encode_to_vec()].concat())?;
            agree(bytes)?;
        }
    }

    #[test]
    fn a_regular_page_is_read_here() {
        let body =
            MessageBody { content: "你好 👋".into(), config: "{}".into(), priority: 3, ..MessageBody::default() };
        assert_eq!(super::body(&body.encode_to_vec()), Some(body.clone()));
        let xid = Some(Xid { uid: (1 << 63) - 1, device_sn: u32::MAX });
        let payload = body.encode_to_vec().into();
        let meta = Meta { id: 1 << 60, from: xid, to: xid, timestamp: 1 << 40, ns: 1, payload };
        let status = Some(Status { code: 1, reason: String::new() });
        let made = SyncDl { status, metas: vec![meta; 3], xid, next_key: 7, ..SyncDl::default() };
        assert_eq!(page(&made.encode_to_vec().into()), Some(made));
    }

    #[test]
    fn what_is_irregular_is_left_to_the_loop() {
        for bytes in [
            &b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"[..],
            b"\x22\x01\xff",
            b"\x32\x00",
            b"\x0a\x00",
            b"\x22\x05",
            b"\x00",
        ] {
            assert_eq!(body(bytes), None, "{bytes:x?}");
        }
        let many = SyncDl { metas: vec![Meta::default(); MAX_METAS + 1], ..SyncDl::default() };
        assert_eq!(page(&many.encode_to_vec().into()), None);
        assert_eq!(page(&Bytes::from_static(b"\x0a\x00\x0a\x00")), None);
    }
}
