//! The demo world of a new data file.
use floo_wasm::core::proto::{MessageBody, message_body, meta};
use prost::Message;

use super::{Append, ConvKind, Copy, NewGroup, NewUser, Result, Store, Uid};
use crate::clock::Millis;

/// The application id of the demo.
pub(crate) const APP_ID: &str = "floo-demo";

const MINUTE: Millis = 60_000;

impl Store {
    /// Creates the demo application, users, group and a few messages, unless the application
    /// exists already.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn seed(&mut self, now: Millis) -> Result<()> {
        if self.app_exists(APP_ID)? {
            return Ok(());
        }
        let mut uids = Vec::new();
        for (username, nick_name) in [("amber", "Amber Lin"), ("basil", "Basil Okafor"), ("clover", "Clover Reyes")] {
            let password = format!("{username}-demo");
            let user = NewUser { username, password: &password, nick_name };
            // A seed that was interrupted is taken up where it stopped.
            let uid = match self.create_user(user, now)? {
                Some(uid) => Some(uid),
                None => self.user_by_name(username)?,
            };
            uids.extend(uid);
        }
        if let [amber, basil, clover] = uids[..] {
            self.befriend(amber, basil)?;
            self.befriend(amber, clover)?;
            self.befriend(basil, clover)?;
            if self.joined_groups(amber)?.is_empty() {
                let team =
                    NewGroup { name: "Team", description: "Everybody of the demo", avatar: "", kind: 0, owner: amber };
                let team = self.create_group(&team, now - 9 * MINUTE)?;
                // So that the demos have a place to show who has read what.
                self.conn.execute("UPDATE groups SET read_ack = 1 WHERE id = ?1", [team])?;
                for friend in [basil, clover] {
                    self.join_group(team, friend, now - 9 * MINUTE)?;
                }
                let all = [amber, basil, clover];
                self.say_to_group(amber, team, &all, "Welcome to the team group 👋", now - 8 * MINUTE)?;
                self.say_to_group(clover, team, &all, "大家好！Good to be here.", now - 7 * MINUTE)?;
                self.say(basil, amber, "Hi Amber, is the new build running?", now - 5 * MINUTE)?;
                self.say(
                    amber,
                    basil,
                    "Yes! Open the other account in a second window and write back.",
                    now - 4 * MINUTE,
                )?;
            }
        }
        self.conn.execute("INSERT INTO apps (app_id) VALUES (?1)", [APP_ID])?;
        Ok(())
    }

    fn say(&mut self, from: Uid, to: Uid, text: &str, at: Millis) -> Result<()> {
        let copies = [(from, to), (to, from)].map(|(owner, conv)| Copy { owner, conv, kind: ConvKind::Chat });
        self.say_in(from, to, text, message_body::Type::Chat, &copies, at)
    }

    fn say_to_group(&mut self, from: Uid, group: Uid, members: &[Uid], text: &str, at: Millis) -> Result<()> {
        let copies: Vec<_> =
            members.iter().map(|owner| Copy { owner: *owner, conv: group, kind: ConvKind::Group }).collect();
        self.say_in(from, group, text, message_body::Type::Groupchat, &copies, at)
    }

    fn say_in(
        &mut self,
        from: Uid,
        to: Uid,
        text: &str,
        kind: message_body::Type,
        copies: &[Copy],
        at: Millis,
    ) -> Result<()> {
        let body = MessageBody { r#type: kind.into(), content: text.to_owned(), ..MessageBody::default() };
        let meta = Append {
            from_uid: from,
            from_sn: 0,
            origin: (from, 0),
            to_uid: to,
            ns: meta::NameSpace::Message.into(),
            payload: &body.encode_to_vec(),
            is_message: true,
            copies,
        };
        self.append(&meta, at)?;
        Ok(())
    }
}
