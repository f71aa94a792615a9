//! The expected pairs are written down here from the documentation of the cloud, not read from the table.
use std::collections::BTreeSet;

use serde_json::Value;

use super::ErrorCode as C;
use super::*;

fn rows() -> Vec<Value> {
    serde_json::from_str(include_str!("../error_codes.json")).unwrap()
}

fn texts(row: &Value) -> Vec<&str> {
    ["text", "zh", "remediation", "remediationZh"].iter().filter_map(|key| row[*key].as_str()).collect()
}

#[test]
fn names_and_numbers_are_unique_and_all_there() {
    let names: BTreeSet<_> = C::ALL.iter().map(|code| code.name()).collect();
    let numbers: Vec<_> = C::ALL.iter().map(|code| *code as u16).collect();
    assert_eq!((names.len(), C::ALL.len()), (126 + 8, 126 + 8));
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "ascending, so unique");
    assert_eq!(numbers.iter().filter(|n| **n < 9000).count(), 126);
    let ours = ["Unsupported", "StorageUnavailable", "StorageQuota", "CspBlocked", "WasmUnavailable"];
    let ours: Vec<_> = ours.into_iter().chain(["ArgumentInvalid", "Cancelled", "CoreStopped"]).zip(9000..).collect();
    assert_eq!(C::ALL[126..].iter().map(|code| (code.name(), *code as u16)).collect::<Vec<_>>(), ours);
    // The native numbers have no gap within a group of hundred.
    let groups =
        [(0, 11), (100, 18), (200, 3), (300, 12), (400, 7), (500, 4), (600, 24), (700, 47)].map(|(at, n)| at..at + n);
    assert_eq!(numbers[..126], groups.into_iter().flatten().collect::<Vec<u16>>());
}

#[test]
fn the_enum_is_the_table() {
    let rows = rows();
    let table: Vec<_> = rows.iter().map(|r| (r["name"].as_str(), r["number"].as_u64(), r["text"].as_str())).collect();
    let known: Vec<_> = C::ALL.iter().map(|c| (Some(c.name()), Some(*c as u64), Some(c.text()))).collect();
    assert_eq!(table, known);
    for (row, code) in rows.iter().zip(C::ALL) {
        assert_eq!(format!("{code:?}"), code.name());
        assert_eq!(row["retriable"].as_bool().unwrap_or(false), code.retriable(), "{}", code.name());
    }
}

#[test]
fn the_official_guide_has_109_of_the_names() {
    let rows = rows();
    let (official, rest): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row["official"] == true);
    assert_eq!(official.len(), 109);
    let rest: Vec<_> = rest.iter().filter_map(|row| row["number"].as_u64()).filter(|n| *n < 9000).collect();
    assert_eq!(rest, [5, 6, 7, 117, 710, 711, 712, 713, 714, 715, 716, 717, 718, 719, 720, 721, 722]);
}

#[test]
fn texts_are_there_in_both_languages() {
    let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    for row in rows() {
        let name = row["name"].as_str().unwrap();
        let (english, zh) = (row["text"].as_str().unwrap(), row["zh"].as_str().unwrap());
        assert!(english.ends_with('.') && english.is_ascii(), "{name}: {english}");
        assert!(zh.ends_with('。') && chinese(zh), "{name}: {zh}");
        match (row["remediation"].as_str(), row["remediationZh"].as_str()) {
            (None, None) => {}
            (Some(en), Some(zh)) => {
                assert!(en.ends_with('.') && en.is_ascii(), "{name}: {en}");
                assert!(zh.ends_with('。') && chinese(zh), "{name}: {zh}");
            }
            one => panic!("{name}: what to do is there in one language only: {one:?}"),
        }
        for text in texts(&row) {
            assert!(
                !text.contains(['{', '}', '%', '|', '\n']),
                "{name}: {text} has a place for a value, or breaks a table"
            );
        }
    }
    let distinct: BTreeSet<_> = C::ALL.iter().map(|code| code.text()).collect();
    assert_eq!(distinct.len(), C::ALL.len());
}

