//! Genotypes as JSON objects with names.

use serde_json::{Map, Value};

use super::{Choices, ChoicesError, Decisions};

impl Choices {
    /// The decisions that matter in a genotype, by name: `{"compression": "zstd", "level": "9"}`.
    ///
    /// # Panics
    /// If the genotype is not in this space. Genotypes that this space produced or validated are.
    #[must_use]
    pub fn to_json(&self, genotype: &Decisions) -> Value {
        let named = self.named(genotype);
        Value::Object(
            named
                .map(|(name, alternative)| (name.to_owned(), Value::from(alternative)))
                .collect(),
        )
    }

    /// The canonical genotype with these decisions, given by name.
    ///
    /// # Errors
    /// [`ChoicesError`] names the decision that is missing, unknown or superfluous.
    pub fn from_json(&self, json: &Value) -> Result<Decisions, ChoicesError> {
        let object = json
            .as_object()
            .ok_or_else(|| ChoicesError::NotAnObject(json.to_string()))?;
        if let Some(unknown) = object.keys().find(|name| self.place_of(name).is_none()) {
            return Err(ChoicesError::UnknownDecision(unknown.clone()));
        }
        let mut places = vec![0; self.decisions.len()];
        for place in 0..places.len() {
            places[place] = self.place_in(object, place, &places[..=place])?;
        }
        Ok(Decisions(places.into()))
    }

    /// The alternative that the JSON names for the last decision of `places`. Conditions only refer to
    /// earlier decisions, so the other `places` determine whether it matters.
    fn place_in(
        &self,
        object: &Map<String, Value>,
        place: usize,
        places: &[u16],
    ) -> Result<u16, ChoicesError> {
        let decision = &self.decisions[place];
        let name = || decision.name.clone();
        match (object.get(&decision.name), self.matter(places)[place]) {
            (None, false) => Ok(0),
            (None, true) => Err(ChoicesError::Missing(name())),
            (Some(_), false) => Err(ChoicesError::Superfluous(name())),
            (Some(value), true) => {
                let text = value
                    .as_str()
                    .ok_or_else(|| ChoicesError::NotAnObject(value.to_string()))?;
                decision
                    .alternatives
                    .iter()
                    .position(|alternative| alternative == text)
                    .and_then(|found| u16::try_from(found).ok())
                    .ok_or_else(|| ChoicesError::UnknownAlternative {
                        decision: name(),
                        alternative: text.to_owned(),
                    })
            }
        }
    }
}
