//! Training and test images of one task.

use std::path::Path;

use super::LabeledImages;

/// Training and test images of one task.
///
/// # Example
///
/// ```
/// use evonas::network::ImageShape;
/// use evonas::training::images::{ImageDataset, LabeledImages};
///
/// let shape = ImageShape::gray(1, 2);
/// let train = LabeledImages::new(shape, 2, vec![0, 255, 255, 0], vec![0, 1])?;
/// let test = LabeledImages::new(shape, 2, vec![9, 250], vec![0])?;
/// let dataset = ImageDataset::new("edges", train, test).class_names(["rising", "falling"]);
/// # Ok::<(), evonas::training::images::ImagesError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageDataset {
    /// The name of the data set, for reports.
    pub name: String,
    /// The images that a search may use, for training and for validation.
    pub train: LabeledImages,
    /// The images on which only the final network is measured.
    pub test: LabeledImages,
    /// The name of each class, if known.
    pub class_names: Option<Vec<String>>,
}

impl ImageDataset {
    /// A data set whose classes have no names yet.
    #[must_use]
    pub fn new(name: impl Into<String>, train: LabeledImages, test: LabeledImages) -> Self {
        Self {
            name: name.into(),
            train,
            test,
            class_names: None,
        }
    }

    /// Sets the name of each class, in the order of the labels.
    #[must_use]
    pub fn class_names<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.class_names = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Keeps at most `count` training images, drawn with `seed` as in [`LabeledImages::limit`]. The test
    /// images stay, so that test accuracies are comparable with those of training on all images.
    #[must_use]
    pub fn limit_train(self, count: usize, seed: u64) -> Self {
        Self {
            train: self.train.limit(count, seed),
            ..self
        }
    }
}

/// The folder's own name, even if the path ends in `.` or `..`.
pub(super) fn name_of(folder: &Path) -> String {
    let full = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = folder.file_name().or(full.file_name());
    name.map_or_else(
        || "images".into(),
        |name| name.to_string_lossy().into_owned(),
    )
}
