//! What can be wrong with a folder of IDX files.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// A number in the header of an IDX file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderField {
    /// The first four bytes, which say what the file holds.
    MagicNumber,
    /// The number of images, or of labels.
    Count,
    /// The rows of an image.
    Rows,
    /// The columns of an image.
    Columns,
}

impl fmt::Display for HeaderField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MagicNumber => "magic number",
            Self::Count => "number of images",
            Self::Rows => "number of rows",
            Self::Columns => "number of columns",
        })
    }
}

/// Why a folder of IDX files cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdxError {
    /// The folder is not there.
    #[error(
        "{} is not a folder: pass the folder that holds the four IDX files of the data set",
        folder.display()
    )]
    FolderMissing {
        /// The path passed.
        folder: PathBuf,
    },
    /// One of the four files is not there.
    #[error("{} has no file {name} or {name}.gz: put one of the two there", folder.display())]
    FileMissing {
        /// The folder.
        folder: PathBuf,
        /// The name of the file, without `.gz`.
        name: &'static str,
    },
    /// The operating system could not read a file.
    #[error("{} cannot be read: check that it is a file that you may read", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A file that ends in `.gz` cannot be decompressed.
    #[error(
        "{} is not a whole gzip file: download it again, or drop .gz from its name if it is not compressed",
        file.display()
    )]
    BrokenGzip {
        /// The file.
        file: PathBuf,
        /// What the decompression says.
        source: io::Error,
    },
    /// A file ends within its header.
    #[error(
        "{} ends within its header: expected at least {expected} bytes, found {found}; download it again",
        file.display()
    )]
    TruncatedHeader {
        /// The file.
        file: PathBuf,
        /// The size of the header in bytes.
        expected: usize,
        /// The size of the file in bytes, decompressed.
        found: usize,
    },
    /// A file does not begin with the magic number of its kind.
    #[error(
        "{} has the wrong {}: expected {expected} ({expected:#010x}), found {found} ({found:#010x}); {}",
        file.display(),
        HeaderField::MagicNumber,
        what_the_magic_number_says(*found)
    )]
    WrongMagicNumber {
        /// The file.
        file: PathBuf,
        /// The magic number of images or of labels.
        expected: u32,
        /// The first four bytes of the file.
        found: u32,
    },
    /// A number in the header is zero.
    #[error(
        "{} has a {field} of 0 in its header: expected at least 1; download the file again",
        file.display()
    )]
    ZeroField {
        /// The file.
        file: PathBuf,
        /// Which number.
        field: HeaderField,
    },
    /// The numbers in the header multiply to more than the 16 GiB that are read.
    #[error(
        "{} claims in its header a number of images, rows and columns of {images}, {rows} and {columns}, \
         more than the 16 GiB that are read: download the file again",
        file.display()
    )]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// The number of images.
        images: u32,
        /// The rows of an image.
        rows: u32,
        /// The columns of an image.
        columns: u32,
    },
    /// A file has fewer bytes than its header says.
    #[error(
        "{} is cut short: by its header, expected {expected} bytes after it, found {found}; download it again",
        file.display()
    )]
    TruncatedBody {
        /// The file.
        file: PathBuf,
        /// The bytes that should follow the header.
        expected: u64,
        /// The bytes that follow the header.
        found: u64,
    },
    /// A file has more bytes than its header says.
    #[error(
        "{} has trailing bytes: by its header, expected {expected} bytes after it, found {found}; \
         download it again",
        file.display()
    )]
    TrailingBytes {
        /// The file.
        file: PathBuf,
        /// The bytes that should follow the header.
        expected: u64,
        /// The bytes that follow the header; beyond a MiB too many, the count ends.
        found: u64,
    },
    /// There is not one label per image.
    #[error(
        "the {} in {} is {images}, but in {} it is {labels}: take both files from the same data set",
        HeaderField::Count,
        images_file.display(),
        labels_file.display()
    )]
    CountMismatch {
        /// The file of images.
        images_file: PathBuf,
        /// The number of images.
        images: u32,
        /// The file of labels.
        labels_file: PathBuf,
        /// The number of labels.
        labels: u32,
    },
    /// The test images have another size than the training images.
    #[error(
        "the {field} is {train} in {}, but {test} in {}: take both files from the same data set",
        train_file.display(),
        test_file.display()
    )]
    SizeMismatch {
        /// Rows or columns.
        field: HeaderField,
        /// The file of training images.
        train_file: PathBuf,
        /// The rows or columns of a training image.
        train: u32,
        /// The file of test images.
        test_file: PathBuf,
        /// The rows or columns of a test image.
        test: u32,
    },
    /// A test image has a class that no training image reaches.
    #[error(
        "{} has label {label} at position {index}, but must be below {classes}, the highest \
         training label plus one: \
         take all files from the same data set",
        file.display()
    )]
    LabelOutOfRange {
        /// The file of test labels.
        file: PathBuf,
        /// The position of the label, from 0.
        index: usize,
        /// The label.
        label: u8,
        /// The number of classes by the training labels.
        classes: usize,
    },
}

fn what_the_magic_number_says(found: u32) -> &'static str {
    match found {
        super::IMAGES_MAGIC => "this is a file of images, so the names may be swapped",
        super::LABELS_MAGIC => "this is a file of labels, so the names may be swapped",
        _ if found >> 16 == 0x1f8b => "this is a gzip file, so add .gz to its name",
        _ => "this is not an IDX file of bytes, so download it again",
    }
}
