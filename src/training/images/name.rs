//! Data sets by name, as given on a command line.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::{CifarFolder, DatasetError, IdxFolder, ImageDataset, ImageFolder, ImageSize, digits};

/// A data set, or the format of one, by name.
///
/// # Example
///
/// ```
/// use evonas::training::images::DatasetName;
///
/// let name: DatasetName = "digits".parse()?;
/// assert_eq!(name.read(None, None)?.train.len(), 1_438);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DatasetName {
    /// `digits`: [`digits`], which ship with the crate.
    Digits,
    /// `idx`: the format of MNIST and Fashion-MNIST, [`IdxFolder`].
    Idx,
    /// `cifar10`: [`CifarFolder::cifar10`].
    Cifar10,
    /// `cifar100`: [`CifarFolder::cifar100`].
    Cifar100,
    /// `folder`: PNG and JPEG files, [`ImageFolder`].
    Folder,
}

impl DatasetName {
    /// All data sets.
    pub const ALL: [Self; 5] = [
        Self::Digits,
        Self::Idx,
        Self::Cifar10,
        Self::Cifar100,
        Self::Folder,
    ];

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
    /// - `folder`: where it is, for all but `digits`.
    /// - `resize`: the size to resize images to, for `folder` only; without it, all images must have the
    ///   same size.
    ///
    /// # Errors
    ///
    /// [`DataError::FolderNeeded`], [`DataError::FolderSuperfluous`] and [`DataError::ResizeSuperfluous`]
    /// for a wrong combination, [`DataError::Reader`] if the reader of the format fails.
    pub fn read(
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

/// The name that [`FromStr`] accepts.
impl fmt::Display for DatasetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for DatasetName {
    type Err = UnknownDataset;

    fn from_str(name: &str) -> Result<Self, UnknownDataset> {
        Self::ALL
            .into_iter()
            .find(|dataset| dataset.as_str() == name)
            .ok_or_else(|| UnknownDataset {
                name: name.to_owned(),
            })
    }
}

/// There is no data set of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no data set \"{name}\": choose one of {}",
    DatasetName::ALL.map(DatasetName::as_str).join(", ")
)]
pub struct UnknownDataset {
    name: String,
}

/// Why a data set chosen by name can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The data set is read from a folder, but none was given.
    #[error("the data set \"{name}\" is read from a folder: pass the folder")]
    FolderNeeded {
        /// The data set.
        name: DatasetName,
    },
    /// The data set ships with the crate, but a folder was given.
    #[error("the data set \"{name}\" ships with the crate: pass no folder")]
    FolderSuperfluous {
        /// The data set.
        name: DatasetName,
    },
    /// The images of the data set have a fixed size, but another was given.
    #[error("the images of \"{name}\" have a fixed size: pass no size to resize them to")]
    ResizeSuperfluous {
        /// The data set.
        name: DatasetName,
    },
    /// The reader of the format failed.
    #[error(transparent)]
    Reader(#[from] DatasetError),
}

/// Parses a size such as `32x48`, 32 rows of 48 pixels.
///
/// # Errors
///
/// A message if the text is something else or a side is 0.
pub fn image_size(text: &str) -> Result<ImageSize, String> {
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

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in DatasetName::ALL {
            assert_eq!(name.to_string().parse(), Ok(name));
        }
        assert_eq!(
            "CIFAR".parse::<DatasetName>().unwrap_err().to_string(),
            "there is no data set \"CIFAR\": choose one of digits, idx, cifar10, cifar100, folder"
        );
    }

    #[test]
    fn a_folder_is_needed_by_all_but_the_digits() {
        for name in DatasetName::ALL {
            let error = match name {
                DatasetName::Digits => name.read(Some(Path::new(".")), None),
                _ => name.read(None, None),
            };
            let message = error.unwrap_err().to_string();
            assert_eq!(
                message,
                if name == DatasetName::Digits {
                    "the data set \"digits\" ships with the crate: pass no folder".to_owned()
                } else {
                    format!("the data set \"{name}\" is read from a folder: pass the folder")
                }
            );
        }
    }

    #[test]
    fn only_folders_of_images_are_resized() {
        for name in DatasetName::ALL {
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
            image::RgbImage::new(3, 3)
                .save(class.join("1.png"))
                .unwrap();
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
