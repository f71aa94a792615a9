//! Who may use the admin API: whoever is at this machine, but not the web pages that happen to be
//! open in a browser there.
use axum::http::{HeaderMap, HeaderName, header};

use super::ApiError;

/// Refuses what comes from a foreign page (by its `Origin`), or through a foreign name that was
/// made to point here (by the `Host`).
pub(super) fn check(headers: &HeaderMap) -> Result<(), ApiError> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(header::HOST).unwrap_or("?");
    if !is_here(host) {
        return Err(ApiError::new(403, "Host: must be an address or localhost"));
    }
    match text(header::ORIGIN) {
        None => Ok(()),
        Some(origin) => {
            let place = origin.split_once("://").map_or("?", |(_, place)| place);
            let loopback = is_here(place) && (name(place) == "localhost" || name(place).starts_with("127."));
            if place == host || loopback || name(place) == "[::1]" {
                Ok(())
            } else {
                Err(ApiError::new(403, "Origin: must be this server or a page of this machine"))
            }
        }
    }
}

/// The host of `host[:port]`.
fn name(place: &str) -> &str {
    match place.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => place,
    }
}

fn is_here(place: &str) -> bool {
    let name = name(place);
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || bare.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_pages_and_names_are_refused() {
        let ask = |host: &str, origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            check(&headers).is_ok()
        };
        for (host, origin) in [
            ("127.0.0.1:7700", None),
            ("localhost:7700", Some("http://localhost:7701")),
            ("127.0.0.1:7700", Some("http://127.0.0.1:7701")),
            ("[::1]:7700", Some("http://[::1]:7701")),
            ("192.168.1.9:7700", Some("http://192.168.1.9:7700")),
        ] {
            assert!(ask(host, origin), "{host} {origin:?}");
        }
        for (host, origin) in [
            ("evil.example", None),
            ("127.0.0.1.evil.example:7700", None),
            ("127.0.0.1:7700", Some("https://evil.example")),
            ("127.0.0.1:7700", Some("http://127.0.0.1.evil.example")),
            ("127.0.0.1:7700", Some("null")),
            ("192.168.1.9:7700", Some("http://192.168.1.10")),
        ] {
            assert!(!ask(host, origin), "{host} {origin:?}");
        }
    }
}
