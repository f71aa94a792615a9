//! Small versions of pictures (xsync 5.7: `image_type` 1 original, 2 thumbnail, 3 cover).
use std::{
    fs::File,
    io::{BufReader, Cursor},
    path::{Path, PathBuf},
};

use axum::http::StatusCode;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Rgb, RgbImage};
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::{ApiError, call::Params, streams::Refusal};
use crate::store::Stored;

/// Longest side of a thumbnail and of a cover, in pixels, unless the client says.
const THUMBNAIL: u32 = 240;
const COVER: u32 = 720;
/// Longest side that clients may ask for.
const SIDE_LIMIT: u32 = 4096;
/// Longest side of a picture that is decoded, and what decoding may take, in bytes.
const SOURCE_LIMIT: u32 = 16_384;
const MEMORY_LIMIT: u64 = 256 << 20;

/// Pictures that are made at the same time.
static AT_WORK: Semaphore = Semaphore::const_new(2);

/// A small version that was asked for, by the sides it has to fit into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    width: u32,
    height: u32,
}

impl Wanted {
    /// `None` for the original.
    pub(super) fn read(params: &Params) -> Result<Option<Self>, ApiError> {
        let side = match params.number("image_type")? {
            None | Some(1) => return Ok(None),
            Some(2) => THUMBNAIL,
            Some(3) => COVER,
            Some(_) => return Err(ApiError::parameter("image_type", "must be 1, 2 or 3")),
        };
        let asked = |name: &str| match params.text(name)?.map(str::parse::<f64>) {
            None => Ok(side),
            // Rounded up, so that nothing becomes 0; the range was checked.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            Some(Ok(pixels)) if pixels > 0.0 && pixels <= f64::from(SIDE_LIMIT) => Ok(pixels.ceil() as u32),
            Some(_) => Err(ApiError::parameter(name, "must be a number of pixels")),
        };
        Ok(Some(Self { width: asked("w")?, height: asked("h")? }))
    }
}

/// Type and bytes of the small version; `None` for pictures that are only passed on as they are.
pub(super) async fn make(
    path: &Path,
    file: &Stored,
    wanted: Wanted,
) -> Result<Option<(&'static str, Vec<u8>)>, Refusal> {
    let kind = file.content_type.split(['/', ';']).next().unwrap_or("");
    let path = match kind {
        "image" => path.to_owned(),
        "video" => PathBuf::new(),
        _ => return Err(Refusal::new(StatusCode::NOT_FOUND, "image_type: there is no picture of this file")),
    };
    let failed = |_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the picture cannot be made");
    let _turn = AT_WORK.acquire().await.map_err(failed)?;
    let made =
        spawn_blocking(
            move || {
                if path.as_os_str().is_empty() { play_button(wanted).map(Some) } else { shrink(&path, wanted) }
            },
        );
    match made.await {
        Ok(Ok(made)) => Ok(made),
        // A picture that is broken or too large for this is still a file.
        Ok(Err(_)) => Ok(None),
        Err(e) => {
            eprintln!("floo-emulator: picture: {e}");
            Ok(None)
        }
    }
}

fn shrink(path: &Path, wanted: Wanted) -> Result<Option<(&'static str, Vec<u8>)>, ImageError> {
    let mut reader = ImageReader::new(BufReader::new(File::open(path)?)).with_guessed_format()?;
    let Some(format @ (ImageFormat::Png | ImageFormat::Jpeg)) = reader.format() else { return Ok(None) };
    let mut limits = Limits::default();
    limits.max_image_width = Some(SOURCE_LIMIT);
    limits.max_image_height = Some(SOURCE_LIMIT);
    limits.max_alloc = Some(MEMORY_LIMIT);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    if picture.width() > wanted.width || picture.height() > wanted.height {
        picture = picture.thumbnail(wanted.width, wanted.height);
    }
    encode(picture, format).map(Some)
}

fn encode(picture: DynamicImage, format: ImageFormat) -> Result<(&'static str, Vec<u8>), ImageError> {
    let mut bytes = Cursor::new(Vec::new());
    // JPEG knows no transparency.
    let picture = if format == ImageFormat::Jpeg { picture.into_rgb8().into() } else { picture };
    picture.write_to(&mut bytes, format)?;
    Ok((format.to_mime_type(), bytes.into_inner()))
}

/// A stand-in for the first picture of a video, which would take a decoder of its own.
fn play_button(wanted: Wanted) -> Result<(&'static str, Vec<u8>), ImageError> {
    const NIGHT: Rgb<u8> = Rgb([38, 42, 51]);
    const LIGHT: Rgb<u8> = Rgb([226, 229, 235]);
    let width = wanted.width.min(320);
    let height = wanted.height.min(width * 9 / 16).max(1);
    let side = i64::from(width.min(height)) / 3;
    let (left, middle) = (i64::from(width) / 2 - side / 2, i64::from(height) / 2);
    let picture = RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (i64::from(x) - left, (i64::from(y) - middle).abs());
        if x >= 0 && 2 * y <= side - x { LIGHT } else { NIGHT }
    });
    encode(picture.into(), ImageFormat::Png)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_checked() {
        let read = |query: &str| Wanted::read(&Params::read(query, b"").unwrap());
        assert_eq!(read("").unwrap(), None);
        assert_eq!(read("image_type=1&w=5").unwrap(), None);
        assert_eq!(read("image_type=2").unwrap(), Some(Wanted { width: THUMBNAIL, height: THUMBNAIL }));
        assert_eq!(read("image_type=3&w=99.5&h=0.1").unwrap(), Some(Wanted { width: 100, height: 1 }));
        for wrong in ["image_type=4", "image_type=x", "image_type=2&w=0", "image_type=2&h=NaN", "image_type=2&w=1e9"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_cover_has_a_triangle_whatever_its_size() {
        for side in [1, 2, 50, 4096] {
            let (kind, bytes) = play_button(Wanted { width: side, height: side }).unwrap();
            assert_eq!(kind, "image/png");
            assert!(image::load_from_memory(&bytes).unwrap().width() <= 320);
        }
    }
}
