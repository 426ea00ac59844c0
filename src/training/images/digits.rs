//! The handwritten digits that come with the crate.
//!
//! Optical Recognition of Handwritten Digits by E. Alpaydin and C. Kaynak (1998), UCI Machine Learning
//! Repository, <https://doi.org/10.24432/C50P49>, licensed under
//! [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/): the 1,797 images that scikit-learn ships.
//! `DIGITS-LICENSE.md` beside this file says the same, and what is changed.

use std::io::Read;

use flate2::read::GzDecoder;

use super::{ImageDataset, LabeledImages, stratified_split};

/// One line per image: 64 values of 0..=16 row by row, then the label.
const CSV_GZ: &[u8] = include_bytes!("digits.csv.gz");
const SIDE: usize = 8;
const CLASSES: usize = 10;
const HIGHEST_VALUE: u16 = 16;
const TEST_FRACTION: f64 = 0.2;

/// The seed with which [`digits`] splits off its test images.
pub const DIGITS_SPLIT_SEED: u64 = 0;

/// 1,797 gray images of 8x8 pixels in 10 classes: small enough for a first search on any machine.
///
/// The original values of 0..=16 are scaled to `round(value * 255 / 16)`. The images have no test set of
/// their own, so 20 % of each class are one, drawn by [`stratified_split`] with [`DIGITS_SPLIT_SEED`]:
/// the same images on every call and on every platform. Decompresses on every call; keep the result.
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
    let split = stratified_split(all.labels(), TEST_FRACTION, DIGITS_SPLIT_SEED)
        .expect("every digit has well over five images");
    let part = |indices: &[usize]| {
        all.subset(indices)
            .expect("a split of the labels' indices lies in their range")
    };
    ImageDataset {
        name: "digits".to_owned(),
        train: part(&split.kept),
        test: part(&split.held_out),
        class_names: Some((0..CLASSES).map(|digit| digit.to_string()).collect()),
    }
}

fn all_digits() -> LabeledImages {
    let mut csv = String::new();
    GzDecoder::new(CSV_GZ)
        .read_to_string(&mut csv)
        .expect("the embedded file is whole");
    let mut pixels = Vec::new();
    let mut labels = Vec::new();
    for line in csv.lines() {
        let (values, label) = line.rsplit_once(',').expect("a line ends with the label");
        pixels.extend(
            values
                .split(',')
                .map(|value| scaled(embedded_number(value))),
        );
        labels.push(embedded_number(label).into());
    }
    LabeledImages::new(1, SIDE, SIDE, CLASSES, pixels, labels)
        .expect("a line has 64 values and a digit")
}

fn embedded_number(text: &str) -> u8 {
    text.parse()
        .expect("the embedded file has small numbers only")
}

fn scaled(value: u8) -> u8 {
    let rounded = (u16::from(value) * 255 + HIGHEST_VALUE / 2) / HIGHEST_VALUE;
    u8::try_from(rounded).expect("the embedded file has no value above 16")
}
