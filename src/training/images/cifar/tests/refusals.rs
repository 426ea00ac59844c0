//! Which files are refused, and with which message.

use super::*;

/// Asserts that the small CIFAR-10 with file `index` replaced is refused with this message, in which `{}`
/// stands for the path of that file.
fn assert_refused(index: usize, replacement: Vec<u8>, message: &str) {
    let mut files = small_cifar10();
    files[index].1 = replacement;
    let dir = folder(&files);
    let path = dir.path().join(files[index].0).display().to_string();
    let error = CifarFolder::cifar10(dir.path())
        .verify(false)
        .read()
        .unwrap_err();
    assert_eq!(error.to_string(), message.replace("{}", &path));
}

/// Asserts that `file` is refused because its checksum isn't `expected`.
fn assert_wrong_checksum(error: &DatasetError, file: &Path, expected: &str) {
    let message = error.to_string();
    match error {
        DatasetError::Invalid { path, problem, .. } => {
            assert_eq!(path, file, "{message}");
            assert!(problem.starts_with("has the SHA-1 checksum "), "{message}");
            assert!(problem.contains(expected), "{message}");
        }
        _ => panic!("{message}"),
    }
}

#[test]
fn a_missing_folder_is_named_with_where_to_get_it() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("cifar");
    assert_eq!(
        CifarFolder::cifar100(&missing)
            .read()
            .unwrap_err()
            .to_string(),
        format!(
            "{} is not a folder: pass the folder with the binary version of CIFAR-100, unpacked from \
             cifar-100-binary.tar.gz of https://www.cs.toronto.edu/~kriz/cifar.html",
            missing.display()
        )
    );
}

#[test]
fn missing_files_are_named_with_all_official_files_and_those_found() {
    let python_version = ["data_batch_1", "data_batch_2", "test_batch"];
    let dir = folder(&python_version.map(|name| (name, vec![])));
    assert_eq!(
        CifarFolder::cifar10(dir.path())
            .read()
            .unwrap_err()
            .to_string(),
        format!(
            "{} has no data_batch_1.bin, data_batch_2.bin, data_batch_3.bin, data_batch_4.bin, \
             data_batch_5.bin, test_batch.bin: the binary version is data_batch_1.bin to \
             data_batch_5.bin and test_batch.bin, unpacked from cifar-10-binary.tar.gz of https://www.cs.toronto.edu/~kriz/cifar.html; \
             found data_batch_1, data_batch_2, test_batch",
            dir.path().display()
        )
    );
    let empty = tempfile::tempdir().unwrap();
    let message = CifarFolder::cifar100(empty.path())
        .read()
        .unwrap_err()
        .to_string();
    assert!(message.ends_with("; found nothing"), "{message}");
}

#[test]
fn a_gap_in_the_batches_is_a_missing_file() {
    let mut files = small_cifar10();
    files[1].0 = "data_batch_3.bin";
    let dir = folder(&files);
    let error = CifarFolder::cifar10(dir.path())
        .verify(false)
        .read()
        .unwrap_err();
    assert!(
        matches!(&error, DatasetError::Missing { missing, .. } if missing == "data_batch_2.bin"),
        "{error}"
    );
}

#[test]
fn an_official_file_of_another_size_is_refused() {
    let dir = folder(&official());
    fs::write(dir.path().join("test.bin"), [0; 3073]).unwrap();
    assert_eq!(
        CifarFolder::new(dir.path().into(), &SMALL)
            .read()
            .unwrap_err()
            .to_string(),
        format!(
            "{} has 3073 bytes, but the official file has 3074: unpack the archive again, or read your \
             own images without verification",
            dir.path().join("test.bin").display()
        )
    );
}

#[test]
fn an_official_file_with_another_checksum_is_refused() {
    let mut files = official();
    files[0].1[5] ^= 1;
    let dir = folder(&files);
    let error = CifarFolder::new(dir.path().into(), &SMALL)
        .read()
        .unwrap_err();
    let wrong = dir.path().join("train.bin");
    assert_wrong_checksum(&error, &wrong, SMALL.train[0].sha1);
}

#[test]
fn files_of_the_official_size_with_other_content_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for file in archive::CIFAR10.files() {
        let empty = fs::File::create(dir.path().join(file.name)).unwrap();
        empty.set_len(30_730_000).unwrap();
    }
    let error = CifarFolder::cifar10(dir.path()).read().unwrap_err();
    let first = &archive::CIFAR10.train[0];
    assert_wrong_checksum(&error, &dir.path().join(first.name), first.sha1);
}

#[test]
fn a_partial_record_is_refused() {
    for length in [0, 1, 3072, 3074] {
        assert_refused(
            2,
            vec![0; length],
            &format!(
                "{{}} has {length} bytes, but must hold one or more whole records of 3073 bytes, 1 for \
                 labels and 3072 for pixels"
            ),
        );
    }
}

#[test]
fn a_file_larger_than_memory_is_refused_before_it_is_read() {
    let dir = folder(&small_cifar10());
    let file = fs::File::create(dir.path().join("test_batch.bin")).unwrap();
    if file.set_len(3073 << 40).is_err() {
        return; // This file system has no files of this size.
    }
    let error = CifarFolder::cifar10(dir.path())
        .verify(false)
        .read()
        .unwrap_err();
    assert!(matches!(error, DatasetError::TooLarge { .. }), "{error}");
}

#[test]
fn the_files_of_a_split_are_limited_together() {
    let dir = folder(&small_cifar10());
    let read = |bytes| {
        let limits = ImageLimits {
            split_bytes: bytes,
            ..ImageLimits::default()
        };
        let cifar = CifarFolder::cifar10(dir.path()).verify(false);
        cifar.limits(limits).read()
    };
    let bytes = read(u64::MAX).unwrap().train.pixels().len() as u64;
    let error = read(bytes - 1).unwrap_err();
    assert!(matches!(error, DatasetError::TooLarge { .. }), "{error}");
}

#[test]
fn a_file_of_names_that_never_ends_is_refused() {
    let dir = folder(&small_cifar10());
    fs::write(
        dir.path().join("batches.meta.txt"),
        "class\n".repeat(20_000),
    )
    .unwrap();
    let cifar = CifarFolder::cifar10(dir.path()).verify(false);
    let error = cifar.read().unwrap_err();
    let reason = std::error::Error::source(&error).unwrap().to_string();
    assert!(reason.contains("it has more than 65536 bytes"), "{reason}");
}

#[test]
fn a_label_out_of_range_is_refused() {
    assert_refused(
        0,
        [record(&[9], 0), record(&[10], 0)].concat(),
        "{} has label 10 in record 1 (from 0), but labels must be below the number of classes, 10",
    );
}

#[test]
fn a_folder_in_place_of_a_file_cannot_be_read() {
    let dir = folder(&small_cifar10());
    fs::remove_file(dir.path().join("test_batch.bin")).unwrap();
    fs::create_dir(dir.path().join("test_batch.bin")).unwrap();
    let error = CifarFolder::cifar10(dir.path())
        .verify(false)
        .read()
        .unwrap_err();
    assert!(matches!(error, DatasetError::Io { .. }), "{error}");
}

#[test]
fn too_few_names_of_classes_are_refused() {
    let dir = folder(&small_cifar10());
    let path = dir.path().join("batches.meta.txt");
    fs::write(&path, "one\ntwo\n").unwrap();
    let error = CifarFolder::cifar10(dir.path())
        .verify(false)
        .read()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} has 2 names, but there are 10 classes: write one name per line, or remove the file",
            path.display()
        )
    );
}
