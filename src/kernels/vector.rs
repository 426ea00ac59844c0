//! Runs a kernel with the widest vector instructions of the machine.

/// Loops that the compiler turns into vector instructions. Everything that `run` calls must be
/// `#[inline(always)]`, so that it is compiled for the instructions at hand.
pub(crate) trait Kernel: Sized {
    type Output;
    /// `FUSED` says whether the machine multiplies and adds in one instruction.
    fn run<const FUSED: bool>(self) -> Self::Output;
}

/// Runs a kernel.
pub(crate) fn run<K: Kernel>(kernel: K) -> K::Output {
    let arch = pulp::Arch::new();
    if has_fused() {
        arch.dispatch(
            #[inline(always)]
            || kernel.run::<true>(),
        )
    } else {
        arch.dispatch(
            #[inline(always)]
            || kernel.run::<false>(),
        )
    }
}

/// Whether what `pulp` dispatches to has the instruction: else each would be a call of a function.
fn has_fused() -> bool {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    return pulp::x86::V3::try_new().is_some();
    #[cfg(target_arch = "aarch64")]
    return true;
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
    return false;
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
pub(crate) fn axpy<const FUSED: bool, const N: usize>(sum: &mut [f32; N], a: f32, x: &[f32; N]) {
    for i in 0..N {
        sum[i] = multiply_add::<FUSED>(a, x[i], sum[i]);
    }
}

/// `sum[i] += x[i] · y[i]`.
#[inline(always)]
pub(crate) fn multiply_accumulate<const FUSED: bool, const N: usize>(
    sum: &mut [f32; N],
    x: &[f32; N],
    y: &[f32; N],
) {
    for i in 0..N {
        sum[i] = multiply_add::<FUSED>(x[i], y[i], sum[i]);
    }
}

/// `N` values from `start` on.
#[inline(always)]
pub(crate) fn lanes<const N: usize>(values: &[f32], start: usize) -> &[f32; N] {
    values[start..start + N]
        .first_chunk::<N>()
        .expect("the slice has N values")
}
