//! Data sets by name.

use std::fmt;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use evonas::training::images::{
    CifarFolder, DatasetError, IdxFolder, ImageDataset, ImageFolder, ImageLimits, ImageSize, digits,
};
use serde::{Deserialize, Serialize};

use super::raised_limit::RaisedLimit;

/// The options that say where the images come from.
#[derive(Args, Clone, Debug)]
pub(crate) struct DatasetOptions {
    /// The images; every format but digits needs --data [default: digits]
    #[arg(long, value_enum)]
    dataset: Option<DatasetName>,
    /// The folder that holds the data set [default: none; digits are part of the program]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Resize the images of a folder to this height and width in pixels [default: not resized; they
    /// must all have one size]
    #[arg(long, value_name = "HxW", value_parser = image_size)]
    resize: Option<ImageSize>,
    /// Raise a limit of what the data set may have: split_bytes (of the pixels of all training or test images),
    /// image_bytes (of an image's file, and of its pixels before it is resized), image_side (its rows and columns) or
    /// ratio (of a decompressed to a compressed file); may be given several times [default: split_bytes=17179869184,
    /// image_bytes=268435456, image_side=32768, ratio=200]
    #[arg(long = "data-limit", value_name = "NAME=N", value_parser = RaisedLimit::<ImageLimits>::parse)]
    limits: Vec<RaisedLimit<ImageLimits>>,
}

impl DatasetOptions {
    /// Whether the options name a data set.
    pub(crate) const fn is_given(&self) -> bool {
        self.dataset.is_some()
    }

    /// The data set that the options name; the digits if they name none.
    pub(crate) fn location(&self) -> DatasetLocation {
        DatasetLocation {
            name: self.dataset.unwrap_or(DatasetName::Digits),
            folder: self.data.clone(),
            resize: self.resize.map(|size| (size.height, size.width)),
            limits: self.limits.clone(),
        }
    }

    /// The data set that the options name, or this one if they name none, with the folder, size and limits of
    /// the options if given.
    pub(crate) fn location_or(&self, other: &DatasetLocation) -> DatasetLocation {
        let own = self.location();
        if self.dataset.is_some() {
            return own;
        }
        DatasetLocation {
            name: other.name,
            folder: own.folder.or_else(|| other.folder.clone()),
            resize: own.resize.or(other.resize),
            limits: match own.limits.is_empty() {
                true => other.limits.clone(),
                false => own.limits,
            },
        }
    }
}

/// Height and width in pixels, from `32x48`.
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

/// A data set and where it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DatasetLocation {
    pub(crate) name: DatasetName,
    /// None for the digits.
    pub(crate) folder: Option<PathBuf>,
    /// The height and width that images are resized to, in pixels.
    pub(crate) resize: Option<(usize, usize)>,
    /// The limits of its reader that are raised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) limits: Vec<RaisedLimit<ImageLimits>>,
}

impl DatasetLocation {
    /// Reads the data set.
    ///
    /// # Errors
    ///
    /// [`DatasetLocationError::FolderNeeded`], [`DatasetLocationError::FolderSuperfluous`],
    /// [`DatasetLocationError::ResizeSuperfluous`] and [`DatasetLocationError::LimitSuperfluous`] for a wrong
    /// combination, and what the reader of the format returns.
    pub(crate) fn read(&self) -> Result<ImageDataset, DatasetLocationError> {
        let name = self.name;
        if self.resize.is_some() && name != DatasetName::Folder {
            return Err(DatasetLocationError::ResizeSuperfluous { name });
        }
        name.check_limits(&self.limits)?;
        let limits = RaisedLimit::applied(&self.limits, ImageLimits::default());
        let needed = || {
            self.folder
                .as_deref()
                .ok_or(DatasetLocationError::FolderNeeded { name })
        };
        Ok(match name {
            DatasetName::Digits if self.folder.is_some() => {
                return Err(DatasetLocationError::FolderSuperfluous { name });
            }
            DatasetName::Digits => digits(),
            DatasetName::Idx => IdxFolder::new(needed()?).limits(limits).read()?,
            DatasetName::Cifar10 => CifarFolder::cifar10(needed()?).limits(limits).read()?,
            DatasetName::Cifar100 => CifarFolder::cifar100(needed()?).limits(limits).read()?,
            DatasetName::Folder => {
                let images = ImageFolder::new(needed()?).limits(limits);
                match self.resize {
                    None => images.read()?,
                    Some((height, width)) => images.resize(ImageSize { height, width }).read()?,
                }
            }
        })
    }

    /// The same data set with an absolute path of its folder, so that it can be read from any working directory.
    pub(crate) fn absolute(mut self) -> Self {
        if let Some(folder) = &mut self.folder {
            *folder = std::path::absolute(&folder).unwrap_or_else(|_| folder.clone());
        }
        self
    }
}

