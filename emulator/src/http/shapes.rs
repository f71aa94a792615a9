//! The shapes of answers (http-api 9) by name.
use super::table::Shape::{self, Bool, Fields, List, Num, Str};

/// All of them, as the OpenAPI document lists them.
pub(super) const SHAPES: &[(&str, Shape)] = &[
    ("Token", TOKEN),
    ("UserSettings", USER_SETTINGS),
    ("UserProfile", USER_PROFILE),
    ("RosterItem", ROSTER_ITEM),
    ("RosterApplication", ROSTER_APPLICATION),
    ("GroupInfo", GROUP_INFO),
    ("GroupMember", GROUP_MEMBER),
    ("UserResult", USER_RESULT),
    ("Announcement", ANNOUNCEMENT),
    ("GroupApplication", GROUP_APPLICATION),
    ("GroupInvitation", GROUP_INVITATION),
    ("GroupBlocked", GROUP_BLOCKED),
    ("Device", DEVICE),
    ("SupportContact", SUPPORT_CONTACT),
    ("Dns", DNS),
    ("Credentials", CREDENTIALS),
    ("FileUpload", FILE_UPLOAD),
    ("SharedFile", SHARED_FILE),
];

const TOKEN: Shape = Fields(&[
    ("token", Str),
    ("user_id", Num),
    ("public_key", Str),
    ("expire", Num),
    ("store_token", Str),
    ("access_key_secret", Str),
    ("encrypt_type", Num),
    ("push_token?", Str),
]);

const USER_SETTINGS: Shape = Fields(&[
    ("user_id", Num),
    ("id", Num),
    ("auth_mode", Num),
    ("auth_question", Str),
    ("auth_answer", Str),
    ("auto_download", Bool),
    ("group_confirm", Bool),
    ("no_push", Bool),
    ("no_push_detail", Bool),
    ("no_push_start_hour", Num),
    ("no_push_end_hour", Num),
    ("no_sounds", Bool),
    ("vibratory", Bool),
    ("push_nick_name", Str),
    ("push_token", Str),
    ("silence_start_time", Num),
    ("silence_end_time", Num),
]);

const USER_PROFILE: Shape = Fields(&[
    ("user_id", Num),
    ("username", Str),
    ("nick_name", Str),
    ("avatar", Str),
    ("mobile", Str),
    ("email", Str),
    ("description", Str),
    ("public_info", Str),
    ("private_info", Str),
]);

const ROSTER_ITEM: Shape = Fields(&[
    ("user_id", Num),
    ("username", Str),
    ("nick_name", Str),
    ("avatar", Str),
    ("alias", Str),
    ("ext", Str),
    ("description", Str),
    ("public_info", Str),
    ("relation", Num),
    ("mute_notification", Bool),
    ("auth_mode", Num),
    ("auth_question", Str),
]);

const ROSTER_APPLICATION: Shape = Fields(&[("user_id", Num), ("reason", Str), ("status", Num), ("expired_time", Num)]);

const GROUP_INFO: Shape = Fields(&[
    ("group_id", Num),
    ("name", Str),
    ("avatar", Str),
    ("description", Str),
    ("ext", Str),
    ("owner_id", Num),
    ("owner", Num),
    ("type", Num),
    ("status", Num),
    ("count", Num),
    ("capacity", Num),
    ("created_at", Num),
    ("updated_at", Num),
    ("apply_approval", Num),
    ("member_invite", Bool),
    ("member_modify", Bool),
    ("read_ack", Bool),
    ("history_visible", Bool),
    ("hide_member_info", Bool),
    ("ban_expire_time", Num),
    ("msg_mute_mode", Num),
    ("msg_push_mode", Num),
]);

const GROUP_MEMBER: Shape =
    Fields(&[("user_id", Num), ("display_name", Str), ("join_time", Num), ("expired_time", Num)]);

const USER_RESULT: Shape = Fields(&[("user_id", Num), ("result", Str), ("reason", Str)]);

const ANNOUNCEMENT: Shape =
    Fields(&[("id", Num), ("group_id", Num), ("author", Num), ("title", Str), ("content", Str), ("created_at", Num)]);

const GROUP_APPLICATION: Shape =
    Fields(&[("group_id", Num), ("applicant_id", Num), ("reason", Str), ("status", Num), ("expired_time", Num)]);

const GROUP_INVITATION: Shape = Fields(&[
    ("group_id", Num),
    ("inviter_id", Num),
    ("invitee_id", Num),
    ("reason", Str),
    ("status", Num),
    ("expired_time", Num),
    ("updated_at", Str),
]);

const GROUP_BLOCKED: Shape = Fields(&[("group_id", Num), ("user_id", Num), ("created_at", Str)]);

const DEVICE: Shape =
    Fields(&[("device_sn", Num), ("platform", Num), ("user_agent", Str), ("user_id", Num), ("last_login", Num)]);

const SUPPORT_CONTACT: Shape =
    Fields(&[("user_id", Num), ("username", Str), ("nickname", Str), ("avatar", Str), ("source", Str)]);

const PLACES: Shape = List(&Fields(&[("protocol", Str), ("host", Str), ("ip_list", List(&Str))]));
const CLUSTERS: Shape =
    List(&Fields(&[("cluster_id", Num), ("ratel", PLACES), ("ws", PLACES), ("webim?", PLACES), ("rtc", PLACES)]));
const DOMAINS: Shape = List(&Fields(&[("domain", Str)]));

const DNS: Shape = Fields(&[
    ("version", Num),
    ("app_status", Str),
    ("account_verification", Fields(&[("type", Str), ("status", Str), ("name", Str)])),
    ("dns_list", List(&Fields(&[("group_level", Num), ("clusters", CLUSTERS)]))),
    ("dns_server_list", DOMAINS),
    ("link_server_list", DOMAINS),
    ("recommend_cluster_id?", Num),
    ("clusters?", CLUSTERS),
]);

const FILE_UPLOAD: Shape = Fields(&[
    ("upload_url", Str),
    ("upload_method", Str),
    ("download_url", Str),
    (
        "oss_body_param",
        Fields(&[("OSSAccessKeyId?", Str), ("policy?", Str), ("signature?", Str), ("callback?", Str), ("key?", Str)]),
    ),
]);

const SHARED_FILE: Shape = Fields(&[
    ("file_id", Num),
    ("group_id", Num),
    ("name", Str),
    ("size", Num),
    ("type", Str),
    ("url", Str),
    ("uploader", Num),
    ("created_at", Num),
    ("updated_at", Num),
]);

/// For a login in the usual way; the password works once.
const CREDENTIALS: Shape =
    Fields(&[("openid?", Str), ("user_id?", Num), ("username?", Str), ("password?", Str), ("sign?", Str)]);
