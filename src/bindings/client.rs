//! The engine: one class, thin. Its contract is `js/engine.ts`.
#![allow(unreachable_pub)] // wasm-bindgen exports nothing less than `pub`
use std::rc::Rc;

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

use super::error::{platform, raw};
use super::object::{Params, bad, object};
use super::view;
#[cfg(feature = "host")]
use crate::adapters::host::{Host, HostPlatform as Chosen};
#[cfg(not(feature = "host"))]
use crate::adapters::web::WebPlatform as Chosen;
use crate::core::codec::{WirePolicy, json};
use crate::core::json::Value;
use crate::core::model::Error;
use crate::core::services::{Credentials, Servers, Token};
use crate::core::session::{
    Cloud, Command, Config, Content, Event, Filter, Insert, Json, Operation, Past, Reply, Signal,
};
use crate::driver::{Driver, Said};

fn settings(params: JsValue) -> Result<(Config, bool), Error> {
    let mut p = Params::new(params)?;
    let cloud = match (p.maybe_text("dns")?, p.maybe_text("rest")?, p.maybe_text("socket")?) {
        (Some(url), None, None) => Cloud::Dns(url),
        (None, Some(rest), Some(socket)) => Cloud::Fixed(Servers::fixed(rest, socket)),
        _ => return Err(Error::argument("give `dns`, or `rest` and `socket`")),
    };
    let (app_id, device_info) = (p.text("appId")?, p.text("deviceInfo")?);
    if app_id.is_empty() {
        return Err(bad("appId", "a text that is not empty"));
    }
    let (delivery_receipts, memory) = (p.flag("deliveryReceipts")?, p.flag("memory")?);
    let (token_provider, legacy_random_sn) = (p.flag("tokenProvider")?, p.flag("legacyRandomSn")?);
    let search = p.flag("search")?;
    p.end()?;
    let wire = WirePolicy::default();
    Ok((
        Config { app_id, cloud, device_info, delivery_receipts, wire, token_provider, search, legacy_random_sn },
        memory,
    ))
}

fn credentials(p: &mut Params) -> Result<Credentials, Error> {
    let (username, uid, mobile) = (p.maybe_text("username")?, p.maybe_id("userId")?, p.maybe_text("mobile")?);
    let (password, token, public_key) = (p.maybe_text("password")?, p.maybe_text("token")?, p.text("publicKey")?);
    if p.flag("anonymous")? {
        return Ok(Credentials::Anonymous);
    }
    Ok(match (username, uid, mobile, password, token) {
        (Some(name), None, None, Some(password), None) => Credentials::Name { name, password },
        (None, Some(uid), None, Some(password), None) => Credentials::Id { uid, password },
        (None, None, Some(mobile), Some(password), None) => Credentials::Mobile { mobile, password },
        (None, Some(uid), None, None, Some(token)) => Credentials::Token(Token { uid, token, public_key }),
        (None, uid, None, None, None) => Credentials::Provided(uid.unwrap_or(0)),
        _ => return Err(Error::argument("give one of username, mobile, userId, and one of password, token")),
    })
}

/// A token, or why there is none.
fn token(p: &mut Params) -> Result<Result<Token, String>, Error> {
    Ok(match (p.maybe_text("error")?, credentials(p)?) {
        (Some(why), _) => Err(why),
        (None, Credentials::Token(token)) => Ok(token),
        (None, _) => return Err(Error::argument("give userId and token, or error")),
    })
}

fn content(p: &mut Params) -> Result<Content, Error> {
    Ok(Content {
        ctype: p.number("type")?.cast_signed(),
        text: p.text("text")?,
        attachment: p.text("attachment")?,
        config: p.text("config")?,
        ext: p.text("ext")?,
        sender_name: p.text("senderName")?,
        qos: p.number("qos")?.cast_signed(),
        priority: p.number("priority")?,
    })
}

fn operation(p: &mut Params) -> Result<Operation, Error> {
    let name = p.text("operation")?;
    let (text, config, ext) = (p.text("text")?, p.text("config")?, p.text("ext")?);
    Ok(match &name[..] {
        "recall" => Operation::Recall,
        "delete" => Operation::Delete,
        "unread" => Operation::Unread,
        "played" => Operation::Played,
        "append" => Operation::Append { text, config, ext },
        "patch" => Operation::Patch { text, config, ext },
        "replace" => Operation::Replace { text, config, ext },
        _ => return Err(bad("operation", "recall, delete, unread, played, append, replace or patch")),
    })
}

fn filter(p: &mut Params) -> Result<Filter, Error> {
    let ctype = p.maybe_text("type")?;
    let ctype = ctype.map(|number| number.parse().map_err(|_| bad("type", "a number as text"))).transpose()?;
    let (since, until) = (p.maybe_id("since")?.unwrap_or(0), p.maybe_id("until")?.unwrap_or(0));
    Ok(Filter { text: p.text("text")?, of: p.maybe_conversation()?, ctype, from: p.maybe_id("from")?, since, until })
}

