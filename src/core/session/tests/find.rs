//! Finding messages by words, type, sender and time.
use super::local::insert;
use super::operations::edit;
use super::*;
use crate::core::proto::{message_body::ContentType, message_operation::OpType};

/// What a search finds, page by page.
fn pages(w: &mut World, filter: &Filter, limit: u32) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut command = Command::Find(filter.clone(), limit);
    loop {
        w.replies.remove(&95);
        w.command(95, command);
        let Some(Ok(Reply::Found(page, next))) = w.replies.remove(&95) else { panic!("{:?}", w.replies) };
        pages.push(page.into_iter().map(|m| m.text).collect());
        if next == 0 {
            return pages;
        }
        command = Command::FindMore(next, limit);
    }
}

fn found(w: &mut World, filter: &Filter) -> Vec<String> {
    pages(w, filter, 50).concat()
}

fn by(text: &str) -> Filter {
    Filter { text: text.into(), ..Filter::default() }
}

fn of_type(id: u64, ctype: ContentType, content: &str, attachment: &str) -> Meta {
    let body = MessageBody {
        r#type: 2,
        ctype: ctype as i32,
        content: content.into(),
        attachment: attachment.into(),
        ..MessageBody::default()
    };
    Meta { payload: body.encode_to_vec().into(), ..text_meta(id, PEER, ME, "") }
}

