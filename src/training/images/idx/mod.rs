//! The IDX format of MNIST, Fashion-MNIST and their relatives.
//!
//! A file is a header of big-endian 32-bit numbers and then one byte per pixel or label, as described on
//! the MNIST page of Y. LeCun, C. Cortes and C. Burges. The header is never believed: memory grows with
//! the bytes that are really there.

mod error;
mod file;

use std::path::Path;

pub use self::error::{HeaderField, IdxError};
use self::file::{ImageFile, LabelFile};
use super::dataset::name_of;
use super::{ImageDataset, LabeledImages};

/// Unsigned bytes in three dimensions.
const IMAGES_MAGIC: u32 = 0x0000_0803;
/// Unsigned bytes in one dimension.
const LABELS_MAGIC: u32 = 0x0000_0801;

/// Reads a folder in the format of MNIST and Fashion-MNIST: gray images, one byte per pixel.
///
/// The folder holds `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte`, each as it is or as gzip with `.gz` after its name (the former wins). The
/// spelling with a dot, `train-images.idx3-ubyte`, is understood too. The data set is called like the
/// folder, and has as many classes as the highest training label plus one.
///
/// # Errors
///
/// An [`IdxError`] that names the file and says what is wrong with it, for everything short of four whole
/// files that fit together.
///
/// # Example
///
/// ```no_run
/// use evonas::training::images::read_idx_folder;
///
/// let dataset = read_idx_folder("/usr/share/datasets/fashion-mnist".as_ref())?;
/// assert_eq!(dataset.train.len(), 60_000);
/// # Ok::<(), evonas::training::images::IdxError>(())
/// ```
pub fn read_idx_folder(dir: &Path) -> Result<ImageDataset, IdxError> {
    if !dir.is_dir() {
        return Err(IdxError::FolderMissing {
            folder: dir.to_owned(),
        });
    }
    let train = Half::read(dir, "train-images-idx3-ubyte", "train-labels-idx1-ubyte")?;
    let test = Half::read(dir, "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")?;
    check_same_size(&train.images, &test.images)?;
    let highest = train.labels.labels.iter().max();
    let classes = usize::from(*highest.expect("a file of labels is never empty")) + 1;
    check_labels(&test.labels, classes)?;
    Ok(ImageDataset {
        name: name_of(dir),
        train: train.into_images(classes),
        test: test.into_images(classes),
        class_names: None,
    })
}

/// The training or the test images with their labels.
struct Half {
    images: ImageFile,
    labels: LabelFile,
}

impl Half {
    fn read(dir: &Path, images: &'static str, labels: &'static str) -> Result<Self, IdxError> {
        let images = ImageFile::read(file::find(dir, images)?)?;
        let labels = LabelFile::read(file::find(dir, labels)?)?;
        if images.count != labels.count {
            return Err(IdxError::CountMismatch {
                images_file: images.path,
                images: images.count,
                labels_file: labels.path,
                labels: labels.count,
            });
        }
        Ok(Self { images, labels })
    }

    fn into_images(self, classes: usize) -> LabeledImages {
        let Self { images, labels } = self;
        let (rows, columns) = (images.rows as usize, images.columns as usize);
        let labels = labels.labels.into_iter().map(u16::from).collect();
        LabeledImages::new(1, rows, columns, classes, images.pixels, labels)
            .expect("the sizes are not zero, and the pixels and labels are checked against them")
    }
}

fn check_same_size(train: &ImageFile, test: &ImageFile) -> Result<(), IdxError> {
    for (field, of_train, of_test) in [
        (HeaderField::Rows, train.rows, test.rows),
        (HeaderField::Columns, train.columns, test.columns),
    ] {
        if of_train != of_test {
            return Err(IdxError::SizeMismatch {
                field,
                train_file: train.path.clone(),
                train: of_train,
                test_file: test.path.clone(),
                test: of_test,
            });
        }
    }
    Ok(())
}

fn check_labels(file: &LabelFile, classes: usize) -> Result<(), IdxError> {
    let too_high = |&label: &u8| usize::from(label) >= classes;
    match file.labels.iter().position(too_high) {
        None => Ok(()),
        Some(index) => Err(IdxError::LabelOutOfRange {
            file: file.path.clone(),
            index,
            label: file.labels[index],
            classes,
        }),
    }
}

#[cfg(test)]
mod tests;
