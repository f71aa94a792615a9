//! The contact list, the group list, and the cards of both (xsync 3.1).
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Call, Caller, Id, data, items, text};
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
    let list: Vec<Value> = data(body)?;
    let list = list.into_iter().map(|v| v.get(key).cloned().unwrap_or(v)).collect();
    Ok(items::<Id>(list).into_iter().map(|id| id.0).collect())
}

/// Cards of users, in one call. `is_contact` is left to the caller.
pub fn user_cards(caller: Caller<'_>, ids: &[u64]) -> Call<Vec<User>> {
    let body = json!({ "list": ids }).to_string();
    Call { request: caller.request("POST", "/roster/list", Some(body)), parse: parse_users }
}

fn parse_users(body: &str) -> Result<Vec<User>, Error> {
    #[derive(Deserialize)]
    struct Card {
        user_id: Id,
        #[serde(default, deserialize_with = "text")]
        username: String,
        #[serde(default, deserialize_with = "text")]
        nick_name: String,
        #[serde(default, deserialize_with = "text")]
        alias: String,
        #[serde(default, deserialize_with = "text")]
        avatar: String,
    }
    let list = items::<Card>(data(body)?).into_iter();
    Ok(list
        .map(|c| User {
            id: c.user_id.0,
            username: c.username,
            nickname: c.nick_name,
            alias: c.alias,
            avatar: c.avatar,
            is_contact: false,
        })
        .collect())
}

/// Cards of groups, in one call.
pub fn group_cards(caller: Caller<'_>, ids: &[u64]) -> Call<Vec<Group>> {
    let body = json!({ "group_list": ids }).to_string();
    Call { request: caller.request("POST", "/group/info/batch", Some(body)), parse: parse_groups }
}

fn parse_groups(body: &str) -> Result<Vec<Group>, Error> {
    #[derive(Deserialize)]
    struct Card {
        group_id: Id,
        #[serde(default, deserialize_with = "text")]
        name: String,
        #[serde(default, deserialize_with = "text")]
        avatar: String,
        #[serde(default)]
        owner_id: Option<Id>,
        #[serde(default)]
        owner: Option<Id>,
        #[serde(default)]
        count: u32,
    }
    let list = items::<Card>(data(body)?).into_iter();
    Ok(list
        .map(|c| Group {
            id: c.group_id.0,
            name: c.name,
            avatar: c.avatar,
            owner: c.owner_id.or(c.owner).map_or(0, |id| id.0),
            count: c.count,
        })
        .collect())
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
