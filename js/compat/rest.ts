/**
 * The functions of the former SDK that are one call of the HTTP API each: a row is its name, the endpoint, and the
 * parameters that go along. What else a page passes is left out, as the cloud never looked at it.
 */
import { asFlooError } from "../errors.js";
import { legacyAnswer, legacyError } from "./convert.js";

export const ROSTER_CALLS = `asyncGetApplyList rosterApplylist cursor limit
asyncGetBlockedlist rosterBlockedlist
asyncBlockeAdd rosterBlockedAdd user_id
asyncBlockeRemove rosterBlockeRemove user_id
asyncApply rosterApply user_id alias reason auth_answer
asyncAccept rosterAccept user_id
asyncDecline rosterDecline user_id reason
asyncUpdateRosterExt rosterExt user_id ext alias mute_notification
asyncUpdateRosterAlias rosterAlias user_id alias mute_notification
asyncSearchRosterByName rosterName username
asyncSearchRosterById rosterId user_id
asyncRegester userRegister username password`;

export const GROUP_CALLS = `asyncGetAdminList groupAdminList group_id
asyncAdminAdd groupAdminAdd group_id user_list
asyncAdminRemove groupAdminRemove group_id user_list
asyncGetAnouncementById groupAnnouncement announcement_id group_id
asyncAnouncementDelete groupAnnouncementDelete announcement_id group_id
asyncAnnouncementEdit groupAnnouncementEdit group_id content title
asyncGetAnnouncementList groupAnnouncementList group_id
asyncCreate groupCreate name avatar description type user_list
asyncDestroy groupDestroy group_id
asyncGetInfo groupInfo group_id
asyncUpdateAvatar groupInfoAvatar group_id value
asyncUpdateDescription groupInfoDdscription group_id value
asyncUpdateExt groupInfoExt group_id value
asyncUpdateName groupInfoName group_id value
asyncGetMemberList groupMemberlist group_id cursor limit version
asyncGroupMsgMutemode groupMsgMutemode group_id msg_mute_mode
asyncGetPublicList groupPubliclist
asyncUpdateMsgNotDisturb groupMsgNotdisturb group_id value
asyncGroupBannedList groupBannedList group_id cursor limit version
asyncGroupBab groupBab group_id duration user_list
asyncGroupUnban groupUnban group_id user_list
asyncGetSettings groupSettings group_id
asyncUpdateAllowMemberInvitation groupSettingsAllowmemberinvitation group_id value
asyncUpdateAllowMemberModify groupSettingsAllowmembermodify group_id value
asyncUpdateEnableReadack groupSettingsEnablereadack group_id value
asyncUpdateHistoryVisible groupSettingsHistoryvisible group_id value
asyncHideMemberInfo groupSettingsHideMemberInfo group_id value
asyncUpdateRequireadminapproval groupSettingsRequireadminapproval group_id apply_approval
asyncBanAll groupSettingsBanAll group_id duration
asyncUnBanAll groupSettingsUnBanAll group_id
asyncOwnerTransfer groupTransfer group_id new_owner
asyncGetUserJoined groupUserjoined
asyncApply groupApply group_id reason
asyncApplyHandle groupApplyHandle approval group_id user_id reason
asyncGroupBockedlist groupBockedlist group_id cursor limit version
asyncGroupBlock groupBlock user_list group_id
asyncGroupUnblock groupUnblock user_list group_id
asyncKick groupKick user_list group_id reason
asyncGetInvitationList groupInvitationlist cursor limit version
asyncInvite groupInvite user_list group_id reason
asyncInviteHandle groupInviteHandle approval user_id group_id reason
asyncGetMemberDisplayName groupMembersDidpayname group_id user_list
asyncLeave groupLeave group_id
asyncUpdateDisplayName groupDisplayname group_id value
asncGetApplicationList groupApplicationlist cursor limit version group_list
asyncGetFileList groupFilelist group_id
asyncFileDelete groupFiledelete file_list group_id
asyncFileUpload groupFileupload name size url group_id type`;

