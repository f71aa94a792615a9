/** The account, its devices and its settings (http-api 8.3 to 8.5, 8.9). */
import { badArgument } from "../errors.js";
import { type Api, fieldsOf, snake } from "./cloud.js";
import type { Account, App, Pins, Push, WeChat } from "./cloud-types.js";
import { conversationKey } from "./ids.js";
import type { CallOptions, ClientOptions } from "./types.js";

/** The platform of this SDK, as the cloud counts them: 6 web. */
const PLATFORM = 6;

const pushOf = (api: Api): Push => {
  const set =
    <T>(endpoint: string) =>
    async (value: T, options?: CallOptions): Promise<void> =>
      api.do(endpoint, { value }, options);
  /** The cloud asks whether it is to be off. */
  const setOff = (endpoint: string) => {
    const off = set<boolean>(endpoint);
    return async (value: boolean, options?: CallOptions): Promise<void> => {
      if (typeof value !== "boolean") throw badArgument("value", "true or false");
      await off(!value, options);
    };
  };
  const tagged =
    (endpoint: string) =>
    async (tags: readonly string[], options?: CallOptions): Promise<void> => {
      const good = Array.isArray(tags) && tags.length > 0 && tags.every((it) => typeof it === "string" && it !== "");
      if (!good) throw badArgument("tags", "an array of texts that are not empty, at least one");
      await api.do(endpoint, { tags }, options);
    };
  return {
    setEnabled: setOff("userPush"),
    setDetail: setOff("userPushDetail"),
    setNickname: set("userPushNickname"),
    setSounds: setOff("userSounds"),
    setVibration: set("userVibratory"),
    setQuietHours: async (from, to, options) =>
      api.do("userPushLimit", { no_push_start_hour: from, no_push_end_hour: to }, options),
    tags: async (options) => api.get("userPushTags", {}, options),
    addTags: tagged("userPushTagAdd"),
    removeTags: tagged("userPushTagRemove"),
    clearTags: async (options) => api.do("userPushTagClear", {}, options),
    setAlias: async (alias, options) => api.do("userPushAlias", { alias, ...fieldsOf(options) }, options),
    setBadge: async (badge, options) => {
      if (!Number.isInteger(badge) || badge < 0) throw badArgument("badge", "a whole number from 0");
      await api.do("userPushBadge", { badge }, options);
    },
    bindDevice: async ({ deviceSn: device_sn, token: device_token, notifier: notifier_name }, options) =>
      api.do("bindDeviceToken", { device_sn, device_token, notifier_name }, options),
    unbindDevice: async (deviceSn, options) => api.do("unbindDeviceToken", { deviceSn }, options),
  };
};

const wechatOf = (api: Api): WeChat => ({
  login: async (code, options) => api.get("wxlogin", { code, ...fieldsOf(options) }, options),
  isBound: async (options) => api.get("wechatIsbind", {}, options),
  bind: async (open_id, type, options) => api.do("wechatBind", { open_id, type }, options),
  unbind: async (options) => api.do("wechatUnbind", {}, options),
  officialCode: async (options) => api.get("woaqrcode", {}, options),
  officialStatus: async (qrcode_id, options) => api.get("woaqrcodestatus", { qrcode_id }, options),
  officialLogin: async (code, options) => api.get("woaqrlogin", { code }, options),
  officialIsBound: async (options) => api.get("woaIsBind", {}, options),
  urlLink: async ({ version, ...link }, options) =>
    api.get("generateWXUrlLink", { ...link, envVersion: version }, options),
});

