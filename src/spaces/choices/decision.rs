//! A decision: its name, its values, and when it matters.

use rand::{Rng, RngExt};
use serde::Serialize;
use serde_json::Value;

use super::ChoicesError;
use super::number::Number;
use super::numeric_range::NumericRange;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct NamedDecision {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) values: Values,
    /// The decision matters only if all of these hold.
    pub(super) conditions: Vec<Condition>,
}

/// What is decided between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Values {
    Alternatives(Vec<String>),
    Range(NumericRange),
}

/// An earlier decision between alternatives, by its index, and the alternatives of it that satisfy the
/// condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Condition {
    pub(super) decision: usize,
    pub(super) alternatives: Vec<u16>,
}

impl NamedDecision {
    /// The named alternatives; `None` if the decision is numeric.
    pub(super) fn alternatives(&self) -> Option<&[String]> {
        match &self.values {
            Values::Alternatives(alternatives) => Some(alternatives),
            Values::Range(_) => None,
        }
    }

    /// Whether the decision matters: all its conditions hold, and the decisions they refer to matter.
    /// Conditions only refer to earlier decisions: `matter` says which of those do, and `value` gives
    /// their values by index.
    pub(super) fn matters(&self, matter: &[bool], value: impl Fn(usize) -> Number) -> bool {
        self.conditions.iter().all(|condition| {
            let place = value(condition.decision).place();
            matter[condition.decision]
                && place.is_some_and(|place| condition.alternatives.contains(&place))
        })
    }

    /// The first alternative, or the lowest value.
    pub(super) fn first(&self) -> Number {
        match &self.values {
            Values::Alternatives(_) => Number::Whole(0),
            Values::Range(range) => range.low,
        }
    }

    /// Whether there is more than one value.
    pub(super) fn is_open(&self) -> bool {
        match &self.values {
            Values::Alternatives(alternatives) => alternatives.len() > 1,
            Values::Range(range) => range.is_open(),
        }
    }

    pub(super) fn sample(&self, rng: &mut dyn Rng) -> Number {
        match &self.values {
            Values::Alternatives(alternatives) => place(rng.random_range(0..alternatives.len())),
            Values::Range(range) => range.sample(rng),
        }
    }

    /// Draws a value other than `current`. The decision must be open.
    pub(super) fn mutate(&self, current: Number, rng: &mut dyn Rng) -> Number {
        match &self.values {
            Values::Alternatives(alternatives) => {
                let other = place(rng.random_range(0..alternatives.len() - 1));
                // Skips the current alternative.
                match (other, other >= current) {
                    (Number::Whole(other), true) => Number::Whole(other + 1),
                    _ => other,
                }
            }
            Values::Range(range) => range.mutate(current, rng),
        }
    }

    /// Checks that a genotype may have this value.
    pub(super) fn check(&self, value: Number) -> Result<(), ChoicesError> {
        match (&self.values, value) {
            (Values::Range(range), _) => range.check(&self.name, value),
            (Values::Alternatives(alternatives), Number::Whole(place)) => {
                let count = alternatives.len();
                match usize::try_from(place).is_ok_and(|place| place < count) {
                    true => Ok(()),
                    false => Err(ChoicesError::UnknownPlace {
                        decision: self.name.clone(),
                        place,
                        count,
                    }),
                }
            }
            (Values::Alternatives(_), Number::Float(_)) => {
                Err(self.wrong_kind("the index of an alternative", value.into()))
            }
        }
    }

    /// The alternative with this index. `None` if the decision is numeric.
    ///
    /// # Panics
    /// If there is no such alternative.
    pub(super) fn alternative(&self, value: Number) -> Option<&str> {
        let alternatives = self.alternatives()?;
        let alternative = value
            .place()
            .and_then(|place| alternatives.get(usize::from(place)));
        Some(alternative.unwrap_or_else(|| {
            panic!(
                "decision '{}' has no alternative {value:?}, counted from 0",
                self.name
            )
        }))
    }

    /// A value as JSON: an alternative by its name, or a number.
    ///
    /// # Panics
    /// If there is no such alternative.
    pub(super) fn to_json(&self, value: Number) -> Value {
        self.alternative(value)
            .map_or_else(|| value.into(), Value::from)
    }

    /// The value that this JSON means.
    pub(super) fn parse(&self, json: &Value) -> Result<Number, ChoicesError> {
        let alternatives = match &self.values {
            Values::Range(range) => return range.parse(&self.name, json),
            Values::Alternatives(alternatives) => alternatives,
        };
        let text = json
            .as_str()
            .ok_or_else(|| self.wrong_kind("the name of an alternative", json.clone()))?;
        alternatives
            .iter()
            .position(|alternative| alternative == text)
            .map(place)
            .ok_or_else(|| ChoicesError::UnknownAlternative {
                decision: self.name.clone(),
                alternative: text.to_owned(),
            })
    }

    fn wrong_kind(&self, expected: &'static str, found: Value) -> ChoicesError {
        ChoicesError::WrongKind {
            decision: self.name.clone(),
            expected,
            found,
        }
    }
}

/// An index of an alternative as a value.
pub(super) fn place(index: usize) -> Number {
    u16::try_from(index)
        .expect("a decision has at most 65,536 alternatives")
        .into()
}
