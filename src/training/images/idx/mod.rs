//! The IDX format of MNIST, Fashion-MNIST and their relatives.
//!
//! A file is a header of big-endian 32-bit numbers followed by one byte per pixel or label, as described
//! on the MNIST page of Y. LeCun, C. Cortes and C. Burges. The header is never trusted: memory grows only
//! with the bytes that are really there.

mod file;

use std::path::{Path, PathBuf};

use self::file::{ImageFile, LabelFile};
use super::dataset::name_of;
use super::{DatasetError, ImageDataset, ImageLimits, LabeledImages};
use crate::network::ImageShape;

const SAME_DATA_SET: &str = "take both files from the same data set";

/// Reads a folder in the format of MNIST and Fashion-MNIST: gray images, one byte per pixel.
///
/// The folder holds `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte`, each either uncompressed or gzipped with the suffix `.gz`; the uncompressed
/// file wins if both are there. The spelling with a dot, `train-images.idx3-ubyte`, works too. The data
/// set is named after the folder, and the highest training label plus one is its number of classes.
///
/// # Example
///
/// ```no_run
/// use evonas::training::images::IdxFolder;
///
/// let dataset = IdxFolder::new("/usr/share/datasets/fashion-mnist").read()?;
/// assert_eq!(dataset.train.len(), 60_000);
/// # Ok::<(), evonas::training::images::DatasetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "nothing is read before `read`"]
pub struct IdxFolder {
    path: PathBuf,
    limits: ImageLimits,
}

impl IdxFolder {
    /// The four IDX files in the folder `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            limits: ImageLimits::default(),
        }
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
    /// A [`DatasetError`] that names the file and says what is wrong with it, unless there are four
    /// intact files that belong together.
    pub fn read(&self) -> Result<ImageDataset, DatasetError> {
        let folder = &self.path;
        if !folder.is_dir() {
            return Err(DatasetError::NotAFolder {
                folder: folder.clone(),
                advice: "pass the folder that holds the four IDX files of the data set".to_owned(),
            });
        }
        let read = |images, labels| SplitFiles::read(folder, images, labels, self.limits);
        let train = read("train-images-idx3-ubyte", "train-labels-idx1-ubyte")?;
        let test = read("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")?;
        check_same_size(&train.images, &test.images)?;
        let highest = train.labels.iter().max();
        let classes = usize::from(*highest.expect("a file of labels is never empty")) + 1;
        check_labels(&test, classes)?;
        let (train, test) = (train.into_images(classes), test.into_images(classes));
        Ok(ImageDataset::new(name_of(folder), train, test))
    }
}

/// The images and the labels of one split.
struct SplitFiles {
    images: ImageFile,
    label_file: LabelFile,
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

impl SplitFiles {
    fn read(
        folder: &Path,
        images: &'static str,
        labels: &'static str,
        limits: ImageLimits,
    ) -> Result<Self, DatasetError> {
        let mut images = ImageFile::open(file::find(folder, images)?, limits)?;
        let mut label_file = LabelFile::open(file::find(folder, labels)?, limits)?;
        // Before either is read further, so that the images' limit is the labels' too.
        if images.count != label_file.count {
            return Err(DatasetError::Mismatch {
                first_has: format!("{} images", images.count),
                first: images.path().to_owned(),
                second_has: format!("{} labels", label_file.count),
                second: label_file.path().to_owned(),
                advice: SAME_DATA_SET,
            });
        }
        Ok(Self {
            pixels: images.pixels()?,
            labels: label_file.labels()?,
            images,
            label_file,
        })
    }

    fn into_images(self, classes: usize) -> LabeledImages {
        let Self {
            images,
            pixels,
            labels,
            ..
        } = self;
        let shape = ImageShape {
            channels: 1,
            height: images.rows as usize,
            width: images.columns as usize,
        };
        let labels = labels.into_iter().map(u16::from).collect();
        LabeledImages::new(shape, classes, pixels, labels)
            .expect("the sizes are not zero, and the pixels and labels are checked against them")
    }
}

fn check_same_size(train: &ImageFile, test: &ImageFile) -> Result<(), DatasetError> {
    if (train.rows, train.columns) == (test.rows, test.columns) {
        return Ok(());
    }
    let size =
        |file: &ImageFile| format!("images of {} rows and {} columns", file.rows, file.columns);
    Err(DatasetError::Mismatch {
        first: train.path().to_owned(),
        first_has: size(train),
        second: test.path().to_owned(),
        second_has: size(test),
        advice: SAME_DATA_SET,
    })
}

fn check_labels(split: &SplitFiles, classes: usize) -> Result<(), DatasetError> {
    let too_high = |&label: &u8| usize::from(label) >= classes;
    match split.labels.iter().position(too_high) {
        None => Ok(()),
        Some(index) => Err(DatasetError::invalid(
            split.label_file.path(),
            format!(
                "has label {} at position {index}, but labels must be below {classes}, the highest \
                 training label plus one: take all files from the same data set",
                split.labels[index]
            ),
        )),
    }
}

#[cfg(test)]
mod tests;
