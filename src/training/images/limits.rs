//! How much a data set may have.

/// The most that the files of a data set may have. A file with more is refused with an error that names the limit, as a
/// damaged file, the wrong one, or one made to fill the memory.
///
/// ```
/// use evonas::training::images::{IdxFolder, ImageLimits};
///
/// let mut limits = ImageLimits::default();
/// limits.split_bytes = 64 << 30;
/// let images = IdxFolder::new("data/imagenet").limits(limits);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageLimits {
    /// The bytes of all pixels of a split. 16 GiB by default, enough for ImageNet at 64x64.
    pub split_bytes: u64,
    /// The bytes of an image's file, and those of its pixels before it is resized. 256 MiB by default, 89 million
    /// pixels in color.
    pub image_bytes: u64,
    /// The rows and the columns of an image before it is resized. 32,768 by default.
    pub image_side: u32,
    /// How many times larger a gzip file may be once decompressed. 200 by default; the first 16 MiB are always taken.
    pub ratio: u64,
}

impl Default for ImageLimits {
    fn default() -> Self {
        Self {
            split_bytes: 16 << 30,
            image_bytes: 256 << 20,
            image_side: 1 << 15,
            ratio: 200,
        }
    }
}

/// A number of bytes, in the largest unit that it is a multiple of.
pub(super) fn in_units(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = units
        .into_iter()
        .find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit));
    match unit {
        Some((unit, name)) => format!("{} {name}", bytes / unit),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_in_the_largest_unit() {
        for (bytes, expected) in [
            (16 << 30, "16 GiB"),
            (1536 << 20, "1536 MiB"),
            (1025, "1025 bytes"),
            (0, "0 bytes"),
        ] {
            assert_eq!(in_units(bytes), expected);
        }
    }
}
