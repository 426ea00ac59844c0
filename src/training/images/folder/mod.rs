//! Folders of PNG and JPEG files, one folder for each class.

mod decode;
mod error;
mod scan;
mod unlabeled;

use std::path::{Path, PathBuf};

use self::decode::Decoding;
pub use self::error::FolderError;
use self::scan::Split;
pub use self::unlabeled::UnlabeledImages;
use super::dataset::name_of;
use super::{ImageDataset, LabeledImages};

/// Reads a folder of images, `train/CLASS/*.png` and `test/CLASS/*.jpg`, as torchvision's `ImageFolder`
/// reads each of the two.
///
/// - **Splits.** `train`, and `test`; where there is no `test`, the first of `val`, `valid` and
///   `validation` stands for it. Any other folder beside them is not read.
/// - **Classes** are the folders in `train`, numbered in the order of their names (bytewise). `test` may
///   lack some of them, but has no others.
/// - **Images** are the files that end in `.png`, `.jpg` or `.jpeg` in any case, in the order of their
///   names. Their format is recognised by their content. Nothing is left out silently: another file, or
///   a folder, among the images of a class is an error, and so is an image beside the folders of the
///   classes. Names that begin with a dot, `Thumbs.db` and `desktop.ini` are skipped everywhere, and so
///   are files beside the folders of the classes that are not named as images. Links are followed.
/// - **Pixels.** Each image becomes 3 channels of 8 bits, or 1 with [`gray`](Self::gray), whatever the
///   file holds: 16 bits are reduced, gray is repeated, transparency is dropped. Color profiles and the
///   orientation in EXIF data are ignored.
/// - **Size.** All images have the same, or are [resized](Self::resize).
///
/// Files are decoded in parallel on rayon's threads. A split may take 16 GiB of pixels, an image 256 MiB
/// and 32,768 rows or columns.
///
/// # Example
///
/// ```no_run
/// use evonas::training::images::ImageFolder;
///
/// let dataset = ImageFolder::new("data/flowers").resize(64, 64).read()?;
/// assert_eq!(dataset.train.height(), 64);
/// # Ok::<(), evonas::training::images::FolderError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "nothing is read before `read` or `read_unlabeled`"]
pub struct ImageFolder {
    path: PathBuf,
    decoding: Decoding,
}

impl ImageFolder {
    /// The images below `path`: in color, and all of one size.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            decoding: Decoding::default(),
        }
    }

    /// Resizes each image to `height` rows and `width` columns, from 1 to 4096, that have another size.
    ///
    /// The whole image is stretched to the new size, whatever its proportions; each new pixel is a mean of
    /// those that it covers, weighted by a triangle (bilinear with antialiasing, as in torchvision).
    pub fn resize(mut self, height: usize, width: usize) -> Self {
        self.decoding.resize = Some([height, width]);
        self
    }

    /// Whether images have one channel, their luma, instead of red, green and blue.
    pub fn gray(mut self, gray: bool) -> Self {
        self.decoding.gray = gray;
        self
    }

    /// Reads the training and the test images. The data set is called like the folder, and its classes
    /// like theirs.
    ///
    /// # Errors
    ///
    /// A [`FolderError`] that names the file or folder and says what is wrong with it. Of several files
    /// that cannot be decoded or have another size, it is the first one.
    pub fn read(&self) -> Result<ImageDataset, FolderError> {
        let train = Split::train(&self.path)?;
        let test = Split::test(&self.path)?;
        let class_names = train.class_names();
        let (train_files, train_labels) = train.labeled(&train)?;
        let (test_files, test_labels) = test.labeled(&train)?;
        let first = &train_files[0];
        let read = |files, labels| self.labeled(files, first, class_names.len(), labels);
        Ok(ImageDataset {
            name: name_of(&self.path),
            train: read(&train_files, train_labels)?,
            test: read(&test_files, test_labels)?,
            class_names: Some(class_names),
        })
    }

    fn labeled(
        &self,
        files: &[PathBuf],
        first: &Path,
        classes: usize,
        labels: Vec<u16>,
    ) -> Result<LabeledImages, FolderError> {
        let decoded = self.decoding.read(files, first)?;
        let (channels, height, width) = (decoded.channels, decoded.height, decoded.width);
        let images = LabeledImages::new(channels, height, width, classes, decoded.pixels, labels);
        Ok(images.expect("each file is an image of this size with the label of a class"))
    }

    /// Reads images without classes, to predict these: the folder's own files, by the rules for the
    /// folder of a class, or the one file that the path names.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Example
    ///
    /// ```no_run
    /// use evonas::training::images::ImageFolder;
    ///
    /// let images = ImageFolder::new("holiday").resize(32, 32).read_unlabeled()?;
    /// assert_eq!(images.pixels().len(), images.files().len() * 3 * 32 * 32);
    /// # Ok::<(), evonas::training::images::FolderError>(())
    /// ```
    pub fn read_unlabeled(&self) -> Result<UnlabeledImages, FolderError> {
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