/** See `Account`. */
export const accountOf = (api: Api): Account => ({
  register: async ({ username, password }, options) => api.get("userRegister", { username, password }, options),
  isNameFree: async (username, options) => api.get("userNameCheck", { username }, options),
  profile: async (options) => api.get("userProfile", {}, options),
  updateProfile: async (changes, options) => {
    const { avatar, ...fields } = changes ?? {};
    if (avatar === undefined && Object.keys(fields).length === 0)
      throw badArgument("changes", "an object with a field");
    if (Object.keys(fields).length > 0) await api.do("userProfilePost", snake(fields), options);
    if (avatar !== undefined) await api.do("userAvatar", { avatar }, options);
  },
  settings: async (options) => api.get("userSettings", {}, options),
  updateSettings: async (changes, options) =>
    api.do("userSettingsPost", { ...snake(changes ?? {}), user_id: api.me() }, options),
  devices: async (options) => api.get("userDeviceList", {}, options),
  kickDevice: async (device_sn, options) => api.do("userKick", { device_sn }, options),
  removeDevice: async (device_sn, options) => api.do("userDeviceRemove", { device_sn }, options),
  changePassword: async (passwords, options) =>
    api.do("userChangePassword", { old_password: passwords?.old, new_password: passwords?.new }, options),
  resetPassword: async ({ password, sign }, options) =>
    api.do("pwdChange", { new_password: password, new_password_check: password, sign }, options),
  verifyForPassword: async (by, options) =>
    api.get("password" in by ? "pwdChangeVerifyByPassword" : "pwdChangeVerifyByMobile", by, options),
  delete: async (password, options) => api.do("userDelete", { password }, options),
  isOnline: async (options) => {
    const { online } = await api.get<{ online?: unknown }>("userOnlineStatus", {}, options);
    return online === true;
  },
  sendCode: async (mobile, options) => {
    const { imageId, answer } = options ?? {};
    if (imageId === undefined) await api.do("userSendSms", { mobile }, options);
    else await api.do("captchaSms", { mobile, image_id: imageId, captcha: answer }, options);
  },
  captcha: async (options) => api.get("captchaImagePost", {}, options),
  ticketByMobile: async ({ mobile, captcha }, options) => api.get("userMobileLogin", { mobile, captcha }, options),
  bindMobile: async (by, options) => api.do("sign" in by ? "userMobileBindSign" : "userMobileBind", by, options),
  setMobile: async (mobile, options) => api.do("userMobile", { mobile }, options),
  verifyForMobile: async (by, options) =>
    api.get("password" in by ? "userChangeMobileCheckPassword" : "userChangeMobileCheckMobile", by, options),
  changeMobile: async ({ mobile, captcha, sign }, options) =>
    api.do("userChangeMobile", { mobile, captcha, sign }, options),
  verification: async (options) => api.get("getUserVerification", {}, options),
  verifyByMobile: async ({ mobile, captcha }, options) =>
    api.do("userVerificationByMobile", { mobile, captcha }, options),
  qrCode: async (options) => api.get("qrcode", {}, options),
  qrLogin: async (qr_code, options) => api.get("qrlogin", { qr_code }, options),
  shareSecret: async (secret_text, expire_seconds, options) =>
    api.get("userGenerateSecretInfo", { secret_text, expire_seconds }, options),
  redeemSecret: async (code, options) => api.get("userSendSecretInfo", { code }, options),
  push: pushOf(api),
  wechat: wechatOf(api),
});

/** Scheme and host of an address. */
const originOf = (url: unknown): string | undefined =>
  /^https?:\/\/[^/?#]+/i.exec(typeof url === "string" ? url : "")?.[0].toLowerCase();

/** See `App`. `appId` is that of the client. */
export const appOf = (api: Api, appId: string, servers: ClientOptions["servers"]): App => ({
  config: async (options) => api.get("getAppConfig", { platform: PLATFORM }, options),
  servers: async (options) => api.get("getServers", { app_id: appId }, options),
  parseLink: async (link, options) => {
    const origin = originOf(link);
    // Nobody else knows the links of a server of one's own, nor need hear of them.
    const own = Object.values(servers ?? {}).some((url) => originOf(url) === origin);
    const server = origin !== undefined && own ? { server: origin } : {};
    return api.get("parseLink", { link, ...server, ...fieldsOf(options) }, options);
  },
  supportStaff: async (options) => api.get("getStaticContact", {}, options),
});

/** See `Pins`. */
export const pinsOf = (api: Api): Pins => ({
  pin: async (of, options) => api.do("userConversationPin", { conversation_id: conversationKey(of).id }, options),
  unpin: async (of, options) => api.do("userConversationUnpin", { conversation_id: conversationKey(of).id }, options),
  pinned: async (options) => {
    const { conversationIds } = await api.get<{ conversationIds?: string[] }>("userConversationPinList", {}, options);
    return conversationIds ?? [];
  },
});
