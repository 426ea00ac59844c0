//! Vectors of eight, and kernels compiled for the machine's vector instructions.

#[cfg(test)]
use std::sync::atomic::{AtomicBool, Ordering};

/// A kernel: loops over vectors. Everything that `run` calls must be `#[inline(always)]`; otherwise it isn't
/// compiled for the instructions at hand.
pub(crate) trait Kernel: Sized {
    type Output;
    fn run<S: Vectors>(self, simd: S) -> Self::Output;
}

/// Runs a kernel.
pub(crate) fn run<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    if !is_portable()
        && let Some(instructions) = pulp::x86::V3::try_new()
    {
        return pulp::Simd::vectorize(
            instructions,
            #[inline(always)]
            || kernel.run(instructions),
        );
    }
    kernel.run(Portable::<FUSED>)
}

/// Every AArch64 machine multiplies and adds in one instruction; elsewhere it would be a function call.
const FUSED: bool = cfg!(target_arch = "aarch64");

/// Whether kernels run as on a machine without vector instructions. Only in tests.
fn is_portable() -> bool {
    #[cfg(test)]
    return PORTABLY.load(Ordering::Relaxed);
    #[cfg(not(test))]
    false
}

#[cfg(test)]
static PORTABLY: AtomicBool = AtomicBool::new(false);

/// Calls `work` with kernels that run as on a machine without vector instructions.
#[cfg(test)]
pub(super) fn portably<T>(work: impl FnOnce() -> T) -> T {
    PORTABLY.store(true, Ordering::Relaxed);
    let result = work();
    PORTABLY.store(false, Ordering::Relaxed);
    result
}

/// Values that are computed together.
pub(crate) const LANES: usize = 8;

/// Neighboring channels of a pixel.
pub(crate) type Lanes = [f32; LANES];

/// Instructions on all values of `Lanes` at once.
pub(crate) trait Vectors: Copy {
    type V: Copy;

