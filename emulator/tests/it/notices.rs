//! Contacts and groups: each call changes what it says, and tells exactly those it concerns.
use floo_emulator::Emulator;
use floo_wasm::core::proto::{
    GroupNotice, Meta, RosterNotice, UserNotice, group_notice::Type as Group, meta::NameSpace,
    roster_notice::Type as Roster, user_notice,
};
use prost::Message;
use serde_json::{Value, json};

use crate::client::{Account, Device, body_to, newcomer, post, refusal, server, texts, world};

/// A notice as a device got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub ns: i32,
    pub kind: i32,
    pub gid: u64,
    pub from: u64,
    pub to: Vec<u64>,
    pub content: String,
}

impl Told {
    pub fn of(meta: &Meta) -> Self {
        let payload = meta.payload.clone();
        let uid = |xid: Option<floo_wasm::core::proto::Xid>| xid.map_or(0, |xid| xid.uid);
        let many = |list: Vec<floo_wasm::core::proto::Xid>| list.into_iter().map(|xid| xid.uid).collect();
        match NameSpace::try_from(meta.ns).unwrap() {
            NameSpace::GroupNotice => {
                let n = GroupNotice::decode(payload).unwrap();
                Self { ns: 2, kind: n.r#type, gid: uid(n.gid), from: uid(n.from), to: many(n.to), content: n.content }
            }
            NameSpace::RosterNotice => {
                let n = RosterNotice::decode(payload).unwrap();
                Self { ns: 3, kind: n.r#type, gid: 0, from: uid(n.from), to: many(n.to), content: n.content }
            }
            NameSpace::UserNotice => {
                let n = UserNotice::decode(payload).unwrap();
                Self { ns: 4, kind: n.r#type, gid: 0, from: 0, to: Vec::new(), content: n.content }
            }
            other => panic!("{other:?} is no notice"),
        }
    }

    pub fn user(kind: user_notice::Type, content: &str) -> Self {
        Self { ns: 4, kind: kind.into(), gid: 0, from: 0, to: Vec::new(), content: content.into() }
    }

    pub fn roster(kind: i32, from: u64, to: u64, content: &str) -> Self {
        Self { ns: 3, kind, gid: 0, from, to: vec![to], content: content.into() }
    }

    fn group(kind: Group, gid: u64, from: u64, to: &[u64], content: &str) -> Self {
        Self { ns: 2, kind: kind.into(), gid, from, to: to.to_vec(), content: content.into() }
    }
}

/// What a device has been told since the last time: what was pushed, then what is stored.
pub async fn told(device: &mut Device) -> Vec<Told> {
    // Whatever was pushed lies before the answer.
    device.unread_list().await;
    let mut metas = device.pushed();
    metas.extend(device.pull_all(0).await);
    device.forget_notices();
    metas.iter().map(Told::of).collect()
}

/// Four accounts with a device each; Amber has a second one, with a token of its own.
pub struct Stage {
    pub server: Emulator,
    pub who: [Account; 4],
    pub devices: [Device; 5],
    pub team: u64,
}

pub const AMBER: usize = 0;
pub const BASIL: usize = 1;
pub const CLOVER: usize = 2;
pub const DILL: usize = 3;
/// Amber's second device.
pub const PHONE: usize = 4;

impl Stage {
    pub async fn new() -> Self {
        let server = server().await;
        let w = world(&server).await;
        let dill = newcomer(&server, "dill").await;
        let second = Account::login(&server, "amber").await;
        let devices = [
            Device::login(&server, &w.amber, "amber").await,
            Device::login(&server, &w.basil, "basil").await,
            Device::login(&server, &w.clover, "clover").await,
            Device::login(&server, &dill, "dill").await,
            Device::login(&server, &second, "amber-2").await,
        ];
        Self { server, who: [w.amber, w.basil, w.clover, dill], devices, team: w.team }
    }

    pub fn uid(&self, who: usize) -> u64 {
        self.who[who].uid
    }

    pub async fn call(&self, who: usize, method: &str, path: &str, body: Value) -> Value {
        self.who[who].call(&self.server, method, path, body).await.data().clone()
    }

    pub async fn post(&self, who: usize, path: &str, body: Value) -> Value {
        self.call(who, "POST", path, body).await
    }

    pub async fn get(&self, who: usize, path: &str) -> Value {
        self.call(who, "GET", path, Value::Null).await
    }

    pub async fn refused(&self, who: usize, path: &str, body: Value) -> u64 {
        self.who[who].call(&self.server, "POST", path, body).await.code()
    }

    /// Exactly these devices were told exactly this since the last time.
    pub async fn expect(&mut self, what: &str, expected: &[(&[usize], Told)]) {
        for (index, device) in self.devices.iter_mut().enumerate() {
            let wanted: Vec<_> = expected
                .iter()
                .filter(|(devices, _)| devices.contains(&index))
                .map(|(_, notice)| notice.clone())
                .collect();
            assert_eq!(told(device).await, wanted, "{what}: device {index}");
        }
    }

    pub fn notice(&self, kind: Group, from: usize, to: &[usize], content: &str) -> Told {
        let to: Vec<_> = to.iter().map(|who| self.uid(*who)).collect();
        Told::group(kind, self.team, self.uid(from), &to, content)
    }

    pub async fn relation(&self, who: usize, other: usize) -> u64 {
        let path = format!("/roster/id?user_id={}", self.uid(other));
        self.get(who, &path).await["relation"].as_u64().unwrap()
    }
}

pub const EVERYBODY: &[usize] = &[AMBER, PHONE, BASIL, CLOVER, DILL];
pub const TEAM: &[usize] = &[AMBER, PHONE, BASIL, CLOVER];

#[tokio::test]
async fn friends_are_made_in_the_way_the_other_one_wants() {
    let mut s = Stage::new().await;
    let (amber, dill) = (s.uid(AMBER), s.uid(DILL));
    // Open: friends at once, and each is told about the other.
    let body = json!({ "user_id": amber.to_string(), "alias": "Boss" });
    s.post(DILL, "/roster/apply", body.clone()).await;
    let added = |from, to| Told::roster(Roster::Added.into(), from, to, "");
    s.expect("added", &[(&[AMBER, PHONE], added(dill, amber)), (&[DILL], added(amber, dill))]).await;
    assert_eq!(s.refused(DILL, "/roster/apply", body).await, 10005);
    assert_eq!((s.relation(DILL, AMBER).await, s.relation(AMBER, DILL).await), (0, 0));
    assert_eq!(s.get(DILL, &format!("/roster/id?user_id={amber}")).await["alias"], "Boss");
    assert_eq!(s.get(DILL, "/roster/list").await, json!([amber]));

    // Deleted: a stranger here, marked as deleted there.
    s.post(DILL, &format!("/roster/delete?user_id={amber}"), json!({})).await;
    let removed = Told::roster(Roster::Removed.into(), dill, amber, "");
    s.expect("removed", &[(&[AMBER, PHONE, DILL], removed)]).await;
    assert_eq!((s.relation(DILL, AMBER).await, s.relation(AMBER, DILL).await), (2, 1));
    s.post(DILL, "/roster/delete", json!({ "user_id": amber })).await;
    s.expect("nothing to remove", &[]).await;

    // Asking first.
    s.post(AMBER, "/user/authmode?value=1", json!({})).await;
    told(&mut s.devices[PHONE]).await;
    s.post(DILL, "/roster/apply", json!({ "user_id": amber, "reason": "please" })).await;
    s.expect("applied", &[(&[AMBER, PHONE], Told::roster(Roster::Applied.into(), dill, amber, "please"))]).await;
    let list = s.get(AMBER, "/roster/apply/list?cursor=").await;
    assert_eq!(
        (&list[0]["user_id"], &list[0]["status"], &list[0]["reason"]),
        (&json!(dill), &json!(0), &json!("please"))
    );
    assert!(list[0]["expired_time"].is_number());
    s.post(AMBER, "/roster/decline", json!({ "user_id": dill, "reason": "no" })).await;
    let declined = Told::roster(Roster::Declined.into(), amber, dill, "no");
    s.expect("declined", &[(&[AMBER, PHONE, DILL], declined)]).await;
    for path in ["/roster/accept", "/roster/decline"] {
        assert_eq!(s.refused(AMBER, path, json!({ "user_id": dill })).await, 10007, "handled already");
    }
    s.post(DILL, "/roster/apply", json!({ "user_id": amber })).await;
    s.expect("again", &[(&[AMBER, PHONE], Told::roster(Roster::Applied.into(), dill, amber, ""))]).await;
    s.post(AMBER, &format!("/roster/accept?user_id={dill}"), json!({})).await;
    let accepted = Told::roster(Roster::Accepted.into(), amber, dill, "");
    s.expect("accepted", &[(&[AMBER, PHONE, DILL], accepted)]).await;
    assert_eq!((s.relation(DILL, AMBER).await, s.relation(AMBER, DILL).await), (0, 0));

    // A question, or nobody at all.
    let question = json!({ "auth_mode": 2, "auth_question": "1+1?", "auth_answer": "2" });
    s.post(CLOVER, "/user/settings", question).await;
    let clover = s.uid(CLOVER);
    let try_it = |answer: &str| json!({ "user_id": clover, "auth_answer": answer });
    assert_eq!(s.refused(DILL, "/roster/apply", try_it("3")).await, 10007);
    s.post(CLOVER, "/user/authmode", json!({ "value": 3 })).await;
    assert_eq!(s.refused(DILL, "/roster/apply", try_it("2")).await, 10012);
    s.post(CLOVER, "/user/authmode", json!({ "value": 2 })).await;
    s.post(DILL, "/roster/apply", try_it("2")).await;
    s.expect("answered", &[(&[CLOVER], added(dill, clover)), (&[DILL], added(clover, dill))]).await;
    assert_eq!(s.refused(DILL, "/roster/apply", json!({ "user_id": 4711 })).await, 10000);
    assert_eq!(s.refused(DILL, "/roster/apply", json!({ "user_id": dill })).await, 10002);
}

#[tokio::test]
async fn notes_and_blocks_concern_the_own_devices() {
    let mut s = Stage::new().await;
    let (amber, basil) = (s.uid(AMBER), s.uid(BASIL));
    s.post(AMBER, "/roster/ext", json!({ "user_id": basil, "alias": "Baz" })).await;
    let alias = Told::roster(Roster::InfoUpdated.into(), amber, basil, r#"{"alias":"Baz"}"#);
    s.expect("alias", &[(&[PHONE], alias)]).await;
    s.post(AMBER, "/roster/ext", json!({ "user_id": basil, "ext": "{}", "mute_notification": true })).await;
    let ext = Told::roster(Roster::InfoUpdated.into(), amber, basil, r#"{"ext":"{}"}"#);
    let muted = Told::roster(Roster::Muted.into(), amber, basil, "");
    s.expect("ext", &[(&[PHONE], ext), (&[AMBER, PHONE], muted)]).await;
    s.post(AMBER, "/roster/ext", json!({ "user_id": basil, "mute_notification": 0 })).await;
    s.expect("unmuted", &[(&[AMBER, PHONE], Told::roster(Roster::Unmuted.into(), amber, basil, ""))]).await;
    s.post(AMBER, "/roster/ext", json!({ "user_id": basil, "mute_notification": "1" })).await;
    s.expect("muted", &[(&[AMBER, PHONE], Told::roster(Roster::Muted.into(), amber, basil, ""))]).await;
    let card = s.get(AMBER, "/roster/name?username=basil").await;
    assert_eq!((&card["alias"], &card["ext"], &card["mute_notification"]), (&json!("Baz"), &json!("{}"), &json!(true)));

    for (path, kind, relation, list) in
        [("/roster/block", Roster::Blocked, 3, json!([basil])), ("/roster/unblock", Roster::Unblocked, 0, json!([]))]
    {
        s.post(AMBER, &format!("{path}?user_id={basil}"), json!({})).await;
        s.expect(path, &[(&[AMBER, PHONE], Told::roster(kind.into(), amber, basil, ""))]).await;
        assert_eq!(s.relation(AMBER, BASIL).await, relation);
        assert_eq!(s.get(AMBER, "/roster/blocked_list").await, list);
    }
    s.post(AMBER, "/roster/block", json!({ "user_id": s.uid(DILL) })).await;
    assert_eq!(s.refused(DILL, "/roster/apply", json!({ "user_id": amber })).await, 10006);
    s.post(AMBER, "/roster/unblock", json!({ "user_id": s.uid(DILL) })).await;
    assert_eq!(s.relation(AMBER, DILL).await, 2, "a stranger as before");
}

#[tokio::test]
async fn a_group_is_created_filled_and_dissolved() {
    let mut s = Stage::new().await;
    s.post(CLOVER, "/user/settings", json!({ "group_confirm": true })).await;
    let list = json!([s.uid(BASIL), s.uid(CLOVER).to_string(), 4711]);
    let group = s.post(AMBER, "/group/create", json!({ "name": "Lunch", "type": 1, "user_list": list })).await;
    s.team = group["group_id"].as_u64().unwrap();
    assert_eq!(s.team & 15, 1);
    assert_eq!((&group["count"], &group["owner_id"]), (&json!(2), &json!(s.uid(AMBER))));
    s.expect(
        "created",
        &[
            (&[AMBER, PHONE], s.notice(Group::Created, AMBER, &[], "")),
            (&[AMBER, PHONE, BASIL], s.notice(Group::Joined, BASIL, &[], "")),
            (&[AMBER, PHONE, CLOVER], s.notice(Group::Invited, AMBER, &[CLOVER], "")),
        ],
    )
    .await;
    assert_eq!(s.get(BASIL, "/group/public_list").await, json!([s.team]));
    let invitations = s.get(CLOVER, "/group/invitation_list").await;
    assert_eq!((&invitations[0]["inviter_id"], &invitations[0]["status"]), (&json!(s.uid(AMBER)), &json!(0)));
    assert!(invitations[0]["updated_at"].as_str().unwrap().ends_with('Z'));

    let answer = json!({ "group_id": s.team, "user_id": s.uid(CLOVER), "approval": false, "reason": "busy" });
    s.post(CLOVER, "/group/invite/handle", answer.clone()).await;
    s.expect("declined", &[(&[AMBER, PHONE, CLOVER], s.notice(Group::InviteDeclined, CLOVER, &[AMBER], "busy"))]).await;
    assert_eq!(s.refused(CLOVER, "/group/invite/handle", answer).await, 20015);
    // Basil may invite as long as members may.
    let invite = json!({ "group_id": s.team, "user_list": [s.uid(CLOVER), s.uid(BASIL)], "reason": "come" });
    let lines = s.post(BASIL, "/group/invite", invite.clone()).await;
    let result = |who: usize| lines.as_array().unwrap().iter().find(|l| l["user_id"] == s.uid(who)).unwrap().clone();
    assert_eq!((&result(CLOVER)["result"], &result(BASIL)["reason"]), (&json!("success"), &json!("already a member")));
    s.expect("invited", &[(&[BASIL, CLOVER], s.notice(Group::Invited, BASIL, &[CLOVER], "come"))]).await;
    s.post(CLOVER, "/group/invite/handle", json!({ "group_id": s.team, "approval": 1 })).await;
    s.expect("accepted", &[(TEAM, s.notice(Group::InviteAccepted, CLOVER, &[BASIL], ""))]).await;
    s.post(AMBER, "/group/settings/allow_member_invitation", json!({ "group_id": s.team, "value": 0 })).await;
    let off = r#"{"member_invite":false,"property":"member_invite"}"#;
    s.expect("switch", &[(TEAM, s.notice(Group::InfoUpdated, AMBER, &[], off))]).await;
    assert_eq!(s.refused(BASIL, "/group/invite", invite.clone()).await, 20012);
    assert_eq!(s.refused(DILL, "/group/invite", invite).await, 20011);

    assert_eq!(s.refused(BASIL, "/group/destroy", json!({ "group_id": s.team })).await, 20013);
    s.post(AMBER, &format!("/group/destroy?group_id={}", s.team), json!({})).await;
    s.expect("destroyed", &[(TEAM, s.notice(Group::Destroyed, AMBER, &[], ""))]).await;
    assert!(!s.get(BASIL, "/group/user_joined").await.as_array().unwrap().contains(&json!(s.team)));
    assert_eq!(s.refused(AMBER, "/group/destroy", json!({ "group_id": s.team })).await, 20001);
    let team = s.team;
    let meta = s.devices[BASIL].meta(1, team, &body_to(team, "anybody?"));
    assert_eq!(refusal(&s.devices[BASIL].send_meta(meta).await).1, "the group does not exist");
}

#[tokio::test]
async fn people_join_and_leave_groups() {
    let mut s = Stage::new().await;
    let (team, dill) = (s.team, s.uid(DILL));
    let group = json!({ "group_id": team });
    s.post(DILL, "/group/apply", group.clone()).await;
    s.expect("joined", &[(EVERYBODY, s.notice(Group::Joined, DILL, &[], ""))]).await;
    assert_eq!(s.refused(DILL, "/group/apply", group.clone()).await, 20017);
    // What was said before is there to be read, and nothing of it to be pulled.
    assert_eq!(s.devices[DILL].unread(team).await, Some(0));
    assert_eq!(s.devices[DILL].history(team, 0, 10).await.metas.len(), 2);
    s.post(DILL, &format!("/group/leave?group_id={team}"), json!({})).await;
    s.expect("left", &[(EVERYBODY, s.notice(Group::Leaved, DILL, &[], ""))]).await;
    assert_eq!(s.devices[DILL].unread(team).await, None, "not in the list any more");
    assert_eq!(s.refused(DILL, "/group/leave", group.clone()).await, 20002);
    assert_eq!(s.refused(AMBER, "/group/leave", group.clone()).await, 20004);

    s.post(AMBER, "/group/admin/add", json!({ "group_id": team, "user_list": [s.uid(BASIL)] })).await;
    let approval = json!({ "group_id": team, "apply_approval": 1 });
    s.post(BASIL, "/group/settings/require_admin_approval", approval).await;
    s.expect(
        "approval",
        &[
            (TEAM, s.notice(Group::AdminGranted, AMBER, &[BASIL], "")),
            (TEAM, s.notice(Group::InfoUpdated, BASIL, &[], r#"{"apply_approval":1,"property":"apply_approval"}"#)),
        ],
    )
    .await;
    s.post(DILL, "/group/apply", json!({ "group_id": team, "reason": "hi" })).await;
    s.expect("applied", &[(&[AMBER, PHONE, BASIL], s.notice(Group::Applyed, DILL, &[], "hi"))]).await;
    let list = json!({ "group_list": [team, 17] });
    let open = s.post(BASIL, "/group/application_list", list.clone()).await;
    assert_eq!((&open[0]["applicant_id"], &open[0]["status"]), (&json!(dill), &json!(0)));
    assert_eq!(s.post(CLOVER, "/group/application_list", list).await, json!([]), "not hers to see");
    let handle = |approval: bool| json!({ "group_id": team, "user_id": dill, "approval": approval, "reason": "full" });
    assert_eq!(s.refused(CLOVER, "/group/apply/handle", handle(true)).await, 20012);
    s.post(BASIL, "/group/apply/handle", handle(false)).await;
    s.expect("declined", &[(&[BASIL, DILL], s.notice(Group::ApplyDeclined, BASIL, &[DILL], "full"))]).await;
    assert_eq!(s.refused(BASIL, "/group/apply/handle", handle(true)).await, 20014);
    s.post(DILL, "/group/apply", group.clone()).await;
    s.expect("again", &[(&[AMBER, PHONE, BASIL], s.notice(Group::Applyed, DILL, &[], ""))]).await;
    s.post(BASIL, "/group/apply/handle", handle(true)).await;
    s.expect(
        "accepted",
        &[
            (&[BASIL, DILL], s.notice(Group::ApplyAccepted, BASIL, &[DILL], "")),
            (&[AMBER, PHONE, CLOVER], s.notice(Group::Joined, DILL, &[], "")),
        ],
    )
    .await;

    // Nobody puts out those of the same rank.
    let kick = json!({ "group_id": team, "user_list": [dill, s.uid(AMBER), 4711] });
    assert_eq!(s.refused(CLOVER, "/group/kick", kick.clone()).await, 20012);
    let lines = s.post(BASIL, "/group/kick", kick).await;
    let failed = lines.as_array().unwrap().iter().filter(|line| line["result"] == "fail").count();
    assert_eq!(failed, 2);
    s.expect("kicked", &[(EVERYBODY, s.notice(Group::Kicked, BASIL, &[DILL], ""))]).await;
    assert_eq!(s.devices[DILL].unread(team).await, None);

    let list = json!({ "group_id": team, "user_list": [s.uid(CLOVER)] });
    s.post(BASIL, "/group/block", list.clone()).await;
    s.expect("blocked", &[(TEAM, s.notice(Group::Blocked, BASIL, &[CLOVER], ""))]).await;
    let blocked = s.get(AMBER, &format!("/group/blocked_list?group_id={team}")).await;
    assert_eq!((&blocked[0]["user_id"], blocked.as_array().unwrap().len()), (&json!(s.uid(CLOVER)), 1));
    assert_eq!(s.refused(CLOVER, "/group/apply", group.clone()).await, 20018);
    s.post(BASIL, "/group/unblock", list).await;
    s.expect("unblocked", &[(&[AMBER, PHONE, BASIL], s.notice(Group::Unblocked, BASIL, &[CLOVER], ""))]).await;
    s.post(AMBER, "/group/settings/require_admin_approval", json!({ "group_id": team, "apply_approval": 2 })).await;
    assert_eq!(s.refused(CLOVER, "/group/apply", group).await, 10010);
}

#[tokio::test]
async fn the_card_and_the_switches_of_a_group_are_told_to_all_members() {
    let mut s = Stage::new().await;
    let team = s.team;
    let value = |value: Value| json!({ "group_id": team, "value": value });
    for (path, key, given, kept) in [
        ("/group/info/name", "name", json!("Crew"), json!("Crew")),
        ("/group/info/avatar", "avatar", json!("a.png"), json!("a.png")),
        ("/group/info/description", "description", json!(""), json!("")),
        ("/group/info/ext", "ext", json!("{}"), json!("{}")),
        ("/group/settings/allow_member_invitation", "member_invite", json!(0), json!(false)),
        ("/group/settings/enable_read_ack", "read_ack", json!("1"), json!(true)),
        ("/group/settings/history_visible", "history_visible", json!(false), json!(false)),
        ("/group/settings/hide_member_info", "hide_member_info", json!(1), json!(true)),
    ] {
        assert_eq!(s.refused(CLOVER, path, value(given.clone())).await, 20012, "{path}");
        assert_eq!(s.refused(DILL, path, value(given.clone())).await / 10, 2001, "{path}");
        assert_eq!(s.refused(AMBER, path, json!({ "group_id": team })).await, 10002, "{path}");
        s.post(AMBER, path, value(given)).await;
        let content = json!({ "property": key, key: kept }).to_string();
        s.expect(path, &[(TEAM, s.notice(Group::InfoUpdated, AMBER, &[], &content))]).await;
        assert_eq!(s.get(DILL, &format!("/group/info?group_id={team}")).await[key], kept);
    }
    // Members may write on the card when the group says so.
    s.post(AMBER, "/group/settings/allow_member_modify", value(json!(1))).await;
    s.post(CLOVER, "/group/info/name", value(json!("Ours"))).await;
    assert_eq!(s.get(BASIL, &format!("/group/settings?group_id={team}")).await["name"], "Ours");
    assert_eq!(s.refused(CLOVER, "/group/info/name", value(json!(""))).await, 10002);
    for device in &mut s.devices {
        told(device).await;
    }
    s.post(CLOVER, "/group/display_name", value(json!("C."))).await;
    let content = json!({ "property": "display_name", "display_name": "C." }).to_string();
    s.expect("display name", &[(TEAM, s.notice(Group::InfoUpdated, CLOVER, &[], &content))]).await;
    let names = json!({ "group_id": team, "user_list": [s.uid(CLOVER), s.uid(DILL)] });
    let names = s.post(AMBER, "/group/members/display_name", names).await;
    assert_eq!((names.as_array().unwrap().len(), &names[0]["display_name"]), (1, &json!("C.")));
    // Who comes now does not see what was said before.
    s.post(DILL, "/group/apply", json!({ "group_id": team })).await;
    assert!(s.devices[DILL].history(team, 0, 10).await.metas.is_empty());
    // Members are hidden: plain ones see themselves and who manages the group.
    for (who, seen) in [(DILL, 2), (AMBER, 4)] {
        let members = s.get(who, &format!("/group/member_list?group_id={team}")).await;
        assert_eq!(members.as_array().unwrap().len(), seen);
        assert!(members[0]["join_time"].is_number());
    }
    let names = json!({ "group_id": team, "user_list": [s.uid(AMBER), s.uid(CLOVER), s.uid(DILL)] });
    let names = s.post(DILL, "/group/members/display_name", names).await;
    assert_eq!((names.as_array().unwrap().len(), &names[0]["user_id"]), (2, &json!(s.uid(AMBER))));
}

#[tokio::test]
async fn rights_mutes_and_announcements() {
    let mut s = Stage::new().await;
    let team = s.team;
    let list = |s: &Stage, who: usize| json!({ "group_id": team, "user_list": [s.uid(who)] });
    assert_eq!(s.refused(BASIL, "/group/admin/add", list(&s, CLOVER)).await, 20013);
    s.post(AMBER, "/group/admin/add", list(&s, BASIL)).await;
    s.expect("granted", &[(TEAM, s.notice(Group::AdminGranted, AMBER, &[BASIL], ""))]).await;
    let admins = s.get(CLOVER, &format!("/group/admin_list?group_id={team}")).await;
    assert_eq!((admins.as_array().unwrap().len(), &admins[0]["user_id"]), (1, &json!(s.uid(BASIL))));

    let mut ban = list(&s, CLOVER);
    ban["duration"] = json!(10);
    assert_eq!(s.refused(CLOVER, "/group/ban", ban.clone()).await, 20012);
    s.post(BASIL, "/group/ban", ban.clone()).await;
    s.expect("banned", &[(TEAM, s.notice(Group::Banned, BASIL, &[CLOVER], "10"))]).await;
    let meta = s.devices[CLOVER].meta(1, team, &body_to(team, "hm"));
    assert_eq!(refusal(&s.devices[CLOVER].send_meta(meta).await), (2, "the sender is muted in the group"));
    let path = format!("/group/banned_list?group_id={team}");
    assert!(s.get(AMBER, &path).await[0]["expired_time"].as_i64().unwrap() > 0);
    post(&s.server, "/admin/api/clock", json!({ "offset_ms": 11 * 60_000 })).await.data();
    assert_eq!(s.get(AMBER, &path).await, json!([]), "over");
    s.devices[CLOVER].text(2, team, "free again").await;
    ban["duration"] = json!("-1");
    s.post(BASIL, "/group/ban", ban).await;
    s.post(BASIL, "/group/unban", list(&s, CLOVER)).await;
    s.expect(
        "for ever, then not",
        &[
            (TEAM, s.notice(Group::Banned, BASIL, &[CLOVER], "-1")),
            (TEAM, s.notice(Group::Unbanned, BASIL, &[CLOVER], "")),
        ],
    )
    .await;

    let all = s.post(BASIL, "/group/settings/ban_all", json!({ "group_id": team, "duration": -1 })).await;
    assert_eq!(all, json!({ "ban_expire_time": -1 }));
    let meta = s.devices[CLOVER].meta(3, team, &body_to(team, "hm"));
    assert_eq!(refusal(&s.devices[CLOVER].send_meta(meta).await).0, 2);
    s.devices[BASIL].text(1, team, "admins may").await;
    s.post(BASIL, "/group/settings/unban_all", json!({ "group_id": team })).await;
    let until = |n: i64| format!(r#"{{"ban_expire_time":{n},"property":"ban_expire_time"}}"#);
    s.expect(
        "all",
        &[
            (TEAM, s.notice(Group::InfoUpdated, BASIL, &[], &until(-1))),
            (TEAM, s.notice(Group::InfoUpdated, BASIL, &[], &until(0))),
        ],
    )
    .await;

    let text = json!({ "group_id": team, "title": "Lunch", "content": "at noon" });
    assert_eq!(s.refused(CLOVER, "/group/announcement/edit", text.clone()).await, 20012);
    let number = s.post(BASIL, "/group/announcement/edit", text).await["id"].clone();
    let shown = s.get(CLOVER, &format!("/group/announcement/list?group_id={team}")).await;
    assert_eq!((&shown[0]["title"], &shown[0]["author"]), (&json!("Lunch"), &json!(s.uid(BASIL))));
    let one = format!("/group/announcement?group_id={team}&announcement_id={number}");
    assert_eq!(s.get(CLOVER, &one).await["content"], "at noon");
    let delete = json!({ "group_id": team, "announcement_id": number });
    s.post(AMBER, "/group/announcement/delete", delete.clone()).await;
    assert_eq!(s.refused(AMBER, "/group/announcement/delete", delete).await, 20020);
    s.expect(
        "announcements",
        &[
            (TEAM, s.notice(Group::AnnouncementUpdated, BASIL, &[], "")),
            (TEAM, s.notice(Group::AnnouncementUpdated, AMBER, &[], "")),
        ],
    )
    .await;

    s.post(AMBER, "/group/admin/remove", list(&s, BASIL)).await;
    s.expect("revoked", &[(TEAM, s.notice(Group::AdminRevoked, AMBER, &[BASIL], ""))]).await;
    let transfer = |to: u64| json!({ "group_id": team, "new_owner": to });
    assert_eq!(s.refused(BASIL, "/group/transfer", transfer(s.uid(BASIL))).await, 20013);
    assert_eq!(s.refused(AMBER, "/group/transfer", transfer(s.uid(DILL))).await, 20005);
    let line = s.post(AMBER, "/group/transfer", transfer(s.uid(CLOVER))).await;
    assert_eq!((&line["user_id"], &line["result"]), (&json!(s.uid(CLOVER)), &json!("success")));
    let content = format!(r#"{{"owner_id":{},"property":"owner_id"}}"#, s.uid(CLOVER));
    s.expect(
        "transferred",
        &[
            (TEAM, s.notice(Group::OwnerAssigned, AMBER, &[CLOVER], "")),
            (TEAM, s.notice(Group::InfoUpdated, AMBER, &[], &content)),
        ],
    )
    .await;
    assert_eq!(s.get(BASIL, &format!("/group/info?group_id={team}")).await["owner_id"], s.uid(CLOVER));
    s.post(AMBER, "/group/leave", json!({ "group_id": team })).await;
}

#[tokio::test]
async fn who_mutes_a_group_fully_gets_nothing_of_it() {
    let mut s = Stage::new().await;
    let team = s.team;
    let mode = |mode: i64| json!({ "group_id": team, "msg_mute_mode": mode });
    assert_eq!(s.refused(AMBER, "/group/msg/mute_mode", mode(3)).await, 20003);
    s.post(AMBER, "/group/msg/mute_mode", mode(2)).await;
    s.expect("muted", &[(&[AMBER, PHONE], s.notice(Group::Muted, AMBER, &[], ""))]).await;
    assert_eq!(s.get(AMBER, &format!("/group/info?group_id={team}")).await["msg_mute_mode"], 2);
    assert_eq!(s.get(BASIL, &format!("/group/info?group_id={team}")).await["msg_mute_mode"], 0);
    for device in [AMBER, PHONE, CLOVER] {
        s.devices[device].pull_all(team).await;
    }
    s.devices[BASIL].text(1, team, "lunch?").await;
    assert!(s.devices[AMBER].pull_all(team).await.is_empty());
    assert_eq!(texts(&s.devices[CLOVER].pull_all(team).await), ["lunch?"]);
    // She may write, and her own other device sees it.
    s.devices[AMBER].text(1, team, "busy").await;
    assert_eq!(texts(&s.devices[PHONE].pull_all(team).await), ["busy"]);
    s.post(AMBER, "/group/msg/mute_mode", mode(0)).await;
    s.expect("unmuted", &[(&[AMBER, PHONE], s.notice(Group::Unmuted, AMBER, &[], ""))]).await;
    s.devices[BASIL].text(2, team, "now?").await;
    assert_eq!(texts(&s.devices[AMBER].pull_all(team).await), ["now?"]);
}

#[tokio::test]
async fn a_huge_group_works() {
    let mut s = Stage::new().await;
    let team = s.team;
    let crowd = post(&s.server, "/admin/api/crowd", json!({ "group": team, "members": 1500 })).await;
    assert_eq!(crowd.data()["members"], 1503);
    s.devices[BASIL].text(1, team, "everybody").await;
    assert_eq!(texts(&s.devices[CLOVER].pull_all(team).await).last().unwrap(), "everybody");
    let members = s.get(AMBER, &format!("/group/member_list?group_id={team}")).await;
    assert_eq!(members.as_array().unwrap().len(), 1000, "shipped clients cannot page, so as many as possible");
    let login = post(&s.server, "/token/user", json!({ "name": members[3]["user_id"], "password": "x" })).await;
    assert_ne!(login.code(), 200);
}
