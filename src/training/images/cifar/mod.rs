//! CIFAR-10 and CIFAR-100 in their binary versions.
//!
//! A file is a sequence of records. Each holds the labels of one image of 32x32 pixels, then its red,
//! green and blue planes row by row, as described by A. Krizhevsky on
//! <https://www.cs.toronto.edu/~kriz/cifar.html>.

mod archive;
mod file;
mod names;

use std::path::{Path, PathBuf};

use self::archive::{Archive, OfficialFile};
use self::file::Records;
use super::dataset::name_of;
use super::listing::contents;
use super::{DatasetError, ImageDataset, ImageLimits};

/// Reads CIFAR-10 or CIFAR-100 in its binary version, or your own images in that format.
///
/// The official archives are on <https://www.cs.toronto.edu/~kriz/cifar.html>. Pass the unpacked folder,
/// or the folder that holds it. Every file is verified by its size and SHA-1 checksum unless
/// [`verify`](Self::verify) says otherwise.
///
/// # Example
///
/// ```no_run
/// use evonas::training::images::CifarFolder;
///
/// let official = CifarFolder::cifar10("data/cifar-10-batches-bin").read()?;
/// assert_eq!(official.train.len(), 50_000);
///
/// let own = CifarFolder::cifar10("data/my-images").verify(false).read()?;
/// # Ok::<(), evonas::training::images::DatasetError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is read before `read`"]
pub struct CifarFolder {
    path: PathBuf,
    archive: &'static Archive,
    verify: bool,
    limits: ImageLimits,
}

impl CifarFolder {
    /// CIFAR-10: 50,000 training and 10,000 test images of 3x32x32 pixels in 10 classes.
    ///
    /// The archive is `cifar-10-binary.tar.gz` (MD5 `c32a1d4ab5d03f1284b67883e8d87530`), which unpacks to
    /// `cifar-10-batches-bin`. A record is one label below 10, then 3072 pixels.
    pub fn cifar10(path: impl Into<PathBuf>) -> Self {
        Self::new(path.into(), &archive::CIFAR10)
    }

    /// CIFAR-100: 50,000 training and 10,000 test images of 3x32x32 pixels in the 100 fine classes.
    ///
    /// The archive is `cifar-100-binary.tar.gz` (MD5 `03b5dce01913d631647c71ecec9e9cb8`), which unpacks to
    /// `cifar-100-binary`. A record is a coarse label, which is skipped, a fine label below 100, then 3072
    /// pixels.
    pub fn cifar100(path: impl Into<PathBuf>) -> Self {
        Self::new(path.into(), &archive::CIFAR100)
    }

    fn new(path: PathBuf, archive: &'static Archive) -> Self {
        Self {
            path,
            archive,
            verify: true,
            limits: ImageLimits::default(),
        }
    }

    /// Whether the files must be the official ones, by size and checksum. The default is `true`.
    ///
    /// With `false`, a file has one record or more, and CIFAR-10 may have fewer training files:
    /// `data_batch_1.bin` and any number of the following ones, without a gap. The names of the classes
    /// come from `batches.meta.txt` or `fine_label_names.txt`, one per line, and are unknown if the
    /// folder lacks that file. The data set is named after the folder.
    pub const fn verify(mut self, verify: bool) -> Self {
        self.verify = verify;
        self
    }

    /// How much the files may have.
    pub const fn limits(mut self, limits: ImageLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Reads the training and the test images.
    ///
    /// # Errors
    ///
    /// A [`DatasetError`] that names the file and says what is wrong with it. If a file is missing, the
    /// message lists all official files and where to get them.
    pub fn read(&self) -> Result<ImageDataset, DatasetError> {
        let folder = self.locate()?;
        let mut train = Records::new(self.archive, self.limits);
        for file in self.train_files(&folder)? {
            train.append(&folder, file, self.verify)?;
        }
        let mut test = Records::new(self.archive, self.limits);
        test.append(&folder, &self.archive.test, self.verify)?;
        let (train, test) = (train.into_images(), test.into_images());
        if self.verify {
            let dataset = ImageDataset::new(self.archive.name, train, test);
            return Ok(dataset.class_names(self.archive.names.iter().copied()));
        }
        let dataset = ImageDataset::new(name_of(&folder), train, test);
        Ok(match file::class_names(&folder, self.archive)? {
            Some(names) => dataset.class_names(names),
            None => dataset,
        })
    }

    /// The folder with the files: the one passed, or the official folder inside it.
    fn locate(&self) -> Result<PathBuf, DatasetError> {
        let Archive { title, archive, .. } = self.archive;
        if !self.path.is_dir() {
            return Err(DatasetError::NotAFolder {
                folder: self.path.clone(),
                advice: format!(
                    "pass the folder with the binary version of {title}, unpacked from {archive} of \
                     https://www.cs.toronto.edu/~kriz/cifar.html"
                ),
            });
        }
        let below = self.path.join(self.archive.folder);
        let exists = |file: &OfficialFile| self.path.join(file.name).exists();
        let has_files = self.archive.files().any(exists);
        Ok(if !has_files && below.is_dir() {
            below
        } else {
            self.path.clone()
        })
    }

    /// The training files to read, after making sure that they and the test file exist.
    fn train_files(&self, folder: &Path) -> Result<&'static [OfficialFile], DatasetError> {
        let exists = |file: &OfficialFile| folder.join(file.name).exists();
        let train = self.archive.train;
        let needed = if self.verify {
            train.len()
        } else {
            train.iter().rposition(exists).map_or(1, |last| last + 1)
        };
        let train = &train[..needed];
        let missing: Vec<_> = train
            .iter()
            .chain([&self.archive.test])
            .filter(|file| !exists(file))
            .map(|file| file.name)
            .collect();
        if missing.is_empty() {
            return Ok(train);
        }
        let found = contents(folder)?;
        let Archive {
            official, archive, ..
        } = self.archive;
        Err(DatasetError::Missing {
            folder: folder.to_owned(),
            missing: missing.join(", "),
            advice: format!(
                "the binary version is {official}, unpacked from {archive} of \
                 https://www.cs.toronto.edu/~kriz/cifar.html; found {found}"
            ),
        })
    }
}

#[cfg(test)]
mod tests;
