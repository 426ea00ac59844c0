use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

mod refusals;

const NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

fn encode(header: &[u32], body: &[u8]) -> Vec<u8> {
    let header = header.iter().flat_map(|field| field.to_be_bytes());
    header.chain(body.iter().copied()).collect()
}

/// Three training images and two test images of 2x3 pixels in two classes.
fn valid() -> [Vec<u8>; 4] {
    [
        encode(&[2051, 3, 2, 3], &(0..18).collect::<Vec<u8>>()),
        encode(&[2049, 3], &[0, 1, 0]),
        encode(&[2051, 2, 2, 3], &(100..112).collect::<Vec<u8>>()),
        encode(&[2049, 2], &[1, 0]),
    ]
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn folder(files: &[Vec<u8>; 4], compressed: bool) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in NAMES.iter().zip(files) {
        if compressed {
            fs::write(dir.path().join(format!("{name}.gz")), gzip(bytes)).unwrap();
        } else {
            fs::write(dir.path().join(name), bytes).unwrap();
        }
    }
    dir
}

#[test]
fn plain_and_gzipped_files_read_the_same() {
    for compressed in [false, true] {
        let dir = folder(&valid(), compressed);
        let dataset = IdxFolder::new(dir.path()).read().unwrap();
        assert_eq!(
            dataset.name,
            dir.path().file_name().unwrap().to_str().unwrap()
        );
        assert_eq!((dataset.train.len(), dataset.test.len()), (3, 2));
        assert_eq!((dataset.train.height(), dataset.train.width()), (2, 3));
        assert_eq!((dataset.train.classes(), dataset.test.classes()), (2, 2));
        assert_eq!(
            dataset.train.image(1).bytes().unwrap(),
            [6, 7, 8, 9, 10, 11]
        );
        assert_eq!(dataset.test.labels(), [1, 0]);
    }
}

#[test]
fn names_with_a_dot_are_understood_and_plain_files_win() {
    let dir = folder(&valid(), false);
    for (name, ending) in [(NAMES[0], ""), (NAMES[2], ".gz")] {
        let bytes = fs::read(dir.path().join(name)).unwrap();
        fs::remove_file(dir.path().join(name)).unwrap();
        let dotted = format!("{}{ending}", name.replace("-idx", ".idx"));
        let bytes = if ending.is_empty() {
            bytes
        } else {
            gzip(&bytes)
        };
        fs::write(dir.path().join(dotted), bytes).unwrap();
    }
    fs::write(dir.path().join("train-images-idx3-ubyte.gz"), "not read").unwrap();
    assert!(IdxFolder::new(dir.path()).read().is_ok());
}

#[test]
fn a_training_label_above_nine_means_more_classes() {
    let mut files = valid();
    files[1] = encode(&[2049, 3], &[0, 255, 0]);
    let dataset = IdxFolder::new(folder(&files, false).path()).read().unwrap();
    assert_eq!(dataset.test.classes(), 256);
}

/// Debian's package dataset-fashion-mnist.
#[test]
fn fashion_mnist_reads() {
    let dir = Path::new("/usr/share/datasets/fashion-mnist");
    if !dir.is_dir() {
        // Straight to the terminal, because the test harness swallows what a passing test prints.
        let line = format!(
            "skipped: fashion_mnist_reads, as there is no {}\n",
            dir.display()
        );
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        return;
    }
    let dataset = IdxFolder::new(dir).read().unwrap();
    assert_eq!(dataset.name, "fashion-mnist");
    assert_eq!((dataset.train.len(), dataset.test.len()), (60_000, 10_000));
    assert_eq!((dataset.train.height(), dataset.train.width()), (28, 28));
    assert_eq!((dataset.train.channels(), dataset.train.classes()), (1, 10));
    for class in 0..10 {
        let count = dataset
            .train
            .labels()
            .iter()
            .filter(|&&l| l == class)
            .count();
        assert_eq!(count, 6_000);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn mutated_bytes_are_an_error_or_a_value(
        file in 0_usize..4,
        length: prop::sample::Index,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        appended in prop::collection::vec(any::<u8>(), 0..3),
        compressed: bool,
        after_compression: bool,
    ) {
        let mutate = |bytes: &mut Vec<u8>| {
            for (index, value) in &changes {
                let index = index.index(bytes.len());
                bytes[index] = *value;
            }
            // Half of the cases keep their length.
            let cut = length.index(2 * bytes.len());
            bytes.truncate(cut);
            bytes.extend(&appended);
        };
        let mut files = valid();
        if !after_compression {
            mutate(&mut files[file]);
        }
        let dir = folder(&files, compressed);
        if after_compression {
            let ending = if compressed { ".gz" } else { "" };
            let path = dir.path().join(format!("{}{ending}", NAMES[file]));
            let mut bytes = fs::read(&path).unwrap();
            mutate(&mut bytes);
            fs::write(&path, bytes).unwrap();
        }
        if let Ok(dataset) = IdxFolder::new(dir.path()).read() {
            for images in [&dataset.train, &dataset.test] {
                let last = images.image(images.len() - 1);
                prop_assert_eq!(last.len(), images.height() * images.width());
            }
        }
    }
}
