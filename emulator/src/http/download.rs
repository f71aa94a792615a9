//! Downloads: whole or in part, pictures also small (http-api 7, 8.8; xsync 5.7).
use std::{
    io::{Cursor, SeekFrom},
    ops::Range,
    path::Path,
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt};

use super::{
    Access, ApiError,
    call::Params,
    identify, pictures,
    pictures::Wanted,
    streams::{Exchange, Refusal},
    upload::BINARY,
};
use crate::{Cloud, guard, store::Stored};

/// How much is read at a time, in bytes.
const CHUNK: usize = 64 * 1024;

/// `GET /file/download/chat`: for those the file was sent to, and who sent it.
pub(super) async fn chat(it: Exchange) -> Result<Response, Refusal> {
    download(it, "file_sign").await
}

/// `GET /file/download/avatar`: for everybody who is logged in.
pub(super) async fn avatar(it: Exchange) -> Result<Response, Refusal> {
    download(it, "object_name").await
}

async fn download(it: Exchange, parameter: &str) -> Result<Response, Refusal> {
    let Exchange { cloud, method, headers, query, .. } = it;
    let file = find(&cloud, &headers, &query, parameter)?;
    let path = cloud.files.path(&file.object);
    let asked = (&method, &headers);
    let picture = match Wanted::read(&query)? {
        Some(wanted) => pictures::make(&path, &file, wanted).await?,
        None => None,
    };
    match picture {
        Some((kind, bytes)) => {
            let tag = format!("\"{}-{}\"", file.object, bytes.len());
            let size = bytes.len() as u64;
            answer(asked, kind, &tag, &file.name, size, async |_| Ok(Cursor::new(bytes))).await
        }
        None => {
            let tag = format!("\"{}\"", file.object);
            answer(asked, &file.content_type, &tag, &file.name, file.size, async |start| open(&path, start).await).await
        }
    }
}

fn find(cloud: &Cloud, headers: &HeaderMap, query: &Params, parameter: &str) -> Result<Stored, Refusal> {
    let (reader, _) = identify(cloud, Access::Token, headers, query)?;
    let sign = query.required_text(parameter)?;
    let store = guard(&cloud.store);
    if let Some(file) = store.linked_file(sign, reader).map_err(ApiError::from)? {
        return Ok(file);
    }
    Err(if store.link_exists(sign).map_err(ApiError::from)? {
        Refusal::new(StatusCode::FORBIDDEN, format!("{parameter}: not for this account, or not uploaded yet"))
    } else {
        Refusal::new(StatusCode::NOT_FOUND, format!("{parameter}: no such file"))
    })
}

async fn open(path: &Path, start: u64) -> std::io::Result<tokio::fs::File> {
    let mut file = tokio::fs::File::open(path).await?;
    file.seek(SeekFrom::Start(start)).await?;
    Ok(file)
}

