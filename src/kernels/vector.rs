//! Runs a kernel with the widest vector instructions of the machine.

/// Loops that the compiler turns into vector instructions. Everything that `run` calls must be
/// `#[inline(always)]` and free of closures, so that it is compiled for the instructions at hand.
pub(crate) trait Kernel: Sized {
    type Output;
    /// `FUSED` says whether the machine multiplies and adds in one instruction.
    fn run<const FUSED: bool>(self) -> Self::Output;
}

/// Runs a kernel.
pub(crate) fn run<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(instructions) = pulp::x86::V4::try_new() {
        return pulp::Simd::vectorize(
            instructions,
            #[inline(always)]
            || kernel.run::<true>(),
        );
    }
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    if let Some(instructions) = pulp::x86::V3::try_new() {
        return pulp::Simd::vectorize(
            instructions,
            #[inline(always)]
            || kernel.run::<true>(),
        );
    }
    // AArch64 has the instruction in every machine; elsewhere it would be a call of a function.
    #[cfg(target_arch = "aarch64")]
    return kernel.run::<true>();
    #[cfg(not(target_arch = "aarch64"))]
    kernel.run::<false>()
}

/// Values that are computed at once.
pub(crate) const LANES: usize = 8;

/// Neighbouring channels of a pixel.
pub(crate) type Lanes = [f32; LANES];

/// How many `Lanes` hold so many channels.
pub(crate) const fn blocks_of(channels: usize) -> usize {
    channels.div_ceil(LANES)
}

/// So many channels, rounded up to whole `Lanes`.
pub(crate) const fn padded(channels: usize) -> usize {
    blocks_of(channels) * LANES
}

/// `a · b + c`, rounded once where the machine does so.
#[inline(always)]
pub(crate) fn multiply_add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// max(0, x); NaN stays NaN, so that a training that diverges shows.
#[inline(always)]
pub(crate) fn rectified(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

/// `sum[i] += a · x[i]`.
#[inline(always)]
pub(crate) fn axpy<const FUSED: bool>(sum: &mut Lanes, a: f32, x: &Lanes) {
    for i in 0..LANES {
        sum[i] = multiply_add::<FUSED>(a, x[i], sum[i]);
    }
}

/// `sum[i] += x[i] · y[i]`.
#[inline(always)]
pub(crate) fn multiply_accumulate<const FUSED: bool>(sum: &mut Lanes, x: &Lanes, y: &Lanes) {
    for i in 0..LANES {
        sum[i] = multiply_add::<FUSED>(x[i], y[i], sum[i]);
    }
}

/// `sum[i] += x[i]`.
#[inline(always)]
pub(crate) fn accumulate(sum: &mut Lanes, x: &Lanes) {
    for i in 0..LANES {
        sum[i] += x[i];
    }
}

/// The lanes from `start` on.
#[inline(always)]
pub(crate) fn lanes(values: &[f32], start: usize) -> &Lanes {
    values[start..start + LANES]
        .first_chunk::<LANES>()
        .expect("the slice has as many values")
}

/// The lanes from `start` on, to be written.
#[inline(always)]
pub(crate) fn lanes_mut(values: &mut [f32], start: usize) -> &mut Lanes {
    values[start..start + LANES]
        .first_chunk_mut::<LANES>()
        .expect("the slice has as many values")
}

/// `count` values from `start` on, the rest 0; if `WHOLE`, all lanes.
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

/// Writes the first `count` lanes to `start` and behind; if `WHOLE`, all lanes.
#[inline(always)]
pub(crate) fn store<const WHOLE: bool>(
    values: &mut [f32],
    start: usize,
    count: usize,
    lanes: &Lanes,
) {
    if WHOLE {
        *lanes_mut(values, start) = *lanes;
        return;
    }
    match count {
        LANES => *lanes_mut(values, start) = *lanes,
        4 => values[start..start + 4].copy_from_slice(&lanes[..4]),
        _ => {
            for (target, &value) in values[start..start + count].iter_mut().zip(lanes) {
                *target = value;
            }
        }
    }
}

/// A [`Kernel`] with a faster way where all channels fill whole lanes.
pub(crate) trait ByLanes: Sized {
    /// Whether they do.
    fn is_whole(&self) -> bool;
    /// Works; `WHOLE` says whether all channels fill whole lanes.
    fn work<const FUSED: bool, const WHOLE: bool>(self);
}

impl<K: ByLanes> Kernel for K {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        // Machines without the instructions are rare: one way is enough for them.
        if FUSED && self.is_whole() {
            self.work::<FUSED, true>();
        } else {
            self.work::<FUSED, false>();
        }
    }
}
