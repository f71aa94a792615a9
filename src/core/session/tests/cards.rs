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
