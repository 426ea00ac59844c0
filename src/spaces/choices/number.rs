//! The value that a genotype has for one decision.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The index of an alternative, an integer, or a float. Its JSON form is a number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub(super) enum Number {
    Whole(i64),
    Float(Finite),
}

impl Number {
    /// The number as the index of an alternative, if it can be one.
    pub(super) fn place(self) -> Option<u16> {
        match self {
            Self::Whole(whole) => whole.try_into().ok(),
            Self::Float(_) => None,
        }
    }

    /// The number as a float, which is exact for integers from -2^53 to 2^53.
    pub(super) fn as_f64(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Float(float) => float.get(),
        }
    }
}

impl From<u16> for Number {
    fn from(place: u16) -> Self {
        Self::Whole(place.into())
    }
}

impl From<Number> for serde_json::Value {
    fn from(number: Number) -> Self {
        match number {
            Number::Whole(whole) => whole.into(),
            Number::Float(float) => float.get().into(),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(whole) => fmt::Debug::fmt(whole, f),
            Self::Float(float) => fmt::Debug::fmt(&float.get(), f),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a finite number, or an integer of 64 bits")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Number, E> {
        Ok(Number::Whole(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Number, E> {
        i64::try_from(value)
            .map(Number::Whole)
            .map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Number, E> {
        Finite::new(value)
            .map(Number::Float)
            .ok_or_else(|| E::invalid_value(Unexpected::Float(value), &self))
    }
}

/// A float that is neither infinite nor NaN nor -0, so that equal values have equal bits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub(super) struct Finite(f64);

impl Finite {
    /// `None` if the value is not finite. -0 becomes 0.
    pub(super) fn new(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(value + 0.0))
    }

    pub(super) fn get(self) -> f64 {
        self.0
    }
}

impl Eq for Finite {}

impl Hash for Finite {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

impl PartialOrd for Finite {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Finite {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}
