//! Groups (http-api 8.7).
use serde_json::json;

use super::{Answer, ApiError, call::Call};
use crate::guard;

/// `GET /group/user_joined`: ids of the caller's groups.
pub(super) fn joined(call: &Call<'_>) -> Answer {
    Ok(json!(guard(&call.cloud.store).joined_groups(call.caller)?))
}

/// `GET /group/info`: also for those who are not in it.
pub(super) fn info(call: &Call<'_>) -> Answer {
    let group = guard(&call.cloud.store)
        .group(call.params.id("group_id")?)?
        .ok_or_else(|| ApiError::new(20001, "group does not exist"))?;
    Ok(json!(group))
}

/// `POST /group/info/batch`: the same for many groups; unknown ids are left out.
pub(super) fn info_batch(call: &Call<'_>) -> Answer {
    let store = guard(&call.cloud.store);
    let mut groups = Vec::new();
    for gid in call.params.ids("group_list")? {
        groups.extend(store.group(gid)?);
    }
    Ok(json!(groups))
}
