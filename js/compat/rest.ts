/**
 * The functions of the former SDK that are calls of the HTTP API, one a line: its name, the endpoint's name in
 * `src/core/services/table.rs` (with `+` when it answers with a page), and the parameters that go there. `#` marks
 * numbers that may be given as text. What pages give beside these is left out, as servers ignored it.
 */
import type { FlooClient } from "../client/client.js";
import { badArgument } from "../errors.js";
import { legacyShape, refusal } from "./wire.js";

/** A function of the former SDK: one object of parameters. */
export type Call = (params?: object) => Promise<unknown>;

export const CALLS = {
  rosterManage: `
asyncRegester userRegister username password
asyncDeleteRoster rosterDelete user_id
asyncGetApplyList rosterApplylist+ cursor limit#
asyncGetBlockedlist rosterBlockedlist
asyncBlockeAdd rosterBlockedAdd user_id
asyncBlockeRemove rosterBlockeRemove user_id
asyncApply rosterApply user_id alias reason auth_answer
asyncAccept rosterAccept user_id
asyncDecline rosterDecline user_id reason
asyncUpdateRosterExt rosterExt user_id ext alias mute_notification
asyncUpdateRosterAlias rosterAlias user_id alias mute_notification
asyncSearchRosterByName rosterName username
asyncSearchRosterById rosterId user_id`,
  groupManage: `
asyncGetAdminList groupAdminList group_id
asyncAdminAdd groupAdminAdd group_id user_list
asyncAdminRemove groupAdminRemove group_id user_list
asyncGetAnouncementById groupAnnouncement announcement_id group_id
asyncAnouncementDelete groupAnnouncementDelete announcement_id group_id
asyncAnnouncementEdit groupAnnouncementEdit group_id content title
asyncGetAnnouncementList groupAnnouncementList group_id
asyncCreate groupCreate name avatar description type# user_list
asyncDestroy groupDestroy group_id
asyncGetInfo groupInfo group_id
asyncUpdateAvatar groupInfoAvatar group_id value
asyncUpdateDescription groupInfoDdscription group_id value
asyncUpdateExt groupInfoExt group_id value
asyncUpdateName groupInfoName group_id value
asyncGetMemberList groupMemberlist+ group_id cursor limit# version#
asyncGroupMsgMutemode groupMsgMutemode group_id msg_mute_mode#
asyncGetPublicList groupPubliclist
asyncUpdateMsgNotDisturb groupMsgNotdisturb group_id value
asyncGroupBannedList groupBannedList+ group_id cursor limit# version#
asyncGroupBab groupBab group_id duration# user_list
asyncGroupUnban groupUnban group_id user_list
asyncGetSettings groupSettings group_id
asyncUpdateAllowMemberInvitation groupSettingsAllowmemberinvitation group_id value
asyncUpdateAllowMemberModify groupSettingsAllowmembermodify group_id value
asyncUpdateEnableReadack groupSettingsEnablereadack group_id value
asyncUpdateHistoryVisible groupSettingsHistoryvisible group_id value
asyncHideMemberInfo groupSettingsHideMemberInfo group_id value
asyncUpdateRequireadminapproval groupSettingsRequireadminapproval group_id apply_approval#
asyncBanAll groupSettingsBanAll group_id duration#
asyncUnBanAll groupSettingsUnBanAll group_id
asyncOwnerTransfer groupTransfer group_id new_owner
asyncGetUserJoined groupUserjoined
asyncApply groupApply group_id reason
asyncApplyHandle groupApplyHandle approval group_id user_id reason
asyncGroupBockedlist groupBockedlist+ group_id cursor limit# version#
asyncGroupBlock groupBlock user_list group_id
asyncGroupUnblock groupUnblock user_list group_id
asyncKick groupKick user_list group_id reason
asyncGetInvitationList groupInvitationlist+ cursor limit# version#
asyncInvite groupInvite user_list group_id reason
asyncInviteHandle groupInviteHandle approval user_id group_id reason
asyncGetMemberDisplayName groupMembersDidpayname group_id user_list
asyncLeave groupLeave group_id
asyncUpdateDisplayName groupDisplayname group_id value
asncGetApplicationList groupApplicationlist+ cursor limit# version# group_list
asyncGetFileList groupFilelist group_id
asyncFileDelete groupFiledelete file_list group_id
asyncFileUpload groupFileupload name size# url group_id type`,
  userManage: `
asyncGetDeviceList userDeviceList
asyncKickDevice userKick device_sn#
asyncBindDeviceToken bindDeviceToken device_sn# device_token notifier_name
asyncUnbindDeviceToken unbindDeviceToken deviceSn#
asyncDeleteUser userDelete password
asyncTokenUser tokenUser name password mobile device_guid
asyncTokenId tokenId user_id password device_guid
asyncRegister userRegister username password
asyncRegisterAnonymous userRegisterAnonymous username password cid#
asyncGenerateSecretInfo userGenerateSecretInfo expire_seconds# secret_text
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
asyncUpdateAuthmode userAuthmode value#
asyncUpdateAvatar userAvatar avatar
asyncUpdateMobile userMobile mobile
asyncUpdateNickName userNickname nick_name
asyncUserChangePassword userChangePassword old_password new_password
asyncGetProfile userProfile
asyncUpdateProfile userProfilePost nick_name description public_info private_info
asyncGetSettings userSettings
asyncUpdateSettings userSettingsPost user_id auth_mode# auth_question auth_answer auto_download group_confirm no_push no_push_detail no_push_start_hour# no_push_end_hour# no_sounds vibratory push_nick_name push_token silence_start_time# silence_end_time#
asyncGetUserVerification getUserVerification
userVerificationByMobile userVerificationByMobile mobile captcha
userChangeMobileCheckPassword userChangeMobileCheckPassword password
userChangeMobileCheckMobile userChangeMobileCheckMobile captcha mobile
userChangeMobile userChangeMobile captcha mobile sign`,
  sysManage: `
asyncGetUserAvatarUploadUrl fileUploadAvatarUrl
asyncGetGroupAvatarUploadUrl fileUploadGroupAvatarUrl group_id
asyncGetFileUploadChatFileUrl fileUploadChatFileUrl file_type# to_id to_type#
asyncQrcode qrcode
asyncQrlogin qrlogin qr_code
asyncQrcodeGroupsign qrcodeGroupsign group_id
asyncQrcodeGroupinvite qrcodeGroupinvite qr_info
asyncWoaQrcode woaqrcode
asyncWoaQrcodeStatus woaqrcodestatus qrcode_id
asyncWoaQrlogin woaqrlogin code
asyncWoaIsBind woaIsBind
asyncWxlogin wxlogin code iv data
asyncWxbind wxbind open_id type#
asyncGetStaticContact getStaticContact
asyncWechatUnbind wechatUnbind
asyncWechatIsbind wechatIsbind
asyncWechatBind wechatBind open_id type#`,
};

