// Made by js/scripts/error-codes.mjs from src/core/model/error_codes.json; change that, not this.

/** Every code an error of this package can have, with the number that all Lanying SDKs give it. */
export const ErrorCode = {
  /** Success. */
  NoError: 0,
  /** Unspecified failure. */
  GeneralError: 1,
  /** An argument given to the SDK is unusable. */
  InvalidParam: 2,
  /** File or path missing on the device. */
  NotFound: 3,
  /** Local database could not be read or written. */
  DbOperationFailed: 4,
  /** Login called with unusable arguments. */
  SignInInvalidParam: 5,
  /** Local account map database failed during login. */
  SignInUserMapDbOperationFailed: 6,
  /** The user's local database failed during login. */
  SignInUserDbOperationFailed: 7,
  /** Login aborted by the user. */
  SignInCancelled: 8,
  /** Login took too long. */
  SignInTimeout: 9,
  /** Login did not succeed. */
  SignInFailed: 10,
  /** Nobody is logged in. */
  UserNotLogin: 100,
  /** Another account is already logged in. */
  UserAlreadyLogin: 101,
  /** Wrong user name/id or password. */
  UserAuthFailed: 102,
  /** Caller may not do this. */
  UserPermissionDenied: 103,
  /** No such user. */
  UserNotExist: 104,
  /** User name already taken. */
  UserAlreadyExist: 105,
  /** Account frozen by administration. */
  UserFrozen: 106,
  /** Account may not send messages. */
  UserBanned: 107,
  /** Account was deleted. */
  UserRemoved: 108,
  /** Device limit reached. */
  UserTooManyDevice: 109,
  /** Password was changed elsewhere. */
  UserPasswordChanged: 110,
  /** A newer connection of the same device replaced this one. */
  UserKickedBySameDevice: 111,
  /** Disconnected from another device. */
  UserKickedByOtherDevices: 112,
  /** Login state is inconsistent, log in again. */
  UserAbnormal: 113,
  /** Operation cancelled by the user. */
  UserCancel: 114,
  /** Old password wrong while changing it. */
  UserOldPasswordNotMatch: 115,
  /** A login is already in progress. */
  UserSigningIn: 116,
  /** Disconnected because the app has been retired (name only, no text published). */
  UserKickedByAppDeprecated: 117,
  /** Push token unusable. */
  PushTokenInvalid: 200,
  /** Push alias belongs to someone else. */
  PushAliasBindByOtherUser: 201,
  /** Alias and push token do not belong together. */
  PushAliasTokenNotMatch: 202,
  /** Verification code wrong. */
  InvalidVerificationCode: 300,
  /** Request parameters wrong. */
  InvalidRequestParameter: 301,
  /** User name not acceptable. */
  InvalidUserNameParameter: 302,
  /** Access token absent. */
  MissingAccessToken: 303,
  /** Already a friend. */
  CurrentUserIsInRoster: 304,
  /** User is on a blocklist. */
  CurrentUserIsInBlocklist: 305,
  /** Friend application missing or expired. */
  AnswerFailed: 306,
  /** Token rejected. */
  InvalidToken: 307,
  /** File signature rejected. */
  InvalidFileSign: 308,
  /** File object type rejected. */
  InvalidFileObjectType: 309,
  /** Receiver type of an upload rejected. */
  InvalidFileUploadToType: 310,
  /** Download URL unusable. */
  InvalidFileDownloadUrl: 311,
  /** Message malformed. */
  MessageInvalid: 400,
  /** Too late to recall the message. */
  MessageOutRecallTime: 401,
  /** Recall switched off. */
  MessageRecallDisabled: 402,
  /** Message contains forbidden content. */
  MessageCensored: 403,
  /** Operation does not fit this message type. */
  MessageInvalidType: 404,
  /** Message contains illegal characters. */
  MessageBadArg: 405,
  /** Sending too fast. */
  MessageRateLimitExceeded: 406,
  /** The contact is not a friend. */
  RosterNotFriend: 500,
  /** Contact already on the blocklist. */
  RosterBlockListExist: 501,
  /** Contact refuses all applications. */
  RosterRejectApplication: 502,
  /** Contact account no longer exists. */
  RosterHasDeletedFromSystem: 503,
  /** Server database failure in group service. */
  GroupServerDbError: 600,
  /** No such group. */
  GroupNotExist: 601,
  /** User is not in the group. */
  GroupNotMemberFound: 602,
  /** Unknown group push mode. */
  GroupMsgNotifyTypeUnknown: 603,
  /** Owner must transfer or dissolve instead of leaving. */
  GroupOwnerCannotLeave: 604,
  /** New owner must be a member. */
  GroupTransferNotAllowed: 605,
  /** Group is being repaired. */
  GroupRecoveryMode: 606,
  /** App-wide group limit. */
  GroupExceedLimitGlobal: 607,
  /** Creation limit of the user (guide words it as initial-member limit). */
  GroupExceedLimitUserCreate: 608,
  /** Membership limit (server: groups joined by the user; guide: members of the group). */
  GroupExceedLimitUserJoin: 609,
  /** Group is full. */
  GroupCapacityExceedLimit: 610,
  /** Only members. */
  GroupMemberPermissionRequired: 611,
  /** Only admins. */
  GroupAdminPermissionRequired: 612,
  /** Only the owner. */
  GroupOwnerPermissionRequired: 613,
  /** Join application stale. */
  GroupApplicationExpiredOrHandled: 614,
  /** Invitation stale. */
  GroupInvitationExpiredOrHandled: 615,
  /** User was removed from the group more than three times. */
  GroupKickTooManyTimes: 616,
  /** Already a member. */
  GroupMemberExist: 617,
  /** On the group blocklist. */
  GroupBlockListExist: 618,
  /** No such announcement. */
  GroupAnnouncementNotFound: 619,
  /** Announcement disabled by administration. */
  GroupAnnouncementForbidden: 620,
  /** No such shared file. */
  GroupSharedFileNotFound: 621,
  /** No right on that shared file. */
  GroupSharedFileOperateNotAllowed: 622,
  /** User is muted in the group. */
  GroupMemberBanned: 623,
  /** Server cannot be reached. */
  ServerNotReachable: 700,
  /** Unspecified server failure. */
  ServerUnknownError: 701,
  /** Server host unusable. */
  ServerInvalid: 702,
  /** Server could not decrypt. */
  ServerDecryptionFailed: 703,
  /** Encryption method not offered. */
  ServerEncryptMethodUnsupported: 704,
  /** Server overloaded. */
  ServerBusy: 705,
  /** Repeat the request. */
  ServerNeedRetry: 706,
  /** Server did not answer in time. */
  ServerTimeOut: 707,
  /** Connection failed. */
  ServerConnectFailed: 708,
  /** Cluster list could not be obtained. */
  ServerDNSFailed: 709,
  /** Cluster list request failed. */
  ServerDNSFetchFailed: 710,
  /** Cluster list request cancelled. */
  ServerDNSUserCancelFailed: 711,
  /** Cluster list answer unreadable. */
  ServerDNSParseDataFailed: 712,
  /** App id empty while asking for the cluster list. */
  ServerDNSAppIdEmpty: 713,
  /** App id unknown to the DNS service. */
  ServerDNSAppIdInvalid: 714,
  /** No DNS host passed the health check. */
  ServerDNSHealthCheckFailed: 715,
  /** Answer of a private DNS unreadable. */
  ServerPrivateDNSParseDataFailed: 716,
  /** Token answer unreadable. */
  ServerTokenResponseInvalid: 717,
  /** Too many token requests. */
  ServerTokenRequestTooMany: 718,
  /** Token request parameters wrong. */
  ServerTokenRequestParameterInvalid: 719,
  /** Token request without app id. */
  ServerTokenRequestAppIdMissing: 720,
  /** Token request with unknown app id. */
  ServerTokenRequestAppIdInvalid: 721,
  /** Token refused because of the app state. */
  ServerTokenAppStatusNotNormal: 722,
  /** Server changed, connect again. */
  ServerNeedReconnected: 723,
  /** Upload failed. */
  ServerFileUploadUnknownError: 724,
  /** Download failed. */
  ServerFileDownloadUnknownError: 725,
  /** Licence rejected. */
  ServerInvalidLicense: 726,
  /** Licence limit hit. */
  ServerLicenseLimit: 727,
  /** App frozen. */
  ServerAppFrozen: 728,
  /** Too many requests. */
  ServerTooManyRequest: 729,
  /** Self registration disabled. */
  ServerNotAllowOpenRegister: 730,
  /** Unspecified failure of the long-connection server. */
  ServerFireplaceUnknownError: 731,
  /** Answer unreadable. */
  ServerResponseInvalid: 732,
  /** Upload URL unusable. */
  ServerInvalidUploadUrl: 733,
  /** App's licence invalid. */
  ServerAppLicenseInvalid: 734,
  /** App's licence expired. */
  ServerAppLicenseExpired: 735,
  /** App's licence limit reached. */
  ServerAppLicenseExceedLimit: 736,
  /** App id missing. */
  ServerAppIdMissing: 737,
  /** App id unknown. */
  ServerAppIdInvalid: 738,
  /** App signature wrong. */
  ServerAppSignInvalid: 739,
  /** Push certificate unknown. */
  ServerAppNotifierNotExist: 740,
  /** No data for that cluster id. */
  ServerNoClusterInfoForClusterId: 741,
  /** File could not be delivered. */
  ServerFileDownloadFailure: 742,
  /** App is not in normal state. */
  ServerAppStatusNotNormal: 743,
  /** Device platform not permitted. */
  ServerPlatformNotAllowed: 744,
  /** No device serial number could be assigned. */
  ServerCannotCreateDeviceSn: 745,
  /** Audio/video service not activated. */
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
} as const;

/** The name of an error code. */
export type ErrorCodeName = keyof typeof ErrorCode;