/// One message of another SDK.
fn past(value: JsValue) -> Result<Past, Error> {
    let mut p = Params::new(value)?;
    let id = p.id("id")?;
    if id == 0 {
        return Err(bad("id", "the id of a message"));
    }
    let past = Past {
        id,
        from: p.id("from")?,
        time: p.id("time")?,
        status: p.number("status")?,
        edited_at: p.maybe_id("editedAt")?.unwrap_or(0),
        content: content(&mut p)?,
    };
    p.end()?;
    Ok(past)
}

/// A message of the application's own, or one to be taken out.
fn insert(p: &mut Params) -> Result<Insert, Error> {
    let (of, id, behind) = (p.conversation()?, p.id("id")?, p.maybe_id("behind")?);
    let (from, time) = (p.maybe_id("from")?.unwrap_or(0), p.maybe_id("time")?.unwrap_or(0));
    let content = content(p)?;
    Ok(Insert { of, id, behind, from, time, content: (!p.flag("gone")?).then_some(content) })
}

/// The bytes of the frame that a JSON text describes.
fn frame(text: &str) -> Result<Vec<u8>, Error> {
    let frame = Value::parse(text).map_err(|_| bad("frame", "JSON text"))?;
    json::encode(&frame).map_err(|e| Error::argument(e.to_string()))
}

fn command(name: &str, params: JsValue) -> Result<Command, Error> {
    let mut p = Params::new(params)?;
    let command = match name {
        "login" => Command::Login(credentials(&mut p)?),
        "provideToken" => Command::ProvideToken(token(&mut p)?),
        "resume" => p.maybe_id("userId")?.map_or(Command::Resume, Command::ResumeAs),
        "logout" => Command::Logout,
        "adopt" => Command::Adopt {
            token: Token { uid: p.id("userId")?, token: p.text("token")?, public_key: p.text("publicKey")? },
            guid: p.text("deviceGuid")?,
            sn: p.number("deviceSn")?,
        },
        "import" => Command::Import {
            of: p.conversation()?,
            messages: p.list("messages")?.into_iter().map(past).collect::<Result<_, _>>()?,
        },
        "send" => Command::Send { id: p.id("id")?, to: p.conversation()?, content: content(&mut p)? },
        "resend" => Command::Resend(p.id("id")?),
        "cancel" => Command::Cancel(p.id("id")?),
        "operate" => Command::Operate { of: p.conversation()?, target: p.id("target")?, operation: operation(&mut p)? },
        "forget" => Command::Forget { of: p.conversation()?, target: p.id("target")? },
        "receipts" => Command::Receipts { of: p.conversation()?, target: p.id("target")? },
        "frame" => Command::Frame(frame(&p.text("frame")?)?),
        "typing" => Command::Typing(p.conversation()?, p.flag("active")?),
        "deleteConversation" => {
            let (of, everywhere) = (p.conversation()?, p.flag("everywhere")?);
            Command::DeleteConversation { of, everywhere, id: p.maybe_id("id")?.unwrap_or(0) }
        }
        "focus" => Command::Focus(p.maybe_conversation()?),
        "notices" => Command::Notices,
        "dropNotices" => Command::DropNotices(p.ids("ids")?),
        "messages" => Command::Messages {
            of: p.conversation()?,
            before: p.maybe_id("before")?.unwrap_or(0),
            after: p.maybe_id("after")?.unwrap_or(0),
            limit: p.number("limit")?,
        },
        "messageAt" => Command::MessageAt { of: p.conversation()?, time: p.id("time")? },
        "find" => Command::Find(filter(&mut p)?, p.number("limit")?),
        "findMore" => Command::FindMore(p.number("handle")?, p.number("limit")?),
        "setLocal" => Command::SetLocal {
            of: p.conversation()?,
            draft: p.maybe_text("draft")?,
            extension: p.maybe_text("extension")?,
            pinned: p.maybe_flag("pinned")?,
            muted: p.maybe_flag("muted")?,
        },
        "wipe" => Command::Wipe,
        "history" => Command::History {
            of: p.conversation()?,
            before: p.maybe_id("before")?.unwrap_or(0),
            after: p.maybe_id("after")?.unwrap_or(0),
            limit: p.number("limit")?,
        },
        "conversations" => Command::Conversations,
        "users" => Command::Users,
        "groups" => Command::Groups,
        "markRead" => Command::MarkRead {
            of: p.conversation()?,
            up_to: p.maybe_id("upTo")?.unwrap_or(0),
            only: p.flag("only")?,
            here: p.flag("here")?,
        },
        "clear" => Command::Clear(p.conversation()?),
        "insert" => Command::Insert(insert(&mut p)?),
        "api" => Command::Api {
            endpoint: p.text("endpoint")?,
            params: Json(p.text("params")?),
            timeout: p.number("timeout")?,
        },
        "cancelApi" => Command::CancelApi(p.number("target")?),
        "locate" => Command::Locate(p.text("url")?),
        other => return Err(platform(["the core has no command `", other, "`"].concat())),
    };
    p.end()?;
    Ok(command)
}

