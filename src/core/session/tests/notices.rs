//! What the server tells about groups, contacts and the account.
use super::*;
use crate::core::model::NoticeKind;
use crate::core::proto::{GroupNotice, RosterNotice, group_notice::Type as Group, roster_notice::Type as Roster};

fn xid(uid: u64) -> Option<Xid> {
    Some(Xid { uid, device_sn: 0 })
}

fn group(id: u64, kind: Group, from: u64, to: &[u64], content: &str) -> Meta {
    let to = to.iter().map(|uid| Xid { uid: *uid, device_sn: 0 }).collect();
    let body = GroupNotice { r#type: kind as i32, gid: xid(GROUP), from: xid(from), to, content: content.into() };
    Meta { id, ns: 2, from: xid(from), to: xid(ME), timestamp: 1, payload: body.encode_to_vec().into() }
}

pub(super) fn roster(id: u64, kind: Roster, from: u64, to: u64, content: &str) -> Meta {
    let to = vec![Xid { uid: to, device_sn: 0 }];
    let content = content.into();
    let body = RosterNotice { r#type: kind as i32, from: xid(from), to, content, roster_vsn: String::new() };
    Meta { id, ns: 3, from: xid(from), to: xid(ME), timestamp: 1, payload: body.encode_to_vec().into() }
}

fn user(id: u64, kind: i32, content: &str) -> Meta {
    let payload = UserNotice { r#type: kind, content: content.into() }.encode_to_vec().into();
    Meta { id, ns: 4, to: xid(ME), timestamp: 1, payload, ..Meta::default() }
}

impl World {
    /// Online, with the peer as a contact and one group with a conversation.
    fn with_lists() -> Self {
        let mut w = Self::new();
        w.log_in();
        w.answer("/roster/list", &format!(r#"{{"code":200,"data":[{PEER}]}}"#));
        w.answer("/group/user_joined", &format!(r#"{{"code":200,"data":[{GROUP}]}}"#));
        w.answer("/roster/list", &format!(r#"{{"code":200,"data":[{{"user_id":{PEER},"username":"basil"}}]}}"#));
        w.answer(
            "/group/info/batch",
            &format!(r#"{{"code":200,"data":[{{"group_id":{GROUP},"name":"Team","count":3}}]}}"#),
        );
        w.frame(&page(GROUP, vec![text_meta(MID - 10, PEER, GROUP, "hi all")], 0));
        w.frame(&page(PEER, vec![text_meta(MID - 9, PEER, ME, "hi")], 0));
        w.events.clear();
        w
    }

    pub(super) fn queue(&mut self, metas: Vec<Meta>) {
        self.frame(&page(0, metas, 0));
    }

    fn groups(&mut self) -> Vec<String> {
        self.replies.remove(&96);
        self.command(96, Command::Groups);
        match self.replies.remove(&96) {
            Some(Ok(Reply::Groups(list))) => list.into_iter().map(|g| g.name).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn contacts(&mut self) -> Vec<u64> {
        self.replies.remove(&96);
        self.command(96, Command::Users);
        match self.replies.remove(&96) {
            Some(Ok(Reply::Users(list))) => list.into_iter().filter(|u| u.is_contact).map(|u| u.id).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn kept(&mut self) -> Vec<(NoticeKind, i32)> {
        self.replies.remove(&96);
        self.command(96, Command::Notices);
        match self.replies.remove(&96) {
            Some(Ok(Reply::Notices(list))) => list.into_iter().map(|n| (n.kind, n.r#type)).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn members(&self) -> Vec<(Vec<u64>, Vec<u64>, Vec<u64>)> {
        let of = |e: &Event| match e {
            Event::Members { joined, left, changed, .. } => Some((joined.clone(), left.clone(), changed.clone())),
            _ => None,
        };
        self.events.iter().filter_map(of).collect()
    }

    fn noticed(&self) -> Vec<(NoticeKind, i32)> {
        let of = |e: &Event| if let Event::Notices(n) = e { n.clone() } else { vec![] };
        self.events.iter().flat_map(of).map(|n| (n.kind, n.r#type)).collect()
    }
}

#[test]
fn every_kind_of_notice_is_told_once_and_none_breaks_the_page() {
    let mut w = World::with_lists();
    let mut metas = Vec::new();
    let mut expected = Vec::new();
    for kind in 0..=29 {
        metas.push(Meta {
            payload: GroupNotice { r#type: kind, gid: xid(1), from: xid(5), to: vec![], content: "{".into() }
                .encode_to_vec()
                .into(),
            ..group(MID + kind as u64, Group::Unknown, 5, &[], "")
        });
        expected.push((NoticeKind::Group, kind));
    }
    for kind in 0..=11 {
        metas.push(Meta {
            payload: RosterNotice { r#type: kind, from: xid(5), ..RosterNotice::default() }.encode_to_vec().into(),
            ..roster(MID + 100 + kind as u64, Roster::Unknown, 5, 6, "")
        });
        expected.push((NoticeKind::Roster, kind));
    }
    for kind in [0, 6, 7, 8, 9, 13, 14] {
        metas.push(user(MID + 200 + kind as u64, kind, "x"));
        expected.push((NoticeKind::User, kind));
    }
    w.queue(metas.clone());
    assert_eq!(w.noticed(), expected);
    w.queue(metas);
    assert_eq!(w.noticed(), expected, "again: nothing");
    assert_eq!(w.session.state(), State::Online);
}

#[test]
fn a_mute_on_another_device_has_the_card_fetched_again() {
    let mut w = World::with_lists();
    let asked = |w: &mut World, meta: Meta, url: &str| {
        w.requests.clear();
        w.queue(vec![meta]);
        w.requests.iter().any(|(_, r)| r.url.contains(url))
    };
    assert!(asked(&mut w, roster(MID, Roster::Muted, ME, PEER, ""), "/roster/list"));
    assert!(asked(&mut w, roster(MID + 1, Roster::Unmuted, ME, PEER, ""), "/roster/list"));
    assert!(!asked(&mut w, roster(MID + 2, Roster::Muted, PEER, ME, ""), "/roster/list"), "theirs");
    for (n, kind) in [Group::Muted, Group::Unmuted, Group::MessageSetting].into_iter().enumerate() {
        assert!(asked(&mut w, group(MID + 3 + n as u64, kind, ME, &[], ""), "/group/info/batch"));
        w.answer("/group/info/batch", r#"{"code":200,"data":[]}"#);
    }
}

#[test]
fn leaving_a_group_in_any_way_takes_it_and_its_conversation_away() {
    for meta in [
        group(MID, Group::Destroyed, PEER, &[], ""),
        group(MID, Group::Leaved, ME, &[], ""),
        group(MID, Group::Kicked, PEER, &[ME], ""),
        group(MID, Group::Blocked, PEER, &[5, ME], ""),
    ] {
        let mut w = World::with_lists();
        w.queue(vec![meta]);
        assert!(w.groups().is_empty());
        assert!(w.list().iter().all(|c| c.id != ConversationId::group(GROUP)));
        assert!(w.events.contains(&Event::Removed(vec![ConversationId::group(GROUP)])));
        assert_eq!(w.kept().len(), 1);
        assert!(!w.account.keys().any(|(t, k)| *t == Table::Messages && k[0] == 2), "its messages are gone");
    }
}

#[test]
fn a_card_that_was_on_its_way_does_not_bring_a_group_back() {
    let mut w = World::with_lists();
    let card = format!(r#"{{"code":200,"data":[{{"group_id":{GROUP},"name":"Team","count":3}}]}}"#);
    w.queue(vec![group(MID, Group::AdminRevoked, PEER, &[5], "")]);
    w.queue(vec![group(MID + 1, Group::Kicked, PEER, &[ME], "")]);
    w.answer("/group/info/batch", &card);
    assert!(w.groups().is_empty());
    w.queue(vec![group(MID + 2, Group::Joined, ME, &[], "")]);
    w.answer("/group/info/batch", &card);
    assert_eq!(w.groups(), ["Team"], "until the user joins again");
}

#[test]
fn members_come_and_go_and_the_count_follows() {
    let mut w = World::with_lists();
    w.queue(vec![
        group(MID, Group::Joined, 5, &[ME], ""),
        group(MID + 1, Group::Kicked, PEER, &[5, 6], ""),
        group(MID + 2, Group::Leaved, 7, &[], ""),
        group(MID + 3, Group::ApplyAccepted, PEER, &[8], ""),
        group(MID + 4, Group::AdminGranted, PEER, &[8], ""),
        group(MID + 5, Group::InfoUpdated, 8, &[], r#"{"property":"display_name","display_name":"Al"}"#),
    ]);
    let none = Vec::new;
    assert_eq!(
        w.members(),
        [
            (vec![5], none(), none()),
            (none(), vec![5, 6], none()),
            (none(), vec![7], none()),
            (vec![8], none(), none()),
            (none(), none(), vec![8, PEER]),
            (none(), none(), vec![8]),
        ]
    );
    assert_eq!(w.session.account.as_ref().unwrap().groups.get(&GROUP).unwrap().count, 2);
    // Strangers may be blocked too, so the count is the server's to tell.
    w.queue(vec![group(MID + 6, Group::Blocked, PEER, &[9], "")]);
    assert_eq!(w.members().last(), Some(&(none(), vec![9], none())));
    assert_eq!(w.session.account.as_ref().unwrap().groups.get(&GROUP).unwrap().count, 2);
    w.answer("/group/info/batch", &format!(r#"{{"code":200,"data":[{{"group_id":{GROUP},"count":1}}]}}"#));
    assert_eq!(w.session.account.as_ref().unwrap().groups.get(&GROUP).unwrap().count, 1);
}

#[test]
fn joining_fetches_the_card_and_a_patch_changes_it() {
    let mut w = World::with_lists();
    for kind in [Group::Created, Group::Joined, Group::InviteAccepted] {
        w.queue(vec![group(MID + kind as u64, kind, ME, &[], "")]);
        w.answer("/group/info/batch", &format!(r#"{{"code":200,"data":[{{"group_id":{GROUP},"name":"Now"}}]}}"#));
        assert_eq!(w.groups(), ["Now"]);
    }
    w.queue(vec![group(MID + 50, Group::InfoUpdated, PEER, &[], r#"{"property":"name","name":"New name"}"#)]);
    assert_eq!(w.groups(), ["New name"]);
    assert_eq!(w.list().iter().find(|c| c.id.uid == GROUP).map(|c| &c.title[..]), Some("New name"));
}

#[test]
fn a_card_that_comes_after_the_end_brings_no_group_back() {
    let mut w = World::with_lists();
    let card = format!(r#"{{"code":200,"data":[{{"group_id":{GROUP},"name":"Now"}}]}}"#);
    w.queue(vec![group(MID, Group::AnnouncementUpdated, PEER, &[], "")]);
    w.queue(vec![group(MID + 1, Group::Kicked, PEER, &[ME], "")]);
    w.answer("/group/info/batch", &card);
    assert!(w.groups().is_empty());
    w.queue(vec![group(MID + 2, Group::Joined, ME, &[], "")]);
    w.answer("/group/info/batch", &card);
    assert_eq!(w.groups(), ["Now"]);
}

#[test]
fn contacts_follow_the_notices() {
    let mut w = World::with_lists();
    assert_eq!(w.contacts(), [PEER]);
    w.queue(vec![roster(MID, Roster::Removed, PEER, ME, "")]);
    assert!(w.contacts().is_empty(), "removed by the other side");
    assert!(!w.list().iter().all(|c| c.id.uid != PEER), "what was said stays");
    w.queue(vec![roster(MID + 1, Roster::Accepted, PEER, ME, "")]);
    assert_eq!(w.contacts(), [PEER]);
    w.queue(vec![roster(MID + 2, Roster::InfoUpdated, PEER, ME, r#"{"nick_name":"Basilikum"}"#)]);
    assert_eq!(w.list().iter().find(|c| c.id.uid == PEER).map(|c| &c.title[..]), Some("Basilikum"));
    w.queue(vec![roster(MID + 3, Roster::Removed, ME, PEER, "")]);
    assert!(w.contacts().is_empty() && w.list().iter().all(|c| c.id.uid != PEER));
}

#[test]
fn applications_are_kept_until_they_are_answered() {
    let mut w = World::with_lists();
    w.queue(vec![
        group(MID, Group::Applyed, 5, &[], "let me in"),
        group(MID + 1, Group::Invited, PEER, &[ME], "come"),
        roster(MID + 2, Roster::Applied, 9, ME, "hello"),
        group(MID + 3, Group::Applyed, 5, &[], "please"),
    ]);
    assert_eq!(w.kept(), [(NoticeKind::Group, 7), (NoticeKind::Roster, 7), (NoticeKind::Group, 10)]);
    w.queue(vec![group(MID + 4, Group::ApplyAccepted, ME, &[5], ""), roster(MID + 5, Roster::Accepted, ME, 9, "")]);
    assert_eq!(w.kept(), [(NoticeKind::Group, 10)]);
    w.command(5, Command::DropNotices(vec![MID + 1]));
    assert!(w.kept().is_empty());
}

#[test]
fn applications_to_a_group_go_with_any_answer() {
    for answer in [
        group(MID + 1, Group::ApplyDeclined, ME, &[5], ""),
        group(MID + 1, Group::ApplyAccepted, ME, &[5], ""),
        group(MID + 1, Group::Joined, 5, &[], ""), // another admin has let them in
    ] {
        let mut w = World::with_lists();
        w.queue(vec![group(MID, Group::Applyed, 5, &[], "")]);
        assert_eq!(w.kept().len(), 1);
        w.queue(vec![answer]);
        assert!(w.kept().is_empty());
    }
    let mut w = World::with_lists();
    w.queue(vec![group(MID, Group::ApplyDeclined, 5, &[ME], "")]);
    assert_eq!(w.kept(), [(NoticeKind::Group, 9)]);
    w.queue(vec![group(MID + 1, Group::ApplyAccepted, 5, &[ME], "")]);
    assert!(w.kept().is_empty(), "they have thought better of it");
}

#[test]
fn the_own_refusals_take_the_place_of_the_applications() {
    let mut w = World::with_lists();
    w.queue(vec![roster(MID, Roster::Applied, 8, ME, ""), roster(MID + 1, Roster::Applied, 9, ME, "")]);
    w.queue(vec![roster(MID + 2, Roster::Declined, ME, 8, "no")]);
    assert_eq!(w.kept(), [(NoticeKind::Roster, 4), (NoticeKind::Roster, 7)]);
    w.queue(vec![roster(MID + 3, Roster::Declined, ME, 9, "no")]);
    assert_eq!(w.kept(), [(NoticeKind::Roster, 4), (NoticeKind::Roster, 4)], "one for each");
}

#[test]
fn notices_about_the_account_end_the_session_or_change_it() {
    for (kind, content, state) in [
        (1, "", State::Kicked),
        (2, "", State::Kicked),
        (3, "", State::Kicked),
        (4, "", State::Kicked),
        (5, "", State::Kicked),
        (5, r#"{"device_sn":7}"#, State::Kicked),
        (5, r#"{"device_sn":8}"#, State::Online),
        (10, "7", State::Kicked),
        (10, "17", State::Online),
        (0, "", State::Online),
        (6, "", State::Online),
        (13, "", State::Online),
    ] {
        let mut w = World::with_lists();
        w.queue(vec![user(MID, kind, content)]);
        assert_eq!(w.session.state(), state, "type {kind}, content {content:?}");
    }
}

#[test]
fn a_history_page_never_carries_out_notices_or_operations() {
    let mut w = World::with_lists();
    let of = ConversationId::user(PEER);
    w.command(5, Command::History { of, before: 0, after: 0, limit: 10 });
    let body = MessageBody {
        r#type: 1,
        operation: Some(proto::MessageOperation { r#type: 5, mid: MID - 9, xid: None }),
        ..MessageBody::default()
    };
    let recall = Meta { payload: body.encode_to_vec().into(), ..text_meta(MID + 3, PEER, ME, "") };
    let metas = vec![user(MID + 5, 1, ""), group(MID + 4, Group::Kicked, PEER, &[ME], ""), recall];
    w.frame(&frame(Cmd::Sync, SyncDl { status: ok(), xid: xid(PEER), metas, is_full_sync: true, ..SyncDl::default() }));
    assert_eq!(w.session.state(), State::Online);
    assert_eq!(w.groups(), ["Team"]);
    assert!(w.list().iter().any(|c| c.id == of && c.last.is_some()));
    assert!(w.noticed().is_empty());
}

#[test]
fn a_hundred_new_groups_take_two_requests_for_their_cards() {
    let mut w = World::new();
    w.log_in();
    w.answer("/group/user_joined", r#"{"code":200,"data":[]}"#);
    let groups: Vec<_> = (0..100).map(|n| GROUP + 128 * n).collect();
    for (n, gid) in groups.iter().enumerate() {
        let body = GroupNotice { r#type: Group::Created as i32, gid: xid(*gid), from: xid(PEER), ..Default::default() };
        let payload = body.encode_to_vec().into();
        let id = MID + n as u64;
        w.queue(vec![Meta { id, ns: 2, from: xid(PEER), to: xid(ME), timestamp: 1, payload }]);
    }
    let card = |gid: &u64| format!(r#"{{"group_id":{gid},"name":"Group {gid}"}}"#);
    let cards =
        |ids: &[u64]| format!(r#"{{"code":200,"data":[{}]}}"#, ids.iter().map(card).collect::<Vec<_>>().join(","));
    let asked = |w: &World| w.requests.iter().filter(|(_, r)| r.url.contains("/group/info/batch")).count();
    assert_eq!(asked(&w), 1);
    w.answer("/group/info/batch", &cards(&groups[..1]));
    assert_eq!(asked(&w), 1);
    let (_, request) = w.requests.iter().find(|(_, r)| r.url.contains("/group/info/batch")).unwrap();
    assert!(groups[1..].iter().all(|gid| request.body.as_ref().unwrap().contains(&gid.to_string())));
    w.answer("/group/info/batch", &cards(&groups[1..]));
    assert_eq!((asked(&w), w.groups().len()), (0, 100));
}
