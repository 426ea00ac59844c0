//! Decodes JPEG files that are whole.
//!
//! The `image` crate asks its decoder for as much of a damaged file as can be made out, and gets gray for the rest. Such
//! an image would be trained on in silence, so here the same decoder refuses what it has to make up, and a file must
//! have the marker that ends it.

use image::error::{DecodingError, ImageFormatHint, LimitError, LimitErrorKind};
use image::{DynamicImage, GrayImage, ImageError, ImageFormat, RgbImage};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::super::ImageLimits;

/// Decodes a file to gray or color, as it has them.
pub(super) fn decode(bytes: &[u8], limits: ImageLimits) -> Result<DynamicImage, ImageError> {
    // The limits are checked here: the decoder's own aren't told apart from damage.
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(refused)?;
    let no_header = || refused("the header has no size");
    let (width, height) = decoder.dimensions().ok_or_else(no_header)?;
    let (space, channels) = match decoder.input_colorspace().ok_or_else(no_header)? {
        ColorSpace::Luma => (ColorSpace::Luma, 1),
        _ => (ColorSpace::RGB, 3),
    };
    let limit = |kind| Err(ImageError::Limits(LimitError::from_kind(kind)));
    if width.max(height) as u64 > u64::from(limits.image_side) {
        return limit(LimitErrorKind::DimensionError);
    }
    if width as u64 * height as u64 * channels > limits.image_bytes {
        return limit(LimitErrorKind::InsufficientMemory);
    }
    let options = options.jpeg_set_out_colorspace(space);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let pixels = decoder.decode().map_err(refused)?;
    if !has_end(bytes) {
        return Err(refused("the file ends before the image"));
    }
    let sides = u32::try_from(width).ok().zip(u32::try_from(height).ok());
    sides
        .and_then(|(width, height)| match space {
            ColorSpace::Luma => GrayImage::from_raw(width, height, pixels).map(Into::into),
            _ => RgbImage::from_raw(width, height, pixels).map(Into::into),
        })
        .ok_or_else(|| refused("the image has another size than its header says"))
}

/// The error for a file that isn't a whole image.
fn refused(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ImageError {
    let format = ImageFormatHint::Exact(ImageFormat::Jpeg);
    ImageError::Decoding(DecodingError::new(format, reason))
}

/// Whether the marker of the image's end follows the pixels. Where a segment with a length lies between, it is skipped:
/// it may contain a smaller image with an end of its own.
fn has_end(bytes: &[u8]) -> bool {
    const START: u8 = 0xd8;
    const END: u8 = 0xd9;
    let mut rest = bytes;
    loop {
        // Between markers are pixels, in which 0xff is followed by a zero or by a marker without a length.
        let Some(marker) = rest.iter().position(|&byte| byte == 0xff) else {
            return false;
        };
        let Some((&code, after)) = rest[marker + 1..].split_first() else {
            return false;
        };
        rest = match code {
            END => return true,
            // The second of these bytes may begin a marker.
            0xff => &rest[marker + 1..],
            0x00 | 0x01 | 0xd0..=0xd7 | START => after,
            _ => {
                let Some((length, _)) = after.split_first_chunk() else {
                    return false;
                };
                // The length counts its own two bytes.
                let length = usize::from(u16::from_be_bytes(*length)).max(2);
                match after.get(length..) {
                    Some(rest) => rest,
                    None => return false,
                }
            }
        };
    }
}
