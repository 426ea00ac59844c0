//! What can be wrong with a folder of CIFAR's binary version.

use std::io;
use std::path::PathBuf;

use super::super::listing::in_a_line;

/// Why a folder in CIFAR's binary version cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CifarError {
    /// The folder is not there.
    #[error(
        "{} is not a folder: pass the folder with the binary version of {title}, unpacked from {archive} \
         of https://www.cs.toronto.edu/~kriz/cifar.html",
        folder.display()
    )]
    FolderMissing {
        /// The path passed.
        folder: PathBuf,
        /// CIFAR-10 or CIFAR-100.
        title: &'static str,
        /// The official archive.
        archive: &'static str,
    },
    /// Files are not there.
    #[error(
        "{} has no {}: the binary version is {official}, unpacked from {archive} of \
         https://www.cs.toronto.edu/~kriz/cifar.html; found {}",
        folder.display(),
        missing.join(", "),
        in_a_line(found)
    )]
    FilesMissing {
        /// The folder.
        folder: PathBuf,
        /// The official archive.
        archive: &'static str,
        /// The official files that are not in the folder.
        missing: Vec<&'static str>,
        /// All official files, in words.
        official: &'static str,
        /// The names of the first few things that are in the folder.
        found: Vec<String>,
    },
    /// The operating system could not read a file.
    #[error("{} cannot be read: check that it is a file that you may read", file.display())]
    Read {
        /// The file or folder.
        file: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// An official file has another size than it should have.
    #[error(
        "{} has {found} bytes, but the official file has {expected}: unpack the archive again, or read \
         your own images without verification",
        file.display()
    )]
    WrongSize {
        /// The file.
        file: PathBuf,
        /// The bytes of the official file.
        expected: u64,
        /// The bytes of this one.
        found: u64,
    },
    /// A file is not the official one.
    #[error(
        "{} has the SHA-1 checksum {found}, but the official file has {expected}: download and unpack the \
         archive again, or read your own images without verification",
        file.display()
    )]
    WrongChecksum {
        /// The file.
        file: PathBuf,
        /// The checksum of the official file, in hexadecimal digits.
        expected: &'static str,
        /// The checksum of this one.
        found: String,
    },
    /// A file is empty or ends within a record.
    #[error(
        "{} has {found} bytes, which is not a whole number of records of {record} bytes, one at least: \
         a record is {label_bytes} for labels and 3072 for the pixels",
        file.display()
    )]
    PartialRecord {
        /// The file.
        file: PathBuf,
        /// The bytes of a record.
        record: u64,
        /// The bytes of a record's labels.
        label_bytes: usize,
        /// The bytes of the file.
        found: u64,
    },
    /// A file is larger than what is read.
    #[error("{} has {found} bytes, more than the 16 GiB that are read", file.display())]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// The bytes of the file.
        found: u64,
    },
    /// A label is not the index of a class.
    #[error(
        "{} has label {label} in record {record} (from 0), but must be below the number of classes, {classes}",
        file.display()
    )]
    LabelOutOfRange {
        /// The file.
        file: PathBuf,
        /// The record, from 0.
        record: usize,
        /// Its label.
        label: u8,
        /// The number of classes.
        classes: usize,
    },
    /// The file with the names of the classes does not have one for each.
    #[error(
        "{} has {found} names, but there are {classes} classes: write one name a line, or remove the file",
        file.display()
    )]
    ClassNames {
        /// The file.
        file: PathBuf,
        /// The number of classes.
        classes: usize,
        /// The number of names.
        found: usize,
    },
}
