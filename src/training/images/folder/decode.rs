//! From files to pixels, in parallel.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use image::imageops::FilterType;
use image::{DynamicImage, ImageReader, Limits};
use rayon::prelude::*;

use super::super::dataset::MOST_BYTES;
use super::FolderError;

/// The most bytes of a file, and of one decoded image: 89 million pixels in color.
const MOST_IMAGE_BYTES: u64 = 256 << 20;
/// The most rows or columns of an image, which bound what resizing it takes.
const MOST_SIDE: u32 = 1 << 15;
/// The most rows or columns to resize to.
pub(super) const MOST_RESIZED_SIDE: usize = 1 << 12;
/// So much is decoded before the memory for more is taken.
const BLOCK_BYTES: usize = 64 << 20;

/// What to make of the images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Decoding {
    /// Rows and columns, where images are resized.
    pub(super) resize: Option<[usize; 2]>,
    pub(super) gray: bool,
}

/// The pixels of several images.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) channels: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    /// `[image, channel, row, column]`, flattened.
    pub(super) pixels: Vec<u8>,
}

/// The size that all images have, and the image that says so.
struct Expected<'a> {
    size: [usize; 2],
    by: &'a Path,
}

impl Decoding {
    /// Decodes all files; images that are not resized must have the size of `first`.
    pub(super) fn read(&self, files: &[PathBuf], first: &Path) -> Result<Decoded, FolderError> {
        let size = match self.resize {
            Some(size) => checked_resize(size)?,
            // Decoded, because a header may claim any size.
            None => size_of(&decode(first)?),
        };
        let expected = Expected { size, by: first };
        let (channels, [height, width]) = (self.channels(), size);
        let image_bytes = channels * height * width;
        let total = image_bytes as u64 * files.len() as u64;
        let bytes = usize::try_from(total).ok().filter(|_| total <= MOST_BYTES);
        let Some(bytes) = bytes else {
            return Err(FolderError::TooLarge {
                images: files.len(),
                channels,
                height,
                width,
            });
        };
        let mut pixels = Vec::new();
        pixels
            .try_reserve_exact(bytes)
            .map_err(|source| FolderError::OutOfMemory { bytes, source })?;
        let block = (BLOCK_BYTES / image_bytes).max(rayon::current_num_threads());
        for block in files.chunks(block) {
            let begin = pixels.len();
            pixels.resize(begin + block.len() * image_bytes, 0);
            // The first failure in the order of the files, whichever thread is first.
            let failure = pixels[begin..]
                .par_chunks_exact_mut(image_bytes)
                .zip(block)
                .find_map_first(|(pixels, file)| self.decode_into(pixels, file, &expected).err());
            if let Some(failure) = failure {
                return Err(failure);
            }
        }
        Ok(Decoded {
            channels,
            height,
            width,
            pixels,
        })
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
    ) -> Result<(), FolderError> {
        let mut image = decode(file)?;
        let size = size_of(&image);
        if size != expected.size {
            if self.resize.is_none() {
                return Err(FolderError::SizesDiffer {
                    first: expected.by.to_owned(),
                    first_size: expected.size,
                    other: file.to_owned(),
                    other_size: size,
                });
            }
            let [height, width] = expected
                .size
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

fn decode(path: &Path) -> Result<DynamicImage, FolderError> {
    let bytes = read(path)?;
    // By content, because in large collections endings are sometimes wrong.
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|source| broken(path, source))?;
    reader.limits(limits());
    reader.decode().map_err(|source| broken(path, source))
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(MOST_IMAGE_BYTES);
    limits
}

fn read(path: &Path) -> Result<Vec<u8>, FolderError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MOST_IMAGE_BYTES).read_to_end(&mut bytes))
        .map_err(|source| FolderError::Read {
            path: path.to_owned(),
            source,
        })?;
    Ok(bytes)
}

fn broken(path: &Path, source: impl std::error::Error + Send + Sync + 'static) -> FolderError {
    FolderError::Broken {
        file: path.to_owned(),
        source: Box::new(source),
    }
}

fn checked_resize([height, width]: [usize; 2]) -> Result<[usize; 2], FolderError> {
    let allowed = 1..=MOST_RESIZED_SIDE;
    if allowed.contains(&height) && allowed.contains(&width) {
        return Ok([height, width]);
    }
    Err(FolderError::Resize { height, width })
}

/// Rows and columns.
fn size_of(image: &DynamicImage) -> [usize; 2] {
    [image.height() as usize, image.width() as usize]
}
