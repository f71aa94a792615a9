//! The contact list, the group list, and the cards of both (xsync 3.1).
use super::{Call, Caller, data, field, items, text};
use crate::core::json::Value;
use crate::core::model::{Error, Group, User};

/// Ids of the contacts.
pub fn roster_ids(caller: Caller<'_>) -> Call<Vec<u64>> {
    Call { request: caller.request("GET", "/roster/list", None), parse: |body| ids(body, "user_id") }
}

/// Ids of the groups the user is in.
pub fn group_ids(caller: Caller<'_>) -> Call<Vec<u64>> {
    Call { request: caller.request("GET", "/group/user_joined", None), parse: |body| ids(body, "group_id") }
}

/// Plain ids, or objects that hold one.
fn ids(body: &str, key: &str) -> Result<Vec<u64>, Error> {
    items(body, |item| item.get(key).unwrap_or(item).as_id())
}

/// Ids of the users and groups whose conversations are pinned, on all devices.
pub fn pins(caller: Caller<'_>) -> Call<Vec<u64>> {
    Call { request: caller.request("GET", "/user/conversation/pin_list", None), parse: parse_pins }
}

fn parse_pins(body: &str) -> Result<Vec<u64>, Error> {
    let data = data(body)?;
    let ids = field(&data, "conversation_ids").as_array().unwrap_or(&[]);
    Ok(ids.iter().filter_map(Value::as_id).collect())
}

/// Cards of users, in one call. `is_contact` is left to the caller.
pub fn user_cards(caller: Caller<'_>, ids: &[u64]) -> Call<Vec<User>> {
    let body = Value::object([("list", ids.into())]).to_string();
    Call { request: caller.request("POST", "/roster/list", Some(body)), parse: parse_users }
}

fn parse_users(body: &str) -> Result<Vec<User>, Error> {
    items(body, |card| {
        Some(User {
            id: field(card, "user_id").as_id()?,
            username: text(card, "username")?,
            nickname: text(card, "nick_name")?,
            alias: text(card, "alias")?,
            avatar: text(card, "avatar")?,
            is_contact: false,
            muted: field(card, "mute_notification").as_bool().unwrap_or(false),
        })
    })
}

/// Cards of groups, in one call.
pub fn group_cards(caller: Caller<'_>, ids: &[u64]) -> Call<Vec<Group>> {
    let body = Value::object([("group_list", ids.into())]).to_string();
    Call { request: caller.request("POST", "/group/info/batch", Some(body)), parse: parse_groups }
}

fn parse_groups(body: &str) -> Result<Vec<Group>, Error> {
    // What is there must be right; null is as good as absent for an owner, not for a count.
    let owner = |card: &Value, name: &str| match field(card, name) {
        Value::Null => Some(None),
        value => value.as_id().map(Some),
    };
    items(body, |card| {
        Some(Group {
            id: field(card, "group_id").as_id()?,
            name: text(card, "name")?,
            avatar: text(card, "avatar")?,
            owner: owner(card, "owner_id")?.or(owner(card, "owner")?).unwrap_or(0),
            count: card.get("count").map_or(Some(0), |count| u32::try_from(count.as_u64()?).ok())?,
            muted: field(card, "msg_mute_mode").as_u64().unwrap_or(0) != 0,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_plain_or_in_objects_and_bad_ones_are_left_out() {
        let body = r#"{"code":200,"data":[1,"2",{"user_id":3},null,{"x":1},-4]}"#;
        assert_eq!(ids(body, "user_id").unwrap(), [1, 2, 3]);
    }

    #[test]
    fn cards_tolerate_nulls_and_skip_what_has_no_id() {
        let body = r#"{"code":200,"data":[{"user_id":1,"username":"a","nick_name":null},{"username":"b"},7]}"#;
        let users = parse_users(body).unwrap();
        assert_eq!(users.len(), 1);
        assert_eq!(users[0].display_name(), "a");
        let groups = parse_groups(r#"{"code":200,"data":[{"group_id":"17","owner":3,"count":2}]}"#).unwrap();
        assert_eq!((groups[0].id, groups[0].owner, groups[0].count), (17, 3, 2));
    }
}
