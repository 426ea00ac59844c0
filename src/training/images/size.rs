//! The size of images, as a command line has it.

use std::fmt;
use std::str::FromStr;

/// Height and width of images in pixels, both at least 1; `32x48` is 32 rows of 48 pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ImageSize {
    height: usize,
    width: usize,
}

/// A text that is no size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a size like 32x32 (height x width)")]
pub struct InvalidImageSize(String);

impl ImageSize {
    /// A size; none if one of them is 0.
    #[must_use]
    pub fn new(height: usize, width: usize) -> Option<Self> {
        (height > 0 && width > 0).then_some(Self { height, width })
    }

    /// The number of rows.
    #[must_use]
    pub const fn height(self) -> usize {
        self.height
    }

    /// The number of columns.
    #[must_use]
    pub const fn width(self) -> usize {
        self.width
    }
}

impl fmt::Display for ImageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.height, self.width)
    }
}

impl FromStr for ImageSize {
    type Err = InvalidImageSize;

    fn from_str(text: &str) -> Result<Self, InvalidImageSize> {
        text.split_once('x')
            .and_then(|(height, width)| Self::new(height.parse().ok()?, width.parse().ok()?))
            .ok_or_else(|| InvalidImageSize(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_parse_back_and_others_are_refused() {
        let size: ImageSize = "32x48".parse().unwrap();
        assert_eq!((size.height(), size.width()), (32, 48));
        assert_eq!(size.to_string(), "32x48");
        for text in ["", "32", "x", "0x4", "4x0", "-1x2", "3x3x3", "a3x4"] {
            let error = text.parse::<ImageSize>().unwrap_err();
            assert!(error.to_string().contains("like 32x32"), "{text}");
        }
    }
}
