//! Data sets by name.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use evonas::training::images::{
    CifarFolder, DatasetError, IdxFolder, ImageDataset, ImageFolder, ImageSize, digits,
};

/// Where the images come from.
#[derive(Args, Clone, Debug)]
pub(crate) struct DatasetOptions {
    /// The images; each format but digits needs --data
    #[arg(long, value_enum, default_value_t = DatasetName::Digits)]
    pub(crate) dataset: DatasetName,
    /// The folder that holds the data set [default: none; digits are part of the program]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Resize the images of a folder to this height and width in pixels [default: no resizing; the
    /// images must all have one size]
    #[arg(long, value_name = "HxW", value_parser = image_size)]
    pub(crate) resize: Option<ImageSize>,
}

impl DatasetOptions {
    /// Reads the data set.
    ///
    /// # Errors
    /// As [`DatasetName::read`].
    pub(crate) fn read(&self) -> Result<ImageDataset, DataError> {
        self.dataset.read(self.data.as_deref(), self.resize)
    }
}

/// A data set, or the format of one, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DatasetName {
    /// 1,797 handwritten digits of 8x8 pixels, part of the program
    Digits,
    /// The format of MNIST and Fashion-MNIST: four files, plain or gzip
    Idx,
    /// CIFAR-10's binary version
    #[value(name = "cifar10")]
    Cifar10,
    /// CIFAR-100's binary version
    #[value(name = "cifar100")]
    Cifar100,
    /// PNG and JPEG files in train/CLASS/ and test/CLASS/
    Folder,
}

impl DatasetName {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::Idx => "idx",
            Self::Cifar10 => "cifar10",
            Self::Cifar100 => "cifar100",
            Self::Folder => "folder",
        }
    }

    /// Reads the data set.
    ///
    /// - `folder`: where it is stored, for all but `digits`.
    /// - `resize`: the size to resize images to, for `folder` only; without it, its images must
    ///   all have one size.
    ///
    /// # Errors
    ///
    /// [`DataError::FolderNeeded`], [`DataError::FolderSuperfluous`] and
    /// [`DataError::ResizeSuperfluous`] for a wrong combination, [`DataError::Reader`] if the reader of
    /// the format fails.
    pub(crate) fn read(
        self,
        folder: Option<&Path>,
        resize: Option<ImageSize>,
    ) -> Result<ImageDataset, DataError> {
        if resize.is_some() && self != Self::Folder {
            return Err(DataError::ResizeSuperfluous { name: self });
        }
        let needed = || folder.ok_or(DataError::FolderNeeded { name: self });
        Ok(match self {
            Self::Digits if folder.is_some() => {
                return Err(DataError::FolderSuperfluous { name: self });
            }
            Self::Digits => digits(),
            Self::Idx => IdxFolder::new(needed()?).read()?,
            Self::Cifar10 => CifarFolder::cifar10(needed()?).read()?,
            Self::Cifar100 => CifarFolder::cifar100(needed()?).read()?,
            Self::Folder => {
                let images = ImageFolder::new(needed()?);
                match resize {
                    None => images.read()?,
                    Some(size) => images.resize(size).read()?,
                }
            }
        })
    }
}

/// The name that `--dataset` takes.
impl fmt::Display for DatasetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a data set can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataError {
    #[error("the data set {name} is read from a folder: add --data DIR")]
    FolderNeeded { name: DatasetName },
    #[error("the data set {name} is part of the program: leave --data out")]
    FolderSuperfluous { name: DatasetName },
    #[error("the images of {name} have one size: leave --resize out")]
    ResizeSuperfluous { name: DatasetName },
    #[error(transparent)]
    Reader(#[from] DatasetError),
}

/// Parses a size such as `32x48`, 32 rows of 48 pixels.
fn image_size(text: &str) -> Result<ImageSize, String> {
    let side = |text: &str| text.parse().ok().filter(|&side: &usize| side > 0);
    text.split_once('x')
        .and_then(|(height, width)| {
            Some(ImageSize {
                height: side(height)?,
                width: side(width)?,
            })
        })
        .ok_or_else(|| format!("'{text}' is not a size like 32x32 (height x width)"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Three by three black pixels.
    const PNG: [u8; 68] = [
        0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44,
        0x52, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x03, 0x08, 0x02, 0x00, 0x00, 0x00, 0xd9,
        0x4a, 0x22, 0xe8, 0x00, 0x00, 0x00, 0x0b, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x60,
        0xc0, 0x07, 0x00, 0x00, 0x1e, 0x00, 0x01, 0xf6, 0xfd, 0xe9, 0x96, 0x00, 0x00, 0x00, 0x00,
        0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
    ];

    #[test]
    fn names_are_read_as_they_are_written() {
        for &name in DatasetName::value_variants() {
            assert_eq!(DatasetName::from_str(&name.to_string(), false), Ok(name));
        }
        assert!(DatasetName::from_str("CIFAR", false).is_err());
    }

    #[test]
    fn a_folder_is_needed_by_all_but_the_digits() {
        for &name in DatasetName::value_variants() {
            let (read, message) = match name {
                DatasetName::Digits => (
                    name.read(Some(Path::new(".")), None),
                    "the data set digits is part of the program: leave --data out".to_owned(),
                ),
                _ => (
                    name.read(None, None),
                    format!("the data set {name} is read from a folder: add --data DIR"),
                ),
            };
            assert_eq!(read.unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn only_folders_of_images_are_resized() {
        for &name in DatasetName::value_variants() {
            let error = name.read(Some(Path::new("nowhere")), Some(ImageSize::square(8)));
            let is_refused = matches!(error, Err(DataError::ResizeSuperfluous { .. }));
            assert_eq!(is_refused, name != DatasetName::Folder);
        }
    }

    #[test]
    fn the_reader_of_the_format_says_what_is_wrong() {
        let dir = tempfile::tempdir().unwrap();
        for (name, first_missing) in [
            (DatasetName::Idx, "file train-images-idx3-ubyte"),
            (DatasetName::Cifar10, "data_batch_1.bin"),
            (DatasetName::Cifar100, "train.bin"),
            (DatasetName::Folder, "folder train"),
        ] {
            match name.read(Some(dir.path()), None) {
                Err(DataError::Reader(DatasetError::Missing { missing, .. })) => {
                    assert!(missing.starts_with(first_missing), "{missing}");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }

    #[test]
    fn images_of_a_folder_are_resized_to_rows_and_columns() {
        let dir = tempfile::tempdir().unwrap();
        for split in ["train", "test"] {
            let class = dir.path().join(split).join("rose");
            fs::create_dir_all(&class).unwrap();
            fs::write(class.join("1.png"), PNG).unwrap();
        }
        let name = DatasetName::Folder;
        let size = ImageSize {
            height: 5,
            width: 7,
        };
        let train = name.read(Some(dir.path()), Some(size)).unwrap().train;
        assert_eq!((train.height(), train.width()), (5, 7));
    }

    #[test]
    fn sizes_parse_back_and_others_are_refused() {
        let size = image_size("32x48").unwrap();
        assert_eq!((size.height, size.width), (32, 48));
        assert_eq!(size.to_string(), "32x48");
        for text in ["", "32", "x", "0x4", "4x0", "-1x2", "3x3x3", "a3x4"] {
            let message = image_size(text).unwrap_err();
            assert!(message.contains("like 32x32"), "{text}");
        }
    }
}
