//! Labeled images to train on: data sets, how to split them, and how to read them from disk.
//!
//! A search compares thousands of briefly trained networks, so its images are small enough to stay in
//! memory. They are kept as bytes, or as floats if they aren't colors; training turns them into tensors.
//!
//! - [`digits`]: 1,797 handwritten digits that ship with the crate.
//! - [`IdxFolder`]: the format of MNIST and Fashion-MNIST.
//! - [`CifarFolder`]: CIFAR-10 and CIFAR-100 in their binary versions, or your own images in that format.
//! - [`ImageFolder`]: PNG and JPEG files, one folder per class, or images to classify.
//! - [`LabeledImages::new`], [`LabeledImages::from_floats`] and [`LabeledImages::builder`]: images from arrays.
//! - `LabeledImages::from_dataset`: a data set of Burn (feature `dataset`).
//! - [`MultiLabelImages`]: images of several classes each, to train on a class at a time.
//!
//! [`HoldOut`] sets part of the training images aside for validation, so that the test images play no
//! role in the search. Images are normalized by their [`ChannelStatistics`].
//!
//! No reader trusts what a file claims: for any bytes, the result is either images or a
//! [`DatasetError`] that names the file, and memory grows only with what is really there, up to the reader's
//! [`ImageLimits`]. What isn't a regular file, or a link to one, is refused.
//!
//! To add a format, write a module next to these with a type whose `read` returns an [`ImageDataset`] or a
//! [`DatasetError`], and name it here; to offer it on the command line too, add its name to
//! `DatasetName` in the program.

mod builder;
mod checks;
mod cifar;
mod dataset;
mod digits;
mod error;
mod folder;
mod idx;
mod labeled;
mod limits;
mod listing;
mod multi_label;
mod pixels;
mod size;
mod split;
mod statistics;

pub use self::builder::{LabeledImagesBuilder, PixelLayout};
pub use self::cifar::CifarFolder;
pub use self::dataset::ImageDataset;
pub use self::digits::{DIGITS_SPLIT_SEED, digits};
pub use self::error::{DatasetError, ImagesError};
pub use self::folder::{ImageFolder, UnlabeledImages};
pub use self::idx::IdxFolder;
pub use self::labeled::LabeledImages;
pub use self::limits::ImageLimits;
pub use self::multi_label::MultiLabelImages;
pub use self::pixels::{Pixel, Pixels};
pub use self::size::ImageSize;
pub use self::split::{HoldOut, Split};
pub use self::statistics::ChannelStatistics;

#[cfg(test)]
mod tests;
