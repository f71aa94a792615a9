//! Getting a token (xsync 3.1, http-api 8.3).
use super::{Call, Caller, data, field};
use crate::core::json::Value;
use crate::core::model::{Domain, Error, ErrorCode};
use crate::ports::Request;

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
    Token(Token),
    /// Mobile number and password.
    Mobile {
        /// The number.
        mobile: String,
        /// The password.
        password: String,
    },
    /// A visitor without an account of their own; the cloud makes one up.
    Anonymous,
    /// A token that the application is to be asked for: of this user, or of whomever (0).
    Provided(u64),
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Name { .. } => "Name(..)",
            Self::Id { .. } => "Id(..)",
            Self::Token(_) => "Token(..)",
            Self::Mobile { .. } => "Mobile(..)",
            Self::Anonymous => "Anonymous",
            Self::Provided(_) => "Provided(..)",
        })
    }
}

/// What admits a user to the long connection.
#[derive(Default, Clone, PartialEq, Eq)]
pub struct Token {
    /// Whose.
    pub uid: u64,
    /// The token.
    pub token: String,
    /// The server's key for encrypted connections; empty when there is none.
    pub public_key: String,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("uid", &self.uid).finish_non_exhaustive()
    }
}

/// The body of a login: who, and the password.
fn pair(name: &str, who: impl Into<Value>, password: &str) -> Value {
    Value::object([(name, who.into()), ("password", password.into())])
}

/// Exchanges a password for a token; `None` when the credentials hold no password.
pub fn token(caller: Caller<'_>, credentials: &Credentials) -> Option<Call<Token>> {
    let (path, body) = match credentials {
        Credentials::Name { name, password } => ("/token/user", pair("name", &name[..], password)),
        Credentials::Mobile { mobile, password } => ("/token/user", pair("mobile", &mobile[..], password)),
        Credentials::Id { uid, password } => ("/token/id", pair("user_id", *uid, password)),
        Credentials::Token(_) | Credentials::Anonymous | Credentials::Provided(_) => return None,
    };
    Some(Call { request: caller.request("POST", path, Some(body.to_string())), parse: token_answer })
}

/// How the answer to [`token`] is read.
pub fn token_answer(body: &str) -> Result<Token, Error> {
    let data = answer(body)?;
    // The cloud sends ids as numbers, some proxies as text.
    let uid = field(&data, "user_id").as_id().unwrap_or(0);
    let token = field(&data, "token").as_str().unwrap_or("").to_owned();
    if token.is_empty() || uid == 0 {
        return Err(bad_answer("`token` or `user_id` is missing"));
    }
    let public_key = match field(&data, "public_key") {
        Value::Null => String::new(),
        Value::String(key) => key.clone(),
        _ => return Err(bad_answer("`public_key` is no text")),
    };
    Ok(Token { uid, token, public_key })
}

/// Makes an account for a visitor. The cloud says under which name the password belongs to it.
pub fn register_visitor(caller: Caller<'_>, name: &str, password: &str) -> Request {
    let body = pair("username", name, password);
    caller.request("POST", "/user/register/anonymous", Some(body.to_string()))
}

/// The name in the answer to [`register_visitor`].
pub fn visitor_answer(body: &str) -> Result<String, Error> {
    match field(&answer(body)?, "username").as_str() {
        None | Some("") => Err(bad_answer("`username` is missing")),
        Some(name) => Ok(name.to_owned()),
    }
}

fn bad_answer(detail: &str) -> Error {
    Error::new(Domain::Http, ErrorCode::ServerTokenResponseInvalid, detail)
}

fn answer(body: &str) -> Result<Value, Error> {
    data(body).map_err(|e| match e.code {
        ErrorCode::ServerResponseInvalid => bad_answer(&e.detail),
        _ => e,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_checked() {
        let ok =
            token_answer(r#"{"code":200,"message":null,"data":{"token":"t","user_id":6600000000112,"x":1}}"#).unwrap();
        assert_eq!(ok, Token { uid: 6_600_000_000_112, token: "t".into(), public_key: String::new() });
        let code = |body: &str| token_answer(body).unwrap_err().code;
        assert_eq!(code(r#"{"code":10000,"message":"no"}"#), ErrorCode::UserNotExist);
        assert_eq!(code(r#"{"code":40010,"message":"Operation rejected: x"}"#), ErrorCode::UserAuthFailed);
        assert_eq!(code(r#"{"code":200,"data":{"token":"","user_id":1}}"#), ErrorCode::ServerTokenResponseInvalid);
        assert_eq!(code(r#"{"code":200,"data":null}"#), ErrorCode::ServerTokenResponseInvalid);
        assert_eq!(code("no json"), ErrorCode::ServerTokenResponseInvalid);
        let code = |body: &str| visitor_answer(body).unwrap_err().code;
        assert_eq!(code(r#"{"code":200,"data":{"username":""}}"#), ErrorCode::ServerTokenResponseInvalid);
        assert_eq!(code(r#"{"code":40002,"message":"full"}"#), ErrorCode::from_http(40002));
    }

    #[test]
    fn a_public_key_may_be_absent_or_null_and_is_kept_otherwise() {
        let key = |field: &str| {
            token_answer(&format!(r#"{{"code":200,"data":{{"token":"t","user_id":1{field}}}}}"#)).map(|t| t.public_key)
        };
        assert_eq!(key(""), Ok(String::new()));
        assert_eq!(key(r#","public_key":null"#), Ok(String::new()));
        assert_eq!(key(r#","public_key":"PEM""#), Ok("PEM".into()));
        assert_eq!(key(r#","public_key":5"#).unwrap_err().code, ErrorCode::ServerTokenResponseInvalid);
    }

    #[test]
    fn each_kind_of_password_has_its_request() {
        let caller = Caller { base: "http://h", app_id: "a", token: "" };
        let asked = |c: Credentials| token(caller, &c).map(|call| (call.request.url, call.request.body.unwrap()));
        let password = || "p".to_owned();
        assert_eq!(
            asked(Credentials::Mobile { mobile: "123".into(), password: password() }).unwrap(),
            ("http://h/token/user".into(), r#"{"mobile":"123","password":"p"}"#.into())
        );
        assert_eq!(
            asked(Credentials::Id { uid: 7, password: password() }).unwrap(),
            ("http://h/token/id".into(), r#"{"password":"p","user_id":7}"#.into())
        );
        assert_eq!(asked(Credentials::Anonymous), None);
        let request = register_visitor(caller, "n", "p");
        assert_eq!((request.method, &request.url[..]), ("POST", "http://h/user/register/anonymous"));
        assert_eq!(request.body.unwrap(), r#"{"password":"p","username":"n"}"#);
    }

    #[test]
    fn secrets_do_not_print() {
        let c = Credentials::Name { name: "n".into(), password: "secret".into() };
        let caller = Caller { base: "http://h", app_id: "a", token: "tok" };
        let text = format!("{c:?} {:?}", token(caller, &c).unwrap().request);
        assert!(!text.contains("secret") && !text.contains("tok\""), "{text}");
    }
}
