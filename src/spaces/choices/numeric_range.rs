//! The values that a numeric decision may take.

use serde::Serialize;

use super::ChoicesError;
use super::number::{Finite, Number};

/// The largest integer up to which a float represents every integer, 2^53. JSON readers that only know
/// floats read integers exactly up to here, too.
pub(super) const LARGEST: i64 = 1 << f64::MANTISSA_DIGITS;

/// How far a number may be from a multiple of the step, relative to the step, to be taken for it.
pub(super) const TOLERANCE: f64 = 1e-9;

/// The numbers from `low` to `high`: floats or integers, as both bounds are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct NumericRange {
    pub(super) low: Number,
    pub(super) high: Number,
    pub(super) scale: Scale,
    /// The distance between neighboring values, counted from `low`. On a logarithmic scale and for
    /// floats without a step, there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) step: Option<Number>,
    pub(super) mutation: NumericMove,
}

/// Whether values are spread evenly, or their logarithms are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scale {
    Linear,
    Logarithmic,
}

/// How a mutation changes a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum NumericMove {
    /// Draws another value uniformly.
    Uniform,
    /// Adds normal noise of this standard deviation, relative to the range.
    Gaussian(Finite),
}

impl NumericRange {
    pub(super) fn is_integer(&self) -> bool {
        matches!(self.low, Number::Whole(_))
    }

    /// Whether there is more than one value.
    pub(super) fn is_open(&self) -> bool {
        self.low != self.high
    }

    /// The number of steps from `low` to `high`; `None` without a step.
    pub(super) fn steps(&self) -> Option<i64> {
        let step = self.step?.as_f64();
        let span = self.high.as_f64() - self.low.as_f64();
        Some((span / step).round() as i64)
    }

    /// The value closest to `value`.
    pub(super) fn nearest(&self, value: f64) -> Number {
        let (low, high) = (self.low.as_f64(), self.high.as_f64());
        if value <= low {
            return self.low;
        }
        if value >= high {
            return self.high;
        }
        match self.step {
            Some(step) => self.after(((value - low) / step.as_f64()).round() as i64),
            None if self.is_integer() => self.number(value.round()),
            None => self.number(value),
        }
    }

    /// The value `steps` steps above the lowest.
    pub(super) fn after(&self, steps: i64) -> Number {
        match self.step {
            Some(step) if Some(steps) != self.steps() => {
                self.number(self.low.as_f64() + steps as f64 * step.as_f64())
            }
            _ => self.high,
        }
    }

    /// Checks that the decision `name` may take this value.
    pub(super) fn check(&self, name: &str, value: Number) -> Result<(), ChoicesError> {
        let kind = |number| matches!(number, Number::Whole(_));
        if kind(value) != self.is_integer() {
            return Err(self.wrong_kind(name, value.into()));
        }
        let decision = || name.to_owned();
        if value < self.low || value > self.high {
            return Err(ChoicesError::OutOfRange {
                decision: decision(),
                value: value.into(),
                low: self.low.into(),
                high: self.high.into(),
            });
        }
        match self.step {
            Some(step) if self.nearest(value.as_f64()) != value => Err(ChoicesError::OffStep {
                decision: decision(),
                value: value.into(),
                low: self.low.into(),
                step: step.into(),
            }),
            _ => Ok(()),
        }
    }

    /// The value that a JSON number means. Floats may be written as integers and the other way round,
    /// and may miss a step by rounding.
    pub(super) fn parse(
        &self,
        name: &str,
        json: &serde_json::Value,
    ) -> Result<Number, ChoicesError> {
        let wrong = || self.wrong_kind(name, json.clone());
        let float = json.as_f64().ok_or_else(wrong)?;
        let value = match self.is_integer() {
            true => match json.as_i64() {
                Some(whole) => Number::Whole(whole),
                None if float.fract() == 0.0 && float.abs() <= LARGEST as f64 => {
                    Number::Whole(float as i64)
                }
                None => return Err(wrong()),
            },
            false => Number::Float(Finite::new(float).ok_or_else(wrong)?),
        };
        let value = match (self.step, self.nearest(float)) {
            (Some(step), near) if self.is_near(near, float, step) => near,
            _ => value,
        };
        self.check(name, value)?;
        Ok(value)
    }

    fn is_near(&self, near: Number, float: f64, step: Number) -> bool {
        !self.is_integer() && (near.as_f64() - float).abs() <= TOLERANCE * step.as_f64()
    }

    fn wrong_kind(&self, name: &str, found: serde_json::Value) -> ChoicesError {
        ChoicesError::WrongKind {
            decision: name.to_owned(),
            expected: match self.is_integer() {
                true => "an integer",
                false => "a float",
            },
            found,
        }
    }

    /// A finite value as one of this range's type.
    pub(super) fn number(&self, value: f64) -> Number {
        match self.is_integer() {
            true => Number::Whole(value as i64),
            false => {
                Number::Float(Finite::new(value).expect("values between finite bounds are finite"))
            }
        }
    }
}
