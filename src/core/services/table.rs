//! Every endpoint of the cloud's HTTP API that this SDK knows (http-api 8), as one table of text: a row costs
//! about fifteen bytes of a packed binary that way, and adding an endpoint is adding a line.
//!
//! ```text
//! name        method  who may  answer  path           parameters                      what follows here
//! rosterExt   POST    user     any     /roster/ext    user_id:id ext:text alias:text? !card
//! ```
//!
//! * `+` behind the method: reading only, so it may be repeated, and parallel calls are one.
//! * `?` behind the answer: the cloud says null for nothing.
//! * A path that begins with `<...>` is not on the cloud's HTTP host.
//! * Parameters are `name:kind`, with `?` when they may be left out; in the query of a GET and in the body of
//!   others, but for those that begin with `@`.
//!
//! Where the previous SDK and the description of the API differ, this is the description's side: the device
//! to be kicked and the push settings go into the query, and so do cursors.

/// Who may call an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody; no token is sent.
    Open,
    /// Everybody; a token is sent if there is one.
    Maybe,
    /// Whoever is logged in.
    User,
    /// Nobody: it moves files, which the platform does by itself.
    Host,
    /// Nobody: this SDK has no use for it.
    Never,
}

/// What the `data` of an answer is, and what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Whatever; mostly true for success.
    Any,
    /// True or false, with a meaning.
    Flag,
    /// A text.
    Text,
    /// An object.
    Object,
    /// Where to upload to: an object with checked addresses.
    Upload,
    /// A list of objects.
    List,
    /// A list of ids, also where the cloud wraps them in objects.
    Ids,
    /// A page of a list of objects.
    Page,
    /// A page of a list of ids.
    IdPage,
}

/// What a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A positive integer of 64 bits.
    Id,
    /// A list of ids.
    Ids,
    /// An integer of 64 bits.
    Int,
    /// An integer of 32 bits.
    Small,
    /// 0 to 23.
    Hour,
    /// True or false.
    Flag,
    /// A text.
    Text,
    /// A text that is sent empty when it is not given.
    Key,
    /// Anything.
    Json,
    /// Not sent: the server that takes the place of the path's `<...>`.
    Base,
    /// The whole body: a list of objects with `user_id` and, if wanted, `alias` and `reason`.
    Wishes,
}

/// What a call changes on this device, because no notice will tell of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The user `user_id` is no contact any more, and the conversation with them is gone.
    Stranger,
    /// The card of the user `user_id`, or else the user's own, is another one.
    Card,
    /// The card of the group `group_id` is another one.
    Group,
    /// What is pinned is something else.
    Pins,
}

/// A parameter of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param {
    /// Its name, for callers and on the wire.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// It may not be left out.
    pub required: bool,
    /// It stands in the query string.
    pub in_query: bool,
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// The name it is called by; that of the previous SDK.
    pub name: &'static str,
    /// `GET`, `POST` or `DELETE`.
    pub method: &'static str,
    /// It changes nothing on the server: may be repeated.
    pub safe: bool,
    /// Who may call it.
    pub access: Access,
    /// What it answers.
    pub answer: Answer,
    /// Null is an answer too, for an empty one.
    pub nullable: bool,
    /// The path, or what stands for it.
    pub path: &'static str,
    rest: &'static str,
}

impl Endpoint {
    /// The endpoint of that name.
    pub fn find(name: &str) -> Option<Self> {
        let mut rows = TABLE;
        while !rows.is_empty() {
            let mut row = cut(&mut rows, b'\n');
            let found = cut(&mut row, b' ');
            if found == name {
                return Self::parse(found, row);
            }
        }
        None
    }

    /// All endpoints.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.split('\n').filter_map(|row| Self::find(row.split(' ').next()?))
    }

    /// Its parameters, in the order they are sent.
    pub fn params(&self) -> Vec<Param> {
        let (mut rest, mut params) = (self.rest, Vec::new());
        while !rest.is_empty() {
            params.extend(Param::parse(cut(&mut rest, b' '), self.method == "GET"));
        }
        params
    }

    /// What it changes on this device.
    pub fn effect(&self) -> Option<Effect> {
        let mut rest = self.rest;
        cut(&mut rest, b'!');
        match rest {
            "stranger" => Some(Effect::Stranger),
            "card" => Some(Effect::Card),
            "group" => Some(Effect::Group),
            "pins" => Some(Effect::Pins),
            _ => None,
        }
    }

    fn parse(name: &'static str, mut row: &'static str) -> Option<Self> {
        let method = cut(&mut row, b' ');
        let access = match cut(&mut row, b' ') {
            "open" => Access::Open,
            "maybe" => Access::Maybe,
            "user" => Access::User,
            "host" => Access::Host,
            "never" => Access::Never,
            _ => return None,
        };
        let answer = cut(&mut row, b' ');
        let kind = answer.strip_suffix('?').unwrap_or(answer);
        let nullable = kind.len() < answer.len();
        let answer = match kind {
            "any" => Answer::Any,
            "flag" => Answer::Flag,
            "text" => Answer::Text,
            "object" => Answer::Object,
            "upload" => Answer::Upload,
            "list" => Answer::List,
            "ids" => Answer::Ids,
            "page" => Answer::Page,
            "idpage" => Answer::IdPage,
            _ => return None,
        };
        let path = cut(&mut row, b' ');
        let safe = method.ends_with('+');
        let method = match method.as_bytes().first() {
            Some(b'G') => "GET",
            Some(b'D') => "DELETE",
            _ => "POST",
        };
        Some(Self { name, method, safe, access, answer, nullable, path, rest: row })
    }
}

