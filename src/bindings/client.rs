//! The engine: one class, thin. Its contract is `js/engine.ts`.
#![allow(unreachable_pub)] // wasm-bindgen exports nothing less than `pub`
use std::rc::Rc;

use js_sys::{Array, Function, Object, Reflect};
use serde::{Deserialize, Deserializer, de};
use serde_wasm_bindgen::from_value;
use wasm_bindgen::prelude::*;

use super::error::{argument, platform, raw};
use super::view;
#[cfg(feature = "host")]
use crate::adapters::host::{Host, HostPlatform as Chosen};
#[cfg(not(feature = "host"))]
use crate::adapters::web::WebPlatform as Chosen;
use crate::core::model::{ConversationId, Error, Kind};
use crate::core::services::{Credentials, Servers, Token};
use crate::core::session::{Cloud, Command, Config, Event, Reply, Signal};
use crate::driver::{Driver, Said};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    app_id: String,
    #[serde(default)]
    dns: Option<String>,
    #[serde(default)]
    rest: Option<String>,
    #[serde(default)]
    socket: Option<String>,
    device_info: String,
    memory: bool,
    #[serde(default)]
    token_provider: bool,
    #[serde(default)]
    legacy_random_sn: bool,
}

/// An id: 64 bits in decimal text.
struct Id(u64);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| de::Error::custom("an id must be a decimal number of 64 bits as text"))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoginParams {
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    user_id: Option<Id>,
    #[serde(default)]
    password: Option<String>,
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    public_key: Option<String>,
    #[serde(default)]
    mobile: Option<String>,
    #[serde(default)]
    anonymous: bool,
    /// Why there is no token to provide.
    #[serde(default)]
    error: Option<String>,
}

impl LoginParams {
    fn credentials(self) -> Result<Credentials, Error> {
        let Self { username, user_id, password, token, public_key, mobile, anonymous, .. } = self;
        let uid = user_id.as_ref().map_or(0, |Id(uid)| *uid);
        if anonymous {
            return Ok(Credentials::Anonymous);
        }
        Ok(match (username, user_id, mobile, password, token) {
            (Some(name), None, None, Some(password), None) => Credentials::Name { name, password },
            (None, Some(_), None, Some(password), None) => Credentials::Id { uid, password },
            (None, None, Some(mobile), Some(password), None) => Credentials::Mobile { mobile, password },
            (None, Some(_), None, None, Some(token)) => {
                Credentials::Token(Token { uid, token, public_key: public_key.unwrap_or_default() })
            }
            (None, _, None, None, None) => Credentials::Provided(uid),
            _ => return Err(Error::argument("give one of username, mobile, userId, and one of password, token")),
        })
    }
}

#[derive(Deserialize)]
struct SendParams {
    id: Id,
    kind: u32,
    to: Id,
    text: String,
    #[serde(default)]
    ext: String,
}

#[derive(Deserialize)]
struct PageParams {
    kind: u32,
    id: Id,
    #[serde(default)]
    before: Option<Id>,
    limit: u32,
}

#[derive(Deserialize)]
struct OfParams {
    kind: u32,
    id: Id,
}

fn conversation(kind: u32, uid: u64) -> Result<ConversationId, Error> {
    let kind = Kind::from_number(kind).ok_or_else(|| Error::argument("`kind` must be 0, 1 or 2"))?;
    Ok(if uid == 0 { ConversationId::SYSTEM } else { ConversationId { kind, uid } })
}

fn parse<T: de::DeserializeOwned>(params: JsValue) -> Result<T, Error> {
    from_value(params).map_err(|e| argument(&e))
}

fn command(name: &str, params: JsValue) -> Result<Command, Error> {
    Ok(match name {
        "login" => Command::Login(parse::<LoginParams>(params)?.credentials()?),
        "provideToken" => {
            let mut given: LoginParams = parse(params)?;
            Command::ProvideToken(match (given.error.take(), given.credentials()) {
                (Some(why), _) => Err(why),
                (None, Ok(Credentials::Token(token))) => Ok(token),
                (None, _) => return Err(Error::argument("give userId and token, or error")),
            })
        }
        "resume" => Command::Resume,
        "logout" => Command::Logout,
        "send" => {
            let SendParams { id: Id(id), kind, to: Id(to), text, ext } = parse(params)?;
            Command::Send { id, to: conversation(kind, to)?, text, ext }
        }
        "messages" | "history" => {
            let PageParams { kind, id: Id(uid), before, limit } = parse(params)?;
            let (of, before) = (conversation(kind, uid)?, before.map_or(0, |Id(id)| id));
            if name == "messages" {
                Command::Messages { of, before, limit }
            } else {
                Command::History { of, before, limit }
            }
        }
        "conversations" => Command::Conversations,
        "users" => Command::Users,
        "groups" => Command::Groups,
        "markRead" => {
            let OfParams { kind, id: Id(uid) } = parse(params)?;
            Command::MarkRead(conversation(kind, uid)?)
        }
        other => return Err(platform(format!("the core has no command `{other}`"))),
    })
}

