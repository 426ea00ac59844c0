//! Images without classes, to be classified.

use std::fmt;
use std::path::PathBuf;

use super::decode::Decoded;
use crate::network::ImageShape;

/// Images of one shape, at least one, and the files they come from.
///
/// Pixels are bytes in the order `[image, channel, row, column]`.
#[derive(Clone, PartialEq, Eq)]
pub struct UnlabeledImages {
    files: Vec<PathBuf>,
    shape: ImageShape,
    pixels: Vec<u8>,
}

impl UnlabeledImages {
    pub(super) fn new(files: Vec<PathBuf>, decoded: Decoded) -> Self {
        Self {
            files,
            shape: decoded.shape,
            pixels: decoded.pixels,
        }
    }

    /// The file of each image.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The number of channels of an image: 1 for gray, 3 for color.
    pub fn channels(&self) -> usize {
        self.shape.channels
    }

    /// The number of rows of an image.
    pub fn height(&self) -> usize {
        self.shape.height
    }

    /// The number of columns of an image.
    pub fn width(&self) -> usize {
        self.shape.width
    }

    /// The shape of an image.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// All pixels: `[files, channels, height, width]`, flattened.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }
}

/// Leaves out the pixels, of which there may be millions.
impl fmt::Debug for UnlabeledImages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnlabeledImages")
            .field("len", &self.files.len())
            .field("channels", &self.channels())
            .field("height", &self.height())
            .field("width", &self.width())
            .finish_non_exhaustive()
    }
}