/// The body codes of the HTTP API, http-api 11.2: those with a native name.
const BODY: &[(u64, C)] = &[
    (402, C::InvalidToken),
    (10000, C::UserNotExist),
    (10001, C::InvalidVerificationCode),
    (10002, C::InvalidRequestParameter),
    (10003, C::MissingAccessToken),
    (10004, C::UserAlreadyExist),
    (10005, C::CurrentUserIsInRoster),
    (10006, C::CurrentUserIsInBlocklist),
    (10007, C::AnswerFailed),
    (10008, C::InvalidToken),
    (10010, C::UserPermissionDenied),
    (10012, C::RosterRejectApplication),
    (10021, C::RosterHasDeletedFromSystem),
    (11011, C::UserAlreadyExist),
    (20000, C::GroupServerDbError),
    (20001, C::GroupNotExist),
    (20002, C::GroupNotMemberFound),
    (20003, C::GroupMsgNotifyTypeUnknown),
    (20004, C::GroupOwnerCannotLeave),
    (20005, C::GroupTransferNotAllowed),
    (20006, C::GroupRecoveryMode),
    (20007, C::GroupExceedLimitGlobal),
    (20008, C::GroupExceedLimitUserCreate),
    (20009, C::GroupExceedLimitUserJoin),
    (20010, C::GroupCapacityExceedLimit),
    (20011, C::GroupMemberPermissionRequired),
    (20012, C::GroupAdminPermissionRequired),
    (20013, C::GroupOwnerPermissionRequired),
    (20014, C::GroupApplicationExpiredOrHandled),
    (20015, C::GroupInvitationExpiredOrHandled),
    (20016, C::GroupKickTooManyTimes),
    (20017, C::GroupMemberExist),
    (20018, C::GroupBlockListExist),
    (20020, C::GroupAnnouncementNotFound),
    (20021, C::GroupAnnouncementForbidden),
    (20022, C::GroupSharedFileNotFound),
    (20023, C::GroupSharedFileOperateNotAllowed),
    (30021, C::ServerAppLicenseInvalid),
    (30022, C::ServerAppLicenseExpired),
    (30023, C::ServerAppLicenseExceedLimit),
    (40000, C::ServerAppIdInvalid),
    (40001, C::ServerNotAllowOpenRegister),
    (40003, C::ServerAppStatusNotNormal),
];

/// Those without a native name: the nearest in meaning, by our own choice.
const BODY_OURS: &[(u64, C)] = &[
    (404, C::Unsupported),                       // the server's release does not know the call
    (10009, C::ServerUnknownError),              // object storage, either way
    (10011, C::UserAlreadyExist),                // id bound to another account
    (10028, C::ServerTooManyRequest),            // too many failed attempts
    (11001, C::UserAuthFailed),                  // password wrong
    (11012, C::UserAlreadyExist),                // phone bound to another account
    (11014, C::InvalidVerificationCode),         // picture captcha wrong
    (11022, C::ServerNeedRetry),                 // QR code not scanned yet
    (11031, C::UserPermissionDenied),            // phone has verified too many accounts
    (12001, C::ServerFileUploadUnknownError),    // push picture, Xiaomi
    (12002, C::InvalidRequestParameter),         // push picture too big
    (12003, C::ServerFileUploadUnknownError),    // push picture, OPPO
    (12004, C::InvalidRequestParameter),         // push picture URL
    (12005, C::InvalidRequestParameter),         // too many push targets
    (12006, C::ServerAppNotifierNotExist),       // push not activated
    (20024, C::InvalidRequestParameter),         // group QR invalid
    (20025, C::GroupInvitationExpiredOrHandled), // group QR expired
    (40002, C::ServerAppLicenseExceedLimit),     // the app's limit of users
    (99997, C::ServerDNSAppIdInvalid),
    (99998, C::ServerDNSAppIdInvalid),
];

