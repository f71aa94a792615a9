// Made by js/scripts/error-codes.mjs from src/core/model/error_codes.json; change that, not this.

/** Every code an error of this package can have, with the number that all Lanying SDKs give it. */
export const ErrorCode = {
  /** Success. */
  NoError: 0,
  /** Something failed for a reason that is not known. */
  GeneralError: 1,
  /** An argument given to the SDK cannot be used. */
  InvalidParam: 2,
  /** The file or path does not exist on this device. */
  NotFound: 3,
  /** The local database could not be read or written. */
  DbOperationFailed: 4,
  /** Login was called with arguments that cannot be used. */
  SignInInvalidParam: 5,
  /** The local list of accounts could not be used during login. */
  SignInUserMapDbOperationFailed: 6,
  /** The account's local database could not be used during login. */
  SignInUserDbOperationFailed: 7,
  /** The login was cancelled. */
  SignInCancelled: 8,
  /** The login took too long. */
  SignInTimeout: 9,
  /** The login failed. */
  SignInFailed: 10,
  /** Nobody is logged in. */
  UserNotLogin: 100,
  /** An account is already logged in. */
  UserAlreadyLogin: 101,
  /** Wrong user name, user id or password. */
  UserAuthFailed: 102,
  /** This account may not do that. */
  UserPermissionDenied: 103,
  /** There is no such user. */
  UserNotExist: 104,
  /** The user name, id or phone number is already taken. */
  UserAlreadyExist: 105,
  /** The account is frozen. */
  UserFrozen: 106,
  /** The account may not send messages. */
  UserBanned: 107,
  /** The account has been deleted. */
  UserRemoved: 108,
  /** The account is logged in on too many devices. */
  UserTooManyDevice: 109,
  /** The password has been changed. */
  UserPasswordChanged: 110,
  /** A newer connection of the same device has replaced this one. */
  UserKickedBySameDevice: 111,
  /** Another device has ended this login. */
  UserKickedByOtherDevices: 112,
  /** The state of the login is inconsistent. */
  UserAbnormal: 113,
  /** The user has cancelled the operation. */
  UserCancel: 114,
  /** The old password is wrong. */
  UserOldPasswordNotMatch: 115,
  /** A login is already in progress. */
  UserSigningIn: 116,
  /** Disconnected, because the app has been retired. */
  UserKickedByAppDeprecated: 117,
  /** The push token cannot be used. */
  PushTokenInvalid: 200,
  /** The push alias belongs to another user. */
  PushAliasBindByOtherUser: 201,
  /** The push alias and the push token do not belong together. */
  PushAliasTokenNotMatch: 202,
  /** The verification code is wrong. */
  InvalidVerificationCode: 300,
  /** The server does not accept the parameters of the request. */
  InvalidRequestParameter: 301,
  /** This user name is not allowed. */
  InvalidUserNameParameter: 302,
  /** The request carried no access token. */
  MissingAccessToken: 303,
  /** The two are friends already. */
  CurrentUserIsInRoster: 304,
  /** The recipient has blocked this account, or is blocked by it. */
  CurrentUserIsInBlocklist: 305,
  /** The friend request does not exist or has expired. */
  AnswerFailed: 306,
  /** The access token has expired or was revoked. */
  InvalidToken: 307,
  /** The signature of the file is wrong. */
  InvalidFileSign: 308,
  /** Files of this kind are not accepted. */
  InvalidFileObjectType: 309,
  /** Files cannot be uploaded for this kind of recipient. */
  InvalidFileUploadToType: 310,
  /** The download address cannot be used. */
  InvalidFileDownloadUrl: 311,
  /** The message is not of an acceptable form. */
  MessageInvalid: 400,
  /** It is too late to recall the message. */
  MessageOutRecallTime: 401,
  /** Recalling messages is switched off. */
  MessageRecallDisabled: 402,
  /** The message contains forbidden content. */
  MessageCensored: 403,
  /** That cannot be done with a message of this type. */
  MessageInvalidType: 404,
  /** The message contains characters that are not allowed. */
  MessageBadArg: 405,
  /** Messages are being sent too fast. */
  MessageRateLimitExceeded: 406,
  /** The two are not friends, which the app demands for this. */
  RosterNotFriend: 500,
  /** The contact is on the blocklist already. */
  RosterBlockListExist: 501,
  /** The user accepts no friend requests. */
  RosterRejectApplication: 502,
  /** The contact's account no longer exists. */
  RosterHasDeletedFromSystem: 503,
  /** The server's database of groups failed. */
  GroupServerDbError: 600,
  /** There is no such group. */
  GroupNotExist: 601,
  /** The user is not a member of the group. */
  GroupNotMemberFound: 602,
  /** There is no such notification mode for groups. */
  GroupMsgNotifyTypeUnknown: 603,
  /** The owner cannot leave the group. */
  GroupOwnerCannotLeave: 604,
  /** The new owner must be a member of the group. */
  GroupTransferNotAllowed: 605,
  /** The group is being repaired. */
  GroupRecoveryMode: 606,
  /** The app cannot have more groups. */
  GroupExceedLimitGlobal: 607,
  /** The user cannot create more groups. */
  GroupExceedLimitUserCreate: 608,
  /** The user cannot join more groups. */
  GroupExceedLimitUserJoin: 609,
  /** The group is full. */
  GroupCapacityExceedLimit: 610,
  /** Only members of the group may do this. */
  GroupMemberPermissionRequired: 611,
  /** Only admins of the group may do this. */
  GroupAdminPermissionRequired: 612,
  /** Only the owner of the group may do this. */
  GroupOwnerPermissionRequired: 613,
  /** The request to join has expired or was answered. */
  GroupApplicationExpiredOrHandled: 614,
  /** The invitation has expired or was answered. */
  GroupInvitationExpiredOrHandled: 615,
  /** The user was removed from the group too often to come back. */
  GroupKickTooManyTimes: 616,
  /** The user is a member already. */
  GroupMemberExist: 617,
  /** The user is on the group's blocklist. */
  GroupBlockListExist: 618,
  /** There is no such announcement. */
  GroupAnnouncementNotFound: 619,
  /** Announcements are switched off. */
  GroupAnnouncementForbidden: 620,
  /** There is no such shared file. */
  GroupSharedFileNotFound: 621,
  /** This account may not do that with the shared file. */
  GroupSharedFileOperateNotAllowed: 622,
  /** The user is muted in the group. */
  GroupMemberBanned: 623,
  /** The server cannot be reached. */
  ServerNotReachable: 700,
  /** The server reported a failure of unknown kind. */
  ServerUnknownError: 701,
  /** The address of the server cannot be used. */
  ServerInvalid: 702,
  /** The server could not decrypt what was sent. */
  ServerDecryptionFailed: 703,
  /** The server does not offer this encryption. */
  ServerEncryptMethodUnsupported: 704,
  /** The server is overloaded or out of order. */
  ServerBusy: 705,
  /** The server asks to repeat the request. */
  ServerNeedRetry: 706,
  /** The server did not answer in time. */
  ServerTimeOut: 707,
  /** The connection could not be made or was lost. */
  ServerConnectFailed: 708,
  /** The addresses of the servers could not be obtained. */
  ServerDNSFailed: 709,
  /** The request for the servers' addresses failed. */
  ServerDNSFetchFailed: 710,
  /** The request for the servers' addresses was cancelled. */
  ServerDNSUserCancelFailed: 711,
  /** The list of servers cannot be read. */
  ServerDNSParseDataFailed: 712,
  /** The appId was empty when asking for the servers' addresses. */
  ServerDNSAppIdEmpty: 713,
  /** The DNS service does not know this appId. */
  ServerDNSAppIdInvalid: 714,
  /** No DNS service is healthy. */
  ServerDNSHealthCheckFailed: 715,
  /** The answer of the private DNS service cannot be read. */
  ServerPrivateDNSParseDataFailed: 716,
  /** The answer to the request for a token cannot be read. */
  ServerTokenResponseInvalid: 717,
  /** Tokens are being asked for too often. */
  ServerTokenRequestTooMany: 718,
  /** The parameters of the request for a token are wrong. */
  ServerTokenRequestParameterInvalid: 719,
  /** The request for a token had no appId. */
  ServerTokenRequestAppIdMissing: 720,
  /** The request for a token had an unknown appId. */
  ServerTokenRequestAppIdInvalid: 721,
  /** No token was given because of the state of the app. */
  ServerTokenAppStatusNotNormal: 722,
  /** The server has changed and asks for a new connection. */
  ServerNeedReconnected: 723,
  /** The file could not be uploaded. */
  ServerFileUploadUnknownError: 724,
  /** The file could not be downloaded. */
  ServerFileDownloadUnknownError: 725,
  /** The licence is not accepted. */
  ServerInvalidLicense: 726,
  /** A limit of the licence is reached. */
  ServerLicenseLimit: 727,
  /** The app is frozen. */
  ServerAppFrozen: 728,
  /** There are too many requests. */
  ServerTooManyRequest: 729,
  /** The app does not let users register themselves. */
  ServerNotAllowOpenRegister: 730,
  /** The long-connection server reported a failure. */
  ServerFireplaceUnknownError: 731,
  /** The answer of the server cannot be read. */
  ServerResponseInvalid: 732,
  /** The upload address cannot be used. */
  ServerInvalidUploadUrl: 733,
  /** The app's licence is not valid. */
  ServerAppLicenseInvalid: 734,
  /** The app's licence has expired. */
  ServerAppLicenseExpired: 735,
  /** A limit of the app's licence is reached. */
  ServerAppLicenseExceedLimit: 736,
  /** The request carried no appId. */
  ServerAppIdMissing: 737,
  /** The server does not know this appId. */
  ServerAppIdInvalid: 738,
  /** The signature of the app is wrong. */
  ServerAppSignInvalid: 739,
  /** The app has no such push service or certificate. */
  ServerAppNotifierNotExist: 740,
  /** Nothing is known about this cluster. */
  ServerNoClusterInfoForClusterId: 741,
  /** The server could not deliver the file. */
  ServerFileDownloadFailure: 742,
  /** The app is not in normal operation. */
  ServerAppStatusNotNormal: 743,
  /** This kind of device may not log in. */
  ServerPlatformNotAllowed: 744,
  /** The server could not give this device a number. */
  ServerCannotCreateDeviceSn: 745,
  /** Audio and video calls are not switched on for the app. */
  ServerRtcNotOpen: 746,
  /** This feature is not available here. */
  Unsupported: 9000,
  /** The storage of this device cannot be used. */
  StorageUnavailable: 9001,
  /** The storage of this device is full. */
  StorageQuota: 9002,
  /** The page's content security policy blocks WebAssembly. */
  CspBlocked: 9003,
  /** WebAssembly could not be loaded. */
  WasmUnavailable: 9004,
  /** An argument is not of the form that the function takes. */
  ArgumentInvalid: 9005,
  /** The call was cancelled. */
  Cancelled: 9006,
  /** The core has stopped, and nobody knows whether the call was carried out. */
  CoreStopped: 9007,
} as const;

/** The name of an error code. */
export type ErrorCodeName = keyof typeof ErrorCode;
