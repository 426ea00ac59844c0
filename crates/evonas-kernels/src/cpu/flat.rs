//! Elementwise kernels: what they do to a value depends on nothing but its channel.

use super::target::masked;
use super::vector::{Kernel, LANES, Lanes, Vectors, rectified, run};

/// ReLU.
pub(super) fn rectify(values: &[f32], target: &mut [f32]) {
    run(Rectify { values, target });
}

struct Rectify<'a> {
    values: &'a [f32],
    target: &'a mut [f32],
}

impl Kernel for Rectify<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, _: S) {
        for (target, &value) in self.target.iter_mut().zip(self.values) {
            *target = rectified(value);
        }
    }
}

/// The gradient of a ReLU by its input.
pub(super) fn mask(gradient: &[f32], values: &[f32], target: &mut [f32]) {
    run(Mask {
        gradient,
        values,
        target,
    });
}

struct Mask<'a> {
    gradient: &'a [f32],
    values: &'a [f32],
    target: &'a mut [f32],
}

impl Kernel for Mask<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, _: S) {
        let inputs = self.gradient.iter().zip(self.values);
        for (target, (&gradient, &value)) in self.target.iter_mut().zip(inputs) {
            *target = masked(gradient, value);
        }
    }
}

/// `scale · values + shift`, by channel.
#[derive(Clone, Debug)]
pub(super) struct Affine {
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl Affine {
    /// For as many channels as `scale` has.
    pub(super) fn new(scale: &[f32], shift: &[f32]) -> Self {
        Self {
            scale: repeated(scale),
            shift: repeated(shift),
        }
    }

    /// Applies to whole pixels.
    pub(super) fn apply(&self, values: &[f32], target: &mut [f32]) {
        run(Apply {
            affine: self,
            values,
            target,
        });
    }
}

struct Apply<'a> {
    affine: &'a Affine,
    values: &'a [f32],
    target: &'a mut [f32],
}

impl Kernel for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        let Affine { scale, shift } = self.affine;
        let (scales, _) = scale.as_chunks::<LANES>();
        let (shifts, _) = shift.as_chunks::<LANES>();
        let period = scale.len();
        let sources = self.values.chunks(period);
        for (target, source) in self.target.chunks_mut(period).zip(sources) {
            let (targets, rest) = target.as_chunks_mut::<LANES>();
            let (sources, rest_of_source) = source.as_chunks::<LANES>();
            let by_channel = scales.iter().zip(shifts);
            let whole = targets.len();
            for ((target, source), by_channel) in targets.iter_mut().zip(sources).zip(by_channel) {
                *target = scaled(simd, source, by_channel);
            }
            if !rest.is_empty() {
                let by_channel = (&scales[whole], &shifts[whole]);
                let result = scaled(simd, &filled(rest_of_source), by_channel);
                rest.copy_from_slice(&result[..rest.len()]);
            }
        }
    }
}

#[inline(always)]
fn scaled<S: Vectors>(simd: S, source: &Lanes, (scale, shift): (&Lanes, &Lanes)) -> Lanes {
    simd.store(simd.mul_add(simd.load(source), simd.load(scale), simd.load(shift)))
}

/// Fewer values than lanes, padded with zeros.
#[inline(always)]
fn filled(values: &[f32]) -> Lanes {
    let mut lanes = [0.0; LANES];
    lanes[..values.len()].copy_from_slice(values);
    lanes
}

/// `scale · a + factor · b + shift`, by channel.
#[derive(Clone, Debug)]
pub(super) struct Combination {
    scale: Vec<f32>,
    factor: Vec<f32>,
    shift: Vec<f32>,
}

impl Combination {
    /// For as many channels as `scale` has.
    pub(super) fn new(scale: &[f32], factor: &[f32], shift: &[f32]) -> Self {
        Self {
            scale: repeated(scale),
            factor: repeated(factor),
            shift: repeated(shift),
        }
    }

    /// Applies to whole pixels.
    pub(super) fn apply(&self, a: &[f32], b: &[f32], target: &mut [f32]) {
        run(Combine {
            combination: self,
            a,
            b,
            target,
        });
    }
}

struct Combine<'a> {
    combination: &'a Combination,
    a: &'a [f32],
    b: &'a [f32],
    target: &'a mut [f32],
}

impl Kernel for Combine<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        let Combination {
            scale,
            factor,
            shift,
        } = self.combination;
        let (scales, _) = scale.as_chunks::<LANES>();
        let (factors, _) = factor.as_chunks::<LANES>();
        let (shifts, _) = shift.as_chunks::<LANES>();
        let period = scale.len();
        let sources = self.a.chunks(period).zip(self.b.chunks(period));
        for (target, (a, b)) in self.target.chunks_mut(period).zip(sources) {
            let (targets, rest) = target.as_chunks_mut::<LANES>();
            let (all_a, rest_of_a) = a.as_chunks::<LANES>();
            let (all_b, rest_of_b) = b.as_chunks::<LANES>();
            let values = all_a.iter().zip(all_b);
            let by_channel = scales.iter().zip(factors).zip(shifts);
            let whole = targets.len();
            for ((target, values), ((scale, factor), shift)) in
                targets.iter_mut().zip(values).zip(by_channel)
            {
                *target = combined(simd, values, [scale, factor, shift]);
            }
            if !rest.is_empty() {
                let by_channel = [&scales[whole], &factors[whole], &shifts[whole]];
                let (a, b) = (filled(rest_of_a), filled(rest_of_b));
                let result = combined(simd, (&a, &b), by_channel);
                rest.copy_from_slice(&result[..rest.len()]);
            }
        }
    }
}

#[inline(always)]
fn combined<S: Vectors>(
    simd: S,
    (a, b): (&Lanes, &Lanes),
    [scale, factor, shift]: [&Lanes; 3],
) -> Lanes {
    let sum = simd.mul_add(simd.load(b), simd.load(factor), simd.load(shift));
    simd.store(simd.mul_add(simd.load(a), simd.load(scale), sum))
}

/// At least this many lanes are processed in one go.
const GO: usize = 8;

/// Repeats the values of channels until they end with a whole pixel and whole lanes at once.
fn repeated(values: &[f32]) -> Vec<f32> {
    let channels = values.len();
    let mut length = channels;
    while !length.is_multiple_of(LANES) || length < GO * LANES {
        length *= 2;
    }
    values.iter().copied().cycle().take(length).collect()
}
