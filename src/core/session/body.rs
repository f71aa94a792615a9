//! Rules about the content of messages: what the config says, how edits merge (xsync 5.8, 6.6).
use super::rows::{EditRow, MessageRow};
use crate::core::codec;
use crate::core::json::{self, Value};
use crate::core::map::Map;
use crate::core::model::Mention;
use crate::core::proto::{MessageBody, Meta, message_body::ContentType};

/// What the session itself has to know of a config.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Everybody is called on.
    pub(super) mention_all: bool,
    /// Who is called on.
    pub(super) mentions: Vec<u64>,
    /// Who is to say that the message was read.
    pub(super) members: Vec<u64>,
    /// A record of a call: the only message of a call that is shown (xsync 5.10).
    pub(super) record: bool,
}

impl Facts {
    /// A config that cannot be read says nothing.
    pub(super) fn read(config: &str) -> Self {
        if config.is_empty() {
            return Self::default();
        }
        let mut facts = Self::default();
        // Of the fields that nobody asks for no tree is made: this runs for every message that comes with a config.
        let read = json::fields(config, &mut |name, reader| {
            match name {
                "mentionAll" => facts.mention_all = reader.value()?.as_bool().unwrap_or_default(),
                "mentionList" => facts.mentions = ids(&reader.value()?),
                "groupMemberList" => facts.members = ids(&reader.value()?),
                "action" => facts.record = reader.value()?.as_str() == Some("record"),
                _ => reader.skip()?,
            }
            Some(())
        });
        if read.is_some() { facts } else { Self::default() }
    }

    /// Whether it calls on a user.
    pub(super) fn mention(&self, user: u64) -> Mention {
        match (self.mentions.contains(&user), self.mention_all) {
            (true, _) => Mention::Me,
            (false, true) => Mention::All,
            (false, false) => Mention::None,
        }
    }
}

fn ids(list: &Value) -> Vec<u64> {
    list.as_array().unwrap_or_default().iter().filter_map(Value::as_id).collect()
}

/// Whether a message is shown in the list and counts as unread: commands and the signals of a call do not.
pub(super) fn counts(body: &MessageBody) -> bool {
    match ContentType::try_from(body.ctype) {
        Ok(ContentType::Command) => false,
        Ok(ContentType::Rtc) => Facts::read(&body.config).record,
        _ => true,
    }
}

/// The body of a row as it was sent; an unreadable one is empty.
pub(super) fn body(row: &MessageRow) -> MessageBody {
    row.meta.as_ref().map(sent).unwrap_or_default()
}

/// The body of a meta; an unreadable one is empty.
pub(super) fn sent(meta: &Meta) -> MessageBody {
    let mut body = codec::body(meta.payload.clone()).unwrap_or_default();
    clean(&mut body);
    body
}

/// The web client of old sends the text `null` where nothing was given (errata).
pub(super) fn clean(body: &mut MessageBody) {
    for text in [&mut body.config, &mut body.ext] {
        if text == "null" {
            text.clear();
        }
    }
}

/// True for a JSON object.
pub(super) fn is_object(text: &str) -> bool {
    object(text).is_some()
}

fn object(text: &str) -> Option<Map<String, Value>> {
    match Value::parse(text) {
        Ok(Value::Object(map)) => Some(map),
        _ => None,
    }
}

/// Merges a patch into a text that may be a JSON object: key by key when both are, else the patch counts.
fn patched(base: &str, patch: &str) -> String {
    match (object(base), object(patch)) {
        (_, _) if patch.is_empty() => base.to_owned(),
        (Some(mut base), Some(patch)) => {
            merge(&mut base, patch);
            Value::Object(base).to_string()
        }
        _ => patch.to_owned(),
    }
}

fn merge(base: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (key, value) in patch {
        match (base.get_mut(&key), value) {
            (Some(Value::Object(base)), Value::Object(patch)) => merge(base, patch),
            (_, value) => drop(base.insert(key, value)),
        }
    }
}

/// Applies an edit to a row. `at`: its server time; `op`: its id, 0 while it is not accepted.
pub(super) fn edit(row: &mut MessageRow, append: bool, patch: &MessageBody, at: u64, op: u64) {
    let mut now = row.edit.take().unwrap_or_else(|| {
        let MessageBody { content, config, ext, .. } = body(row);
        EditRow { text: content, config, ext, ..EditRow::default() }
    });
    if append {
        now.text.push_str(&patch.content);
    } else if !patch.content.is_empty() {
        now.text.clone_from(&patch.content);
    }
    now.config = patched(&now.config, &patch.config);
    now.ext = patched(&now.ext, &patch.ext);
    now.at = now.at.max(at);
    now.newest = now.newest.max(op);
    row.edit = Some(now);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_merge_objects_and_replace_everything_else() {
        for (base, patch, expected) in [
            (r#"{"a":{"x":1,"y":2},"b":1}"#, r#"{"a":{"y":3},"b":null}"#, r#"{"a":{"x":1,"y":3},"b":null}"#),
            (r#"{"a":1}"#, r#"{"a":{"b":2}}"#, r#"{"a":{"b":2}}"#),
            (r#"{"a":1}"#, "", r#"{"a":1}"#),
            ("", r#"{"a":1}"#, r#"{"a":1}"#),
            ("free text", r#"{"a":1}"#, r#"{"a":1}"#),
            (r#"{"a":1}"#, "free text", "free text"),
            ("", r#"{"id":18446744073709551615}"#, r#"{"id":18446744073709551615}"#),
        ] {
            assert_eq!(patched(base, patch), expected, "{base} + {patch}");
        }
    }

    #[test]
    fn a_config_tells_who_is_called_on_and_who_has_to_answer() {
        let facts = Facts::read(r#"{"mentionList":[1,"2",-3,null],"groupMemberList":[18446744073709551615]}"#);
        assert_eq!((facts.mention(1), facts.mention(2), facts.mention(3)), (Mention::Me, Mention::Me, Mention::None));
        assert_eq!(facts.members, [u64::MAX]);
        assert_eq!(Facts::read(r#"{"mentionAll":true}"#).mention(7), Mention::All);
        assert_eq!(Facts::read("no json").mention(7), Mention::None);
        assert!(Facts::read(r#"{"action":"record"}"#).record);
        let facts =
            Facts::read(r#"{"x":{"mentionAll":true},"\u006dentionList":[4],"mentionList\n":[5],"action":"record"}"#);
        assert_eq!(
            (facts.mention(4), facts.mention(5), facts.mention_all, facts.record),
            (Mention::Me, Mention::None, false, true)
        );
        for config in [r#"{"mentionAll":true"#, r#"{"mentionAll":true} x"#, r#"[{"mentionAll":true}]"#, r#"{"x":1e}"#] {
            assert!(!Facts::read(config).mention_all, "{config}");
        }
    }
}
