//! Data sets by name, as a command line has them.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::{
    CifarError, FolderError, IdxError, ImageDataset, ImageFolder, ImageSize, digits,
    read_cifar10_folder, read_cifar100_folder, read_idx_folder,
};

/// A data set, or the format of one, by its name.
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
    /// `digits`: [`digits`], which come with the crate.
    Digits,
    /// `idx`: the format of MNIST and Fashion-MNIST, [`read_idx_folder`].
    Idx,
    /// `cifar10`: [`read_cifar10_folder`].
    Cifar10,
    /// `cifar100`: [`read_cifar100_folder`].
    Cifar100,
    /// `folder`: PNG and JPEG files, [`ImageFolder`].
    Folder,
}

impl DatasetName {
    /// All of them.
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
    /// - `resize`: the size to resize images to, for `folder` only; without, its images must
    ///   all have one size.
    ///
    /// # Errors
    ///
    /// [`DatasetError::FolderNeeded`], [`DatasetError::FolderSuperfluous`] and
    /// [`DatasetError::ResizeSuperfluous`] for a wrong combination, and what the reader of the format
    /// returns.
    pub fn read(
        self,
        folder: Option<&Path>,
        resize: Option<ImageSize>,
    ) -> Result<ImageDataset, DatasetError> {
        if resize.is_some() && self != Self::Folder {
            return Err(DatasetError::ResizeSuperfluous { name: self });
        }
        let needed = || folder.ok_or(DatasetError::FolderNeeded { name: self });
        Ok(match self {
            Self::Digits if folder.is_some() => {
                return Err(DatasetError::FolderSuperfluous { name: self });
            }
            Self::Digits => digits(),
            Self::Idx => read_idx_folder(needed()?)?,
            Self::Cifar10 => read_cifar10_folder(needed()?)?,
            Self::Cifar100 => read_cifar100_folder(needed()?)?,
            Self::Folder => {
                let images = ImageFolder::new(needed()?);
                match resize {
                    None => images.read()?,
                    Some(size) => images.resize(size.height(), size.width()).read()?,
                }
            }
        })
    }
}

/// The name that [`FromStr`] takes.
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

/// Why a data set cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// The data set is read from a folder, and none is given.
    #[error("the data set \"{name}\" is read from a folder: pass the folder")]
    FolderNeeded {
        /// The data set.
        name: DatasetName,
    },
    /// The data set comes with the crate, and a folder is given.
    #[error("the data set \"{name}\" comes with the crate: pass no folder")]
    FolderSuperfluous {
        /// The data set.
        name: DatasetName,
    },
    /// The images of the data set have one size, and another is given.
    #[error("the images of \"{name}\" have one size: pass no size to resize them to")]
    ResizeSuperfluous {
        /// The data set.
        name: DatasetName,
    },
    /// IDX files cannot be read.
    #[error(transparent)]
    Idx(#[from] IdxError),
    /// CIFAR's binary files cannot be read.
    #[error(transparent)]
    Cifar(#[from] CifarError),
    /// A folder of images cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
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
                    "the data set \"digits\" comes with the crate: pass no folder".to_owned()
                } else {
                    format!("the data set \"{name}\" is read from a folder: pass the folder")
                }
            );
        }
    }

    #[test]
    fn only_folders_of_images_are_resized() {
        for name in DatasetName::ALL {
            let error = name.read(Some(Path::new("nowhere")), ImageSize::new(8, 8));
            let is_refused = matches!(error, Err(DatasetError::ResizeSuperfluous { .. }));
            assert_eq!(is_refused, name != DatasetName::Folder);
        }
    }

    #[test]
    fn the_reader_of_the_format_says_what_is_wrong() {
        let dir = tempfile::tempdir().unwrap();
        let read = |name: DatasetName| name.read(Some(dir.path()), None).unwrap_err();
        assert!(matches!(read(DatasetName::Idx), DatasetError::Idx(_)));
        assert!(matches!(read(DatasetName::Cifar10), DatasetError::Cifar(_)));
        assert!(matches!(
            read(DatasetName::Cifar100),
            DatasetError::Cifar(_)
        ));
        assert!(matches!(read(DatasetName::Folder), DatasetError::Folder(_)));
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
        let train = name
            .read(Some(dir.path()), ImageSize::new(5, 7))
            .unwrap()
            .train;
        assert_eq!((train.height(), train.width()), (5, 7));
    }
}
