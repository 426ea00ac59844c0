//! Labeled images to train on: what a data set is, how it is split, and where it comes from.
//!
//! A search compares thousands of briefly trained networks, so its data is small enough to stay in
//! memory: pixels are bytes, and turning them into tensors is left to whoever trains.
//!
//! - [`digits`]: 1,797 handwritten digits that come with the crate.
//! - [`read_idx_folder`]: a folder in the format of MNIST and Fashion-MNIST.
//! - [`LabeledImages::new`]: anything else.
//!
//! [`stratified_split`] sets part of the training images aside for validation, so that the test images
//! play no role in the search.

mod cifar;
mod dataset;
mod digits;
mod idx;
mod labeled;
mod split;
mod statistics;

pub use self::cifar::{CifarError, CifarReader, read_cifar10_folder, read_cifar100_folder};
pub use self::dataset::ImageDataset;
pub use self::digits::{DIGITS_SPLIT_SEED, digits};
pub use self::idx::{HeaderField, IdxError, read_idx_folder};
pub use self::labeled::{ImagesError, LabeledImages};
pub use self::split::{Split, SplitError, stratified_split};
pub use self::statistics::ChannelStatistics;

#[cfg(test)]
mod tests;
