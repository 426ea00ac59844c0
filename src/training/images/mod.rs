//! Labeled images to train on: what a data set is, how it is split, and where it comes from.
//!
//! A search compares thousands of briefly trained networks, so its data is small enough to stay in
//! memory: pixels are bytes, and turning them into tensors is left to whoever trains.
//!
//! - [`digits`]: 1,797 handwritten digits that come with the crate.
//! - [`read_idx_folder`]: a folder in the format of MNIST and Fashion-MNIST.
//! - [`read_cifar10_folder`], [`read_cifar100_folder`]: CIFAR's binary versions; [`CifarReader`]: own
//!   images in their format.
//! - [`ImageFolder`]: PNG and JPEG files, one folder for each class, or without classes to predict them.
//! - [`DatasetName`]: any of these by its name.
//! - [`LabeledImages::new`]: anything else.
//!
//! [`stratified_split`] sets part of the training images aside for validation, so that the test images
//! play no role in the search. [`ChannelStatistics`] is what images are normalised by.
//!
//! No reader believes what a file claims: whatever its bytes, the result is an error that names the file,
//! or images, and memory grows with what is really there.

mod cifar;
mod dataset;
mod digits;
mod folder;
mod idx;
mod labeled;
mod listing;
mod name;
mod size;
mod split;
mod statistics;

pub use self::cifar::{CifarError, CifarReader, read_cifar10_folder, read_cifar100_folder};
pub use self::dataset::ImageDataset;
pub use self::digits::{DIGITS_SPLIT_SEED, digits};
pub use self::folder::{FolderError, ImageFolder, UnlabeledImages};
pub use self::idx::{HeaderField, IdxError, read_idx_folder};
pub use self::labeled::{ImagesError, LabeledImages};
pub use self::name::{DatasetError, DatasetName, UnknownDataset};
pub use self::size::{ImageSize, InvalidImageSize};
pub use self::split::{Split, SplitError, stratified_split};
pub use self::statistics::ChannelStatistics;

#[cfg(test)]
mod tests;
