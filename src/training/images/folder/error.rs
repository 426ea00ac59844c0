//! What can be wrong with a folder of images.

use std::collections::TryReserveError;
use std::error::Error;
use std::io;
use std::path::PathBuf;

use super::super::listing::in_a_line;
use super::decode::MOST_RESIZED_SIDE;

/// Why a folder of images cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// The folder is not there.
    #[error("{} is not a folder: pass the folder that holds the folders train and test", folder.display())]
    FolderMissing {
        /// The path passed.
        folder: PathBuf,
    },
    /// The folder of the training or the test images is not there.
    #[error(
        "{} has no folder {split}: put the images of each class in {split}/CLASS/; found {}",
        folder.display(),
        in_a_line(found)
    )]
    SplitMissing {
        /// The folder.
        folder: PathBuf,
        /// `train` or `test`.
        split: &'static str,
        /// The names of the first few things that are in the folder.
        found: Vec<String>,
    },
    /// A split has no class.
    #[error("{} has no folders: put the images of each class in a folder of its own", folder.display())]
    NoClasses {
        /// The folder of the split.
        folder: PathBuf,
    },
    /// There are more classes than labels can tell apart.
    #[error("{} has {found} folders, but at most 65536 classes are read", folder.display())]
    TooManyClasses {
        /// The folder of the split.
        folder: PathBuf,
        /// The number of classes.
        found: usize,
    },
    /// A test image has a class that no training image has.
    #[error(
        "{} is a class that the training images in {} do not have: give both the same folders",
        folder.display(),
        train.display()
    )]
    UnknownClass {
        /// The folder of the class.
        folder: PathBuf,
        /// The folder of the training images.
        train: PathBuf,
    },
    /// A folder that should hold images holds none.
    #[error("{} has no images: put PNG or JPEG files there, or remove the folder", folder.display())]
    NoImages {
        /// The folder.
        folder: PathBuf,
    },
    /// An image lies beside the folders of the classes, so that its class is unknown.
    #[error("{} is in no class: move it into the folder of its class", file.display())]
    StrayImage {
        /// The image.
        file: PathBuf,
    },
    /// A folder lies among the images of a class.
    #[error(
        "{} is a folder among images: move its images to the folder above, or make it a class",
        folder.display()
    )]
    NestedFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// A file among the images has another ending than they have.
    #[error(
        "{} does not end in .png, .jpg or .jpeg: convert the image, or remove the file",
        file.display()
    )]
    NotAnImage {
        /// The file.
        file: PathBuf,
    },
    /// The operating system could not read a file or folder.
    #[error("{} cannot be read: check that it is there and that you may read it", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A file is no whole PNG or JPEG image, or a too large one.
    #[error("{} cannot be decoded: replace or remove the image", file.display())]
    Broken {
        /// The file.
        file: PathBuf,
        /// What the decoder says.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Two images have different sizes.
    #[error(
        "{} has {}x{} pixels (height x width), but {} has {}x{}: give a size to resize all images to",
        first.display(),
        first_size[0],
        first_size[1],
        other.display(),
        other_size[0],
        other_size[1]
    )]
    SizesDiffer {
        /// The first image.
        first: PathBuf,
        /// Its rows and columns.
        first_size: [usize; 2],
        /// The first image that has another size.
        other: PathBuf,
        /// Its rows and columns.
        other_size: [usize; 2],
    },
    /// Images cannot be resized to this size.
    #[error(
        "images cannot be resized to {height}x{width} (height x width): each must be from 1 to {}",
        MOST_RESIZED_SIDE
    )]
    Resize {
        /// The rows asked for.
        height: usize,
        /// The columns asked for.
        width: usize,
    },
    /// The images of a split are more than what is read.
    #[error(
        "{images} images of {channels}x{height}x{width} (channels x height x width) are more than the \
         16 GiB that are read: resize them to a smaller size"
    )]
    TooLarge {
        /// The number of images.
        images: usize,
        /// Channels of an image.
        channels: usize,
        /// Rows of an image.
        height: usize,
        /// Columns of an image.
        width: usize,
    },
    /// The system does not have the memory for a split.
    #[error("there are no {bytes} bytes of memory for the images: resize them to a smaller size")]
    OutOfMemory {
        /// The bytes of all pixels of the split.
        bytes: usize,
        /// What the allocator says.
        source: TryReserveError,
    },
}