fn told(event: Event) -> Array {
    let text = |s: &str| JsValue::from_str(s);
    let maybe = |e: Option<Error>| e.map_or(JsValue::UNDEFINED, |e| raw(&e));
    match event {
        Event::State { from, to, error, retry_at } => {
            #[expect(clippy::cast_precision_loss, reason = "a time in milliseconds")]
            let retry_at = retry_at.map_or(JsValue::UNDEFINED, |at| JsValue::from_f64(at.0 as f64));
            Array::of5(&text("state"), &text(from.name()), &text(to.name()), &maybe(error), &retry_at)
        }
        Event::Messages(rows) => Array::of2(&text("messages"), &view::messages(&rows).into_js()),
        Event::Sent(rows) => Array::of2(&text("sent"), &view::messages(&rows).into_js()),
        Event::Failed(rows) => Array::of2(&text("failed"), &view::messages(&rows).into_js()),
        Event::Conversations(rows) => Array::of2(&text("conversations"), &view::conversations(&rows).into_js()),
        Event::Users(rows) => Array::of2(&text("users"), &view::users(&rows).into_js()),
        Event::Groups(rows) => Array::of2(&text("groups"), &view::groups(&rows).into_js()),
        Event::Sync(pending) => Array::of2(&text("sync"), &JsValue::from(u32::try_from(pending).unwrap_or(u32::MAX))),
        Event::Storage(kind, error) => Array::of3(&text("storage"), &text(kind.name()), &maybe(error)),
        Event::Error(e) => Array::of2(&text("error"), &raw(&e)),
        Event::TokenWanted(reason) => Array::of2(&text("token"), &text(reason.name())),
    }
}

fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (key, value) in fields {
        let _ = Reflect::set(&object, &JsValue::from_str(key), value); // a new object takes any field
    }
    object.into()
}

fn settled(reply: Reply) -> JsValue {
    match reply {
        Reply::Done | Reply::Session(None) => JsValue::UNDEFINED,
        Reply::Session(Some(uid)) => object(&[("userId", uid.to_string().into())]),
        Reply::Messages(rows) => view::messages(&rows).into_js(),
        Reply::History(rows, next) => {
            object(&[("messages", view::messages(&rows).into_js()), ("next", next.to_string().into())])
        }
        Reply::Conversations(rows) => view::conversations(&rows).into_js(),
        Reply::Users(rows) => view::users(&rows).into_js(),
        Reply::Groups(rows) => view::groups(&rows).into_js(),
    }
}

fn said(said: Said) -> Array {
    match said {
        Said::Event(event) => told(event),
        Said::Reply(call, result) => {
            let (ok, value) = match result {
                Ok(reply) => (true, settled(reply)),
                Err(e) => (false, raw(&e)),
            };
            Array::of4(&"reply".into(), &call.into(), &ok.into(), &value)
        }
    }
}

/// One session on this platform.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine {
    driver: Rc<Driver<Chosen>>,
    sink: Function,
}

#[wasm_bindgen]
impl Engine {
    /// `options`, `sink` and `host` as in `js/engine.ts`; the browser build has no use for `host`.
    ///
    /// # Errors
    /// A raw error when an option is missing or of the wrong type, or the platform lacks something.
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue, sink: Function, host: JsValue) -> Result<Self, JsValue> {
        let Options { app_id, dns, rest, socket, device_info, memory, token_provider, legacy_random_sn } =
            parse(options).map_err(|e| raw(&e))?;
        let cloud = match (dns, rest, socket) {
            (Some(url), None, None) => Cloud::Dns(url),
            (None, Some(rest), Some(socket)) => Cloud::Fixed(Servers::fixed(rest, socket)),
            _ => return Err(raw(&Error::argument("give `dns`, or `rest` and `socket`"))),
        };
        let config = Config { app_id, cloud, device_info, token_provider, legacy_random_sn };
        #[cfg(feature = "host")]
        let chosen = Chosen::new(host.unchecked_into::<Host>(), memory);
        #[cfg(not(feature = "host"))]
        let chosen = {
            drop(host);
            Chosen::new(memory)
        };
        let to = sink.clone();
        let driver = Driver::start(config, chosen, move |batch| {
            let batch: Array = batch.into_iter().map(said).collect();
            let _ = to.call1(&JsValue::UNDEFINED, &batch); // the facade's sink queues and cannot throw
        });
        Ok(Self { driver: driver.map_err(|e| raw(&platform(e.0)))?, sink })
    }

    /// Starts a command; the reply comes through the sink, never before this returns.
    pub fn command(&self, call: u32, name: &str, params: JsValue) {
        match command(name, params) {
            Ok(command) => self.driver.command(call, command),
            Err(e) => {
                let batch = Array::of1(&said(Said::Reply(call, Err(e))));
                let _ = self.sink.call1(&JsValue::UNDEFINED, &batch); // see above
            }
        }
    }

    /// The next client message id.
    ///
    /// # Errors
    /// A raw error `UserNotLogin`.
    #[wasm_bindgen(js_name = nextId)]
    pub fn next_id(&self) -> Result<String, JsValue> {
        self.driver.allocate_id().map(|id| id.to_string()).map_err(|e| raw(&e))
    }

    /// `online`, `offline`, `foreground` or `background`; anything else is ignored.
    pub fn signal(&self, name: &str) {
        if let Some(signal) = Signal::from_name(name) {
            self.driver.signal(signal);
        }
    }

    /// Counts for diagnostics.
    pub fn stats(&self) -> JsValue {
        let stats = self.driver.stats();
        object(&[
            ("badFrames", stats.bad_frames.into()),
            ("quarantined", stats.quarantined.into()),
            ("skipped", stats.skipped.into()),
            ("badRows", stats.bad_rows.into()),
        ])
    }

    /// Closes socket, timers and store.
    pub fn close(&self) {
        self.driver.close();
    }
}
