//! Spaces of named decisions, which most search spaces can be written as.
//!
//! ```
//! use evonas::prelude::*;
//!
//! let space = Choices::builder()
//!     .decision("compression", ["none", "zstd"])
//!     .decision("level", ["1", "5", "9"])
//!     .only_if("compression", ["zstd"])
//!     .build()?;
//! let small = space.clone();
//! let score = move |decisions: &Decisions, _: &Context<'_>| {
//!     let level = small.get(decisions, "level").unwrap_or("0");
//!     Ok(Evaluation::new(level.parse().map_err(EvaluationError::failed)?))
//! };
//! let evolution = Evolution::builder(space.clone(), space.clone())
//!     .population(10)
//!     .sample(3)
//!     .build()?;
//! let result = Search::new(evolution, Serial::new(score), Budget::trials(100)).run()?;
//! let best = result.best().ok_or("no trial has a score")?;
//! assert_eq!(space.to_json(&best.genotype).to_string(), r#"{"compression":"zstd","level":"9"}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
mod categorical;
mod error;
mod json;
mod moves;

pub use builder::ChoicesBuilder;
pub use error::ChoicesError;

use serde::{Deserialize, Serialize};

/// A space of named decisions, each with named alternatives. A decision may be conditional: it matters
/// only if earlier decisions take certain alternatives.
///
/// The space is also its own mutation, which draws one of the decisions that matter and changes it to
/// another alternative, both uniformly. Sampling draws every decision uniformly and independently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choices {
    decisions: Vec<NamedDecision>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct NamedDecision {
    name: String,
    alternatives: Vec<String>,
    /// The decision matters only if all of these hold.
    conditions: Vec<Condition>,
}

/// An earlier decision, by its index, and the alternatives of it that satisfy the condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Condition {
    decision: usize,
    alternatives: Vec<u16>,
}

/// A genotype of [`Choices`]: for each decision the index of the alternative taken, from 0.
///
/// Decisions that don't matter have an index too, and keep it: if a mutation makes them matter again,
/// their alternatives are unchanged. Two genotypes mean the same if their [`Choices::canonical`] forms
/// are equal. The JSON form is the array of indices; [`Choices::to_json`] writes names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Decisions(Box<[u16]>);

impl Decisions {
    /// The indices of the alternatives taken.
    #[must_use]
    pub fn places(&self) -> &[u16] {
        &self.0
    }
}

impl Choices {
    /// The names of the decisions, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.decisions.iter().map(|decision| decision.name.as_str())
    }

    /// The alternatives of a decision; `None` if there is no such decision.
    #[must_use]
    pub fn alternatives(&self, name: &str) -> Option<&[String]> {
        Some(&self.decisions[self.place_of(name)?].alternatives)
    }

    /// The alternative that a genotype takes; `None` if the decision doesn't matter in it, or doesn't
    /// exist.
    ///
    /// # Panics
    /// If the genotype is not in this space. Genotypes that this space produced or validated are.
    #[must_use]
    pub fn get(&self, genotype: &Decisions, name: &str) -> Option<&str> {
        let place = self.place_of(name)?;
        self.matter(&genotype.0[..=place])[place].then(|| self.alternative(&genotype.0, place))
    }

    /// The decisions that matter in a genotype and the alternatives they take, in order.
    ///
    /// # Panics
    /// If the genotype is not in this space. Genotypes that this space produced or validated are.
    pub fn named(&self, genotype: &Decisions) -> impl Iterator<Item = (&str, &str)> {
        let matter = self.matter(&genotype.0);
        (0..self.decisions.len())
            .filter(move |&place| matter[place])
            .map(|place| {
                let name = self.decisions[place].name.as_str();
                (name, self.alternative(&genotype.0, place))
            })
    }

    /// The canonical form, which all genotypes of the same meaning share: decisions that don't matter
    /// take their first alternative. Use it with
    /// [`Search::duplicates_by`](crate::search::Search::duplicates_by).
    #[must_use]
    pub fn canonical(&self, genotype: &Decisions) -> Decisions {
        let matter = self.matter(&genotype.0);
        let places = genotype.0.iter().zip(matter);
        Decisions(
            places
                .map(|(&place, m)| if m { place } else { 0 })
                .collect(),
        )
    }

    fn place_of(&self, name: &str) -> Option<usize> {
        self.decisions
            .iter()
            .position(|decision| decision.name == name)
    }

    fn alternative(&self, places: &[u16], decision: usize) -> &str {
        &self.decisions[decision].alternatives[usize::from(places[decision])]
    }

    /// Whether each of the first `places.len()` decisions matters: all its conditions hold, and the
    /// decisions they refer to matter. Conditions only refer to earlier decisions, so one pass is
    /// enough.
    fn matter(&self, places: &[u16]) -> Vec<bool> {
        let mut matter = Vec::with_capacity(places.len());
        for decision in &self.decisions[..places.len()] {
            let matters = decision.conditions.iter().all(|condition| {
                matter[condition.decision]
                    && condition.alternatives.contains(&places[condition.decision])
            });
            matter.push(matters);
        }
        matter
    }
}
