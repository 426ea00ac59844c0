//! The pixels of images: bytes, or floats.

/// The pixels of images, all of one type.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Pixels<'a> {
    /// From 0 to 255, as in files of images.
    Bytes(&'a [u8]),
    /// Finite numbers on any scale: measurements, or colors that were scaled to 0 to 1.
    Floats(&'a [f32]),
}

impl<'a> Pixels<'a> {
    /// The pixels, if they are bytes.
    #[must_use]
    pub const fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Floats(_) => None,
        }
    }

    /// The pixels, if they are floats.
    #[must_use]
    pub const fn floats(self) -> Option<&'a [f32]> {
        match self {
            Self::Bytes(_) => None,
            Self::Floats(floats) => Some(floats),
        }
    }

    /// The number of pixels.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Floats(floats) => floats.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The type of a pixel: `u8` or `f32`.
pub trait Pixel: sealed::Stored {}

impl Pixel for u8 {}
impl Pixel for f32 {}

/// What images consist of. Floats are finite, so that equality is an equivalence. Nobody outside can name it.
#[derive(Clone, Debug, PartialEq)]
pub enum PixelBuffer {
    Bytes(Vec<u8>),
    Floats(Vec<f32>),
}

impl Eq for PixelBuffer {}

impl PixelBuffer {
    pub(super) fn all(&self) -> Pixels<'_> {
        match self {
            Self::Bytes(bytes) => Pixels::Bytes(bytes),
            Self::Floats(floats) => Pixels::Floats(floats),
        }
    }

    /// The pixels from `begin` on.
    pub(super) fn some(&self, begin: usize, count: usize) -> Pixels<'_> {
        match self {
            Self::Bytes(bytes) => Pixels::Bytes(&bytes[begin..][..count]),
            Self::Floats(floats) => Pixels::Floats(&floats[begin..][..count]),
        }
    }

    /// These blocks of `size` pixels, one after the other.
    pub(super) fn blocks(&self, indices: &[usize], size: usize) -> Self {
        match self {
            Self::Bytes(bytes) => Self::Bytes(blocks(bytes, indices, size)),
            Self::Floats(floats) => Self::Floats(blocks(floats, indices, size)),
        }
    }
}

fn blocks<P: Copy>(pixels: &[P], indices: &[usize], size: usize) -> Vec<P> {
    let mut chosen = Vec::with_capacity(indices.len() * size);
    for &index in indices {
        chosen.extend_from_slice(&pixels[index * size..][..size]);
    }
    chosen
}

mod sealed {
    use super::PixelBuffer;

    pub trait Stored: Copy {
        fn is_finite(self) -> bool;
        fn buffer(pixels: Vec<Self>) -> PixelBuffer;
    }

    impl Stored for u8 {
        fn is_finite(self) -> bool {
            true
        }

        fn buffer(pixels: Vec<Self>) -> PixelBuffer {
            PixelBuffer::Bytes(pixels)
        }
    }

    impl Stored for f32 {
        fn is_finite(self) -> bool {
            Self::is_finite(self)
        }

        fn buffer(pixels: Vec<Self>) -> PixelBuffer {
            PixelBuffer::Floats(pixels)
        }
    }
}
