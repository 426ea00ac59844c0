//! Genotypes as JSON with names.

use serde_json::{Map, Value};

use super::{Choices, Decisions};

/// Decisions that are not of a space.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidDecisions {
    /// Another number of decisions.
    #[error("it has {found} decisions, but this space has {expected}")]
    Count {
        /// How many there are.
        found: usize,
        /// How many the space has.
        expected: usize,
    },
    /// An alternative that a decision doesn't have.
    #[error("decision '{decision}' takes alternative {place}, but has {count}, counted from 0")]
    UnknownPlace {
        /// The decision.
        decision: String,
        /// The place.
        place: u16,
        /// How many alternatives there are.
        count: usize,
    },
    /// The JSON is not an object of strings.
    #[error("it is not an object that maps decisions to alternatives: {0}")]
    NoObject(String),
    /// There is no such decision.
    #[error("there is no decision '{0}'")]
    UnknownDecision(String),
    /// There is no such alternative.
    #[error("decision '{decision}' has no alternative '{alternative}'")]
    UnknownAlternative {
        /// The decision.
        decision: String,
        /// What was to be taken.
        alternative: String,
    },
    /// A decision that matters is not there.
    #[error("decision '{0}' is missing")]
    Missing(String),
    /// A decision is there that doesn't matter.
    #[error("decision '{0}' is given, but doesn't matter with the others as they are")]
    Superfluous(String),
}

impl Choices {
    /// The decisions that matter in a genotype, by name: `{"compression": "zstd", "level": "9"}`.
    ///
    /// # Panics
    /// If the genotype is not of this space; one that this space made or validated is.
    #[must_use]
    pub fn to_json(&self, genotype: &Decisions) -> Value {
        let named = self.named(genotype);
        Value::Object(
            named
                .map(|(name, alternative)| (name.to_owned(), Value::from(alternative)))
                .collect(),
        )
    }

    /// The canonical genotype of decisions by name.
    ///
    /// # Errors
    /// [`InvalidDecisions`] says which decision is missing, unknown or superfluous.
    pub fn from_json(&self, json: &Value) -> Result<Decisions, InvalidDecisions> {
        let object = json
            .as_object()
            .ok_or_else(|| InvalidDecisions::NoObject(json.to_string()))?;
        if let Some(unknown) = object.keys().find(|name| self.place_of(name).is_none()) {
            return Err(InvalidDecisions::UnknownDecision(unknown.clone()));
        }
        let mut places = vec![0; self.decisions.len()];
        for place in 0..places.len() {
            places[place] = self.place_in(object, place, &places[..=place])?;
        }
        Ok(Decisions(places.into()))
    }

    /// Conditions look back only, so that what comes before decides whether this one, the last of
    /// `places`, matters.
    fn place_in(
        &self,
        object: &Map<String, Value>,
        place: usize,
        places: &[u16],
    ) -> Result<u16, InvalidDecisions> {
        let decision = &self.decisions[place];
        let name = || decision.name.clone();
        match (object.get(&decision.name), self.matter(places)[place]) {
            (None, false) => Ok(0),
            (None, true) => Err(InvalidDecisions::Missing(name())),
            (Some(_), false) => Err(InvalidDecisions::Superfluous(name())),
            (Some(value), true) => {
                let text = value
                    .as_str()
                    .ok_or_else(|| InvalidDecisions::NoObject(value.to_string()))?;
                decision
                    .alternatives
                    .iter()
                    .position(|alternative| alternative == text)
                    .and_then(|found| u16::try_from(found).ok())
                    .ok_or_else(|| InvalidDecisions::UnknownAlternative {
                        decision: name(),
                        alternative: text.to_owned(),
                    })
            }
        }
    }
}
