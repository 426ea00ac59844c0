//! What images in memory must fulfill.

use super::error::ImagesError;
use super::pixels::Pixel;
use crate::network::ImageShape;

/// Refuses images without pixels, and a task without classes.
pub(super) fn check_sizes(shape: ImageShape, classes: usize) -> Result<(), ImagesError> {
    for (what, size) in [
        ("number of channels", shape.channels),
        ("height", shape.height),
        ("width", shape.width),
        ("number of classes", classes),
    ] {
        if size == 0 {
            return Err(ImagesError::ZeroSize { what });
        }
    }
    Ok(())
}

/// The number of pixels of an image; none if it can't be counted.
pub(super) fn pixels_of(shape: ImageShape) -> Option<usize> {
    [shape.height, shape.width]
        .into_iter()
        .try_fold(shape.channels, usize::checked_mul)
}

/// The number of pixels of each of so many images of `found` pixels in all.
pub(super) fn check_count(
    shape: ImageShape,
    images: usize,
    found: usize,
) -> Result<usize, ImagesError> {
    let fits = |size: &usize| size.checked_mul(images) == Some(found);
    pixels_of(shape)
        .filter(fits)
        .ok_or(ImagesError::PixelCount {
            images,
            shape,
            found,
        })
}

/// The label of image `index` as images keep it.
pub(super) fn checked_label(
    index: usize,
    label: usize,
    classes: usize,
) -> Result<u16, ImagesError> {
    if label >= classes {
        return Err(ImagesError::LabelOutOfRange {
            index,
            label,
            classes,
        });
    }
    u16::try_from(label).map_err(|_| ImagesError::LabelTooLarge { index, label })
}

/// Refuses images of `size` pixels each, of which one isn't finite.
pub(super) fn check_finite<P: Pixel>(pixels: &[P], size: usize) -> Result<(), ImagesError> {
    match pixels.iter().position(|&pixel| !pixel.is_finite()) {
        Some(place) => Err(ImagesError::NotFinite {
            index: place / size,
        }),
        None => Ok(()),
    }
}
