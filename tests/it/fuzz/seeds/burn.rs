//! Images, weights, checkpoints and settings.

use std::io::{Cursor, Write};

use evonas::network::NetworkConfig;
use evonas::training::{Training, TrainingConfig};
use image::{DynamicImage, ImageFormat, RgbImage};

use crate::fuzz::bodies;

fn with_first(first: u8, bytes: &[u8]) -> Vec<u8> {
    [&[first], bytes].concat()
}

pub(crate) fn images() -> Vec<Vec<u8>> {
    let noisy = RgbImage::from_fn(17, 13, |x, y| {
        image::Rgb([(x * 37 + y * 11) as u8, (x * y) as u8, (x ^ (3 * y)) as u8])
    });
    let color = DynamicImage::from(noisy);
    let gray = DynamicImage::from(color.to_luma8());
    let encode = |image: &DynamicImage, format| {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    };
    let both = |format| [&color, &gray].map(|image| encode(image, format));
    [both(ImageFormat::Png), both(ImageFormat::Jpeg)].concat()
}

pub(crate) fn idx_files() -> Vec<Vec<u8>> {
    let images = [
        &[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2][..],
        &[9; 4],
    ]
    .concat();
    let labels = [0, 0, 8, 1, 0, 0, 0, 2, 1, 0];
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    vec![
        with_first(0, &images),
        with_first(1, &labels),
        with_first(2, &images),
        with_first(3, &labels),
        with_first(4, &gzip(&images)),
        with_first(5, &gzip(&labels)),
        // A header that claims the most that its format can.
        with_first(1, &[0, 0, 8, 1, 0xff, 0xff, 0xff, 0xff]),
    ]
}

pub(crate) fn cifar_files() -> Vec<Vec<u8>> {
    let names: String = (0..10).map(|class| format!("class {class}\n")).collect();
    vec![
        with_first(0, &[3; 2 * 3073]),
        with_first(1, &[3; 3073]),
        with_first(2, names.as_bytes()),
    ]
}

pub(crate) fn settings() -> Vec<Vec<u8>> {
    vec![
        serde_json::to_vec(&TrainingConfig::default()).unwrap(),
        serde_json::to_vec(&NetworkConfig::cifar()).unwrap(),
        serde_json::to_vec(&NetworkConfig::imagenet(64)).unwrap(),
    ]
}

pub(crate) fn weights() -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let save = |format: u8, extension: &str| {
        let path = folder
            .path()
            .join(format!("{}.{extension}", bodies::NETWORK));
        bodies::network().save(&path).unwrap();
        with_first(format, &std::fs::read(&path).unwrap())
    };
    vec![save(0, "safetensors"), save(1, "bpk")]
}

/// Without its checksum, which the target adds.
pub(crate) fn checkpoints() -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.bpk");
    let training = Training::new(bodies::network(), &bodies::trainer(), bodies::SEED);
    training.save(&path, &bodies::subject()).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.truncate(bytes.len() - 4);
    vec![bytes]
}
