//! Data sets. The first byte says which file is replaced, if there are several.

use std::fs;

use evonas::training::images::{CifarFolder, IdxFolder, ImageFolder, ImageSize};

use super::told;

/// A PNG or JPEG file.
pub(crate) fn image(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("1.png"), bytes).unwrap();
    let folder = ImageFolder::new(folder.path());
    if let Some(images) = told(folder.clone().read_unlabeled()) {
        let size = images.channels() * images.height() * images.width();
        assert_eq!(images.pixels().len(), size);
        let size = ImageSize {
            height: 5,
            width: 7,
        };
        folder.resize(size).read_unlabeled().unwrap();
    }
}

/// Two images and two labels, or one of these files with other bytes.
pub(crate) fn idx(bytes: &[u8]) {
    let Some((&which, bytes)) = bytes.split_first() else {
        return;
    };
    let images = [
        &[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2][..],
        &[1, 2, 3, 4],
    ]
    .concat();
    let labels = vec![0, 0, 8, 1, 0, 0, 0, 2, 1, 0];
    let folder = tempfile::tempdir().unwrap();
    let names = [
        ("train-images-idx3-ubyte", &images),
        ("train-labels-idx1-ubyte", &labels),
        ("t10k-images-idx3-ubyte", &images),
        ("t10k-labels-idx1-ubyte", &labels),
    ];
    for (index, (name, sound)) in names.into_iter().enumerate() {
        let (name, bytes) = match (usize::from(which) % 8, index) {
            (which, index) if which == index => (name.to_owned(), bytes),
            (which, index) if which == index + 4 => (format!("{name}.gz"), bytes),
            _ => (name.to_owned(), &sound[..]),
        };
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    if let Some(dataset) = told(IdxFolder::new(folder.path()).read()) {
        for images in [&dataset.train, &dataset.test] {
            let last = images.image(images.len() - 1);
            assert_eq!(last.len(), images.height() * images.width());
        }
    }
}

/// A training file, the test file, or the names of the classes.
pub(crate) fn cifar(bytes: &[u8]) {
    let Some((&which, bytes)) = bytes.split_first() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let record = vec![3; 3073];
    let names = ["data_batch_1.bin", "test_batch.bin", "batches.meta.txt"];
    for (index, name) in names.into_iter().enumerate() {
        if index == usize::from(which) % names.len() {
            fs::write(folder.path().join(name), bytes).unwrap();
        } else if index < 2 {
            fs::write(folder.path().join(name), &record).unwrap();
        }
    }
    told(CifarFolder::cifar10(folder.path()).verify(false).read());
    told(CifarFolder::cifar10(folder.path()).read());
}
