//! Which folders are refused, and with which message.

use super::*;

/// Asserts that the folder is refused with this message, in which `{}` stands for its path.
fn assert_refused(dir: &TempDir, message: &str) {
    let error = ImageFolder::new(dir.path()).read().unwrap_err();
    let path = dir.path().display().to_string();
    assert_eq!(error.to_string(), message.replace("{}", &path));
}

/// Asserts that the flowers with one more file are refused with this message.
fn assert_refuses_file(file: &str, bytes: &[u8], message: &str) {
    let dir = flowers();
    write(&dir, file, bytes);
    assert_refused(&dir, message);
}

/// A PNG file that claims a size and ends after its header.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    bytes.extend(&header);
    bytes.extend(crc32fast::hash(&header).to_be_bytes());
    bytes.extend(b"\0\0\0\x01IDAT\0");
    bytes
}

/// A JPEG file that claims 65,535 rows and columns.
fn large_jpeg() -> Vec<u8> {
    let mut bytes = encode(&color(8, 8, [0; 3]), ImageFormat::Jpeg);
    let frame = bytes.windows(2).position(|pair| pair == [0xff, 0xc0]);
    let size = frame.unwrap() + 5;
    assert_eq!(bytes[size..size + 4], [0, 8, 0, 8]);
    bytes[size..size + 4].fill(0xff);
    bytes
}

#[test]
fn a_missing_folder_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("flowers");
    assert_eq!(
        ImageFolder::new(&missing).read().unwrap_err().to_string(),
        format!(
            "{} is not a folder: pass the folder that holds the folders train and test",
            missing.display()
        )
    );
}

#[test]
fn a_missing_split_is_named_with_what_is_there() {
    let dir = flowers();
    fs::rename(dir.path().join("test"), dir.path().join("Test")).unwrap();
    assert_refused(
        &dir,
        "{} has no folder test: put the images of each class in test/CLASS/; found Test, train",
    );
    fs::remove_dir_all(dir.path().join("train")).unwrap();
    assert_refused(
        &dir,
        "{} has no folder train: put the images of each class in train/CLASS/; found Test",
    );
}

#[test]
fn a_split_without_classes_is_refused() {
    let dir = flowers();
    fs::remove_dir_all(dir.path().join("test/tulip")).unwrap();
    assert_refused(
        &dir,
        "{}/test has no folders: put the images of each class in a folder of their own",
    );
}

#[test]
fn a_class_without_images_is_named() {
    for split in ["train", "test"] {
        let dir = flowers();
        write(&dir, &format!("{split}/empty/.DS_Store"), b"");
        assert_refused(
            &dir,
            &format!(
                "{{}}/{split}/empty has no images: put PNG or JPEG files there, or remove the folder"
            ),
        );
    }
}

#[test]
fn a_test_class_that_is_not_trained_is_named() {
    assert_refuses_file(
        "test/daisy/1.png",
        &png(&color(2, 3, [0; 3])),
        "{}/test/daisy is a class that the training images in {}/train do not have: give both the same \
         folders",
    );
}

#[test]
fn files_that_would_be_skipped_are_named() {
    assert_refuses_file(
        "train/1.png",
        b"",
        "{}/train/1.png is in no class: move it into the folder of its class",
    );
    assert_refuses_file(
        "train/rose/red/1.png",
        b"",
        "{}/train/rose/red is a folder among images: move its images to the folder above, or make it a \
         class",
    );
    assert_refuses_file(
        "train/rose/1.webp",
        b"",
        "{}/train/rose/1.webp does not end in .png, .jpg or .jpeg: convert the image, or remove the file",
    );
}

