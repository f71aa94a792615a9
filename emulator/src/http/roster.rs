//! Contacts (http-api 8.6).
use serde_json::json;

use super::{Answer, call::Call};
use crate::guard;

/// `GET /roster/list`: ids of all friends, in one page.
pub(super) fn ids(call: &Call<'_>) -> Answer {
    Ok(json!(guard(&call.cloud.store).friends(call.caller)?))
}

/// `POST /roster/list`: cards of any users, strangers and the caller included; unknown ids are
/// left out.
pub(super) fn cards(call: &Call<'_>) -> Answer {
    let ids = call.params.ids("list")?;
    Ok(json!(guard(&call.cloud.store).roster_items(call.caller, &ids)?))
}
