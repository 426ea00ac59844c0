use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

mod refusals;

/// A record whose pixels are all `value`, except for the last one of each plane.
fn record(labels: &[u8], value: u8) -> Vec<u8> {
    let mut record = labels.to_vec();
    for plane in 0..3 {
        record.extend([value; 1023]);
        record.push(plane);
    }
    record
}

fn folder(files: &[(&str, Vec<u8>)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    dir
}

/// Two training files, of two images and one, and a test file of one.
fn small_cifar10() -> [(&'static str, Vec<u8>); 3] {
    [
        (
            "data_batch_1.bin",
            [record(&[9], 10), record(&[0], 20)].concat(),
        ),
        ("data_batch_2.bin", record(&[3], 30)),
        ("test_batch.bin", record(&[1], 40)),
    ]
}

#[test]
fn own_images_are_read_plane_by_plane_in_the_order_of_the_files() {
    let dir = folder(&small_cifar10());
    let reader = CifarFolder::cifar10(dir.path()).verify(false);
    let ImageDataset { train, test, .. } = reader.read().unwrap();
    assert_eq!(
        (train.channels(), train.height(), train.width()),
        (3, 32, 32)
    );
    assert_eq!(train.classes(), 10);
    assert_eq!(train.labels(), [9, 0, 3]);
    assert_eq!(train.image(2).bytes().unwrap(), &record(&[], 30));
    assert_eq!(test.labels(), [1]);
    assert_eq!(test.image(0).bytes().unwrap()[1023..1025], [0, 40]);
}

#[test]
fn the_fine_label_of_cifar100_is_the_class() {
    let dir = folder(&[
        ("train.bin", record(&[255, 99], 1)),
        ("test.bin", record(&[0, 7], 2)),
    ]);
    let reader = CifarFolder::cifar100(dir.path()).verify(false);
    let dataset = reader.read().unwrap();
    assert_eq!(dataset.train.labels(), [99]);
    assert_eq!(dataset.test.labels(), [7]);
    assert_eq!(dataset.test.classes(), 100);
    assert_eq!(dataset.test.image(0).bytes().unwrap(), &record(&[], 2));
}

#[test]
fn the_official_folder_is_found_in_the_folder_passed() {
    let dir = tempfile::tempdir().unwrap();
    let official = dir.path().join("cifar-10-batches-bin");
    fs::rename(folder(&small_cifar10()).keep(), &official).unwrap();
    let read = |path: &Path| CifarFolder::cifar10(path).verify(false).read().unwrap();
    let dataset = read(dir.path());
    assert_eq!(dataset.train.len(), 3);
    assert_eq!(dataset.name, "cifar-10-batches-bin");
    assert_eq!(dataset, read(&official));
}

#[test]
fn the_class_names_of_own_images_come_from_their_folder() {
    let dir = folder(&small_cifar10());
    let reader = CifarFolder::cifar10(dir.path()).verify(false);
    assert_eq!(reader.read().unwrap().class_names, None);
    let text = "a\nb\r\nc\nd\ne\nf\ng\nh\ni\nj\n\n";
    fs::write(dir.path().join("batches.meta.txt"), text).unwrap();
    let names = reader.read().unwrap().class_names.unwrap();
    assert_eq!(names.concat(), "abcdefghij");
}

/// An archive of two records, with the checksums of the files of `official` below.
static SMALL: Archive = Archive {
    name: "small",
    train: &[OfficialFile {
        name: "train.bin",
        records: 1,
        sha1: "5feb7f651c86af19693178e35d552e05cce7370b",
    }],
    test: OfficialFile {
        name: "test.bin",
        records: 1,
        sha1: "80cb8727670d19901fd007407f65488ef5b08f95",
    },
    ..archive::CIFAR100
};

fn official() -> [(&'static str, Vec<u8>); 2] {
    [
        ("train.bin", record(&[0, 1], 2)),
        ("test.bin", record(&[0, 2], 3)),
    ]
}

#[test]
fn files_with_the_official_checksums_get_the_official_names() {
    let dir = folder(&official());
    fs::write(dir.path().join("fine_label_names.txt"), "ignored").unwrap();
    let dataset = CifarFolder::new(dir.path().into(), &SMALL).read().unwrap();
    assert_eq!(dataset.name, "small");
    assert_eq!(dataset.train.labels(), [1]);
    assert_eq!(dataset.class_names.unwrap()[99], "worm");
}

#[test]
fn the_official_archives_are_complete() {
    for (archive, train, classes) in [
        (&archive::CIFAR10, 50_000, 10),
        (&archive::CIFAR100, 50_000, 100),
    ] {
        assert_eq!(
            archive.train.iter().map(|file| file.records).sum::<u64>(),
            train
        );
        assert_eq!(archive.test.records, 10_000);
        assert_eq!(archive.classes(), classes);
        assert!(archive.names.is_sorted(), "like the official files");
        for file in archive.files() {
            assert_eq!(file.sha1.len(), 40);
            assert!(
                file.sha1
                    .bytes()
                    .all(|digit| b"0123456789abcdef".contains(&digit))
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn mutated_records_are_an_error_or_a_value(
        file in 0_usize..3,
        length: prop::sample::Index,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        label: u8,
        whole: bool,
    ) {
        let mut files = small_cifar10();
        let bytes = &mut files[file].1;
        for (index, value) in &changes {
            let index = index.index(bytes.len());
            bytes[index] = *value;
        }
        bytes[0] = label;
        if !whole {
            bytes.truncate(length.index(2 * bytes.len()));
        }
        let dir = folder(&files);
        let read = CifarFolder::cifar10(dir.path()).verify(false).read();
        if let Ok(ImageDataset { train, test, .. }) = read {
            prop_assert!(train.labels().iter().chain(test.labels()).all(|&label| label < 10));
            prop_assert_eq!(train.pixels().len(), train.len() * 3072);
        } else {
            prop_assert!(label >= 10 || !whole);
        }
    }
}
