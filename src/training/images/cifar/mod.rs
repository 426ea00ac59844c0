//! CIFAR-10 and CIFAR-100 in their binary versions.
//!
//! A file is a sequence of records, each the labels and then the red, green and blue plane of one image
//! of 32x32 pixels, row by row, as described by A. Krizhevsky on
//! <https://www.cs.toronto.edu/~kriz/cifar.html>.

mod archive;
mod error;
mod file;
mod names;

use std::path::{Path, PathBuf};

use self::archive::Archive;
pub use self::error::CifarError;
use self::file::Records;
use super::dataset::name_of;
use super::listing::first_names;
use super::{ImageDataset, LabeledImages};

const CHANNELS: usize = 3;
const SIDE: usize = 32;
const PIXELS: usize = CHANNELS * SIDE * SIDE;

/// Reads CIFAR-10, binary version: 50,000 training and 10,000 test images of 3x32x32 in 10 classes.
///
/// The folder is the one unpacked from `cifar-10-binary.tar.gz` of
/// <https://www.cs.toronto.edu/~kriz/cifar.html> (MD5 `c32a1d4ab5d03f1284b67883e8d87530`):
/// `cifar-10-batches-bin` itself, or the folder that holds it. Every file is verified by its size and
/// SHA-1 checksum. [`CifarReader`] reads other images of this format.
///
/// # Errors
///
/// A [`CifarError`] that names the file and says what is wrong with it; where a file is missing, all
/// official names and where they come from.
///
/// # Example
///
/// ```no_run
/// use evonas::training::images::read_cifar10_folder;
///
/// let dataset = read_cifar10_folder("data/cifar-10-batches-bin".as_ref())?;
/// assert_eq!(dataset.train.len(), 50_000);
/// # Ok::<(), evonas::training::images::CifarError>(())
/// ```
pub fn read_cifar10_folder(folder: &Path) -> Result<ImageDataset, CifarError> {
    CifarReader::cifar10().read(folder)
}

/// Reads CIFAR-100, binary version: 50,000 training and 10,000 test images of 3x32x32 in the 100 fine
/// classes.
///
/// The folder is the one unpacked from `cifar-100-binary.tar.gz` of
/// <https://www.cs.toronto.edu/~kriz/cifar.html> (MD5 `03b5dce01913d631647c71ecec9e9cb8`):
/// `cifar-100-binary` itself, or the folder that holds it. Both files are verified by their size and
/// SHA-1 checksum. [`CifarReader`] reads other images of this format.
///
/// # Errors
///
/// As [`read_cifar10_folder`].
pub fn read_cifar100_folder(folder: &Path) -> Result<ImageDataset, CifarError> {
    CifarReader::cifar100().read(folder)
}

/// Reads CIFAR's binary version: the official files, or your own images in their format.
///
/// # Example
///
/// ```no_run
/// use evonas::training::images::CifarReader;
///
/// let reader = CifarReader::cifar10().verify(false);
/// let dataset = reader.read("data/my-images".as_ref())?;
/// # Ok::<(), evonas::training::images::CifarError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CifarReader {
    archive: &'static Archive,
    verify: bool,
}

impl CifarReader {
    /// Files of CIFAR-10: records of one label below 10, then 3072 pixels.
    #[must_use]
    pub fn cifar10() -> Self {
        Self::of(&archive::CIFAR10)
    }

    /// Files of CIFAR-100: records of a coarse label, which is skipped, a fine label below 100, then
    /// 3072 pixels.
    #[must_use]
    pub fn cifar100() -> Self {
        Self::of(&archive::CIFAR100)
    }

    const fn of(archive: &'static Archive) -> Self {
        Self {
            archive,
            verify: true,
        }
    }

    /// Whether the files must be the official ones, by size and checksum; they must without this call.
    ///
    /// Otherwise a file is one record or more, and the files of CIFAR-10 may be fewer:
    /// `data_batch_1.bin` and as many of the following as there are, without a gap. The names of the
    /// classes are then those in `batches.meta.txt` or `fine_label_names.txt`, one a line, where the
    /// folder has that file, and unknown where it does not; the data set is called like the folder.
    #[must_use]
    pub const fn verify(mut self, verify: bool) -> Self {
        self.verify = verify;
        self
    }

    /// Reads the folder, or the folder of the official name in it.
    ///
    /// # Errors
    ///
    /// As [`read_cifar10_folder`].
    pub fn read(&self, folder: &Path) -> Result<ImageDataset, CifarError> {
        let archive = self.archive;
        let folder = self.locate(folder)?;
        let files = self.train_files(&folder)?;
        let mut train = Records::new(archive);
        for file in files {
            train.append(&folder, file, self.verify)?;
        }
        let mut test = Records::new(archive);
        test.append(&folder, &archive.test, self.verify)?;
        let (name, class_names) = if self.verify {
            let names = archive.names.iter().map(ToString::to_string).collect();
            (archive.name.to_owned(), Some(names))
        } else {
            (name_of(&folder), file::class_names(&folder, archive)?)
        };
        Ok(ImageDataset {
            name,
            train: train.into_images(),
            test: test.into_images(),
            class_names,
        })
    }

    /// The folder with the files: this one, or the official one in it.
    fn locate(&self, folder: &Path) -> Result<PathBuf, CifarError> {
        if !folder.is_dir() {
            return Err(CifarError::FolderMissing {
                folder: folder.to_owned(),
                title: self.archive.title,
                archive: self.archive.archive,
            });
        }
        let below = folder.join(self.archive.folder);
        let has_files = self.archive.files().any(|f| folder.join(f.name).exists());
        Ok(if !has_files && below.is_dir() {
            below
        } else {
            folder.to_owned()
        })
    }

    /// The training files to read, all of which are there, as is the test file.
    fn train_files(&self, folder: &Path) -> Result<&'static [archive::File], CifarError> {
        let is_there = |file: &archive::File| folder.join(file.name).exists();
        let train = self.archive.train;
        let needed = if self.verify {
            train.len()
        } else {
            train.iter().rposition(is_there).map_or(1, |last| last + 1)
        };
        let train = &train[..needed];
        let missing: Vec<_> = train
            .iter()
            .chain([&self.archive.test])
            .filter(|file| !is_there(file))
            .map(|file| file.name)
            .collect();
        if missing.is_empty() {
            return Ok(train);
        }
        let found = first_names(folder).map_err(|source| CifarError::Read {
            file: folder.to_owned(),
            source,
        })?;
        Err(CifarError::FilesMissing {
            found,
            folder: folder.to_owned(),
            archive: self.archive.archive,
            missing,
            official: self.archive.official,
        })
    }
}

#[cfg(test)]
mod tests;