/// A data set, or the format of one, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
    /// Refuses limits that the format's reader has no use for.
    pub(crate) fn check_limits(
        self,
        raised: &[RaisedLimit<ImageLimits>],
    ) -> Result<(), DatasetLocationError> {
        let used: &[&str] = match self {
            Self::Digits => &[],
            Self::Idx => &["split_bytes", "ratio"],
            Self::Cifar10 | Self::Cifar100 => &["split_bytes"],
            Self::Folder => &["split_bytes", "image_bytes", "image_side"],
        };
        match raised.iter().find(|limit| !used.contains(&limit.name())) {
            Some(limit) => Err(DatasetLocationError::LimitSuperfluous {
                name: self,
                limit: limit.name(),
            }),
            None => Ok(()),
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::Idx => "idx",
            Self::Cifar10 => "cifar10",
            Self::Cifar100 => "cifar100",
            Self::Folder => "folder",
        }
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
pub(crate) enum DatasetLocationError {
    #[error("the data set {name} is read from a folder: add --data DIR")]
    FolderNeeded { name: DatasetName },
    #[error("the data set {name} is part of the program: leave --data out")]
    FolderSuperfluous { name: DatasetName },
    #[error("the limit '{limit}' has no effect on the format {name}: leave it out")]
    LimitSuperfluous {
        name: DatasetName,
        limit: &'static str,
    },
    #[error("the images of {name} have one size: leave --resize out")]
    ResizeSuperfluous { name: DatasetName },
    #[error(transparent)]
    Reader(#[from] DatasetError),
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

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
    fn a_size_has_a_height_and_a_width() {
        let size = image_size("32x48").unwrap();
        assert_eq!((size.height, size.width), (32, 48));
        for text in ["", "32", "x", "0x4", "4x0", "-1x2", "3x3x3", "a3x4"] {
            assert!(
                image_size(text).unwrap_err().contains("like 32x32"),
                "{text}"
            );
        }
    }

    fn location(name: DatasetName, folder: Option<&Path>) -> DatasetLocation {
        DatasetLocation {
            name,
            folder: folder.map(Path::to_owned),
            resize: None,
            limits: Vec::new(),
        }
    }

    #[test]
    fn every_data_set_but_the_digits_needs_a_folder() {
        for &name in DatasetName::value_variants() {
            let (read, message) = match name {
                DatasetName::Digits => (
                    location(name, Some(Path::new("."))).read(),
                    "the data set digits is part of the program: leave --data out".to_owned(),
                ),
                _ => (
                    location(name, None).read(),
                    format!("the data set {name} is read from a folder: add --data DIR"),
                ),
            };
            assert_eq!(read.unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn only_folders_of_images_are_resized() {
        for &name in DatasetName::value_variants() {
            let resized = DatasetLocation {
                resize: Some((8, 8)),
                ..location(name, Some(Path::new("nowhere")))
            };
            let is_refused = matches!(
                resized.read(),
                Err(DatasetLocationError::ResizeSuperfluous { .. })
            );
            assert_eq!(is_refused, name != DatasetName::Folder);
        }
    }

    #[test]
    fn limits_are_part_of_where_a_data_set_is_and_each_has_an_effect_on_its_format() {
        let limit = RaisedLimit::parse("image_side=7").unwrap();
        let limited = DatasetLocation {
            limits: vec![limit],
            ..location(DatasetName::Folder, Some(Path::new("photos")))
        };
        let json = serde_json::to_string(&limited).unwrap();
        assert!(json.contains(r#""limits":["image_side=7"]"#), "{json}");
        assert_eq!(
            serde_json::from_str::<DatasetLocation>(&json).unwrap(),
            limited
        );
        let plain = location(DatasetName::Digits, None);
        let json = serde_json::to_string(&plain).unwrap();
        assert!(!json.contains("limits"), "{json}");
        for (name, text, words) in [
            (
                DatasetName::Digits,
                "split_bytes=1",
                "the limit 'split_bytes' has no effect on the format digits",
            ),
            (
                DatasetName::Idx,
                "image_side=1",
                "the limit 'image_side' has no effect on the format idx",
            ),
            (
                DatasetName::Cifar10,
                "ratio=1",
                "the limit 'ratio' has no effect on the format cifar10",
            ),
            (
                DatasetName::Folder,
                "ratio=1",
                "the limit 'ratio' has no effect on the format folder",
            ),
        ] {
            let limits = [RaisedLimit::parse(text).unwrap()];
            let refused = name.check_limits(&limits).unwrap_err().to_string();
            assert!(refused.starts_with(words), "{refused}");
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
            match location(name, Some(dir.path())).read() {
                Err(DatasetLocationError::Reader(DatasetError::Missing { missing, .. })) => {
                    assert!(missing.starts_with(first_missing), "{name}: {missing}");
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
        let resized = DatasetLocation {
            resize: Some((5, 7)),
            ..location(DatasetName::Folder, Some(dir.path()))
        };
        let train = resized.read().unwrap().train;
        assert_eq!((train.height(), train.width()), (5, 7));
    }
}
