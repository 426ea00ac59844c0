//! The size to resize images to.

use std::fmt;

use super::DatasetError;

/// The most rows or columns that images can be resized to.
pub(super) const MAX_RESIZED_SIDE: usize = 1 << 12;

/// Height and width of images in pixels, displayed as `32x48` for 32 rows of 48 pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ImageSize {
    /// The number of rows.
    pub height: usize,
    /// The number of columns.
    pub width: usize,
}

impl ImageSize {
    /// The size of square images.
    #[must_use]
    pub const fn square(side: usize) -> Self {
        Self {
            height: side,
            width: side,
        }
    }

    /// This size, if images can be resized to it.
    pub(super) fn checked(self) -> Result<Self, DatasetError> {
        let allowed = 1..=MAX_RESIZED_SIDE;
        if allowed.contains(&self.height) && allowed.contains(&self.width) {
            Ok(self)
        } else {
            Err(DatasetError::Resize { size: self })
        }
    }
}

impl fmt::Display for ImageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.height, self.width)
    }
}