#[test]
fn every_body_code_is_mapped() {
    let mapped: BTreeSet<u64> = BODY.iter().chain(BODY_OURS).map(|(code, _)| *code).collect();
    assert_eq!(mapped.len() + 1, 64, "with 200");
    for (code, want) in BODY.iter().chain(BODY_OURS) {
        let error = Error::from_http(*code, "some words");
        assert_eq!((error.code, error.domain), (*want, Domain::Http), "{code}");
        assert_eq!(error.detail, format!("code {code}: some words"));
    }
    assert_eq!(C::from_http(200), C::NoError);
    for unknown in [0, 201, 9999, 10099, 20019, 4_000_000_000, u64::MAX] {
        let error = Error::from_http(unknown, "");
        assert_eq!(error.code, C::ServerUnknownError);
        assert!(error.to_string().contains(&unknown.to_string()), "{error}");
    }
}

#[test]
fn the_table_maps_no_other_body_code() {
    let known: BTreeSet<_> = BODY.iter().chain(BODY_OURS).map(|(code, _)| *code).chain([200]).collect();
    let rows = rows();
    let table: Vec<_> = rows.iter().filter_map(|r| r["http"].as_array()).flatten().filter_map(Value::as_u64).collect();
    assert_eq!(table.iter().copied().collect::<BTreeSet<_>>(), known);
    assert_eq!(table.len(), known.len(), "a code in two rows");
}

#[test]
fn http_statuses() {
    let pairs = [
        (400, C::InvalidRequestParameter, false),
        (401, C::UserPermissionDenied, false), // no body said that the token is bad, so it is not given up
        (403, C::UserPermissionDenied, false),
        (404, C::Unsupported, false),
        (405, C::Unsupported, false),
        (408, C::ServerTimeOut, true),
        (413, C::InvalidRequestParameter, false),
        (414, C::InvalidRequestParameter, false),
        (422, C::InvalidRequestParameter, false),
        (429, C::ServerTooManyRequest, true),
        (500, C::ServerBusy, true),
        (501, C::Unsupported, false),
        (502, C::ServerBusy, true),
        (503, C::ServerBusy, true),
        (504, C::ServerTimeOut, true),
        (599, C::ServerBusy, true),
        (418, C::ServerUnknownError, false),
        (304, C::ServerUnknownError, false),
        (600, C::ServerUnknownError, false),
        (0, C::ServerUnknownError, false),
    ];
    for (status, code, retriable) in pairs {
        let error = Error::from_transport(status);
        assert_eq!((error.code, error.retriable()), (code, retriable), "{status}");
        assert_eq!(error.detail, format!("HTTP status {status}"));
    }
}

#[test]
fn frame_statuses() {
    let statuses = [
        C::ServerFireplaceUnknownError, // UNKNOWN
        C::NoError,                     // OK
        C::ServerFireplaceUnknownError, // FAIL
        C::ServerFireplaceUnknownError, // UNKNOWN_COMMAND
        C::ServerFireplaceUnknownError, // PB_PARSER_ERROR
        C::ServerDecryptionFailed,
        C::ServerFireplaceUnknownError, // PUBLIC_KEY_CHANGED
        C::InvalidToken,
        C::InvalidRequestParameter, // INVALID_PARAMETER has no suggestion; this is what it says
        C::UserAuthFailed,          // UNAUTHORIZED; UserNotLogin by its reason
        C::UserFrozen,
        C::UserBanned,
        C::MessageCensored,
        C::UserTooManyDevice,
        C::ServerEncryptMethodUnsupported,
        C::ServerFireplaceUnknownError, // DEVICE_GUID_CONFLICT
        C::ServerFireplaceUnknownError, // CHECK_SUM_FAILURE
        C::ServerInvalidLicense,
        C::ServerLicenseLimit,
        C::ServerAppFrozen,
        C::MessageRateLimitExceeded,
    ];
    assert_eq!(statuses.len(), 21);
    for (status, want) in (0..).zip(statuses) {
        assert_eq!(C::from_frame(status), want, "{status}");
        let error = Error::from_frame(status, "some words".into());
        let vague = matches!(want, C::ServerFireplaceUnknownError | C::NoError);
        assert_eq!(error.domain, Domain::Frame);
        assert_eq!(error.code, if vague { C::ServerFireplaceUnknownError } else { want });
        assert_eq!(error.detail, if vague { format!("status {status}: some words") } else { "some words".into() });
    }
    for unknown in [21, 99, -1, i32::MAX, i32::MIN] {
        let error = Error::from_frame(unknown, String::new());
        assert_eq!(error.code, C::ServerFireplaceUnknownError);
        assert_eq!(error.detail, format!("status {unknown}"));
    }
}

