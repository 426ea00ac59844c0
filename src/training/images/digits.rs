//! The handwritten digits that ship with the crate.
//!
//! Optical Recognition of Handwritten Digits by E. Alpaydin and C. Kaynak (1998), UCI Machine Learning
//! Repository, <https://doi.org/10.24432/C50P49>, licensed under
//! [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/): the 1,797 images that scikit-learn ships.
//! `DIGITS-LICENSE.md` in this folder repeats this and states what the crate changes.

use std::io::Read;

use flate2::read::GzDecoder;

use super::{HoldOut, ImageDataset, LabeledImages};
use crate::network::ImageShape;

/// One line per image: 64 values of 0..=16 row by row, then the label.
const CSV_GZ: &[u8] = include_bytes!("digits.csv.gz");
const SHAPE: ImageShape = ImageShape::gray(8, 8);
const CLASSES: usize = 10;
const MAX_VALUE: u16 = 16;
const TEST_FRACTION: f64 = 0.2;

/// The seed with which [`digits`] draws its test images.
pub const DIGITS_SPLIT_SEED: u64 = 0;

/// 1,797 gray images of 8x8 pixels in 10 classes: small enough for a first search on any machine.
///
/// The original values of 0..=16 are scaled to `round(value * 255 / 16)`. The data set has no test set of
/// its own, so 20 % of each class are held out by [`HoldOut`] with [`DIGITS_SPLIT_SEED`]: the same images
/// on every call and every platform. Each call decompresses the images again, so keep the result.
///
/// # Source
///
/// E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits (1998), UCI Machine Learning
/// Repository, <https://doi.org/10.24432/C50P49>, licensed under
/// [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/), in the copy that scikit-learn ships.
///
/// # Example
///
/// ```
/// let digits = evonas::training::images::digits();
/// assert_eq!(digits.train.len() + digits.test.len(), 1_797);
/// ```
pub fn digits() -> ImageDataset {
    let all = all_digits();
    let split = HoldOut::fraction(TEST_FRACTION)
        .seed(DIGITS_SPLIT_SEED)
        .split(all.labels())
        .expect("every digit has well over five images");
    let part = |indices: &[usize]| {
        all.subset(indices)
            .expect("the indices of a split are indices of images")
    };
    ImageDataset::new("digits", part(&split.kept), part(&split.held_out))
        .class_names((0..CLASSES).map(|digit| digit.to_string()))
}

fn all_digits() -> LabeledImages {
    let mut csv = String::new();
    GzDecoder::new(CSV_GZ)
        .read_to_string(&mut csv)
        .expect("the embedded file is intact");
    let mut pixels = Vec::new();
    let mut labels = Vec::new();
    for line in csv.lines() {
        let (values, label) = line
            .rsplit_once(',')
            .expect("every line ends with the label");
        pixels.extend(
            values
                .split(',')
                .map(|value| scaled(embedded_number(value))),
        );
        labels.push(embedded_number(label).into());
    }
    LabeledImages::new(SHAPE, CLASSES, pixels, labels)
        .expect("every line has 64 values and a digit")
}

fn embedded_number(text: &str) -> u8 {
    text.parse()
        .expect("the embedded file contains only small numbers")
}

fn scaled(value: u8) -> u8 {
    let rounded = (u16::from(value) * 255 + MAX_VALUE / 2) / MAX_VALUE;
    u8::try_from(rounded).expect("the embedded file has no value above 16")
}