fn told(event: Event) -> Array {
    let maybe = |e: Option<Error>| e.map_or(JsValue::UNDEFINED, |e| raw(&e));
    let (name, payload) = match event {
        Event::State { from, to, error, retry_at } => {
            let retry_at = retry_at.map_or(JsValue::UNDEFINED, |at| view::time(at).into());
            ("state", vec![from.name().into(), to.name().into(), maybe(error), retry_at])
        }
        Event::Messages(rows) => ("messages", vec![view::messages(&rows).into()]),
        Event::Sent(rows) => ("sent", vec![view::messages(&rows).into()]),
        Event::Failed(rows) => ("failed", vec![view::messages(&rows).into()]),
        Event::Conversations(rows) => ("conversations", vec![view::conversations(&rows).into()]),
        Event::Users(rows) => ("users", vec![view::users(&rows).into()]),
        Event::Groups(rows) => ("groups", vec![view::groups(&rows).into()]),
        Event::Updates(rows) => ("updates", vec![view::updates(&rows).into()]),
        Event::Removed(rows) => ("removed", vec![view::keys(&rows).into()]),
        Event::Notices(rows) => ("notices", vec![view::notices(&rows).into()]),
        Event::Typing { of, from, active } => {
            ("typing", vec![view::keys(&[of]).into(), from.to_string().into(), active.into()])
        }
        Event::Members { group, joined, left, changed } => {
            ("members", vec![group.to_string().into(), view::lists(&[&joined, &left, &changed]).into()])
        }
        Event::Sync(pending) => ("sync", vec![u32::try_from(pending).unwrap_or(u32::MAX).into()]),
        Event::Storage(kind, error) => ("storage", vec![kind.name().into(), maybe(error)]),
        Event::Error(e) => ("error", vec![raw(&e)]),
        Event::TokenWanted(reason) => ("token", vec![reason.name().into()]),
        Event::Log(level, text) => ("log", vec![(level as u8).into(), text.into()]),
    };
    std::iter::once(JsValue::from_str(name)).chain(payload).collect()
}

fn settled(reply: Reply) -> JsValue {
    match reply {
        Reply::Done | Reply::Session(None) => JsValue::UNDEFINED,
        Reply::Session(Some((uid, sn))) => object(&[("userId", uid.to_string().into()), ("deviceSn", sn.into())]),
        Reply::Messages(rows) => view::messages(&rows).into(),
        Reply::History(rows, next) => {
            object(&[("messages", view::messages(&rows).into()), ("next", next.to_string().into())])
        }
        Reply::Found(rows, next) => object(&[("messages", view::messages(&rows).into()), ("next", next.into())]),
        Reply::Id(id) => id.to_string().into(),
        Reply::Conversations(rows) => view::conversations(&rows).into(),
        Reply::Users(rows) => view::users(&rows).into(),
        Reply::Groups(rows) => view::groups(&rows).into(),
        Reply::Notices(rows) => view::notices(&rows).into(),
        Reply::Receipts(receipts) => view::receipts(&receipts).into(),
        Reply::Api(Json(text)) => text.into(),
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
    /// `options`, `sink` and `host` as in `js/engine.ts`; the browser build takes a function there, `lock`.
    ///
    /// # Errors
    /// A raw error when an option is missing or of the wrong type, or the platform lacks something.
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue, sink: Function, host: JsValue) -> Result<Self, JsValue> {
        let (config, memory) = settings(options).map_err(|e| raw(&e))?;
        #[cfg(feature = "host")]
        let chosen = Chosen::new(host.unchecked_into::<Host>(), memory);
        #[cfg(not(feature = "host"))]
        let chosen = Chosen::new(memory, host.dyn_into::<Function>().ok());
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
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 rows")]
    pub fn stats(&self) -> JsValue {
        let stats = self.driver.stats();
        object(&[
            ("badFrames", stats.bad_frames.into()),
            ("quarantined", stats.quarantined.into()),
            ("skipped", stats.skipped.into()),
            ("badRows", stats.bad_rows.into()),
            ("dropped", stats.dropped.into()),
            ("indexRows", JsValue::from_f64(stats.terms as f64)),
        ])
    }

    /// Closes socket, timers and store.
    pub fn close(&self) {
        self.driver.close();
    }
}
