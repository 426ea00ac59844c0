//! Training and test images of one task.

use std::path::Path;

use super::LabeledImages;

/// The most bytes of pixels that are read of one split: 16 GiB, which ImageNet at 64x64 stays below. What
/// claims more is broken, or nothing for a memory.
pub(super) const MOST_BYTES: u64 = 16 << 30;

/// Training and test images of one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageDataset {
    /// What to call the data set in reports.
    pub name: String,
    /// The images that a search may use, for training and for validation.
    pub train: LabeledImages,
    /// The images on which only the final network is measured.
    pub test: LabeledImages,
    /// The name of each class, where known.
    pub class_names: Option<Vec<String>>,
}

impl ImageDataset {
    /// At most `count` training images, drawn by `seed` as [`LabeledImages::limit`] draws them; the test
    /// images stay, so that accuracies on them compare with those after training on all images.
    #[must_use]
    pub fn limit_train(self, count: usize, seed: u64) -> Self {
        Self {
            train: self.train.limit(count, seed),
            ..self
        }
    }
}

/// The folder's own name, also where the path ends in `.` or `..`.
pub(super) fn name_of(dir: &Path) -> String {
    let full = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let name = dir.file_name().or(full.file_name());
    name.map_or_else(
        || "images".into(),
        |name| name.to_string_lossy().into_owned(),
    )
}
