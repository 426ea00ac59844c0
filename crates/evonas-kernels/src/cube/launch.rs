//! How kernels are launched.

use burn::backend::TensorMetadata as _;
use burn::tensor::{DType, Shape};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::ops::reshape;
use burn_cubecl::tensor::CubeTensor;
use cubecl::calculate_cube_count_elemwise;
use cubecl::ir::{ElemType, FloatKind};
use cubecl::prelude::*;

use crate::window::Window;

/// An uninitialized contiguous tensor on the device of another. By default CUDA leaves gaps between rows.
pub(super) fn empty(like: &CubeTensor, shape: impl Into<Shape>, dtype: DType) -> CubeTensor {
    let shape = shape.into();
    let values = shape.num_elements();
    assert!(
        u32::try_from(values).is_ok(),
        "a tensor of {values} values is too large: 4,294,967,295 are the most"
    );
    empty_device_contiguous_dtype(like.client.clone(), like.device.clone(), shape, dtype)
}

/// An uninitialized contiguous tensor on the device of another, and of its type.
pub(super) fn empty_like(like: &CubeTensor, shape: impl Into<Shape>) -> CubeTensor {
    empty(like, shape, like.dtype)
}

/// The type in which a tensor's values are stored.
///
/// # Panics
/// If the kernels don't [read](is_stored) it.
pub(super) fn element(tensor: &CubeTensor) -> ElemType {
    ElemType::Float(match tensor.dtype {
        DType::F32 => FloatKind::F32,
        DType::F16 => FloatKind::F16,
        DType::BF16 => FloatKind::BF16,
        other => panic!("the kernels read no {other:?}"),
    })
}

/// Whether the kernels read and write hidden states of a type. They compute in single precision whatever it is.
pub(crate) const fn is_stored(dtype: DType) -> bool {
    matches!(dtype, DType::F32 | DType::F16 | DType::BF16)
}

/// Neighboring channels that a thread works on at once, of images with this many: as many as one load takes.
pub(super) fn lanes(channels: usize) -> usize {
    at_most_lanes(channels, usize::MAX)
}

/// As [`lanes`], but at most this many (or one).
pub(super) fn at_most_lanes(channels: usize, most: usize) -> usize {
    let log = channels.trailing_zeros().min(2);
    1 << most.checked_ilog2().map_or(0, |most| most.min(log))
}

/// A tensor whose values lie in the order of its shape, without gaps: what kernels read.
pub(super) fn contiguous(tensor: CubeTensor) -> CubeTensor {
    into_contiguous(tensor)
}

/// A contiguous tensor of what is in single precision whatever the hidden states are.
///
/// # Panics
/// If it isn't.
pub(super) fn single(tensor: CubeTensor) -> CubeTensor {
    assert_eq!(
        tensor.dtype,
        DType::F32,
        "weights, statistics and factors are in single precision"
    );
    contiguous(tensor)
}

/// The values themselves, if nothing else holds them, otherwise a copy: what a kernel may overwrite.
pub(super) fn own(tensor: CubeTensor) -> CubeTensor {
    let tensor = contiguous(tensor);
    match tensor.can_mut() {
        true => tensor,
        false => tensor.copy(),
    }
}

/// Contiguous tensors as a kernel's argument.
pub(super) fn sequence<'a, C: CubePrimitive>(
    tensors: impl IntoIterator<Item = &'a CubeTensor>,
) -> SequenceArg<Box<[C]>> {
    let tensors = tensors.into_iter().cloned();
    tensors.map(CubeTensor::into_buffer_arg).collect()
}

/// Images, `[images, height, width, channels]`, as one row for each pixel.
pub(super) fn rows_of(images: CubeTensor) -> CubeTensor {
    let [count, height, width, channels] = images.shape().dims();
    reshape(images, [count * height * width, channels].into())
}

/// How to launch one thread for each of this many values.
pub(super) fn threads(on: &CubeTensor, count: usize) -> (CubeCount, CubeDim) {
    let dim = CubeDim::new(&on.client, count);
    (calculate_cube_count_elemwise(&on.client, count, dim), dim)
}

/// The threads of one cube of a kernel whose neighboring threads work on neighboring channels, or vectors of them, and
/// rows of threads on different pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Tile {
    pub(super) channels: u32,
    pub(super) rows: u32,
}

/// The threads of a cube.
const THREADS: usize = 256;
/// The most channels next to each other; a warp's worth.
const MOST_CHANNELS: usize = 32;
/// The number of pixels worth a thread.
const PIXELS_OF_A_THREAD: usize = 16;
/// Cubes that keep a device busy.
const MANY_CUBES: usize = 1 << 10;

impl Tile {
    pub(super) fn of(channels: usize) -> Self {
        assert!(channels > 0, "images have channels");
        let wide = channels.next_power_of_two().min(MOST_CHANNELS);
        Self {
            channels: wide as u32,
            rows: (THREADS / wide) as u32,
        }
    }

    /// A tile of at most this many channels next to each other.
    pub(super) fn at_most(most: usize, channels: usize) -> Self {
        let most = most.checked_ilog2().map_or(1, |log| 1 << log);
        let wide = Self::of(channels).channels.min(most);
        Self {
            channels: wide,
            rows: THREADS as u32 / wide,
        }
    }

    /// Tiles side by side for this many channels.
    pub(super) const fn columns(self, channels: usize) -> usize {
        channels.div_ceil(self.channels as usize)
    }

    pub(super) const fn threads(self) -> usize {
        (self.channels * self.rows) as usize
    }

    pub(super) const fn dim(self) -> CubeDim {
        CubeDim::new_2d(self.channels, self.rows)
    }
}

/// Pixels, split into groups of which each is worked on by one cube for every few channels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Groups {
    pub(super) tile: Tile,
    /// The pixels of each group but the last.
    pub(super) of_each: usize,
    /// The number of groups.
    pub(super) count: usize,
    columns: usize,
}

impl Groups {
    /// At most this many groups.
    pub(super) fn at_most(most: usize, pixels: usize, channels: usize) -> Self {
        assert!(pixels > 0, "a batch has at least one image");
        let tile = Tile::of(channels);
        let columns = tile.columns(channels);
        let worthwhile = pixels.div_ceil(tile.rows as usize * PIXELS_OF_A_THREAD);
        let busy = MANY_CUBES.div_ceil(columns);
        let of_each = pixels.div_ceil(worthwhile.min(busy).min(most));
        Self {
            tile,
            of_each,
            count: pixels.div_ceil(of_each),
            columns,
        }
    }

    pub(super) fn cubes(&self) -> CubeCount {
        self.layers(1)
    }

    /// The cubes several times, as layers.
    pub(super) fn layers(&self, layers: usize) -> CubeCount {
        CubeCount::Static(self.columns as u32, self.count as u32, layers as u32)
    }
}

/// The constants of a window that a kernel is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Taps {
    pub(super) rows: u32,
    pub(super) columns: u32,
    pub(super) down: u32,
    pub(super) right: u32,
    pub(super) dilation: u32,
    pub(super) above: i32,
    pub(super) left: i32,
}

impl Taps {
    pub(super) fn of(window: &Window) -> Self {
        let [rows, columns] = window.kernel.map(|size| size as u32);
        let [down, right] = window.stride.map(|step| step as u32);
        let [above, left] = window.before.map(|pixels| pixels as i32);
        Self {
            rows,
            columns,
            down,
            right,
            dilation: window.dilation as u32,
            above,
            left,
        }
    }
}
