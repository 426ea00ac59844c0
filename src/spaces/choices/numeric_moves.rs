//! Random values of a numeric decision.
//!
//! Moves work on the unit interval: 0 stands for the lowest value and 1 for the highest, spread evenly or
//! by their logarithms.

use rand::{Rng, RngExt};

use super::number::Number;
use super::numeric_range::{NumericMove, NumericRange, Scale};
use crate::randomness::standard_normal;

impl NumericRange {
    /// Draws a value uniformly: on a logarithmic scale a logarithm, which integers round.
    pub(super) fn sample(&self, rng: &mut dyn Rng) -> Number {
        if let Some(steps) = self.steps() {
            return self.after(rng.random_range(0..=steps));
        }
        let (start, end) = (self.cell(self.low).0, self.cell(self.high).1);
        self.at(start + rng.random::<f64>() * (end - start))
    }

    /// Draws a value other than `current`. The range must be open.
    pub(super) fn mutate(&self, current: Number, rng: &mut dyn Rng) -> Number {
        let (drawn, upward) = match self.mutation {
            NumericMove::Uniform => self.other(current, rng),
            NumericMove::Gaussian(width) => {
                let noise = width.get() * standard_normal(rng);
                (self.within(self.unit(current) + noise), noise > 0.0)
            }
        };
        match drawn == current {
            true => self.neighbor(current, upward),
            false => drawn,
        }
    }

    /// Draws uniformly from the values other than `current`, and says whether the value is above it.
    /// Rounding may still give `current`.
    fn other(&self, current: Number, rng: &mut dyn Rng) -> (Number, bool) {
        if let Some(steps) = self.steps() {
            let span = current.as_f64() - self.low.as_f64();
            let step = self.step.map_or(1.0, Number::as_f64);
            let taken = (span / step).round() as i64;
            let drawn = rng.random_range(0..steps);
            let upward = drawn >= taken;
            return (self.after(drawn + i64::from(upward)), upward);
        }
        let (start, end) = (self.cell(self.low).0, self.cell(self.high).1);
        let (left, right) = self.cell(current);
        let length = (left - start) + (end - right);
        let point = start + rng.random::<f64>() * length;
        // Skips the current value's cell.
        match point < left {
            true => (self.at(point), false),
            false => (self.at(point + (right - left)), true),
        }
    }

    /// The part of the axis that rounds to `value`: a point for floats. On the axis, values are spread
    /// evenly.
    fn cell(&self, value: Number) -> (f64, f64) {
        let value = value.as_f64();
        let half = if self.is_integer() { 0.5 } else { 0.0 };
        (self.axis(value - half), self.axis(value + half))
    }

    fn axis(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => value,
            Scale::Logarithmic => value.ln(),
        }
    }

    /// The value at a point of the axis.
    fn at(&self, point: f64) -> Number {
        self.nearest(match self.scale {
            Scale::Linear => point,
            Scale::Logarithmic => point.exp(),
        })
    }

    /// Where a value is between the lowest, 0, and the highest, 1.
    fn unit(&self, value: Number) -> f64 {
        let (low, high) = (self.axis(self.low.as_f64()), self.axis(self.high.as_f64()));
        // Neighboring floats may have the same logarithm.
        match high > low {
            true => (self.axis(value.as_f64()) - low) / (high - low),
            false => 0.0,
        }
    }

    /// The value at a point of the unit interval, into which points beyond it are reflected.
    fn within(&self, unit: f64) -> Number {
        let (low, high) = (self.axis(self.low.as_f64()), self.axis(self.high.as_f64()));
        let folded = unit.rem_euclid(2.0);
        let unit = if folded > 1.0 { 2.0 - folded } else { folded };
        self.at(low + unit * (high - low))
    }

    /// The next value above or below, or on the other side if there is none.
    fn neighbor(&self, current: Number, upward: bool) -> Number {
        let upward = match upward {
            true => current < self.high,
            false => current == self.low,
        };
        let value = current.as_f64();
        let step = match self.step {
            Some(step) => Some(step.as_f64()),
            None => self.is_integer().then_some(1.0),
        };
        match (step, upward) {
            (Some(step), true) => self.nearest(value + step),
            (Some(step), false) => self.nearest(value - step),
            (None, true) => self.nearest(value.next_up()),
            (None, false) => self.nearest(value.next_down()),
        }
    }
}
