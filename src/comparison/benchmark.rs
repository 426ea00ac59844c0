//! What a benchmark is.

use std::time::Duration;

use serde_json::Value;

use crate::evaluator::Evaluator;
use crate::space::{CategoricalSpace, Genotype, Mutation};
use crate::trial::Evaluation;

/// A search problem with a cost for every evaluation and a judgement of what was found.
pub trait Benchmark: Sync {
    /// A point of its space.
    type Genotype: Genotype;

    /// What is searched, in a word: the data set.
    fn dataset(&self) -> String;

    /// All that its evaluations and tests depend on, by which a record of runs knows the benchmark when
    /// it is resumed: the same in every process, and different for benchmarks that differ
    /// ([`description::named`](crate::description::named) makes it from serializable settings).
    fn describe(&self) -> Value;

    /// The space.
    fn space(&self) -> Box<dyn CategoricalSpace<Genotype = Self::Genotype>>;

    /// Evolution's mutation.
    fn mutation(&self) -> Box<dyn Mutation<Self::Genotype>>;

    /// The evaluator: its fitness is the search's reward, and every evaluation has a cost, of a
    /// nanosecond or more.
    fn evaluator(&self) -> Box<dyn Evaluator<Self::Genotype>>;

    /// What [`Benchmark::test`] is, in words for people: the axis of a drawing.
    fn test_name(&self) -> &'static str {
        "test"
    }

    /// How good a genotype really is, which the search doesn't see: a finite number; `evaluation` is
    /// what the search saw of it.
    fn test(&self, genotype: &Self::Genotype, evaluation: &Evaluation) -> f64;

    /// The genotype for people and files.
    fn text(&self, genotype: &Self::Genotype) -> String;

    /// The multiply-adds of a genotype's network, if it is one.
    fn multiply_adds(&self, genotype: &Self::Genotype) -> Option<f64> {
        let _ = genotype;
        None
    }

    /// The customary sizes of evolution's population and tournament.
    fn population_and_sample(&self) -> (usize, usize);

    /// The customary simulated time of a run.
    fn budget(&self) -> Duration;

    /// The customary number of runs of each algorithm.
    fn runs(&self) -> usize {
        500
    }

    /// Whether an evaluation that begins within the budget and ends after it counts.
    fn overshooting_counts(&self) -> bool {
        true
    }

    /// What makes a percentage of the fitness, for REINFORCE.
    fn reward_scale(&self) -> f64 {
        1.0
    }
}
