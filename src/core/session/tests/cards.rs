//! Lists and cards.
use super::*;

#[test]
fn cards_give_conversations_their_names() {
    let mut w = World::new();
    w.log_in();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "hi")], 0));
    assert_eq!(w.list()[0].title, PEER.to_string());
    w.answer("/roster/list", &format!(r#"{{"code":200,"data":[{PEER}]}}"#));
    w.answer("/group/user_joined", &format!(r#"{{"code":200,"data":[{GROUP}]}}"#));
    w.answer("/group/info/batch", &format!(r#"{{"code":200,"data":[{{"group_id":{GROUP},"name":"Team"}}]}}"#));
    w.requests.retain(|(_, r)| r.url.contains("/roster/list"));
    let token = ("access-token", "tok".to_owned());
    assert!(w.requests.iter().all(|(_, r)| r.headers.contains(&token)));
    w.answer("/roster/list", &format!(r#"{{"code":200,"data":[{{"user_id":{PEER},"username":"basil"}}]}}"#));
    assert_eq!(w.list()[0].title, "basil");
    let known = w.session.account.as_ref().unwrap();
    assert!(known.users.get(&PEER).unwrap().is_contact && known.groups.get(&GROUP).unwrap().name == "Team");
}

#[test]
fn lists_asked_for_right_after_the_first_login_wait_for_the_answers() {
    let mut w = World::new();
    w.log_in();
    w.command(5, Command::Users);
    w.command(6, Command::Groups);
    assert!(!w.replies.contains_key(&5) && !w.replies.contains_key(&6));
    w.answer("/roster/list", &format!(r#"{{"code":200,"data":[{PEER}]}}"#));
    w.answer("/group/user_joined", r#"{"code":200,"data":[]}"#);
    assert_eq!(w.replies[&6], Ok(Reply::Groups(vec![])));
    w.answer("/roster/list", &format!(r#"{{"code":200,"data":[{{"user_id":{PEER},"username":"basil"}}]}}"#));
    assert!(matches!(&w.replies[&5], Ok(Reply::Users(all)) if all[0].is_contact));
    let mut w = World::new();
    w.log_in();
    w.command(5, Command::Users);
    w.command(6, Command::Users);
    w.answer_with("/roster/list", Err(HttpError("down".into())));
    assert_eq!(w.replies[&5], Ok(Reply::Users(vec![])), "what there is");
    w.command(7, Command::Logout);
    assert!(w.replies.contains_key(&6));
}

#[test]
fn a_card_or_two_that_came_before_are_not_the_list() {
    const OTHER: u64 = 4242;
    let cards = |ids: &[u64]| {
        let users: Vec<_> = ids.iter().map(|id| format!(r#"{{"user_id":{id},"username":"u"}}"#)).collect();
        format!(r#"{{"code":200,"data":[{}]}}"#, users.join(","))
    };
    let is_ids = |r: &Request| r.method == "GET" && r.url.contains("/roster/list");
    let mut w = World::new();
    w.log_in();
    let at = w.requests.iter().position(|(_, r)| is_ids(r)).unwrap();
    let ids = w.requests.remove(at);
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "hi")], 0));
    w.answer("/roster/list", &cards(&[PEER]));
    w.command(5, Command::Users);
    assert!(!w.replies.contains_key(&5), "the list is on its way");
    w.requests.push(ids);
    w.answer("/roster/list", &format!(r#"{{"code":200,"data":[{PEER},{OTHER}]}}"#));
    assert!(!w.replies.contains_key(&5), "so are the cards");
    w.answer("/roster/list", &cards(&[PEER, OTHER]));
    assert!(matches!(&w.replies[&5], Ok(Reply::Users(all)) if all.len() == 2 && all.iter().all(|it| it.is_contact)));
    // From then on it is there, whoever else is asked about.
    w.frame(&page(77, vec![text_meta(MID + 1, 77, ME, "who?")], 0));
    w.command(6, Command::Users);
    assert!(w.replies.contains_key(&6));
}

#[test]
fn what_other_devices_have_pinned_and_muted_is_so_here() {
    const OTHER: u64 = 4242;
    const THIRD: u64 = 4343;
    let pins = |ids: &str| format!(r#"{{"code":200,"data":{{"conversation_ids":[{ids}]}}}}"#);
    let user = |muted: bool| format!(r#"{{"code":200,"data":[{{"user_id":{PEER},"mute_notification":{muted}}}]}}"#);
    let group = |mode: u8| format!(r#"{{"code":200,"data":[{{"group_id":{GROUP},"msg_mute_mode":{mode}}}]}}"#);
    let lists = |w: &mut World, muted, mode, pinned: &str| {
        w.answer("/group/user_joined", &format!(r#"{{"code":200,"data":[{GROUP}]}}"#));
        assert!(w.requests.iter().all(|(_, r)| !r.url.contains("pin_list")), "not before the groups are known");
        w.answer("/group/info/batch", &group(mode));
        w.answer("/pin_list", &pins(pinned));
        w.answer("/roster/list", &format!(r#"{{"code":200,"data":[{PEER}]}}"#));
        w.requests.retain(|(_, r)| r.method == "POST");
        w.answer("/roster/list", &user(muted));
    };
    let log_in_again = |w: &mut World| {
        w.requests.clear();
        w.command(2, Command::Logout);
        w.replies.clear();
        w.log_in();
    };
    let marks = |w: &mut World| {
        let mut rows: Vec<_> = w.list().into_iter().map(|row| (row.id.uid, row.pinned, row.muted)).collect();
        rows.sort_unstable();
        rows
    };
    let mut w = World::new();
    w.log_in();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "hi")], 0));
    w.frame(&page(GROUP, vec![text_meta(MID + 1, PEER, GROUP, "all")], 0));
    lists(&mut w, true, 0, &format!("{GROUP},{OTHER},{THIRD}"));
    assert_eq!(marks(&mut w), [(PEER, false, true), (GROUP, true, false)], "nothing is shown for being pinned");
    assert!(
        w.events.iter().any(
            |e| matches!(e, Event::Conversations(rows) if rows.iter().any(|row| row.id.uid == GROUP && row.pinned))
        )
    );
    w.frame(&page(OTHER, vec![text_meta(MID + 2, OTHER, ME, "new")], 0));
    assert!(marks(&mut w).contains(&(OTHER, true, false)));

    let unread = vec![ConversationUnread { xid: Some(Xid { uid: THIRD, device_sn: 0 }), n: 0, r#type: 1 }];
    w.frame(&frame(Cmd::Unread, UnreadDl { status: ok(), unread }));
    assert!(marks(&mut w).contains(&(THIRD, true, false)), "the cloud says that there is one");

    // At the next login it is otherwise, and what the cloud does not answer stays.
    log_in_again(&mut w);
    lists(&mut w, false, 1, &OTHER.to_string());
    let now = [(OTHER, true, false), (THIRD, false, false), (PEER, false, false), (GROUP, false, true)];
    assert_eq!(marks(&mut w), now);
    log_in_again(&mut w);
    w.answer("/group/user_joined", r#"{"code":200,"data":[]}"#);
    w.answer("/pin_list", r#"{"code":404}"#);
    assert!(w.errors().is_empty());
    assert!(marks(&mut w).contains(&(OTHER, true, false)));

    // And while it is logged in.
    w.requests.clear();
    w.command(
        5,
        Command::SetLocal {
            of: ConversationId::user(PEER),
            draft: None,
            extension: None,
            pinned: None,
            muted: Some(true),
        },
    );
    assert!(marks(&mut w).contains(&(PEER, false, true)));
    let told = Command::SetLocal {
        of: ConversationId::user(77),
        draft: None,
        extension: None,
        pinned: None,
        muted: Some(true),
    };
    w.command(6, told);
    assert!(marks(&mut w).iter().all(|(uid, ..)| *uid != 77), "nor for being muted");
}

#[test]
fn a_list_of_pins_from_before_a_change_is_asked_for_again() {
    let pins = |ids: &str| format!(r#"{{"code":200,"data":{{"conversation_ids":[{ids}]}}}}"#);
    let pin = |w: &mut World, call, of: u64| {
        let params = format!(r#"{{"conversation_id":{of}}}"#);
        w.command(call, Command::Api { endpoint: "userConversationPin".into(), params: Json(params), timeout: 0 });
        w.answer("/conversation/pin", r#"{"code":200,"data":true}"#);
    };
    let mut w = World::new();
    w.log_in();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "hi")], 0));
    w.answer("/group/user_joined", r#"{"code":200,"data":[]}"#);
    w.answer("/pin_list", &pins(""));
    pin(&mut w, 5, 4242);
    assert_eq!(w.requests.iter().filter(|(_, r)| r.url.contains("pin_list")).count(), 1);
    w.requests.iter_mut().for_each(|(_, r)| r.url = r.url.replace("pin_list", "first_list"));
    pin(&mut w, 6, PEER);
    assert!(w.requests.iter().all(|(_, r)| !r.url.contains("pin_list")), "two answers could come in any order");
    w.answer("first_list", &pins("4242"));
    assert!(!w.list()[0].pinned);
    w.answer("/pin_list", &pins(&format!("4242,{PEER}")));
    assert!(w.list()[0].pinned, "the list from after the change");
}