export const USER_CALLS = `asyncGetDeviceList userDeviceList
asyncKickDevice userKick device_sn
asyncBindDeviceToken bindDeviceToken device_sn device_token notifier_name
asyncUnbindDeviceToken unbindDeviceToken deviceSn
asyncDeleteUser userDelete password
asyncTokenUser tokenUser name password mobile device_guid
asyncTokenId tokenId user_id password device_guid
asyncRegister userRegister username password
asyncRegisterAnonymous userRegisterAnonymous username password cid
asyncGenerateSecretInfo userGenerateSecretInfo expire_seconds secret_text
asyncSendSecretInfo userSendSecretInfo code
asyncUserBindMobile userBindMobile captcha mobile
asyncUserUpdateMobile userUpdateMobile mobile
asyncUserSendSms userSendSms mobile
asyncCaptchaSms captchaSms captcha image_id mobile
aysncGenerateWXUrlLink generateWXUrlLink path query envVersion
asyncUserNameCheck userNameCheck username
asyncUserMobileBind userMobileBind captcha mobile
asyncUserMobileBindSign userMobileBindSign sign mobile
asyncUserMobileLogin userMobileLogin captcha mobile
asyncCaptchaImagePost captchaImagePost
asyncUpdateAuthmode userAuthmode value
asyncUpdateAvatar userAvatar avatar
asyncUpdateMobile userMobile mobile
asyncUpdateNickName userNickname nick_name
asyncUserChangePassword userChangePassword old_password new_password
asyncGetProfile userProfile
asyncUpdateProfile userProfilePost nick_name description public_info private_info
asyncGetSettings userSettings
asyncUpdateSettings userSettingsPost user_id auth_mode auth_question auth_answer auto_download group_confirm no_push no_push_detail no_push_start_hour no_push_end_hour no_sounds vibratory push_nick_name push_token silence_start_time silence_end_time
asyncGetUserVerification getUserVerification
userVerificationByMobile userVerificationByMobile mobile captcha
userChangeMobileCheckPassword userChangeMobileCheckPassword password
userChangeMobileCheckMobile userChangeMobileCheckMobile captcha mobile
userChangeMobile userChangeMobile captcha mobile sign`;

export const SYSTEM_CALLS = `asyncGetUserAvatarUploadUrl fileUploadAvatarUrl
asyncGetGroupAvatarUploadUrl fileUploadGroupAvatarUrl group_id
asyncGetFileUploadChatFileUrl fileUploadChatFileUrl file_type to_id to_type
asyncQrcode qrcode
asyncQrlogin qrlogin qr_code
asyncQrcodeGroupsign qrcodeGroupsign group_id
asyncQrcodeGroupinvite qrcodeGroupinvite qr_info
asyncWoaQrcode woaqrcode
asyncWoaQrcodeStatus woaqrcodestatus qrcode_id
asyncWoaQrlogin woaqrlogin code
asyncWoaIsBind woaIsBind
asyncWxlogin wxlogin code iv data
asyncWxbind wxbind open_id type
asyncGetStaticContact getStaticContact
asyncWechatUnbind wechatUnbind
asyncWechatIsbind wechatIsbind
asyncWechatBind wechatBind open_id type`;

type Rows<T extends string> = T extends `${infer Row}\n${infer Rest}` ? Row | Rows<Rest> : T;
type First<T extends string> = T extends `${infer Name} ${string}` ? Name : never;

/** A call: an object with the parameters, or the first of them alone. Rejects with `{url, code, message}`. */
export type Call = <T = unknown>(params?: object | number | string | boolean) => Promise<T>;

/** The functions of a table. */
export type Calls<T extends string> = { readonly [name in First<Rows<T>>]: Call };

/** Calls an endpoint; see `FlooClient.api`. */
export type Api = (endpoint: string, params: object) => Promise<unknown>;

/** Asks the cloud as the former SDK did: lists without their pages, numbers for ids, rejections in its shape. */
export const asker =
  (api: Api, refused: (thrown: unknown) => void): Api =>
  async (endpoint, params) => {
    try {
      const answer = await api(endpoint, params);
      return legacyAnswer((answer as { items?: unknown } | null)?.items ?? answer);
    } catch (thrown) {
      refused(thrown);
      throw legacyError(asFlooError(thrown, "GeneralError", endpoint), endpoint);
    }
  };

/** Makes the functions of a table. */
export function callsOf<T extends string>(table: T, ask: Api): Calls<T> {
  const made: Record<string, Call> = {};
  for (const row of table.split("\n")) {
    const [name = "", endpoint = "", ...names] = row.split(" ");
    made[name] = (async (given: unknown) => {
      const from = (typeof given === "object" ? (given ?? {}) : { [names[0] ?? ""]: given }) as Record<string, unknown>;
      const params: Record<string, unknown> = {};
      for (const param of names) if (from[param] !== undefined) params[param] = from[param];
      return ask(endpoint, params);
    }) as Call;
  }
  return made as Calls<T>;
}
