//! HTTP over fetch.
use gloo_timers::callback::Timeout;
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, RequestCache, RequestCredentials, RequestInit};

use crate::ports::{HttpError, Request, Response};

/// A request without an answer is given up after this many milliseconds (xsync 2.4).
const TIMEOUT: u32 = 20_000;

#[wasm_bindgen]
extern "C" {
    // Global in pages and in workers, unlike `window.fetch`.
    #[wasm_bindgen(js_name = fetch, catch)]
    fn fetch(request: &web_sys::Request) -> Result<Promise, JsValue>;
}

pub(super) async fn send(request: Request) -> Result<Response, HttpError> {
    let (host, abort) = (host(&request.url).to_owned(), AbortController::new().map_err(|e| why("", &e))?);
    let stop = abort.clone();
    let _timer = Timeout::new(TIMEOUT, move || stop.abort());
    exchange(request, &abort).await.map_err(|e| why(&host, &e))
}

async fn exchange(request: Request, abort: &AbortController) -> Result<Response, JsValue> {
    let headers = Headers::new()?;
    for (name, value) in &request.headers {
        headers.set(name, value)?;
    }
    let init = RequestInit::new();
    init.set_method(request.method);
    init.set_headers(&headers);
    init.set_signal(Some(&abort.signal()));
    init.set_credentials(RequestCredentials::Omit);
    init.set_cache(RequestCache::NoStore);
    if let Some(body) = &request.body {
        init.set_body(&JsValue::from_str(body));
    }
    let request = web_sys::Request::new_with_str_and_init(&request.url, &init)?;
    let response: web_sys::Response = JsFuture::from(fetch(&request)?).await?.unchecked_into();
    let body = JsFuture::from(response.text()?).await?;
    Ok(Response { status: response.status(), body: body.as_string().unwrap_or_default() })
}

/// What developers read: the host, never the path or query, and the browser's own words.
fn why(host: &str, e: &JsValue) -> HttpError {
    let text = e.dyn_ref::<js_sys::Error>().map_or_else(String::new, |e| String::from(e.message()));
    HttpError(format!("no answer from {host}: {text}"))
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or("")
}
