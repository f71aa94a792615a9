//! The files of a group (http-api 8.7). Uploading the bytes is one thing, putting them on the list
//! another.
use floo_wasm::core::proto::group_notice::Type as Notice;
use serde_json::{Value, json};

use super::{
    Answer, ApiError,
    call::Call,
    group_call::{GID, GroupCall},
    table::{Param, Shape::*, Type::*, may, must, rows},
};
use crate::store::{GroupFile, NewGroupFile, Role};

const NAME_LIMIT: usize = 256;
const TYPE_LIMIT: usize = 128;
const URL_LIMIT: usize = 2048;
/// JSON numbers are exact up to here.
const SIZE_LIMIT: i64 = 1 << 53;

const FILE: Param = must("file_id", Id);
const NAME: Param = must("name", Word(NAME_LIMIT));

#[rustfmt::skip]
rows! {
    P2 GET "/group/file/list" Token list [GID] -> List(&Named("SharedFile")), [20001, 20011], "The files of a group";
    Rest GET "/group/file" Token one [GID, FILE] -> Named("SharedFile"), [20001, 20011, 20022], "One of them";
    P2 POST "/group/file/upload" Token upload [GID, NAME, must("size", Int), must("url", Word(URL_LIMIT)), may("type", Text(TYPE_LIMIT))] -> Named("SharedFile"), [20001, 20011], "Puts an uploaded file on the list";
    Rest POST "/group/file/update_name" Token rename [GID, FILE, NAME] -> Bool, [20001, 20011, 20022, 20023], "Renames one";
    P2 POST "/group/file/delete" Token delete [GID, must("file_list", Ids)] -> List(&Fields(&[("file_id", Num), ("result", Str), ("reason", Str)])), [20001, 20011], "Deletes some";
}

/// `GET /group/file/list`.
fn list(call: &Call<'_>) -> Answer {
    let asked = GroupCall::open_as(call, Role::Member)?;
    Ok(json!(asked.store.group_files(asked.gid())?))
}

/// `GET /group/file`.
fn one(call: &Call<'_>) -> Answer {
    let asked = GroupCall::open_as(call, Role::Member)?;
    Ok(json!(find(&asked)?))
}

/// `POST /group/file/upload`: puts an uploaded file on the list.
fn upload(call: &Call<'_>) -> Answer {
    let mut asked = GroupCall::open_as(call, Role::Member)?;
    let name = name(call)?;
    let size = call.params.number("size")?.ok_or_else(|| ApiError::parameter("size", "missing"))?;
    if !(0..=SIZE_LIMIT).contains(&size) {
        return Err(ApiError::parameter("size", "must be a number of bytes"));
    }
    let url = call.params.required_text("url")?;
    if url.len() > URL_LIMIT || !(url.starts_with("http://") || url.starts_with("https://")) {
        return Err(ApiError::parameter("url", "must be the download_url of the upload"));
    }
    // Clients hang their parameters on with an ampersand.
    let url = if url.contains('?') { url.to_owned() } else { format!("{url}?") };
    let kind = call.params.short_text("type", TYPE_LIMIT)?;
    let file =
        NewGroupFile { group: asked.gid(), uploader: call.caller, name, size: size.cast_unsigned(), kind, url: &url };
    let file = asked.store.share_file(&file, call.now())?;
    tell(&mut asked, Notice::FileUploaded, &[&file])?;
    Ok(json!(file))
}

/// `POST /group/file/update_name`.
fn rename(call: &Call<'_>) -> Answer {
    let mut asked = GroupCall::open_as(call, Role::Member)?;
    let name = name(call)?;
    let mut file = find(&asked)?;
    if !may_change(&asked, &file) {
        return Err(ApiError::new(20023, "only for the uploader, the owner and admins"));
    }
    asked.store.rename_group_file(file.file_id, name, call.now())?;
    name.clone_into(&mut file.name);
    tell(&mut asked, Notice::FileUpdated, &[&file])?;
    Ok(json!(true))
}

/// `POST /group/file/delete`: an answer for each file. Bytes that no other URL leads to go too.
fn delete(call: &Call<'_>) -> Answer {
    let mut asked = GroupCall::open_as(call, Role::Member)?;
    let mut wanted = call.params.ids("file_list")?;
    wanted.sort_unstable();
    wanted.dedup();
    let (mut lines, mut gone) = (Vec::new(), Vec::new());
    for number in wanted {
        let failure = match asked.store.group_file(asked.gid(), number)? {
            None => Some("no such file"),
            Some(file) if !may_change(&asked, &file) => Some("only for the uploader, the owner and admins"),
            Some(file) => {
                let sign = file.url.split_once("sign=").map_or("", |(_, sign)| sign);
                if let Some(object) = asked.store.unshare_file(number, sign)? {
                    call.cloud.files.remove(&object);
                }
                gone.push(file);
                None
            }
        };
        let result = if failure.is_none() { "success" } else { "fail" };
        lines.push(json!({ "file_id": number, "result": result, "reason": failure.unwrap_or("") }));
    }
    if !gone.is_empty() {
        tell(&mut asked, Notice::FileDeleted, &gone.iter().collect::<Vec<_>>())?;
    }
    Ok(Value::Array(lines))
}

fn name<'a>(call: &'a Call<'_>) -> Result<&'a str, ApiError> {
    call.params.required_text("name")?;
    call.params.short_text("name", NAME_LIMIT)
}

fn find(asked: &GroupCall<'_>) -> Result<GroupFile, ApiError> {
    let number = asked.call.params.id("file_id")?;
    asked.store.group_file(asked.gid(), number)?.ok_or_else(|| ApiError::new(20022, "no such file"))
}

fn may_change(asked: &GroupCall<'_>, file: &GroupFile) -> bool {
    file.uploader == asked.call.caller || asked.role >= Some(Role::Admin)
}

/// A notice to all members: which files, by number and name.
fn tell(asked: &mut GroupCall<'_>, kind: Notice, files: &[&GroupFile]) -> Result<(), ApiError> {
    let files: Vec<_> = files.iter().map(|file| json!({ "file_id": file.file_id, "name": file.name })).collect();
    asked.tell_members(kind, &[], &json!({ "files": files }).to_string())
}
