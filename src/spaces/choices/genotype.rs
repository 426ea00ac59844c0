//! Genotypes: a value for each decision.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::number::Number;

/// A genotype of [`Choices`](super::Choices): for each decision the index of the alternative taken, from
/// 0, or the number.
///
/// Decisions that don't matter have a value too, and keep it: if a mutation makes them matter again, it is
/// unchanged. Two genotypes mean the same if their [`Choices::canonical`](super::Choices::canonical) forms
/// are equal.
///
/// The JSON form is the array of these values, as in `[2, 0.001, 12]`; floats round trip exactly.
/// [`Choices::to_json`](super::Choices::to_json) writes names.
#[derive(Clone, PartialEq, Eq)]
pub struct Decisions(Form);

/// Genotypes whose values all fit into 16 bits, as those of named alternatives do, are stored as such. The
/// values determine the form, so that equal genotypes have equal forms.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Form {
    Places(Box<[u16]>),
    Numbers(Box<[Number]>),
}

impl Decisions {
    /// The indices of the alternatives taken, if every decision is between named alternatives. `None` if
    /// the genotype has a float, or an integer that isn't from 0 to 65,535.
    ///
    /// A genotype doesn't know its space, so smaller integers are among the indices.
    /// [`Choices::integer`](super::Choices::integer) and its siblings tell them apart.
    #[must_use]
    pub fn places(&self) -> Option<&[u16]> {
        match &self.0 {
            Form::Places(places) => Some(places),
            Form::Numbers(_) => None,
        }
    }

    pub(super) fn len(&self) -> usize {
        match &self.0 {
            Form::Places(places) => places.len(),
            Form::Numbers(numbers) => numbers.len(),
        }
    }

    /// The value of a decision, by its index.
    pub(super) fn value(&self, decision: usize) -> Number {
        match &self.0 {
            Form::Places(places) => places[decision].into(),
            Form::Numbers(numbers) => numbers[decision],
        }
    }

    pub(super) fn values(&self) -> impl ExactSizeIterator<Item = Number> {
        (0..self.len()).map(|decision| self.value(decision))
    }

    /// This genotype with another value for one decision.
    pub(super) fn with(&self, decision: usize, value: Number) -> Self {
        if let (Form::Places(places), Some(place)) = (&self.0, value.place()) {
            let mut places = places.clone();
            places[decision] = place;
            return Self(Form::Places(places));
        }
        let values = self.values().enumerate();
        values
            .map(|(index, old)| if index == decision { value } else { old })
            .collect()
    }
}

impl FromIterator<Number> for Decisions {
    fn from_iter<I: IntoIterator<Item = Number>>(values: I) -> Self {
        let mut values = values.into_iter();
        let mut places = Vec::with_capacity(values.size_hint().0);
        while let Some(value) = values.next() {
            match value.place() {
                Some(place) => places.push(place),
                None => {
                    let before = places.into_iter().map(Number::from);
                    let numbers = before.chain([value]).chain(values).collect();
                    return Self(Form::Numbers(numbers));
                }
            }
        }
        Self(Form::Places(places.into()))
    }
}

impl<'de> Deserialize<'de> for Decisions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ValuesVisitor)
    }
}

struct ValuesVisitor;

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = Decisions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of numbers")
    }

    /// Reads indices as long as the values are such, as in most genotypes.
    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Decisions, A::Error> {
        let mut places = Vec::with_capacity(16);
        while let Some(value) = values.next_element::<Number>()? {
            let Some(place) = value.place() else {
                let mut numbers: Vec<Number> = places.into_iter().map(Number::from).collect();
                numbers.push(value);
                while let Some(value) = values.next_element()? {
                    numbers.push(value);
                }
                return Ok(Decisions(Form::Numbers(numbers.into())));
            };
            places.push(place);
        }
        Ok(Decisions(Form::Places(places.into())))
    }
}

impl Serialize for Decisions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl fmt::Debug for Decisions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<Number> = self.values().collect();
        f.debug_tuple("Decisions").field(&values).finish()
    }
}

impl Hash for Decisions {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Form::Places(places) => places.hash(state),
            Form::Numbers(numbers) => numbers.hash(state),
        }
    }
}

impl PartialOrd for Decisions {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// In the order of the first value that differs. An integer or index comes before a float.
impl Ord for Decisions {
    fn cmp(&self, other: &Self) -> Ordering {
        self.values().cmp(other.values())
    }
}