#[test]
fn reasons() {
    let texts = [
        ("you must login first", C::UserNotLogin),
        ("exceed recall time limit", C::MessageOutRecallTime),
        ("antispam", C::MessageCensored),
        ("refused by antispam rule 7", C::MessageCensored),
        ("account_verify_needed", C::UserPermissionDenied),
        ("verify_needed", C::UserPermissionDenied),
        ("you have been blocked by the recipient", C::CurrentUserIsInBlocklist),
        ("your relation with target does not allow chat", C::RosterNotFriend),
        ("client msg id duplicated", C::MessageInvalid),
        ("Operation rejected", C::UserAuthFailed),
        ("Operation rejected: wrong password", C::UserAuthFailed),
        ("invalid request parameter", C::InvalidRequestParameter),
    ];
    for (text, code) in texts {
        assert_eq!(Error::from_frame(2, text.into()), Error::new(Domain::Frame, code, text), "{text}");
        assert_eq!(Error::from_http(40010, text).code, code, "{text}");
    }
    assert_eq!(REASONS.len(), 9, "each of them is above");
    assert_eq!(Error::from_frame(9, "you must login first".into()).code, C::UserNotLogin);
    assert_eq!(Error::from_frame(2, "something else".into()).code, C::ServerFireplaceUnknownError);
}

#[test]
fn a_precise_code_is_not_overruled_by_a_reason() {
    for (status, code) in
        [(7, C::InvalidToken), (10, C::UserFrozen), (12, C::MessageCensored), (20, C::MessageRateLimitExceeded)]
    {
        assert_eq!(Error::from_frame(status, "Operation rejected".into()).code, code);
    }
    assert_eq!(Error::from_http(402, "Operation rejected").code, C::InvalidToken);
    assert_eq!(Error::from_http(99998, "invalid request parameter").code, C::ServerDNSAppIdInvalid);
    assert_eq!(Error::from_http(200, "").code, C::ServerUnknownError, "success is never an error's code");
}

#[test]
fn what_may_work_later() {
    let retriable: Vec<_> = C::ALL.iter().filter(|code| code.retriable()).map(|code| code.name()).collect();
    assert_eq!(
        retriable,
        [
            "SignInTimeout",
            "MessageRateLimitExceeded",
            "GroupServerDbError",
            "GroupRecoveryMode",
            "ServerNotReachable",
            "ServerBusy",
            "ServerNeedRetry",
            "ServerTimeOut",
            "ServerConnectFailed",
            "ServerDNSFailed",
            "ServerDNSFetchFailed",
            "ServerDNSHealthCheckFailed",
            "ServerTokenRequestTooMany",
            "ServerNeedReconnected",
            "ServerFileUploadUnknownError",
            "ServerFileDownloadUnknownError",
            "ServerTooManyRequest",
            "Cancelled",
            "CoreStopped",
        ]
    );
}

#[test]
fn the_detail_follows_the_text() {
    let bare = Error::new(Domain::Argument, C::UserNotLogin, "");
    assert_eq!(bare.to_string(), "Nobody is logged in.");
    assert_eq!(
        Error::argument("`id` is missing").to_string(),
        format!("{} (`id` is missing)", C::ArgumentInvalid.text().trim_end_matches('.'))
    );
}