    /// The same value in all lanes.
    fn splat(self, value: f32) -> Self::V;
    fn load(self, lanes: &Lanes) -> Self::V;
    fn store(self, values: Self::V) -> Lanes;
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a · b + c`, rounded once if the machine does so.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// The greater one; `b` where they can't be compared.
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// `then` where `a` is greater than `b`, `otherwise` elsewhere: also where one is NaN.
    fn where_greater(self, a: Self::V, b: Self::V, then: Self::V, otherwise: Self::V) -> Self::V;
    /// `then` where `a` equals `b`, `otherwise` elsewhere.
    fn where_equal(self, a: Self::V, b: Self::V, then: Self::V, otherwise: Self::V) -> Self::V;

    #[inline(always)]
    fn zero(self) -> Self::V {
        self.splat(0.0)
    }
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
impl Vectors for pulp::x86::V3 {
    type V = pulp::f32x8;

    #[inline(always)]
    fn splat(self, value: f32) -> Self::V {
        self.splat_f32x8(value)
    }

    #[inline(always)]
    fn load(self, lanes: &Lanes) -> Self::V {
        pulp::cast(*lanes)
    }

    #[inline(always)]
    fn store(self, values: Self::V) -> Lanes {
        pulp::cast(values)
    }

    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        self.add_f32x8(a, b)
    }

    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        self.sub_f32x8(a, b)
    }

    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        self.mul_f32x8(a, b)
    }

    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        self.mul_add_f32x8(a, b, c)
    }

    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        self.max_f32x8(a, b)
    }

    #[inline(always)]
    fn where_greater(self, a: Self::V, b: Self::V, then: Self::V, otherwise: Self::V) -> Self::V {
        self.select_f32x8(self.cmp_gt_f32x8(a, b), then, otherwise)
    }

    #[inline(always)]
    fn where_equal(self, a: Self::V, b: Self::V, then: Self::V, otherwise: Self::V) -> Self::V {
        self.select_f32x8(self.cmp_eq_f32x8(a, b), then, otherwise)
    }
}

/// Loops that the compiler may turn into vector instructions. `FUSED` says whether the machine multiplies
/// and adds in one instruction.
#[derive(Clone, Copy)]
pub(crate) struct Portable<const FUSED: bool>;

#[inline(always)]
fn each(mut result: Lanes, of: impl Fn(usize) -> f32) -> Lanes {
    for (i, value) in result.iter_mut().enumerate() {
        *value = of(i);
    }
    result
}

impl<const FUSED: bool> Vectors for Portable<FUSED> {
    type V = Lanes;

    #[inline(always)]
    fn splat(self, value: f32) -> Lanes {
        [value; LANES]
    }

    #[inline(always)]
    fn load(self, lanes: &Lanes) -> Lanes {
        *lanes
    }

    #[inline(always)]
    fn store(self, values: Lanes) -> Lanes {
        values
    }

    #[inline(always)]
    fn add(self, a: Lanes, b: Lanes) -> Lanes {
        each(a, |i| a[i] + b[i])
    }

    #[inline(always)]
    fn sub(self, a: Lanes, b: Lanes) -> Lanes {
        each(a, |i| a[i] - b[i])
    }

    #[inline(always)]
    fn mul(self, a: Lanes, b: Lanes) -> Lanes {
        each(a, |i| a[i] * b[i])
    }

    #[inline(always)]
    fn mul_add(self, a: Lanes, b: Lanes, c: Lanes) -> Lanes {
        each(a, |i| match FUSED {
            true => a[i].mul_add(b[i], c[i]),
            false => a[i] * b[i] + c[i],
        })
    }

    #[inline(always)]
    fn max(self, a: Lanes, b: Lanes) -> Lanes {
        each(a, |i| if a[i] > b[i] { a[i] } else { b[i] })
    }

    #[inline(always)]
    fn where_greater(self, a: Lanes, b: Lanes, then: Lanes, otherwise: Lanes) -> Lanes {
        each(a, |i| if a[i] > b[i] { then[i] } else { otherwise[i] })
    }

    #[inline(always)]
    fn where_equal(self, a: Lanes, b: Lanes, then: Lanes, otherwise: Lanes) -> Lanes {
        each(a, |i| if a[i] == b[i] { then[i] } else { otherwise[i] })
    }
}

/// The number of `Lanes` that hold this many channels.
pub(crate) const fn blocks_of(channels: usize) -> usize {
    channels.div_ceil(LANES)
}

/// A number of channels, rounded up to whole `Lanes`.
pub(crate) const fn padded(channels: usize) -> usize {
    blocks_of(channels) * LANES
}

/// max(0, x). NaN stays NaN, so that diverged training is noticed.
#[inline(always)]
pub(crate) fn rectified(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

/// The lanes that begin at `start`.
#[inline(always)]
pub(crate) fn lanes(values: &[f32], start: usize) -> &Lanes {
    values[start..start + LANES]
        .first_chunk::<LANES>()
        .expect("the slice has as many values")
}

/// The lanes that begin at `start`, for writing.
#[inline(always)]
pub(crate) fn lanes_mut(values: &mut [f32], start: usize) -> &mut Lanes {
    values[start..start + LANES]
        .first_chunk_mut::<LANES>()
        .expect("the slice has as many values")
}

/// `count` values that begin at `start`, padded with 0; all lanes if `WHOLE`.
#[inline(always)]
pub(crate) fn load<const WHOLE: bool>(values: &[f32], start: usize, count: usize) -> Lanes {
    if WHOLE {
        return *lanes(values, start);
    }
    let mut result = [0.0; LANES];
    match count {
        LANES => return *lanes(values, start),
        4 => result[..4].copy_from_slice(&values[start..start + 4]),
        _ => {
            for (target, &value) in result.iter_mut().zip(&values[start..start + count]) {
                *target = value;
            }
        }
    }
    result
}

/// Writes the first `count` lanes to the values that begin at `start`.
#[inline(always)]
pub(crate) fn store(values: &mut [f32], start: usize, count: usize, lanes: &Lanes) {
    values[start..start + count].copy_from_slice(&lanes[..count]);
}

/// A [`Kernel`] that is faster if all channels fill whole lanes.
pub(crate) trait ByLanes: Sized {
    /// Whether all channels fill whole lanes.
    fn is_whole(&self) -> bool;
    /// Does the work; `WHOLE` says whether all channels fill whole lanes.
    fn work<S: Vectors, const WHOLE: bool>(self, simd: S);
}

impl<K: ByLanes> Kernel for K {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        if self.is_whole() {
            self.work::<S, true>(simd);
        } else {
            self.work::<S, false>(simd);
        }
    }
}
