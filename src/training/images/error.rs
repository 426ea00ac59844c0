//! Why images can't be used, and why they can't be read.

use std::collections::TryReserveError;
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use super::ImageSize;
use super::limits::in_units;
use super::size::MAX_RESIZED_SIDE;
use crate::excerpt::{excerpt, passage, shown};
use crate::network::ImageShape;

/// Why images in memory can't be put together, selected or split.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ImagesError {
    /// A dimension or the number of classes is zero.
    #[error("the {what} is 0, but must be at least 1")]
    ZeroSize {
        /// Which size.
        what: &'static str,
    },
    /// The number of pixels doesn't match the number and shape of the images.
    #[error(
        "{images} images of {}x{}x{} (channels x height x width) do not have {found} pixels: \
         pass one pixel per channel, row and column of each image",
        shape.channels, shape.height, shape.width
    )]
    PixelCount {
        /// The number of labels, and so of images.
        images: usize,
        /// The shape of an image.
        shape: ImageShape,
        /// The number of pixels passed.
        found: usize,
    },
    /// A label is not the index of a class.
    #[error(
        "image {index} has label {label}, but labels must be below the number of classes, {classes}"
    )]
    LabelOutOfRange {
        /// The index of the image.
        index: usize,
        /// Its label.
        label: usize,
        /// The number of classes.
        classes: usize,
    },
    /// A label is larger than images in memory can have.
    #[error("image {index} has label {label}, but labels must be below 65536")]
    LabelTooLarge {
        /// The index of the image.
        index: usize,
        /// Its label.
        label: usize,
    },
    /// An image has another number of pixels than its shape.
    #[error(
        "image {index} has {found} pixels, but must have {}x{}x{} (channels x height x width)",
        shape.channels, shape.height, shape.width
    )]
    ImageSize {
        /// The index of the image.
        index: usize,
        /// The shape of an image.
        shape: ImageShape,
        /// The number of pixels passed.
        found: usize,
    },
    /// A pixel is NaN or infinite.
    #[error("image {index} has a pixel that is NaN or infinite: replace or leave out the image")]
    NotFinite {
        /// The index of the image.
        index: usize,
    },
    /// An item of a data set can't be read.
    #[error("item {item} of the data set can't be read: {}", passage(reason))]
    UnreadableItem {
        /// The index of the item.
        item: usize,
        /// What the data set reports.
        reason: String,
    },
    /// There is no class with this index.
    #[error("there is no class {class}: the {classes} classes are numbered from 0")]
    NoClass {
        /// The index asked for.
        class: usize,
        /// The number of classes.
        classes: usize,
    },
    /// There is no image with this index.
    #[error("there is no image {index}: the {len} images are numbered from 0")]
    IndexOutOfRange {
        /// The index asked for.
        index: usize,
        /// The number of images.
        len: usize,
    },
    /// The held-out fraction is not strictly between 0 and 1.
    #[error("the held-out fraction is {fraction}, but must be greater than 0 and less than 1")]
    Fraction {
        /// The fraction passed.
        fraction: f64,
    },
    /// In every class, the held-out share rounds to zero images.
    #[error(
        "a held-out fraction of {fraction} of {images} images holds out none of them: \
         use a larger fraction or more images"
    )]
    NothingHeldOut {
        /// The fraction passed.
        fraction: f64,
        /// The number of images.
        images: usize,
    },
    /// In every class, the held-out share rounds to all images.
    #[error(
        "a held-out fraction of {fraction} of {images} images keeps none of them: \
         use a smaller fraction or more images"
    )]
    NothingKept {
        /// The fraction passed.
        fraction: f64,
        /// The number of images.
        images: usize,
    },
}

/// Why a data set can't be read from its files. Every message names the file and says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// The path is not a folder.
    #[error("{} is not a folder: {}", shown(folder), passage(advice))]
    NotAFolder {
        /// The path passed.
        folder: PathBuf,
        /// What to pass instead.
        advice: String,
    },
    /// A folder lacks something that the format requires.
    #[error("{} has no {}: {}", shown(folder), excerpt(missing), passage(advice))]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// The files or folders that are missing.
        missing: String,
        /// What belongs there, and what was found instead.
        advice: String,
    },
    /// The operating system couldn't read a file or folder.
    #[error(
        "{} cannot be read: check that it exists and that you may read it",
        shown(path)
    )]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system reports.
        source: io::Error,
    },
    /// A file or folder doesn't follow the format: it is damaged, or something else.
    #[error("{} {}", shown(path), passage(problem))]
    Invalid {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: String,
        /// What the decoder reports, if it is the one that failed.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// Two files don't belong together.
    #[error(
        "{} has {first_has}, but {} has {second_has}: {advice}",
        shown(first),
        shown(second)
    )]
    Mismatch {
        /// One file.
        first: PathBuf,
        /// Its number or size of images.
        first_has: String,
        /// The other file.
        second: PathBuf,
        /// Its number or size of images.
        second_has: String,
        /// What to do.
        advice: &'static str,
    },
    /// A split has more pixels than [`ImageLimits::split_bytes`](super::ImageLimits::split_bytes).
    #[error(
        "{claim}, more than the {} that a split may have: {advice}, or raise the limit 'split_bytes'",
        in_units(*most)
    )]
    TooLarge {
        /// Which images or which file, and how large.
        claim: String,
        /// The limit, in bytes.
        most: u64,
        /// What to do.
        advice: &'static str,
    },
    /// The system doesn't have enough memory for a split.
    #[error(
        "the images need {bytes} bytes of memory, which are not available: resize them to a smaller size"
    )]
    OutOfMemory {
        /// The bytes of all pixels of the split.
        bytes: usize,
        /// What the allocator reports.
        source: TryReserveError,
    },
    /// Images can't be resized to this size.
    #[error(
        "images cannot be resized to {size} (height x width): both must be from 1 to {MAX_RESIZED_SIDE}"
    )]
    Resize {
        /// The size asked for.
        size: ImageSize,
    },
}

impl DatasetError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn invalid(path: &Path, problem: impl Into<String>) -> Self {
        Self::Invalid {
            path: path.to_owned(),
            problem: problem.into(),
            source: None,
        }
    }

    /// A file that a decoder refuses.
    pub(super) fn undecodable(
        path: &Path,
        problem: &str,
        source: impl Error + Send + Sync + 'static,
    ) -> Self {
        Self::Invalid {
            path: path.to_owned(),
            problem: problem.to_owned(),
            source: Some(Box::new(source)),
        }
    }
}
