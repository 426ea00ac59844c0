//! Spaces of named decisions, which most search spaces can be written as.
//!
//! A decision is between named alternatives, or it is a number: an integer or a float, on a linear or a
//! logarithmic scale. It may be conditional on earlier decisions between alternatives.
//!
//! ```
//! use evonas::prelude::*;
//!
//! let space = Choices::builder()
//!     .decision("optimizer", ["sgd", "adam"])
//!     .float("momentum", 0.0..=0.95)
//!     .only_if("optimizer", ["sgd"])
//!     .log_float("learning rate", 1e-5..=1.0)
//!     .integer("layers", 1..=12)
//!     .log_integer("width", 8..=512)
//!     .float("dropout", 0.0..=0.5)
//!     .step(0.05)
//!     .uniform()
//!     .build()?;
//! let names = space.clone();
//! // Stands for a training: best with four layers, a learning rate of 0.01 and SGD with much momentum.
//! let score = move |decisions: &Decisions, _: &Context<'_>| {
//!     let rate = names.float(decisions, "learning rate").unwrap_or(1.0);
//!     let layers = names.integer(decisions, "layers").unwrap_or(1) as f64;
//!     let momentum = names.float(decisions, "momentum").unwrap_or(0.0);
//!     Ok(Evaluation::new(momentum - (rate / 0.01).ln().abs() - (layers - 4.0).abs()))
//! };
//! let evolution = Evolution::builder(space.clone(), space.clone()).population(20).sample(5).build()?;
//! let result = Search::new(evolution, Serial::new(score), Budget::trials(1000)).run()?;
//! let best = result.best().ok_or("no trial has a score")?;
//! assert_eq!(space.get(&best.genotype, "optimizer"), Some("sgd"));
//! assert_eq!(space.integer(&best.genotype, "layers"), Some(4));
//! // {"dropout":0.45,"layers":4,"learning rate":0.00998,"momentum":0.947,"optimizer":"sgd","width":399}
//! println!("{}", space.to_json(&best.genotype));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
mod categorical;
mod conditions;
mod decision;
mod error;
mod genotype;
mod json;
mod mattering;
mod moves;
mod number;
mod numeric_moves;
mod numeric_range;
mod range_draft;

pub use builder::ChoicesBuilder;
pub use categorical::CategoricalChoices;
pub use error::ChoicesError;
pub use genotype::Decisions;

use serde::Serialize;
use serde_json::Value;

use decision::NamedDecision;
use mattering::Mattering;
use number::Number;

/// A space of named decisions, each a choice between named alternatives or a number in a range. A decision
/// may be conditional: it matters only if earlier decisions take certain alternatives.
///
/// Sampling draws every decision uniformly and independently; on a logarithmic scale, the logarithm is
/// uniform.
///
/// The space is its own crossover, which takes each decision from either parent, and its own mutation, which
/// draws one of the decisions that matter, uniformly, and changes it: to another alternative, uniformly, or to
/// another number, as [`gaussian`](ChoicesBuilder::gaussian) or [`uniform`](ChoicesBuilder::uniform) says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choices {
    decisions: Vec<NamedDecision>,
}

impl Choices {
    /// The names of the decisions, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.decisions.iter().map(|decision| decision.name.as_str())
    }

    /// The alternatives of a decision; `None` if there is no such decision, or if it is numeric.
    #[must_use]
    pub fn alternatives(&self, name: &str) -> Option<&[String]> {
        self.decisions[self.index_of(name)?].alternatives()
    }

    /// The alternative that a genotype takes; `None` if the decision doesn't matter in it, doesn't exist,
    /// or is numeric.
    ///
    /// # Panics
    /// If the genotype is not in this space. Genotypes that this space produced or validated are.
    #[must_use]
    pub fn get(&self, genotype: &Decisions, name: &str) -> Option<&str> {
        let (decision, value) = self.mattering(genotype, name)?;
        decision.alternative(value)
    }

    /// The value of a float; `None` if the decision doesn't matter in the genotype, doesn't exist, or
    /// isn't a float.
    ///
    /// # Panics
    /// If the genotype is not in this space. Genotypes that this space produced or validated are.
    #[must_use]
    pub fn float(&self, genotype: &Decisions, name: &str) -> Option<f64> {
        match self.mattering(genotype, name)?.1 {
            Number::Float(float) => Some(float.get()),
            Number::Whole(_) => None,
        }
    }

    /// The value of an integer; `None` if the decision doesn't matter in the genotype, doesn't exist, or
    /// isn't an integer.
    ///
    /// # Panics
    /// If the genotype is not in this space. Genotypes that this space produced or validated are.
    #[must_use]
    pub fn integer(&self, genotype: &Decisions, name: &str) -> Option<i64> {
        match self.mattering(genotype, name)? {
            (decision, Number::Whole(integer)) if decision.alternatives().is_none() => {
                Some(integer)
            }
            _ => None,
        }
    }

    /// The decisions that matter in a genotype and their values, in order: an alternative is a string, a
    /// number is a number.
    ///
    /// # Panics
    /// If the genotype is not in this space. Genotypes that this space produced or validated are.
    pub fn named(&self, genotype: &Decisions) -> impl Iterator<Item = (&str, Value)> {
        let matter = self.matter(genotype);
        let decisions = self.decisions.iter().zip(genotype.values()).enumerate();
        decisions
            .filter(move |(index, _)| matter.includes(*index))
            .map(|(_, (decision, value))| (decision.name.as_str(), decision.to_json(value)))
    }

    /// The canonical form, which all genotypes of the same meaning share: decisions that don't matter
    /// take their first alternative or lowest value. Use it with
    /// [`Search::duplicates_by`](crate::search::Search::duplicates_by).
    #[must_use]
    pub fn canonical(&self, genotype: &Decisions) -> Decisions {
        let matter = self.matter(genotype);
        let decisions = self.decisions.iter().zip(genotype.values()).enumerate();
        decisions
            .map(|(index, (decision, value))| match matter.includes(index) {
                true => value,
                false => decision.first(),
            })
            .collect()
    }

    fn index_of(&self, name: &str) -> Option<usize> {
        self.decisions
            .iter()
            .position(|decision| decision.name == name)
    }

    /// The decision of this name and its value, if it matters in the genotype.
    fn mattering(&self, genotype: &Decisions, name: &str) -> Option<(&NamedDecision, Number)> {
        let index = self.index_of(name)?;
        let matters = Mattering::of(&self.decisions[..=index], genotype).includes(index);
        matters.then(|| (&self.decisions[index], genotype.value(index)))
    }

    fn matter(&self, genotype: &Decisions) -> Mattering {
        Mattering::of(&self.decisions, genotype)
    }
}
