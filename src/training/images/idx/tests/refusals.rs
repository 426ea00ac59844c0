//! Which files are refused, and with which message.

use super::*;

/// Asserts that the valid files with file `index` replaced are refused with this message, plain and
/// gzipped. `{0}` to `{3}` in the message stand for the paths of the four files.
fn assert_refused(index: usize, replacement: Vec<u8>, message: &str) {
    for compressed in [false, true] {
        let mut files = valid();
        files[index] = replacement.clone();
        let dir = folder(&files, compressed);
        let mut expected = message.to_owned();
        for (i, name) in NAMES.iter().enumerate() {
            let ending = if compressed { ".gz" } else { "" };
            let path = dir.path().join(format!("{name}{ending}"));
            expected = expected.replace(&format!("{{{i}}}"), &path.display().to_string());
        }
        let error = IdxFolder::new(dir.path()).read().unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_missing_folder_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("mnist");
    let error = IdxFolder::new(&missing).read().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} is not a folder: pass the folder that holds the four IDX files of the data set",
            missing.display()
        )
    );
}

#[test]
fn a_missing_file_is_named_in_both_forms() {
    for name in NAMES {
        let dir = folder(&valid(), false);
        fs::remove_file(dir.path().join(name)).unwrap();
        let error = IdxFolder::new(dir.path()).read().unwrap_err();
        let folder = dir.path().display();
        assert_eq!(
            error.to_string(),
            format!("{folder} has no file {name} or {name}.gz: put one of the two there")
        );
    }
}

#[test]
fn a_folder_in_place_of_a_file_cannot_be_read() {
    let dir = folder(&valid(), false);
    fs::remove_file(dir.path().join(NAMES[1])).unwrap();
    fs::create_dir(dir.path().join(NAMES[1])).unwrap();
    let error = IdxFolder::new(dir.path()).read().unwrap_err();
    assert!(matches!(error, DatasetError::Io { .. }), "{error}");
}

#[test]
fn a_truncated_header_is_refused() {
    assert_refused(
        0,
        valid()[0][..15].to_vec(),
        "{0} ends within its header: expected at least 16 bytes, found 15; download it again",
    );
    assert_refused(
        3,
        vec![],
        "{3} ends within its header: expected at least 8 bytes, found 0; download it again",
    );
}

#[test]
fn a_truncated_body_is_refused() {
    assert_refused(
        2,
        valid()[2][..27].to_vec(),
        "{2} is truncated: its header promises 12 bytes after it, found 11; download it again",
    );
}

#[test]
fn a_header_that_claims_far_more_than_there_is_allocates_nothing_for_it() {
    assert_refused(
        0,
        encode(&[2051, 3, 50_000, 50_000], &[0; 5]),
        "{0} is truncated: its header promises 7500000000 bytes after it, found 5; download it again",
    );
    assert_refused(
        1,
        encode(&[2049, u32::MAX], &[0; 5]),
        "{0} has 3 images, but {1} has 4294967295 labels: take both files from the same data set",
    );
    assert_refused(
        0,
        encode(&[2051, u32::MAX, 28, 28], &[0; 5]),
        "{0} claims in its header to have 4294967295 images of 28 rows and 28 columns, more than the 16 \
         GiB that a split may have: download the file again, or raise the limit 'split_bytes'",
    );
    assert_refused(
        0,
        encode(&[2051, u32::MAX, u32::MAX, u32::MAX], &[0; 5]),
        "{0} claims in its header to have 4294967295 images of 4294967295 rows and 4294967295 columns, \
         more than the 16 GiB that a split may have: download the file again, or raise the limit \
         'split_bytes'",
    );
}

#[test]
fn a_gzip_bomb_is_read_at_most_a_mebibyte_past_its_end() {
    let mut bomb = valid()[0].clone();
    bomb.resize(64 << 20, 0);
    assert!(gzip(&bomb).len() < 1 << 20);
    let mut files = valid();
    files[0] = bomb;
    let error = IdxFolder::new(folder(&files, true).path())
        .read()
        .unwrap_err();
    let expected = 18 + (1 << 20);
    let message = error.to_string();
    assert!(matches!(error, DatasetError::Invalid { .. }), "{message}");
    let end = format!(
        " has trailing bytes: its header promises 18 bytes after it, found {expected}; download it again"
    );
    assert!(message.ends_with(&end), "{message}");
}

#[test]
fn trailing_bytes_are_refused() {
    assert_refused(
        1,
        [valid()[1].as_slice(), &[0, 1]].concat(),
        "{1} has trailing bytes: its header promises 3 bytes after it, found 5; download it again",
    );
}

