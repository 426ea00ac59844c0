//! Decodes image files to pixels, in parallel.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use image::imageops::FilterType;
use image::{DynamicImage, ImageError, ImageFormat, ImageReader};
use rayon::prelude::*;

use super::super::limits::in_units;
use super::super::{DatasetError, ImageLimits, ImageSize};
use super::jpeg;
use crate::input::open_file;
use crate::network::ImageShape;

/// How many bytes are decoded before memory for more is used.
const BLOCK_BYTES: usize = 64 << 20;

/// How to turn files into pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Decoding {
    pub(super) resize: Option<ImageSize>,
    pub(super) gray: bool,
    pub(super) limits: ImageLimits,
}

/// The pixels of several images.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) shape: ImageShape,
    /// `[image, channel, row, column]`, flattened.
    pub(super) pixels: Vec<u8>,
}

/// The size that all images must have, and the image that sets it.
struct Expected<'a> {
    size: ImageSize,
    by: &'a Path,
}

impl Decoding {
    /// Decodes all files. Unless they are resized, all images must have the size of `first`.
    pub(super) fn read(&self, files: &[PathBuf], first: &Path) -> Result<Decoded, DatasetError> {
        let size = match self.resize {
            Some(size) => size.checked()?,
            // Decoded, because a header may claim any size.
            None => size_of(&decode(first, self.limits)?),
        };
        let expected = Expected { size, by: first };
        let shape = ImageShape {
            channels: self.channels(),
            height: size.height,
            width: size.width,
        };
        let image_bytes = shape.channels * shape.height * shape.width;
        let bytes = checked_bytes(shape, image_bytes, files.len(), self.limits)?;
        let mut pixels = Vec::new();
        pixels
            .try_reserve_exact(bytes)
            .map_err(|source| DatasetError::OutOfMemory { bytes, source })?;
        let block = (BLOCK_BYTES / image_bytes).max(rayon::current_num_threads());
        for block in files.chunks(block) {
            let begin = pixels.len();
            pixels.resize(begin + block.len() * image_bytes, 0);
            // The first failure in the order of the files, whichever thread finishes first.
            let failure = pixels[begin..]
                .par_chunks_exact_mut(image_bytes)
                .zip(block)
                .find_map_first(|(pixels, file)| self.decode_into(pixels, file, &expected).err());
            if let Some(failure) = failure {
                return Err(failure);
            }
        }
        Ok(Decoded { shape, pixels })
    }

    const fn channels(&self) -> usize {
        if self.gray { 1 } else { 3 }
    }

    /// `pixels`: `[channel, row, column]`, flattened.
    fn decode_into(
        &self,
        pixels: &mut [u8],
        file: &Path,
        expected: &Expected<'_>,
    ) -> Result<(), DatasetError> {
        let mut image = decode(file, self.limits)?;
        let size = size_of(&image);
        if size != expected.size {
            if self.resize.is_none() {
                return Err(DatasetError::Mismatch {
                    first: expected.by.to_owned(),
                    first_has: format!("{} pixels (height x width)", expected.size),
                    second: file.to_owned(),
                    second_has: size.to_string(),
                    advice: "give a size to resize all images to",
                });
            }
            let [width, height] = [expected.size.width, expected.size.height]
                .map(|side| u32::try_from(side).expect("the size to resize to is checked"));
            image = image.resize_exact(width, height, FilterType::Triangle);
        }
        let interleaved = self.bytes_of(image);
        let channels = self.channels();
        let plane = pixels.len() / channels;
        for (channel, plane) in pixels.chunks_exact_mut(plane).enumerate() {
            let of_channel = interleaved.iter().skip(channel).step_by(channels);
            for (pixel, &byte) in plane.iter_mut().zip(of_channel) {
                *pixel = byte;
            }
        }
        Ok(())
    }

    /// `[row, column, channel]`, flattened.
    fn bytes_of(&self, image: DynamicImage) -> Vec<u8> {
        if self.gray {
            image.into_luma8().into_raw()
        } else {
            image.into_rgb8().into_raw()
        }
    }
}

fn decode(path: &Path, limits: ImageLimits) -> Result<DynamicImage, DatasetError> {
    let bytes = read(path, limits)?;
    // By content, because large collections contain files with the wrong extension.
    let decoded = match image::guess_format(&bytes) {
        Ok(ImageFormat::Jpeg) => jpeg::decode(&bytes, limits),
        _ => decode_any(&bytes, limits),
    };
    decoded.map_err(|source| {
        let problem = match source {
            ImageError::Limits(_) => {
                "is too large: replace or remove the image, or raise the limits 'image_bytes' and 'image_side'"
            }
            _ => "cannot be decoded: replace or remove the image",
        };
        DatasetError::undecodable(path, problem, source)
    })
}

fn decode_any(bytes: &[u8], limits: ImageLimits) -> Result<DynamicImage, ImageError> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let mut most = image::Limits::default();
    most.max_image_width = Some(limits.image_side);
    most.max_image_height = Some(limits.image_side);
    most.max_alloc = Some(limits.image_bytes);
    reader.limits(most);
    reader.decode()
}

fn read(path: &Path, limits: ImageLimits) -> Result<Vec<u8>, DatasetError> {
    let most = limits.image_bytes;
    let mut bytes = Vec::new();
    open_file(path)
        .and_then(|file| file.take(most.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|source| DatasetError::io(path, source))?;
    match bytes.len() as u64 <= most {
        true => Ok(bytes),
        false => Err(DatasetError::invalid(
            path,
            format!(
                "has more than {}: replace or remove the image, or raise the limit 'image_bytes'",
                in_units(most)
            ),
        )),
    }
}

/// The bytes of all images together, if a split may have as many.
fn checked_bytes(
    shape: ImageShape,
    image_bytes: usize,
    images: usize,
    limits: ImageLimits,
) -> Result<usize, DatasetError> {
    let total = (image_bytes as u64).saturating_mul(images as u64);
    let bytes = usize::try_from(total).ok();
    let bytes = bytes.filter(|_| total <= limits.split_bytes);
    bytes.ok_or_else(|| DatasetError::TooLarge {
        claim: format!(
            "{images} images of {}x{}x{} (channels x height x width) take {total} bytes",
            shape.channels, shape.height, shape.width
        ),
        most: limits.split_bytes,
        advice: "resize them to a smaller size",
    })
}

fn size_of(image: &DynamicImage) -> ImageSize {
    ImageSize {
        height: image.height() as usize,
        width: image.width() as usize,
    }
}