/** Calls an endpoint and gives its answer as the former SDK did: only the data, of a page its items. */
export async function ask(client: FlooClient, endpoint: string, params: object = {}): Promise<unknown> {
  let answer: unknown;
  try {
    answer = await client.api(endpoint, params);
  } catch (thrown) {
    throw refusal(endpoint, thrown);
  }
  return legacyShape(answer);
}

function prepared(given: unknown, names: readonly string[]): Record<string, unknown> {
  if (given !== undefined && given !== null && typeof given !== "object") throw badArgument("params", "an object");
  const fields = (given ?? {}) as Record<string, unknown>;
  const made: Record<string, unknown> = {};
  for (const marked of names) {
    const name = marked.replace("#", "");
    const value = fields[name];
    if (value === undefined) continue;
    const numeric = name !== marked && typeof value === "string" && value !== "" && Number.isFinite(Number(value));
    made[name] = numeric ? Number(value) : value;
  }
  return made;
}

/** All functions of a table. */
export function callsOf(client: FlooClient, table: string): Record<string, Call> {
  const made: Record<string, Call> = {};
  for (const row of table.trim().split("\n")) {
    const [name = "", marked = "", ...params] = row.split(" ");
    const endpoint = marked.replace("+", "");
    made[name] = async (given) => {
      const answer = await ask(client, endpoint, prepared(given, params));
      return endpoint === marked ? answer : (answer as { items: unknown }).items;
    };
  }
  return made;
}