impl Param {
    fn parse(mut kind: &'static str, get: bool) -> Option<Self> {
        let name = cut(&mut kind, b':');
        let bare = kind.strip_suffix('?').unwrap_or(kind);
        let required = bare.len() == kind.len();
        let kind = match bare {
            "id" => Kind::Id,
            "ids" => Kind::Ids,
            "int" => Kind::Int,
            "small" => Kind::Small,
            "hour" => Kind::Hour,
            "flag" => Kind::Flag,
            "text" => Kind::Text,
            "key" => Kind::Key,
            "json" => Kind::Json,
            "base" => Kind::Base,
            "wishes" => Kind::Wishes,
            _ => return None,
        };
        let bare = name.strip_prefix('@').unwrap_or(name);
        Some(Self { name: bare, kind, required, in_query: get || bare.len() < name.len() })
    }
}

/// Cuts off what stands before a byte of ASCII, and that byte; everything when it is not there.
fn cut<'a>(text: &mut &'a str, at: u8) -> &'a str {
    let whole = *text;
    let end = whole.bytes().position(|byte| byte == at).unwrap_or(whole.len());
    *text = whole.get(end + 1..).unwrap_or("");
    whole.get(..end).unwrap_or("")
}

const TABLE: &str = "\
getServers GET+ open object <dns> app_id:text source:text?
getAppConfig GET+ open object? /app/config platform:small
parseLink GET+ open object <link>/info link:text server:base?
tokenUser POST open object /token/user name:text password:text mobile:text? device_guid:text?
tokenId POST open object /token/id user_id:id password:text device_guid:text?
userRegister POST open object /user/register/v2 username:text password:text
userRegisterAnonymous POST open object /user/register/anonymous username:text password:text cid:int?
userBindMobile POST user any /app/user/mobile_bind captcha:text mobile:text
userMobileBind POST user any /app/user/mobile_bind captcha:text mobile:text
userUpdateMobile POST user any /app/user/mobile_update mobile:text
userMobileBindSign POST maybe any /app/user/mobile_bind_with_sign sign:text mobile:text
userMobileLogin GET open object /app/user/info_pwd captcha:text mobile:text
userNameCheck GET+ open flag /app/user/name_check username:text
userGenerateSecretInfo POST user object /app/secret_info expire_seconds:small secret_text:text
userSendSecretInfo GET open object /app/secret_info code:text
userChangeMobileCheckPassword POST user object /app/user/mobile_prechange_by_password password:text
userChangeMobileCheckMobile POST user object /app/user/mobile_prechange_by_mobile captcha:text mobile:text
userChangeMobile POST user any /app/user/mobile_change captcha:text mobile:text sign:text
userChangePassword POST user any /user/change_password old_password:text new_password:text
userDelete POST user any /user/delete password:text
getUserVerification GET+ user object /app/user_verification
userVerificationByMobile POST user any /app/user_verification_by_mobile mobile:text captcha:text
userSendSms GET open any /app/captcha/sms mobile:text
captchaImagePost POST open text /app/captcha/image
captchaSms GET open any /app/captcha/sms_web captcha:text image_id:text mobile:text
generateWXUrlLink POST user object /app/generate_url_link path:text query:text envVersion:text?
woaqrcode GET open object /app/official_account/qrcode
woaqrcodestatus GET+ open object /app/official_account/qrcode_status qrcode_id:text
woaqrlogin GET open object /app/official_account/login code:text
woaIsBind GET+ user any /app/official_account/is_bind
wxbind GET user any /user/bind_openid open_id:text type:small?
wxlogin GET open object /app/wechat_login code:text iv:text? data:text?
getStaticContact GET+ user list /app/support_staff
wechatUnbind POST user any /app/wechat/unbind
wechatIsbind GET+ user flag /app/wechat/is_bind
wechatBind POST user any /app/wechat/bind open_id:text type:small
rosterAccept POST user any /roster/accept @user_id:id
rosterApply POST user any /roster/apply user_id:id alias:text? reason:text? auth_answer:text?
rosterDecline POST user any /roster/decline user_id:id reason:text?
rosterDelete POST user any /roster/delete @user_id:id !stranger
rosterExt POST user any /roster/ext user_id:id ext:text alias:text? mute_notification:flag? !card
rosterAlias POST user any /roster/ext user_id:id alias:text mute_notification:flag? !card
rosterId GET+ user object /roster/id user_id:id
rosterList GET+ user idpage /roster/list cursor:text? limit:small?
rosterListPost POST+ user list /roster/list list:ids
rosterName GET+ user object /roster/name username:text
rosterApplylist GET+ user page /roster/apply/list cursor:key? limit:small?
rosterBlockedlist GET+ user ids /roster/blocked_list
rosterBlockedAdd POST user any /roster/block @user_id:id
rosterBlockeRemove POST user any /roster/unblock @user_id:id
groupAdminAdd POST user list /group/admin/add group_id:id user_list:ids
groupAdminList GET+ user list? /group/admin_list group_id:id
groupAdminRemove POST user list /group/admin/remove group_id:id user_list:ids
groupAnnouncement GET+ user object /group/announcement announcement_id:id group_id:id
groupAnnouncementDelete POST user any /group/announcement/delete @announcement_id:id @group_id:id
groupAnnouncementEdit POST user object /group/announcement/edit group_id:id content:text title:text
groupAnnouncementList GET+ user list /group/announcement/list group_id:id
groupCreate POST user object /group/create name:text avatar:text? description:text? type:small? user_list:ids?
groupDestroy POST user any /group/destroy @group_id:id
groupInfo GET+ user object /group/info group_id:id
groupInfoAvatar POST user any /group/info/avatar group_id:id value:text
groupInfoDdscription POST user any /group/info/description group_id:id value:text
groupInfoExt POST user any /group/info/ext group_id:id value:text
groupInfoName POST user any /group/info/name group_id:id value:text
groupMemberlist GET+ user page /group/member_list group_id:id cursor:text? limit:small? version:int?
groupMsgMutemode POST user any /group/msg/mute_mode group_id:id msg_mute_mode:small !group
groupMsgNotdisturb POST user any /group/msg/not_disturb group_id:id value:json !group
groupPubliclist GET+ user ids /group/public_list
groupBannedList GET+ user page /group/banned_list group_id:id cursor:text? limit:small? version:int?
groupBab POST user list /group/ban group_id:id duration:int user_list:ids
groupUnban POST user list /group/unban group_id:id user_list:ids
groupSettings GET+ user object /group/settings group_id:id
groupSettingsAllowmemberinvitation POST user any /group/settings/allow_member_invitation group_id:id value:flag
groupSettingsAllowmembermodify POST user any /group/settings/allow_member_modify group_id:id value:flag
groupSettingsEnablereadack POST user any /group/settings/enable_read_ack group_id:id value:flag
groupSettingsHistoryvisible POST user any /group/settings/history_visible group_id:id value:flag
groupSettingsHideMemberInfo POST user any /group/settings/hide_member_info group_id:id value:flag
groupSettingsRequireadminapproval POST user any /group/settings/require_admin_approval group_id:id apply_approval:small
groupSettingsBanAll POST user object /group/settings/ban_all group_id:id duration:int
groupSettingsUnBanAll POST user any /group/settings/unban_all group_id:id
groupTransfer POST user object /group/transfer group_id:id new_owner:id
groupUserjoined GET+ user ids /group/user_joined
groupApply POST user object /group/apply group_id:id reason:text?
groupApplyHandle POST user object /group/apply/handle approval:flag group_id:id user_id:id reason:text?
groupBockedlist GET+ user page /group/blocked_list group_id:id cursor:text? limit:small? version:int?
groupBlock POST user list /group/block user_list:ids group_id:id
groupUnblock POST user list /group/unblock user_list:ids group_id:id
groupKick POST user list /group/kick user_list:ids group_id:id reason:text?
groupInvite POST user list /group/invite user_list:ids group_id:id reason:text?
groupInviteHandle POST user any /group/invite/handle approval:flag user_id:id group_id:id reason:text?
groupInfoBatch POST+ user list /group/info/batch group_list:ids
groupMembersDidpayname POST+ user list? /group/members/display_name group_id:id user_list:ids
groupLeave POST user any /group/leave @group_id:id
groupDisplayname POST user any /group/display_name group_id:id value:text
groupApplicationlist POST+ user page /group/application_list @cursor:text? @limit:small? @version:int? group_list:ids
groupInvitationlist GET+ user page /group/invitation_list cursor:text? limit:small? version:int?
groupFilelist GET+ user list /group/file/list group_id:id
groupFiledelete POST user list /group/file/delete file_list:ids group_id:id
groupFileupload POST user object /group/file/upload name:text size:int url:text group_id:id type:text?
userAuthmode POST user any /user/authmode @value:small
userAvatar POST user any /user/avatar avatar:text !card
userMobile POST user any /user/mobile @mobile:text
userNickname POST user any /user/nickname @nick_name:text !card
userProfile GET+ user object /user/profile
userProfilePost POST user any /user/profile nick_name:text? description:text? public_info:text? private_info:text? !card
userSettings GET+ user object /user/settings
userSettingsPost POST user any /user/settings user_id:id auth_mode:small? auth_question:text? auth_answer:text? auto_download:flag? group_confirm:flag? no_push:flag? no_push_detail:flag? no_push_start_hour:hour? no_push_end_hour:hour? no_sounds:flag? vibratory:flag? push_nick_name:text? push_token:text? silence_start_time:hour? silence_end_time:hour?
userPush POST user any /user/push @value:flag
userPushDetail POST user any /user/push/detail @value:flag
userPushNickname POST user any /user/push/nickname @value:text
userSounds POST user any /user/sounds @value:flag
userVibratory POST user any /user/vibratory @value:flag
userPushLimit POST user any /user/push/limit @no_push_end_hour:small @no_push_start_hour:small
userPushTags GET+ user any /user/push/tag
userPushTagAdd POST user any /user/push/tag tags:json
userPushTagRemove DELETE user any /user/push/tag tags:json
userPushTagClear DELETE user any /user/push/tag/all
userPushAlias POST user any /user/push/alias alias:text push_token:text?
userPushBadge POST user any /user/push/badge badge:small
bindDeviceToken POST user any /user/token/bind device_sn:small device_token:text notifier_name:text
unbindDeviceToken POST user any /user/token/unbind @deviceSn:small
userDeviceList GET+ user list /user/device/list
userKick POST user any /user/kick @device_sn:small
fileForward GET user text /file/upload/forward file_sign:text to_id:id to_type:small
asyncFileUpload POST host any <upload_url>
fileUploadAvatarUrl GET+ user upload /file/upload/avatar/user
fileUploadGroupAvatarUrl GET+ user upload /file/upload/avatar/group group_id:id
fileUploadChatFileUrl GET+ user upload /file/upload/chat file_type:small to_id:id to_type:small
fileDownloadChatFileUrl GET host any <download_url>
qrcode GET open object /app/qr_code
qrlogin GET open object /app/qr_login qr_code:text
qrcodeGroupsign GET+ user object /app/qrcode/group_sign group_id:id
qrcodeGroupinvite GET user any /app/qrcode/group_invite qr_info:text
dnsHealth GET never any <dnsServer>/api/health
ratelProbe GET never any <ratel>/
captchaImageGet GET never any /app/captcha/image
downloadAvatar GET never any /file/download/avatar
downloadChat GET never any /file/download/chat
qrAllow GET never any /app/allow
qrGroupInvitePost POST never any /app/qrcode/group_invite
groupQrSign GET+ user object /group/qrcode/sign group_id:id
groupQrInvite POST user any /group/qrcode/invite qr_info:text
tokenLogin POST open object /token/login login_name:text password:text device_guid:text?
groupAnnouncementLast GET+ user object /group/announcement/last group_id:id
groupFileGet GET+ user object /group/file file_id:id group_id:id
groupFileUpdateName POST user any /group/file/update_name file_id:id group_id:id name:text
groupMsgPushMode POST user any /group/msg/push_mode group_id:id msg_push_mode:small
rosterMobile GET+ user object /roster/mobile mobile:text
rosterMayMessage GET+ user flag /roster/may_message user_id:id roster_id:id
rosterApplyBatch POST user object /roster/apply/batch list:wishes
userDownload POST never any /user/download
userPublic POST never any /user/public
userPrivate POST never any /user/private
userUsername POST never any /user/username
userDeviceRemove POST user any /user/device/remove @device_sn:small
userConversationPin POST user any /user/conversation/pin conversation_id:id !pins
userConversationUnpin POST user any /user/conversation/unpin conversation_id:id !pins
userConversationPinList GET+ user object /user/conversation/pin_list
userOnlineStatus GET+ user object /user/online_status
pwdChangeVerifyByMobile POST user object /app/pwd_change/verify_by_mobile captcha:text mobile:text
pwdChangeVerifyByPassword POST user object /app/pwd_change/verify_by_password password:text
pwdChange POST user any /app/pwd_change new_password:text new_password_check:text sign:text
wechatLoginAndroid GET never any /app/wechat_login_android
wechatLoginApp GET never any /app/wechat_login_app
appToken POST never any /app/token
appTokenId POST never any /app/token_id
appPassword GET never any /app/password";
