//! The one public error of the core and the mapping tables onto its codes.
use std::fmt;

use crate::core::proto::status::ErrorCode as Status;

include!(concat!(env!("OUT_DIR"), "/error_codes.rs"));

/// Which part of the system an error comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// Looking up the cloud's servers.
    Dns,
    /// The HTTP API.
    Http,
    /// The long connection.
    Frame,
    /// The store of this device.
    Storage,
    /// What the caller handed in.
    Argument,
    /// What the platform lacks.
    Platform,
}

impl Domain {
    /// The name that JavaScript sees.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Http => "http",
            Self::Frame => "frame",
            Self::Storage => "storage",
            Self::Argument => "argument",
            Self::Platform => "platform",
        }
    }
}

/// What went wrong, in terms a developer can act on. Never holds a token, a password or a message text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    /// The code, shared by all Lanying SDKs.
    pub code: ErrorCode,
    /// Where it comes from.
    pub domain: Domain,
    /// What happened; names the field where there is one. Empty: the code's own text says it all.
    pub detail: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.detail.is_empty() {
            f.write_str(self.code.text())
        } else {
            write!(f, "{} ({})", self.code.text().trim_end_matches('.'), self.detail)
        }
    }
}

impl Error {
    /// An error of a part of the system.
    pub fn new(domain: Domain, code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code, domain, detail: detail.into() }
    }

    /// An argument that cannot be used.
    pub fn argument(detail: impl Into<String>) -> Self {
        Self::new(Domain::Argument, ErrorCode::ArgumentInvalid, detail)
    }

    /// True when the same call may work later without a change by the caller.
    pub const fn retriable(&self) -> bool {
        use ErrorCode as C;
        matches!(
            self.code,
            C::ServerNotReachable
                | C::ServerBusy
                | C::ServerNeedRetry
                | C::ServerTimeOut
                | C::ServerConnectFailed
                | C::ServerDNSFailed
                | C::ServerDNSFetchFailed
                | C::ServerNeedReconnected
                | C::ServerTooManyRequest
                | C::MessageRateLimitExceeded
                | C::SignInTimeout
        )
    }

    /// What a developer or a user can do about it; empty when there is nothing to say.
    pub const fn remediation(&self) -> &'static str {
        use ErrorCode as C;
        match self.code {
            C::UserAuthFailed => "Check the user name and the password.",
            C::UserNotExist => "Check the user name, or register it first.",
            C::UserNotLogin => "Call login() or resume() first.",
            C::UserAlreadyLogin | C::UserSigningIn => "Call logout() before logging in again.",
            C::UserKickedBySameDevice => {
                "This account is open in another tab or page of the same browser profile; close one of them."
            }
            C::InvalidToken => "Log in again; the token has expired or was revoked.",
            C::ServerDNSAppIdInvalid | C::ServerAppIdInvalid => "Check the appId.",
            C::ServerDNSFetchFailed | C::ServerNotReachable => {
                "Check the network and the address of the server; for local work start the emulator."
            }
            C::ServerDNSParseDataFailed => "Check that servers.dns is the whole URL of a DNS document.",
            C::MessageInvalid if matches!(self.domain, Domain::Argument) => {
                "Send a text of 1 byte to 64 KiB, ext up to 16 KiB."
            }
            C::StorageQuota => "Free space on this device.",
            _ => "",
        }
    }
}

/// The code for a status of a frame (xsync 3.6).
pub const fn from_status(status: i32) -> ErrorCode {
    match status {
        s if s == Status::Fail as i32 => ErrorCode::ServerFireplaceUnknownError,
        s if s == Status::DecryptFailure as i32 => ErrorCode::ServerDecryptionFailed,
        s if s == Status::InvalidToken as i32 => ErrorCode::InvalidToken,
        s if s == Status::InvalidParameter as i32 => ErrorCode::InvalidRequestParameter,
        s if s == Status::Unauthorized as i32 => ErrorCode::UserNotLogin,
        s if s == Status::UserFrozen as i32 => ErrorCode::UserFrozen,
        s if s == Status::UserBanned as i32 => ErrorCode::UserBanned,
        s if s == Status::WordCensored as i32 => ErrorCode::MessageCensored,
        s if s == Status::TooManyDevices as i32 => ErrorCode::UserTooManyDevice,
        s if s == Status::EncryptMethodUnsupported as i32 => ErrorCode::ServerEncryptMethodUnsupported,
        s if s == Status::InvalidLicense as i32 => ErrorCode::ServerInvalidLicense,
        s if s == Status::LicenseLimit as i32 => ErrorCode::ServerLicenseLimit,
        s if s == Status::AppFrozen as i32 => ErrorCode::ServerAppFrozen,
        s if s == Status::RateLimitExceeded as i32 => ErrorCode::MessageRateLimitExceeded,
        _ => ErrorCode::ServerFireplaceUnknownError,
    }
}

/// The code that a reason text stands for where the status alone says only "fail" (xsync 3.6).
pub fn from_reason(reason: &str) -> Option<ErrorCode> {
    const TEXTS: [(&str, ErrorCode); 5] = [
        ("Operation rejected", ErrorCode::UserAuthFailed),
        ("exceed recall time limit", ErrorCode::MessageOutRecallTime),
        ("antispam", ErrorCode::MessageCensored),
        ("blocked by the recipient", ErrorCode::CurrentUserIsInBlocklist),
        ("relation with target does not allow chat", ErrorCode::RosterNotFriend),
    ];
    TEXTS.iter().find(|(text, _)| reason.contains(text)).map(|(_, code)| *code)
}