/// The bytes asked for. `open` gives a reader; one in memory starts at the front, so that what is
/// before the range is skipped here.
async fn answer<R: AsyncRead + Send + Unpin + 'static>(
    (method, headers): (&Method, &HeaderMap),
    kind: &str,
    tag: &str,
    name: &str,
    size: u64,
    open: impl AsyncFnOnce(u64) -> std::io::Result<R>,
) -> Result<Response, Refusal> {
    let part = match asked_range(headers, tag, size) {
        Asked::Whole => None,
        Asked::Part(part) => Some(part),
        Asked::Nowhere => {
            let place = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            let refusal = Refusal::new(StatusCode::RANGE_NOT_SATISFIABLE, "Range: outside of the file");
            return Ok((place, refusal).into_response());
        }
    };
    let bytes = part.clone().unwrap_or(0..size);
    let length = bytes.end - bytes.start;
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        Body::from_stream(chunks(open(bytes.start).await?, length))
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    let mut set = |name, value: &str| match HeaderValue::from_str(value) {
        Ok(value) => drop(headers.insert(name, value)),
        Err(_) => drop(headers.insert(name, HeaderValue::from_static(BINARY))),
    };
    set(header::CONTENT_TYPE, kind);
    set(header::CONTENT_LENGTH, &length.to_string());
    set(header::ACCEPT_RANGES, "bytes");
    set(header::ETAG, tag);
    set(header::CACHE_CONTROL, "private, max-age=3600");
    set(header::CONTENT_DISPOSITION, &disposition(name));
    // What users upload must not run as a page of this server. The rest goes without: browsers
    // show no PDF in a sandbox.
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if ["html", "xml", "svg"].iter().any(|active| kind.to_ascii_lowercase().contains(active)) {
        set(header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'; style-src 'unsafe-inline'");
    }
    if let Some(part) = part {
        set(header::CONTENT_RANGE, &format!("bytes {}-{}/{size}", part.start, part.end - 1));
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part(Range<u64>),
    /// A range that the file does not have.
    Nowhere,
}

/// One range is understood; for several, and for nonsense, the whole is a correct answer.
fn asked_range(headers: &HeaderMap, tag: &str, size: u64) -> Asked {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if text(header::IF_RANGE).is_some_and(|condition| condition != tag) {
        return Asked::Whole;
    }
    let Some((first, last)) =
        text(header::RANGE).and_then(|range| range.strip_prefix("bytes=")).and_then(|range| range.split_once('-'))
    else {
        return Asked::Whole;
    };
    let range = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Ok(first), Err(_)) if last.trim().is_empty() => first..size,
        (Err(_), Ok(last)) if first.trim().is_empty() => size.saturating_sub(last)..size,
        _ => return Asked::Whole,
    };
    if range.start < range.end { Asked::Part(range) } else { Asked::Nowhere }
}

/// At most `left` bytes of a reader.
fn chunks<R: AsyncRead + Unpin>(source: R, left: u64) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    stream::try_unfold((source, left), async |(mut source, left)| {
        if left == 0 {
            return Ok(None);
        }
        let mut buffer = Vec::with_capacity(CHUNK);
        let size = (&mut source).take(left.min(CHUNK as u64)).read_buf(&mut buffer).await?;
        if size == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Some((Bytes::from(buffer), (source, left - size as u64))))
    })
}

/// The name for who saves the file, any characters in it.
fn disposition(name: &str) -> String {
    let mut text = "inline".to_owned();
    if !name.is_empty() {
        text += "; filename*=UTF-8''";
        for byte in name.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                text.push(char::from(byte));
            } else {
                text += &format!("%{byte:02X}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_as_rfc_9110_has_them() {
        let ask = |range: &str, condition: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, range.parse().unwrap());
            if let Some(condition) = condition {
                headers.insert(header::IF_RANGE, condition.parse().unwrap());
            }
            asked_range(&headers, "\"tag\"", 100)
        };
        assert_eq!(asked_range(&HeaderMap::new(), "", 100), Asked::Whole);
        for (range, expected) in [
            ("bytes=0-9", Asked::Part(0..10)),
            ("bytes=90-", Asked::Part(90..100)),
            ("bytes=-10", Asked::Part(90..100)),
            ("bytes=-1000", Asked::Part(0..100)),
            ("bytes=99-1000", Asked::Part(99..100)),
            ("bytes=0-18446744073709551615", Asked::Part(0..100)),
            ("bytes=100-", Asked::Nowhere),
            ("bytes=100-200", Asked::Nowhere),
            ("bytes=-0", Asked::Nowhere),
            ("bytes=9-0", Asked::Whole),
            ("bytes=0-1,5-6", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("lines=0-9", Asked::Whole),
            ("nonsense", Asked::Whole),
        ] {
            assert_eq!(ask(range, None), expected, "{range}");
        }
        assert_eq!(ask("bytes=0-9", Some("\"tag\"")), Asked::Part(0..10));
        assert_eq!(ask("bytes=0-9", Some("\"old\"")), Asked::Whole);
    }

    #[test]
    fn names_of_any_kind_fit_into_a_header() {
        assert_eq!(disposition(""), "inline");
        assert_eq!(disposition("a b\r\n\"猫.png"), "inline; filename*=UTF-8''a%20b%0D%0A%22%E7%8C%AB.png");
    }
}
