//! Images whose class is to be predicted.

use std::fmt;
use std::path::PathBuf;

use super::decode::Decoded;
use crate::network::ImageShape;

/// Images of one size and the files that they are from. There is at least one.
///
/// Pixels are bytes in the order `[image, channel, row, column]`.
#[derive(Clone, PartialEq, Eq)]
pub struct UnlabeledImages {
    files: Vec<PathBuf>,
    channels: usize,
    height: usize,
    width: usize,
    pixels: Vec<u8>,
}

impl UnlabeledImages {
    pub(super) fn new(files: Vec<PathBuf>, decoded: Decoded) -> Self {
        Self {
            files,
            channels: decoded.channels,
            height: decoded.height,
            width: decoded.width,
            pixels: decoded.pixels,
        }
    }

    /// The file of each image.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The number of channels of an image: 1 for gray, 3 for color.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The number of rows of an image.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The number of columns of an image.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The size of an image.
    pub fn shape(&self) -> ImageShape {
        ImageShape {
            channels: self.channels,
            height: self.height,
            width: self.width,
        }
    }

    /// All pixels: `[files, channels, height, width]`, flattened.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }
}

/// The sizes only: nobody wants to read a million pixels.
impl fmt::Debug for UnlabeledImages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnlabeledImages")
            .field("len", &self.files.len())
            .field("channels", &self.channels)
            .field("height", &self.height)
            .field("width", &self.width)
            .finish_non_exhaustive()
    }
}
