//! The long connection over the browser's WebSocket.
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use crate::ports::{Socket, SocketEvent, TransportError};

/// A WebSocket. Dropping it takes the handlers off first, so a late event reaches nobody.
#[derive(Debug)]
pub struct WebSocketPort {
    socket: WebSocket,
    _handlers: Handlers,
}

#[derive(Debug)]
struct Handlers {
    _open: Closure<dyn Fn()>,
    _message: Closure<dyn Fn(MessageEvent)>,
    _close: Closure<dyn Fn(CloseEvent)>,
}

impl WebSocketPort {
    pub(super) fn open(url: &str, on: Box<dyn Fn(SocketEvent<'_>)>) -> Result<Self, TransportError> {
        let socket = WebSocket::new(url).map_err(|e| failed(&e))?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let on = std::rc::Rc::new(on);
        let open = {
            let on = on.clone();
            Closure::<dyn Fn()>::new(move || on(SocketEvent::Opened))
        };
        let message = {
            let on = on.clone();
            Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
                let data = event.data();
                match data.dyn_ref::<ArrayBuffer>() {
                    Some(buffer) => on(SocketEvent::Frame(&Uint8Array::new(buffer).to_vec())),
                    // No text is a frame; the codec says so and counts it.
                    None => on(SocketEvent::Frame(data.as_string().unwrap_or_default().as_bytes())),
                }
            })
        };
        let close = Closure::<dyn Fn(CloseEvent)>::new(move |event: CloseEvent| {
            on(SocketEvent::Closed(
                format!("closed with code {} {}", event.code(), event.reason()).trim_end().to_owned(),
            ));
        });
        socket.set_onopen(Some(open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(close.as_ref().unchecked_ref()));
        Ok(Self { socket, _handlers: Handlers { _open: open, _message: message, _close: close } })
    }
}

impl Socket for WebSocketPort {
    fn send(&self, frame: &[u8]) -> Result<(), TransportError> {
        // The browser would drop it all the same, and say so as an error on the page's console; `onclose` is on its way.
        if self.socket.ready_state() > WebSocket::OPEN {
            return Ok(());
        }
        self.socket.send_with_u8_array(frame).map_err(|e| failed(&e))
    }
}

impl Drop for WebSocketPort {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // Closing one that is closed already is fine, and there is nobody left to tell.
        let _ = self.socket.close();
    }
}

fn failed(e: &JsValue) -> TransportError {
    TransportError(e.dyn_ref::<js_sys::Error>().map_or_else(|| format!("{e:?}"), |e| String::from(e.message())))
}
