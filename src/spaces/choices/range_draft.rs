//! Checks the ranges of numeric decisions.

use std::ops::RangeInclusive;

use super::ChoicesError;
use super::number::{Finite, Number};
use super::numeric_range::{LARGEST, NumericMove, NumericRange, Scale, TOLERANCE};

/// The standard deviation of Gaussian moves, relative to the range, unless another is given.
const DEFAULT_WIDTH: f64 = 0.1;

/// A range as given, unchecked.
#[derive(Clone, Debug)]
pub(super) struct RangeDraft {
    bounds: Bounds,
    scale: Scale,
    pub(super) step: Option<f64>,
    /// The width of a Gaussian move; `None` for a uniform one.
    pub(super) width: Option<f64>,
}

/// The bounds of a range, and the type of its values.
#[derive(Clone, Debug)]
pub(super) enum Bounds {
    Float(RangeInclusive<f64>),
    Integer(RangeInclusive<i64>),
}

impl RangeDraft {
    pub(super) fn new(bounds: Bounds, scale: Scale) -> Self {
        Self {
            bounds,
            scale,
            step: None,
            width: Some(DEFAULT_WIDTH),
        }
    }

    /// Checks the range of the decision `name`.
    pub(super) fn finished(self, name: &str) -> Result<NumericRange, ChoicesError> {
        let (low, high) = self.checked_bounds(name)?;
        let decision = || name.to_owned();
        let mutation = match self.width {
            None => NumericMove::Uniform,
            Some(width) => match Finite::new(width) {
                Some(finite) if width > 0.0 && width <= 1.0 => NumericMove::Gaussian(finite),
                _ => {
                    let decision = decision();
                    return Err(ChoicesError::InvalidWidth { decision, width });
                }
            },
        };
        if self.scale == Scale::Logarithmic {
            if self.step.is_some() {
                return Err(ChoicesError::StepOnLogarithmicScale(decision()));
            }
            if low.as_f64() <= 0.0 {
                return Err(ChoicesError::NotPositive {
                    decision: decision(),
                    range: self.range(),
                });
            }
        }
        let mut range = NumericRange {
            low,
            high,
            scale: self.scale,
            step: None,
            mutation,
        };
        if let Some(step) = self.step {
            range.take_step(name, step)?;
        } else if range.is_integer() && self.scale == Scale::Linear {
            range.step = Some(Number::Whole(1));
        }
        Ok(range)
    }

    fn range(&self) -> String {
        match &self.bounds {
            Bounds::Float(range) => format!("{range:?}"),
            Bounds::Integer(range) => format!("{range:?}"),
        }
    }

    fn checked_bounds(&self, name: &str) -> Result<(Number, Number), ChoicesError> {
        let (decision, range) = (name.to_owned(), self.range());
        let (low, high) = match &self.bounds {
            Bounds::Integer(range) => (Number::Whole(*range.start()), Number::Whole(*range.end())),
            Bounds::Float(range) => {
                match (Finite::new(*range.start()), Finite::new(*range.end())) {
                    (Some(low), Some(high)) => (Number::Float(low), Number::Float(high)),
                    _ => {
                        let range = self.range();
                        return Err(ChoicesError::NotFinite { decision, range });
                    }
                }
            }
        };
        if low > high {
            return Err(ChoicesError::EmptyRange { decision, range });
        }
        let wide = match (low, high) {
            (Number::Whole(low), Number::Whole(high)) => {
                low < -LARGEST
                    || high > LARGEST
                    || high.checked_sub(low).is_none_or(|span| span > LARGEST)
            }
            _ => !(high.as_f64() - low.as_f64()).is_finite(),
        };
        match wide {
            true => Err(ChoicesError::RangeTooWide { decision, range }),
            false => Ok((low, high)),
        }
    }
}

impl NumericRange {
    /// Restricts the range to multiples of `step` above its lower bound.
    fn take_step(&mut self, name: &str, step: f64) -> Result<(), ChoicesError> {
        let (low, high) = (self.low.as_f64(), self.high.as_f64());
        let decision = name.to_owned();
        let whole = !self.is_integer() || step.fract() == 0.0;
        let fits = step <= high - low || low == high;
        if !(step > 0.0 && step.is_finite() && fits && whole) {
            return Err(ChoicesError::InvalidStep { decision, step });
        }
        // Values may round by one and a half units in the last place of the largest bound. With steps of
        // more than four, they still differ.
        let largest = low.abs().max(high.abs());
        let unit = largest.next_up() - largest;
        let steps = ((high - low) / step + TOLERANCE).floor();
        let fine = !self.is_integer() && step <= 4.0 * unit;
        if fine || steps > LARGEST as f64 {
            return Err(ChoicesError::StepTooFine { decision, step });
        }
        let last = low + steps * step;
        if last + TOLERANCE * step < high {
            self.high = self.number(last);
        }
        self.step = Some(self.number(step));
        Ok(())
    }
}