fn with_talk() -> World {
    let mut w = World::new();
    w.log_in();
    w.frame(&page(
        PEER,
        vec![
            text_meta(MID, PEER, ME, "The budget for 2026"),
            text_meta(MID + 2, ME, PEER, "预算 is Budget"),
            text_meta(MID + 4, PEER, ME, "Ｂｕｄｇｅｔｓ 我们的预算"),
            of_type(MID + 6, ContentType::Image, "a picture of the budget", r#"{"url":"u"}"#),
            of_type(MID + 7, ContentType::File, "", r#"{"url":"u","dName":"budget.pdf"}"#),
            of_type(MID + 8, ContentType::Command, "budget", ""),
        ],
        0,
    ));
    w.frame(&page(
        GROUP,
        vec![text_meta(MID + 3, PEER, GROUP, "no budget here"), text_meta(MID + 5, 77, GROUP, "算")],
        0,
    ));
    w
}

#[test]
fn words_are_found_in_all_conversations_newest_first() {
    let mut w = with_talk();
    assert_eq!(
        found(&mut w, &by("BUDGET")),
        [
            "",
            "a picture of the budget",
            "Ｂｕｄｇｅｔｓ 我们的预算",
            "no budget here",
            "预算 is Budget",
            "The budget for 2026"
        ]
    );
    assert_eq!(found(&mut w, &by("bud 2026")), ["The budget for 2026"]);
    assert_eq!(found(&mut w, &by("预算")), ["Ｂｕｄｇｅｔｓ 我们的预算", "预算 is Budget"]);
    assert_eq!(found(&mut w, &by("算")), ["算", "Ｂｕｄｇｅｔｓ 我们的预算", "预算 is Budget"]);
    assert_eq!(found(&mut w, &by("nothing")), Vec::<String>::new());
    assert_eq!(pages(&mut w, &by("budget"), 2).concat(), found(&mut w, &by("budget")));
    assert!(pages(&mut w, &by("budget"), 2).iter().all(|page| page.len() <= 2));
}

#[test]
fn filters_narrow_a_search_or_are_one_by_themselves() {
    let mut w = with_talk();
    let peer = ConversationId::user(PEER);
    let group = Filter { of: Some(ConversationId::group(GROUP)), ..by("budget") };
    assert_eq!(found(&mut w, &group), ["no budget here"]);
    assert_eq!(found(&mut w, &Filter { from: Some(ME), ..by("budget") }), ["预算 is Budget"]);
    let images = Filter { ctype: Some(ContentType::Image as i32), ..Filter::default() };
    assert_eq!(found(&mut w, &images), ["a picture of the budget"]);
    assert_eq!(found(&mut w, &Filter { from: Some(77), ..Filter::default() }), ["算"]);
    let times = |id: u64| 1_700_000_000_000 + id % 1000;
    let window = Filter { since: times(MID + 2), until: times(MID + 4), ..by("budget") };
    assert_eq!(found(&mut w, &window), ["no budget here", "预算 is Budget"]);
    let walk = Filter { of: Some(peer), from: Some(ME), ..Filter::default() };
    assert_eq!(found(&mut w, &walk), ["预算 is Budget"]);
    assert_eq!(found(&mut w, &by(" …")), Vec::<String>::new(), "signs alone");
    assert_eq!(found(&mut w, &Filter { from: Some(ME), ..by("🙂") }), Vec::<String>::new());
    for bad in [Filter::default(), Filter { since: 5, ..Filter::default() }] {
        w.replies.remove(&95);
        w.command(95, Command::Find(bad, 5));
        assert_eq!(w.error_of(95), ErrorCode::ArgumentInvalid);
    }
    w.command(94, Command::FindMore(12345, 5));
    assert_eq!(w.error_of(94), ErrorCode::ArgumentInvalid);
}

#[test]
fn edits_recalls_and_deletions_are_followed() {
    let mut w = with_talk();
    let peer = ConversationId::user(PEER);
    w.frame(&page(PEER, vec![edit(MID + 10, OpType::Replace, MID, "the plan instead", 2_000_000_000_000)], 0));
    assert_eq!(found(&mut w, &by("plan")), ["the plan instead"]);
    assert!(!found(&mut w, &by("budget")).contains(&"the plan instead".to_owned()));
    w.command(5, Command::Forget { of: peer, target: MID + 4 });
    assert_eq!(found(&mut w, &by("预算")), ["预算 is Budget"]);
    w.command(6, Command::DeleteConversation { of: peer, everywhere: false, id: 0 });
    assert_eq!(found(&mut w, &by("budget")), ["no budget here"]);
}

#[test]
fn without_an_index_one_conversation_can_be_searched() {
    let mut w = World::new();
    w.session.config.search = false;
    w.log_in();
    let metas = (0..250).map(|n| text_meta(MID + n, PEER, ME, &format!("number {n}"))).collect();
    w.frame(&page(PEER, metas, 0));
    assert!(!w.account.keys().any(|(table, _)| *table == Table::Terms));
    let filter = Filter { of: Some(ConversationId::user(PEER)), ..by("24") };
    assert_eq!(found(&mut w, &filter).len(), 11);
    w.replies.remove(&95);
    w.command(95, Command::Find(by("24"), 5));
    assert_eq!(w.error_of(95), ErrorCode::ArgumentInvalid);
}

#[test]
fn a_thousand_hits_come_in_order_and_a_broken_row_costs_itself_only() {
    let mut w = World::new();
    w.log_in();
    for chunk in 0..20 {
        let metas = (0..50).map(|n| text_meta(MID + chunk * 50 + n, PEER, ME, &format!("common{}", n % 7))).collect();
        w.frame(&page(PEER, metas, 0));
    }
    let all = pages(&mut w, &by("common"), 100);
    assert_eq!(all.iter().map(Vec::len).sum::<usize>(), 1000);
    let key = w.account.keys().find(|(table, _)| *table == Table::Terms).cloned().unwrap();
    w.account.insert(key, vec![0xff]);
    let left = pages(&mut w, &by("common"), 100).concat().len();
    assert!((900..1000).contains(&left), "{left}");
    assert_eq!(w.session.stats().bad_rows, 1);
}

/// The rows of the index, and how many the session knows of.
fn terms(w: &World) -> (usize, u64) {
    (w.account.keys().filter(|(table, _)| *table == Table::Terms).count(), w.session.stats().terms)
}

#[test]
fn messages_of_the_applications_own_are_found_where_they_stand() {
    let mut w = with_talk();
    let before = terms(&w);
    let peer = ConversationId::user(PEER);
    let own = |id: u64, of, behind, text: Option<&str>| {
        let content = text.map(|text| Content { text: text.into(), ..Content::default() });
        Command::Insert(Insert { of, id, behind, from: 88, time: 1_700_000_000_005, content })
    };
    w.command(61, own(1001, peer, Some(MID + 2), Some("own budget")));
    w.command(62, own(1002, peer, Some(MID + 2), Some("budget of my own")));
    w.command(63, own(1003, peer, Some(0), Some("first budget")));
    w.command(64, own(1004, peer, None, Some("budget at the end")));
    w.command(65, own(1005, ConversationId::user(9), None, Some("elsewhere: budget")));
    let all = found(&mut w, &by("budget"));
    assert_eq!(
        all,
        [
            "budget at the end",
            "",
            "a picture of the budget",
            "Ｂｕｄｇｅｔｓ 我们的预算",
            "no budget here",
            "budget of my own",
            "own budget",
            "预算 is Budget",
            "The budget for 2026",
            "elsewhere: budget",
            "first budget"
        ]
    );
    assert_eq!(pages(&mut w, &by("budget"), 2).concat(), all);
    let in_it = Filter { of: Some(peer), from: Some(88), ..Filter::default() };
    assert_eq!(found(&mut w, &in_it), ["budget at the end", "budget of my own", "own budget", "first budget"]);
    assert_eq!(found(&mut w, &Filter { of: None, ..in_it.clone() }).len(), 5);
    // A search without words walks.
    let all = Filter { text: String::new(), from: None, ..in_it };
    let walked = found(&mut w, &all);
    assert_eq!(walked.len(), 9);
    assert_eq!(
        (&walked[0][..], &walked[4][..], &walked[8][..]),
        ("budget at the end", "budget of my own", "first budget")
    );
    assert_eq!(pages(&mut w, &all, 1).concat(), walked);
    // Replaced, taken out, gone with its conversation: the index has no more of it.
    w.command(66, own(1001, peer, Some(MID + 2), Some("own plan")));
    assert_eq!(found(&mut w, &by("own")), ["budget of my own", "own plan"]);
    assert_eq!(found(&mut w, &Filter { from: Some(88), ..by("budget") }).len(), 4);
    assert_eq!(terms(&w).0 as u64, terms(&w).1);
    for (id, of, behind) in [(1001, peer, MID + 2), (1002, peer, MID + 2), (1003, peer, 0), (1004, peer, MID + 8)] {
        w.replies.remove(&67);
        w.command(67, own(id, of, Some(behind), None));
    }
    w.command(68, own(1005, ConversationId::user(9), Some(0), None));
    assert_eq!(terms(&w), before);
    w.command(69, own(1006, peer, None, Some("budget again")));
    w.command(70, Command::DeleteConversation { of: peer, everywhere: false, id: 0 });
    assert_eq!(found(&mut w, &by("budget")), ["no budget here"]);
}

#[test]
fn many_messages_of_the_applications_own_come_in_order() {
    for search in [true, false] {
        let mut w = World::new();
        w.session.config.search = search;
        w.log_in();
        w.frame(&page(PEER, (0..250).map(|n| text_meta(MID + n, PEER, ME, &format!("x {n}"))).collect(), 0));
        for n in 0..90 {
            let behind = match n % 3 {
                0 => 0,
                1 => MID + u64::from(n),
                _ => MID + 249,
            };
            insert(&mut w, 100 + n, Some(behind), &format!("x own {n}"));
        }
        let walk = Filter { of: Some(ConversationId::user(PEER)), ..by("x") };
        let all = pages(&mut w, &walk, 7).concat();
        assert_eq!(all.len(), 340);
        let (mut shown, mut before) = (Vec::new(), 0);
        while before != MID {
            w.replies.remove(&94);
            w.command(94, Command::Messages { of: ConversationId::user(PEER), before, after: 0, limit: 200 });
            let Some(Ok(Reply::Messages(page))) = w.replies.remove(&94) else { panic!("{:?}", w.replies) };
            before = page.iter().map(|message| message.id).filter(|id| *id > 0).min().unwrap_or(MID);
            shown.extend(page.into_iter().rev().map(|message| message.text));
        }
        assert_eq!(all, shown, "as the conversation has them");
    }
}
