//! Damaged files give an error or images, never a panic.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

fn mutate(mut bytes: Vec<u8>, changes: &[(Index, u8)], cut: Option<Index>) -> Vec<u8> {
    for (index, value) in changes {
        let index = index.index(bytes.len());
        bytes[index] = *value;
    }
    if let Some(cut) = cut {
        bytes.truncate(cut.index(bytes.len()));
    }
    bytes
}

/// Corrects the checksums of a PNG's chunks, so that its decoder reads past the changed bytes.
fn repair_checksums(png: &mut [u8]) {
    let mut begin = 8;
    while begin + 12 <= png.len() {
        let length = u32::from_be_bytes(png[begin..begin + 4].try_into().unwrap()) as usize;
        let Some(end) = begin
            .checked_add(8 + length)
            .filter(|end| end + 4 <= png.len())
        else {
            return;
        };
        let checksum = crc32fast::hash(&png[begin + 4..end]);
        png[end..end + 4].copy_from_slice(&checksum.to_be_bytes());
        begin = end + 4;
    }
}

fn noisy(height: u32, width: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([(x * 37 + y * 11) as u8, (x * y) as u8, (x ^ (3 * y)) as u8])
    })
    .into()
}

/// Formats the error too, because its message contains what the file claims.
fn assert_error_or_images(bytes: &[u8], resize: bool) -> Result<(), TestCaseError> {
    let dir = tempfile::tempdir().unwrap();
    write(&dir, "1.png", bytes);
    let mut folder = ImageFolder::new(dir.path());
    if resize {
        folder = folder.resize(ImageSize {
            height: 5,
            width: 7,
        });
    }
    match folder.read_unlabeled() {
        Ok(images) => {
            let size = images.channels() * images.height() * images.width();
            prop_assert_eq!(images.pixels().len(), size);
        }
        Err(error) => {
            let text = format!("{error} {error:?}");
            prop_assert!(!text.is_empty());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_mutated_png_is_an_error_or_an_image(
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..5),
        cut: Option<Index>,
        repaired: bool,
        header in prop::option::of((16_usize..29, any::<u8>())),
        resize: bool,
    ) {
        let mut bytes = mutate(png(&noisy(13, 17)), &changes, cut);
        if let Some((index, value)) = header
            && let Some(byte) = bytes.get_mut(index)
        {
            *byte = value;
        }
        if repaired {
            repair_checksums(&mut bytes);
        }
        assert_error_or_images(&bytes, resize)?;
    }

    #[test]
    fn a_mutated_jpeg_is_an_error_or_an_image(
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..5),
        cut: Option<Index>,
        resize: bool,
    ) {
        let jpeg = encode(&noisy(13, 17), ImageFormat::Jpeg);
        assert_error_or_images(&mutate(jpeg, &changes, cut), resize)?;
    }
}
