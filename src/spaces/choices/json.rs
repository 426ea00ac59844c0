//! Genotypes as JSON objects with names.

use serde_json::Value;

use super::{Choices, ChoicesError, Decisions};

impl Choices {
    /// The decisions that matter in a genotype, by name: `{"compression": "zstd", "level": 9}`.
    ///
    /// # Panics
    /// If the genotype is not in this space. Genotypes that this space produced or validated are.
    #[must_use]
    pub fn to_json(&self, genotype: &Decisions) -> Value {
        let named = self.named(genotype);
        Value::Object(
            named
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    /// The canonical genotype with these decisions, given by name.
    ///
    /// A float may be written as an integer, and an integer as `3.0`. A float with a step may miss it by
    /// rounding: `0.3` is read as three steps of 0.1.
    ///
    /// # Errors
    /// [`ChoicesError`] names the decision that is missing, unknown or superfluous, or whose value is
    /// invalid.
    pub fn from_json(&self, json: &Value) -> Result<Decisions, ChoicesError> {
        let object = json
            .as_object()
            .ok_or_else(|| ChoicesError::NotAnObject(json.to_string()))?;
        if let Some(unknown) = object.keys().find(|name| self.index_of(name).is_none()) {
            return Err(ChoicesError::UnknownDecision(unknown.clone()));
        }
        let mut values = Vec::with_capacity(self.decisions.len());
        let mut matter = Vec::with_capacity(self.decisions.len());
        for decision in &self.decisions {
            let matters = decision.matters(&matter, |index| values[index]);
            let name = || decision.name.clone();
            values.push(match (object.get(&decision.name), matters) {
                (None, false) => decision.first(),
                (None, true) => return Err(ChoicesError::Missing(name())),
                (Some(_), false) => return Err(ChoicesError::Superfluous(name())),
                (Some(json), true) => decision.parse(json)?,
            });
            matter.push(matters);
        }
        Ok(values.into_iter().collect())
    }
}
