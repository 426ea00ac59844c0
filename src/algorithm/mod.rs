//! Search algorithms: ask for a trial, tell how it ended.

mod evolution;
mod random_search;

pub use evolution::{Evolution, EvolutionBuilder, EvolutionError};
pub use random_search::RandomSearch;

use std::fmt::Debug;

use crate::randomness::trial_seed;
use crate::trial::{Outcome, Trial, TrialId};

/// A search algorithm.
///
/// Its state is a function of its configuration, its seed and the sequence of asks and tells: it
/// knows nothing of threads, files or time. `ask` may be called again before earlier trials are
/// told.
pub trait Algorithm<G>: Debug + Send {
    /// The next trial to evaluate.
    fn ask(&mut self) -> Trial<G>;

    /// How a trial ended.
    ///
    /// # Errors
    /// [`TellError`] if the trial is not in flight, or its fitness is not finite; the state is as
    /// before then.
    fn tell(&mut self, id: TrialId, outcome: &Outcome) -> Result<(), TellError>;

    /// The smallest number of trials with which a search makes sense (the population's size).
    fn minimum_trials(&self) -> u64 {
        1
    }
}

impl<G, A: Algorithm<G> + ?Sized> Algorithm<G> for Box<A> {
    fn ask(&mut self) -> Trial<G> {
        (**self).ask()
    }

    fn tell(&mut self, id: TrialId, outcome: &Outcome) -> Result<(), TellError> {
        (**self).tell(id, outcome)
    }

    fn minimum_trials(&self) -> u64 {
        (**self).minimum_trials()
    }
}

/// A tell that can't be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TellError {
    /// No such trial is in flight: it was never asked for, or was told already.
    #[error("trial {0} is not in flight: it was never asked for, or was told already")]
    NotInFlight(TrialId),
    /// The fitness is NaN or infinite.
    #[error(
        "trial {trial} has fitness {fitness}; tell a failure instead of a fitness that is not finite"
    )]
    NotFinite {
        /// The trial.
        trial: TrialId,
        /// Its fitness.
        fitness: f64,
    },
}

/// Refuses a fitness that would break every comparison.
fn check_finite(trial: TrialId, outcome: &Outcome) -> Result<(), TellError> {
    match outcome.fitness() {
        Some(fitness) if !fitness.is_finite() => Err(TellError::NotFinite { trial, fitness }),
        _ => Ok(()),
    }
}

/// Numbers trials and gives each its seed.
#[derive(Clone, Debug)]
struct TrialNumbers {
    root_seed: u64,
    next: u64,
}

impl TrialNumbers {
    const fn new(root_seed: u64) -> Self {
        Self { root_seed, next: 0 }
    }

    fn trial<G>(&mut self, parent: Option<TrialId>, genotype: G) -> Trial<G> {
        let id = TrialId(self.next);
        self.next += 1;
        Trial {
            id,
            parent,
            seed: trial_seed(self.root_seed, id),
            genotype,
        }
    }
}
