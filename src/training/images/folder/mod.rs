//! Folders of PNG and JPEG files, one folder per class.

mod decode;
mod jpeg;
mod scan;
mod unlabeled;

use std::path::{Path, PathBuf};

use self::decode::Decoding;
use self::scan::SplitFolder;
pub use self::unlabeled::UnlabeledImages;
use super::dataset::name_of;
use super::{DatasetError, ImageDataset, ImageLimits, ImageSize, LabeledImages};

/// Reads a folder of images, `train/CLASS/*.png` and `test/CLASS/*.jpg`; torchvision's `ImageFolder` reads
/// each of the two the same way.
///
/// - **Splits.** `train` and `test`. Without `test`, the first of `val`, `valid` and `validation` that
///   exists is used instead. Other folders next to them are ignored.
/// - **Classes** are the folders in `train`, numbered in the order of their names (bytewise). `test` may
///   lack some of them, but must not have others.
/// - **Images** are the files that end in `.png`, `.jpg` or `.jpeg` in any case, in the order of their
///   names. Their content determines the format. Nothing is skipped silently: any other file or a folder
///   among the images of a class is an error, and so is an image next to the folders of the classes. The
///   exceptions are names that begin with a dot, `Thumbs.db` and `desktop.ini`, which are skipped
///   everywhere, and files other than images next to the folders of the classes. Links are followed.
/// - **Pixels.** Each image becomes 3 channels of 8 bits, or 1 with [`gray`](Self::gray), regardless
///   of the file: 16 bits are reduced to 8, gray is repeated, transparency is dropped. Color profiles
///   and the EXIF orientation are ignored.
/// - **Size.** All images must have the same size, unless they are [resized](Self::resize).
///
/// Files are decoded in parallel on rayon's threads. An image that is damaged or cut short is refused, as by Python's
/// Pillow: what a decoder makes up for the rest would be trained on.
/// [`ImageLimits`] say how large images and splits may be.
///
/// # Example
///
/// ```no_run
/// use evonas::training::images::{ImageFolder, ImageSize};
///
/// let dataset = ImageFolder::new("data/flowers").resize(ImageSize::square(64)).read()?;
/// assert_eq!(dataset.train.height(), 64);
/// # Ok::<(), evonas::training::images::DatasetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "nothing is read before `read` or `read_unlabeled`"]
pub struct ImageFolder {
    path: PathBuf,
    decoding: Decoding,
}

impl ImageFolder {
    /// The images below `path`, in color and all of the same size.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            decoding: Decoding::default(),
        }
    }

    /// Resizes every image that doesn't have this size, from 1 to 4096 rows and columns.
    ///
    /// The whole image is stretched to the new size, regardless of its proportions. Each new pixel is a mean
    /// of the pixels that it covers, weighted by a triangle (bilinear with antialiasing, as in torchvision).
    pub fn resize(mut self, size: ImageSize) -> Self {
        self.decoding.resize = Some(size);
        self
    }

    /// Whether images get one channel, their luma, instead of red, green and blue.
    pub fn gray(mut self, gray: bool) -> Self {
        self.decoding.gray = gray;
        self
    }

    /// How much the images may have.
    pub fn limits(mut self, limits: ImageLimits) -> Self {
        self.decoding.limits = limits;
        self
    }

    /// Reads the training and the test images. The data set and its classes are named after their
    /// folders.
    ///
    /// # Errors
    ///
    /// A [`DatasetError`] that names the file or folder and says what is wrong with it. If several files
    /// can't be decoded or differ in size, it names the first one.
    pub fn read(&self) -> Result<ImageDataset, DatasetError> {
        let train = SplitFolder::train(&self.path)?;
        let test = SplitFolder::test(&self.path)?;
        let class_names = train.class_names();
        let (train_files, train_labels) = train.labeled(&train)?;
        let (test_files, test_labels) = test.labeled(&train)?;
        let first = &train_files[0];
        let read = |files, labels| self.labeled(files, first, class_names.len(), labels);
        let (train, test) = (
            read(&train_files, train_labels)?,
            read(&test_files, test_labels)?,
        );
        Ok(ImageDataset::new(name_of(&self.path), train, test).class_names(class_names))
    }

    fn labeled(
        &self,
        files: &[PathBuf],
        first: &Path,
        classes: usize,
        labels: Vec<u16>,
    ) -> Result<LabeledImages, DatasetError> {
        let decoded = self.decoding.read(files, first)?;
        let images = LabeledImages::new(decoded.shape, classes, decoded.pixels, labels);
        Ok(images.expect("each file is an image of this size with the label of a class"))
    }

    /// Reads images without classes, to classify them: the files directly in the folder, by the same
    /// rules as in the folder of a class, or the single file that the path names.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Example
    ///
    /// ```no_run
    /// use evonas::training::images::{ImageFolder, ImageSize};
    ///
    /// let size = ImageSize::square(32);
    /// let images = ImageFolder::new("holiday").resize(size).read_unlabeled()?;
    /// assert_eq!(images.pixels().len(), images.files().len() * 3 * 32 * 32);
    /// # Ok::<(), evonas::training::images::DatasetError>(())
    /// ```
    pub fn read_unlabeled(&self) -> Result<UnlabeledImages, DatasetError> {
        let files = if self.path.is_dir() {
            scan::images(&self.path)?
        } else {
            vec![self.path.clone()]
        };
        let decoded = self.decoding.read(&files, &files[0])?;
        Ok(UnlabeledImages::new(files, decoded))
    }
}

#[cfg(test)]
mod tests;