#[test]
fn images_of_different_sizes_are_named() {
    let dir = flowers();
    for (path, height) in [("train/tulip/8.png", 4), ("train/rose/9.png", 7)] {
        write(&dir, path, &png(&color(height, 3, [0; 3])));
    }
    assert_refused(
        &dir,
        "{}/train/rose/1.png has 2x3 pixels (height x width), but {}/train/rose/9.png has 7x3: give a \
         size to resize all images to",
    );
    let dir = flowers();
    write(&dir, "test/tulip/2.png", &png(&color(2, 2, [0; 3])));
    assert_refused(
        &dir,
        "{}/train/rose/1.png has 2x3 pixels (height x width), but {}/test/tulip/2.png has 2x2: give a \
         size to resize all images to",
    );
}

#[test]
fn the_first_broken_file_is_named() {
    let whole = png(&color(2, 3, [7; 3]));
    let jpeg = encode(&color(2, 3, [7; 3]), ImageFormat::Jpeg);
    for bytes in [
        &[],
        &whole[..whole.len() / 2],
        &whole[..8],
        &jpeg[..jpeg.len() / 2],
        &b"GIF89a"[..],
        b"<html>Not found</html>",
    ] {
        let dir = flowers();
        write(&dir, "train/tulip/3.png", bytes);
        write(&dir, "train/tulip/2.jpg", bytes);
        assert_refused(
            &dir,
            "{}/train/tulip/2.jpg cannot be decoded: replace or remove the image",
        );
    }
}

#[test]
fn a_header_that_claims_a_huge_image_allocates_nothing_for_it() {
    for (width, height) in [
        (u32::MAX, u32::MAX),
        (0x7fff_ffff, 0x7fff_ffff),
        (32_768, 32_768),
        (89_000_000, 1),
    ] {
        for path in ["train/rose/0.png", "train/tulip/2.png"] {
            let dir = flowers();
            write(&dir, path, &png_header(width, height));
            let error = ImageFolder::new(dir.path()).read().unwrap_err();
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
        }
    }
    assert_refuses_file(
        "train/rose/0.jpg",
        &large_jpeg(),
        "{}/train/rose/0.jpg is too large: replace or remove the image, or raise the limits 'image_bytes' and \
         'image_side'",
    );
}

#[test]
fn too_many_pixels_are_refused_before_they_are_decoded() {
    let dir = tempfile::tempdir().unwrap();
    let image = png(&color(1, 1, [0; 3]));
    for index in 0..342 {
        write(&dir, &format!("{index}.png"), &image);
    }
    let folder = ImageFolder::new(dir.path()).resize(ImageSize::square(4096));
    assert_eq!(
        folder.read_unlabeled().unwrap_err().to_string(),
        "342 images of 3x4096x4096 (channels x height x width) take 17213423616 bytes, more than the 16 \
         GiB that a split may have: resize them to a smaller size, or raise the limit 'split_bytes'"
    );
}

#[test]
fn a_size_to_resize_to_has_bounds() {
    let dir = flowers();
    for (height, width) in [(0, 1), (1, 0), (4097, 1), (1, usize::MAX)] {
        let folder = ImageFolder::new(dir.path()).resize(ImageSize { height, width });
        assert_eq!(
            folder.read().unwrap_err().to_string(),
            format!(
                "images cannot be resized to {height}x{width} (height x width): both must be from 1 to \
                 4096"
            )
        );
    }
}

