//! What the receive path does of itself, without a store behind it: for `make bench`, in no published build.
use super::account::Account;
use super::merge::{Item, sort};
use super::rows::MessageRow;
use crate::core::codec::{Codec, CodecError, Downlink};
use crate::core::model::Message;

/// A logged-in user whose device is empty.
#[derive(Debug)]
pub struct Receiver {
    codec: Codec,
    account: Account,
}

impl Receiver {
    /// Of a user.
    #[must_use]
    pub fn new(uid: u64) -> Self {
        Self { codec: Codec::default(), account: Account { uid, ..Account::default() } }
    }

    /// The messages of a frame as the application would see them: decoded, sorted and shown by the code
    /// that a session uses. Whatever is no message is left out.
    ///
    /// # Errors
    /// When the frame cannot be decoded.
    pub fn messages(&mut self, frame: &[u8]) -> Result<Vec<Message>, CodecError> {
        let Downlink::Sync(page) = self.codec.decode(frame)? else { return Ok(Vec::new()) };
        let mut messages = Vec::with_capacity(page.metas.len());
        for meta in page.metas {
            if let Item::Message(of, meta, body) = sort(meta, &self.account, None) {
                let row = MessageRow { meta: Some(meta), ..MessageRow::default() };
                messages.push(self.account.shown(of, &row, body));
            }
        }
        Ok(messages)
    }
}
