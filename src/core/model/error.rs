//! The one public error of the core and the mapping tables onto its codes.
use std::fmt;

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

    /// What the body of an HTTP answer says: its `code`, which is not 200, and its `message` (http-api 11.2).
    pub fn from_http(code: u64, message: &str) -> Self {
        let known = refined(ErrorCode::from_http(code), message, ErrorCode::ServerUnknownError);
        Self::new(Domain::Http, known, numbered("code", &code, message))
    }

    /// An HTTP status other than 2xx.
    pub fn from_transport(status: u16) -> Self {
        Self::new(Domain::Http, ErrorCode::from_transport(status), format!("HTTP status {status}"))
    }

    /// A frame's status that is not OK and its reason (xsync 3.6). The number is told where no code stands for it.
    pub fn from_frame(status: i32, reason: String) -> Self {
        let code = refined(ErrorCode::from_frame(status), &reason, ErrorCode::ServerFireplaceUnknownError);
        let detail = if matches!(code, ErrorCode::ServerFireplaceUnknownError) {
            numbered("status", &status, &reason)
        } else {
            reason
        };
        Self::new(Domain::Frame, code, detail)
    }

    /// True when the same call may work later without a change by the caller.
    pub const fn retriable(&self) -> bool {
        self.code.retriable()
    }
}

fn numbered(what: &str, number: &dyn fmt::Display, text: &str) -> String {
    let colon = if text.is_empty() { "" } else { ": " };
    format!("{what} {number}{colon}{text}")
}

/// The code that a reason text stands for (xsync 3.6), if it is one of the known ones.
fn from_reason(reason: &str) -> Option<ErrorCode> {
    REASONS.iter().find(|(text, _)| reason.contains(text)).map(|(_, code)| *code)
}

/// A reason decides where the server's code is vague; a precise code such as `InvalidToken` stays. Success is no
/// error: whoever asks has found something amiss, so that is `unknown`.
fn refined(code: ErrorCode, reason: &str, unknown: ErrorCode) -> ErrorCode {
    use ErrorCode as C;
    match code {
        C::NoError
        | C::ServerUnknownError
        | C::ServerFireplaceUnknownError
        | C::InvalidRequestParameter
        | C::UserPermissionDenied
        | C::UserAuthFailed => from_reason(reason).unwrap_or(if matches!(code, C::NoError) { unknown } else { code }),
        _ => code,
    }
}

#[cfg(test)]
mod tests;