#[test]
fn a_wrong_magic_number_says_what_the_file_may_be() {
    let [_, labels, images, _] = valid();
    assert_refused(
        2,
        [labels.as_slice(), &[0; 8]].concat(),
        "{2} has the wrong magic number: expected 2051 (0x00000803), found 2049 (0x00000801); \
         this is a file of labels, so the names may be swapped",
    );
    assert_refused(
        1,
        images.clone(),
        "{1} has the wrong magic number: expected 2049 (0x00000801), found 2051 (0x00000803); \
         this is a file of images, so the names may be swapped",
    );
    assert_refused(
        1,
        vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0],
        "{1} has the wrong magic number: expected 2049 (0x00000801), found 529205248 (0x1f8b0800); \
         this is a gzip file, so add .gz to its name",
    );
    assert_refused(
        0,
        b"<html><body>Not found</body></html>".to_vec(),
        "{0} has the wrong magic number: expected 2051 (0x00000803), found 1013478509 (0x3c68746d); \
         this is not an IDX file of bytes, so download it again",
    );
}

#[test]
fn a_zero_in_the_header_is_refused() {
    for (index, header, field) in [
        (0, vec![2051, 0, 2, 3], "number of images"),
        (0, vec![2051, 3, 0, 3], "number of rows"),
        (2, vec![2051, 2, 2, 0], "number of columns"),
        (3, vec![2049, 0], "number of labels"),
    ] {
        assert_refused(
            index,
            encode(&header, &[]),
            &format!(
                "{{{index}}} has a {field} of 0 in its header: \
                 expected at least 1; download the file again"
            ),
        );
    }
}

#[test]
fn images_without_their_labels_are_refused() {
    assert_refused(
        1,
        encode(&[2049, 2], &[0, 1]),
        "{0} has 3 images, but {1} has 2 labels: take both files from the same data set",
    );
}

#[test]
fn test_images_of_another_size_are_refused() {
    assert_refused(
        2,
        encode(&[2051, 2, 3, 3], &[0; 18]),
        "{0} has images of 2 rows and 3 columns, but {2} has images of 3 rows and 3 columns: take both files \
         from the same data set",
    );
    assert_refused(
        2,
        encode(&[2051, 2, 2, 2], &[0; 8]),
        "{0} has images of 2 rows and 3 columns, but {2} has images of 2 rows and 2 columns: take both files \
         from the same data set",
    );
}

#[test]
fn a_test_label_above_all_training_labels_is_refused() {
    assert_refused(
        3,
        encode(&[2049, 2], &[0, 2]),
        "{3} has label 2 at position 1, but labels must be below 2, the highest training label plus one: \
         take all files from the same data set",
    );
}

#[test]
fn a_broken_gzip_file_is_refused() {
    let whole = gzip(&valid()[0]);
    let mut wrong_checksum = whole.clone();
    let checksum = whole.len() - 8;
    wrong_checksum[checksum] ^= 1;
    for broken in [
        whole[..whole.len() / 2].to_vec(),
        whole[..whole.len() - 4].to_vec(),
        wrong_checksum,
        valid()[0].clone(),
    ] {
        let dir = folder(&valid(), true);
        let path = dir.path().join("train-images-idx3-ubyte.gz");
        fs::write(&path, broken).unwrap();
        let error = IdxFolder::new(dir.path()).read().unwrap_err();
        assert!(
            matches!(
                &error,
                DatasetError::Invalid {
                    source: Some(_),
                    ..
                }
            ),
            "{error}"
        );
        assert_eq!(
            error.to_string(),
            format!(
                "{} is not an intact gzip file: download it again, \
                 or drop .gz from its name if it is not compressed",
                path.display()
            )
        );
    }
}

#[test]
fn labels_far_beyond_the_images_are_not_read() {
    let mut files = valid();
    files[1] = encode(&[2049, 64 << 20], &vec![0; 64 << 20]);
    let dir = folder(&files, true);
    let error = IdxFolder::new(dir.path()).read().unwrap_err();
    assert!(matches!(error, DatasetError::Mismatch { .. }), "{error}");
}

#[test]
fn images_that_decompress_to_far_more_than_their_size_are_refused() {
    let images = encode(&[2051, 3, 4096, 2048], &vec![0; 3 << 23]);
    let mut files = valid();
    files[0] = images.clone();
    files[2] = encode(&[2051, 2, 4096, 2048], &vec![1; 2 << 23]);
    let dir = folder(&files, true);
    let error = IdxFolder::new(dir.path()).read().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} decompresses to more than 200 times its size: if that is right, decompress it first, or raise \
             the limit 'ratio'",
            dir.path().join("train-images-idx3-ubyte.gz").display()
        )
    );
    let limits = ImageLimits {
        ratio: 2000,
        ..ImageLimits::default()
    };
    let dataset = IdxFolder::new(dir.path()).limits(limits).read().unwrap();
    assert_eq!(dataset.train.pixels().len(), 3 << 23);
}

#[test]
fn a_split_of_more_bytes_is_refused_unless_the_limit_is_raised() {
    let dir = folder(&valid(), false);
    let read = |bytes| {
        let limits = ImageLimits {
            split_bytes: bytes,
            ..ImageLimits::default()
        };
        IdxFolder::new(dir.path()).limits(limits).read()
    };
    assert_eq!(
        read(17).unwrap_err().to_string(),
        format!(
            "{} claims in its header to have 3 images of 2 rows and 3 columns, more than the 17 bytes that a \
             split may have: download the file again, or raise the limit 'split_bytes'",
            dir.path().join(NAMES[0]).display()
        )
    );
    assert!(read(18).is_ok());
}