#[test]
fn a_missing_image_to_predict_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let folder = ImageFolder::new(dir.path().join("1.png"));
    let error = folder.read_unlabeled().unwrap_err();
    assert!(matches!(error, DatasetError::Io { .. }), "{error}");
    let error = ImageFolder::new(dir.path()).read_unlabeled().unwrap_err();
    assert!(
        matches!(&error, DatasetError::Missing { missing, .. } if missing == "images"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn a_link_to_nothing_is_named() {
    let dir = flowers();
    let link = dir.path().join("train/rose/2.png");
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    assert_refused(
        &dir,
        "{}/train/rose/2.png cannot be read: check that it exists and that you may read it",
    );
}

/// The message for an image to predict, and that of its cause.
fn refused_image(folder: &ImageFolder) -> (String, String) {
    let error = folder.read_unlabeled().unwrap_err();
    let cause = std::error::Error::source(&error);
    (
        error.to_string(),
        cause.map(ToString::to_string).unwrap_or_default(),
    )
}

#[test]
fn a_jpeg_that_is_cut_short_is_refused_with_the_reason() {
    let colors = RgbImage::from_fn(33, 17, |x, y| {
        Rgb([(x * 7) as u8, (y * 11) as u8, (x * y) as u8])
    });
    for image in [
        DynamicImage::from(colors.clone()),
        DynamicImage::from(colors).to_luma8().into(),
    ] {
        let whole = encode(&image, ImageFormat::Jpeg);
        let dir = tempfile::tempdir().unwrap();
        write(&dir, "1.jpg", &whole);
        let folder = ImageFolder::new(dir.path());
        assert!(folder.read_unlabeled().is_ok());
        // Two bytes are too few to tell a JPEG file by.
        for length in 3..whole.len() {
            write(&dir, "1.jpg", &whole[..length]);
            let (message, reason) = refused_image(&folder);
            assert!(message.contains("1.jpg cannot be decoded"), "{message}");
            assert!(
                reason.contains("Format error decoding Jpeg: "),
                "{length}: {reason}"
            );
        }
        write(&dir, "1.jpg", &whole[..whole.len() - 2]);
        let (_, reason) = refused_image(&folder);
        assert!(
            reason.ends_with("the file ends before the image"),
            "{reason}"
        );
    }
}

#[test]
fn a_jpeg_may_contain_a_smaller_one_and_be_followed_by_other_bytes() {
    let whole = encode(&color(8, 8, [9; 3]), ImageFormat::Jpeg);
    // As cameras store a preview.
    let length = u16::try_from(whole.len() + 2).unwrap().to_be_bytes();
    let preview = [&[0xff, 0xe1], &length[..], &whole].concat();
    let dir = tempfile::tempdir().unwrap();
    let folder = ImageFolder::new(dir.path());
    let with_preview = [&whole[..2], &preview, &whole[2..]].concat();
    write(&dir, "1.jpg", &[&with_preview[..], b"a note"].concat());
    assert!(folder.read_unlabeled().is_ok());
    write(&dir, "1.jpg", &with_preview[..with_preview.len() - 2]);
    let (_, reason) = refused_image(&folder);
    assert!(
        reason.ends_with("the file ends before the image"),
        "{reason}"
    );
}

#[test]
fn an_image_of_more_bytes_or_rows_is_refused_unless_the_limit_is_raised() {
    let dir = tempfile::tempdir().unwrap();
    for format in [ImageFormat::Png, ImageFormat::Jpeg] {
        let bytes = encode(&color(90, 80, [1, 2, 3]), format);
        write(&dir, "1.png", &bytes);
        let read = |image_bytes: usize, image_side| {
            let limits = ImageLimits {
                image_bytes: image_bytes as u64,
                image_side,
                ..ImageLimits::default()
            };
            ImageFolder::new(dir.path()).limits(limits)
        };
        assert!(read(90 * 80 * 3, 90).read_unlabeled().is_ok());
        for folder in [read(90 * 80 * 3 - 1, 90), read(90 * 80 * 3, 89)] {
            let (message, reason) = refused_image(&folder);
            let end = "1.png is too large: replace or remove the image, or raise the limits 'image_bytes' and \
                       'image_side'";
            assert!(message.ends_with(end), "{message}");
            assert!(!reason.is_empty());
        }
        let (message, _) = refused_image(&read(bytes.len() - 1, 90));
        assert!(message.contains("1.png has more than "), "{message}");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_among_images_is_refused_without_waiting_for_its_writer() {
    let dir = flowers();
    let pipe = dir.path().join("train/rose/2.png");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let error = ImageFolder::new(dir.path()).read().unwrap_err();
    let reason = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(reason, "it is a pipe, not a file");
}
