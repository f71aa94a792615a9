//! Getting a token (xsync 3.1, http-api 8.3).
use serde::Deserialize;
use serde_json::json;

use super::{Call, Caller, Id, data};
use crate::core::model::{Domain, Error, ErrorCode};

/// Ways to log in.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// User name and password.
    Name {
        /// The user name.
        name: String,
        /// The password.
        password: String,
    },
    /// User id and password.
    Id {
        /// The id.
        uid: u64,
        /// The password.
        password: String,
    },
    /// A token that the application already has.
    Token {
        /// Whose it is.
        uid: u64,
        /// The token.
        token: String,
    },
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Name { .. } => "Name(..)",
            Self::Id { .. } => "Id(..)",
            Self::Token { .. } => "Token(..)",
        })
    }
}

/// What a login over HTTP gives.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// Whose.
    pub uid: u64,
    /// The token.
    pub token: String,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("uid", &self.uid).finish_non_exhaustive()
    }
}

/// Exchanges a password for a token; `None` when the credentials are a token already.
pub fn token(caller: Caller<'_>, credentials: &Credentials) -> Option<Call<Token>> {
    let (path, body) = match credentials {
        Credentials::Name { name, password } => ("/token/user", json!({ "name": name, "password": password })),
        Credentials::Id { uid, password } => ("/token/id", json!({ "user_id": uid, "password": password })),
        Credentials::Token { .. } => return None,
    };
    Some(Call { request: caller.request("POST", path, Some(body.to_string())), parse })
}

fn parse(body: &str) -> Result<Token, Error> {
    #[derive(Deserialize)]
    struct Answer {
        token: String,
        user_id: Id,
    }
    let Answer { token, user_id } = data(body).map_err(|e| match e.code {
        ErrorCode::ServerResponseInvalid => Error::new(Domain::Http, ErrorCode::ServerTokenResponseInvalid, e.detail),
        _ => e,
    })?;
    if token.is_empty() || user_id.0 == 0 {
        return Err(Error::new(Domain::Http, ErrorCode::ServerTokenResponseInvalid, "`token` or `user_id` is empty"));
    }
    Ok(Token { uid: user_id.0, token })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_checked() {
        let ok = parse(r#"{"code":200,"message":null,"data":{"token":"t","user_id":6600000000112,"x":1}}"#).unwrap();
        assert_eq!(ok, Token { uid: 6_600_000_000_112, token: "t".into() });
        let code = |body: &str| parse(body).unwrap_err().code;
        assert_eq!(code(r#"{"code":10000,"message":"no"}"#), ErrorCode::UserNotExist);
        assert_eq!(code(r#"{"code":40010,"message":"Operation rejected: x"}"#), ErrorCode::UserAuthFailed);
        assert_eq!(code(r#"{"code":200,"data":{"token":"","user_id":1}}"#), ErrorCode::ServerTokenResponseInvalid);
        assert_eq!(code(r#"{"code":200,"data":null}"#), ErrorCode::ServerTokenResponseInvalid);
        assert_eq!(code("no json"), ErrorCode::ServerTokenResponseInvalid);
    }

    #[test]
    fn secrets_do_not_print() {
        let c = Credentials::Name { name: "n".into(), password: "secret".into() };
        let caller = Caller { base: "http://h", app_id: "a", token: "tok" };
        let text = format!("{c:?} {:?}", token(caller, &c).unwrap().request);
        assert!(!text.contains("secret") && !text.contains("tok\""), "{text}");
    }
}
