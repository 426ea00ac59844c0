//! Search algorithms: ask for a trial, evaluate it, tell the outcome.
//!
//! [`Search`](crate::search::Search) does this for you, but an algorithm also works in your own loop,
//! with any way to run the trials:
//!
//! ```
//! use evonas::prelude::*;
//!
//! let mut evolution = Evolution::builder(BitsSpace { length: 20 }, FlipOneBit)
//!     .population(20)
//!     .sample(5)
//!     .build()?;
//! let mut best = f64::NEG_INFINITY;
//! for _ in 0..500 {
//!     let trial = evolution.ask();
//!     let fitness = trial.genotype.iter().filter(|&&bit| bit).count() as f64;
//!     best = best.max(fitness);
//!     evolution.tell(trial.id, &Outcome::Completed(fitness.into()))?;
//! }
//! assert_eq!(best, 20.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Several trials may be in flight at once: ask again before telling, and tell in any order.

mod baseline;
mod categorical;
mod description;
mod error;
mod evolution;
mod policy_settings;
#[cfg(feature = "burn")]
mod ppo;
mod random_search;
mod reinforce;
mod reward;

pub use description::AlgorithmDescription;
pub use error::{AlgorithmError, TellError};
pub use evolution::{Evolution, EvolutionBuilder};
#[cfg(feature = "burn")]
pub use ppo::{Ppo, PpoBuilder};
pub use random_search::RandomSearch;
pub use reinforce::{Reinforce, ReinforceBuilder};

use std::fmt::Debug;

use crate::objective::Objective;
use crate::randomness::trial_seed;
use crate::trial::{Outcome, Trial, TrialId};

/// A search algorithm: proposes trials and learns from their outcomes.
///
/// Its state is a function of its configuration, its seed and the sequence of asks, tells and
/// withdrawals. It knows nothing of threads, files or time. `ask` may be called again before earlier
/// trials have been told.
pub trait Algorithm<G>: Debug + Send {
    /// Proposes the next trial to evaluate.
    fn ask(&mut self) -> Trial<G>;

    /// Learns the outcome of a trial.
    ///
    /// # Errors
    /// [`TellError`] if the trial is not in flight, its fitness is not finite, or its evaluation lacks
    /// one of the algorithm's objectives. The state is then unchanged. A search responds to a refused
    /// evaluation by telling the trial again, as failed.
    fn tell(&mut self, id: TrialId, outcome: &Outcome) -> Result<(), TellError>;

    /// Takes back the trial that was asked for last, because it won't be run: a constraint refuses it,
    /// or it is a duplicate. The next ask draws another genotype.
    ///
    /// The algorithms of this crate then give the trial's number to the next trial. The default
    /// implementation tells the trial as infeasible instead, which uses its number up.
    ///
    /// # Errors
    /// [`TellError`] if the trial is not in flight.
    fn withdraw(&mut self, id: TrialId) -> Result<(), TellError> {
        let reason = "withdrawn".to_owned();
        self.tell(id, &Outcome::Infeasible { reason })
    }

    /// The smallest number of trials with which a search makes sense; for evolution, the size of the
    /// population.
    fn minimum_trials(&self) -> u64 {
        1
    }

    /// Describes what the algorithm searches and how. A journal records this description, and a search
    /// only resumes if it is unchanged, so it must be the same in every process and must not change
    /// during a search. The default is the type's name.
    fn describe(&self) -> AlgorithmDescription {
        AlgorithmDescription {
            algorithm: crate::description::of_type::<Self>(),
            ..AlgorithmDescription::default()
        }
    }

    /// The objectives that it optimizes; empty if it uses only the fitness.
    fn objectives(&self) -> &[Objective] {
        &[]
    }
}

impl<G, A: Algorithm<G> + ?Sized> Algorithm<G> for Box<A> {
    fn ask(&mut self) -> Trial<G> {
        (**self).ask()
    }

    fn tell(&mut self, id: TrialId, outcome: &Outcome) -> Result<(), TellError> {
        (**self).tell(id, outcome)
    }

    fn withdraw(&mut self, id: TrialId) -> Result<(), TellError> {
        (**self).withdraw(id)
    }

    fn minimum_trials(&self) -> u64 {
        (**self).minimum_trials()
    }

    fn describe(&self) -> AlgorithmDescription {
        (**self).describe()
    }

    fn objectives(&self) -> &[Objective] {
        (**self).objectives()
    }
}

/// Numbers trials and derives their seeds.
#[derive(Clone, Debug)]
struct TrialNumbers {
    root_seed: u64,
    next: u64,
}

impl TrialNumbers {
    const fn new(root_seed: u64) -> Self {
        Self { root_seed, next: 0 }
    }

    /// Gives the number of the trial that was asked for last to the next one.
    const fn take_back(&mut self, id: TrialId) {
        if id.0 + 1 == self.next {
            self.next = id.0;
        }
    }

    fn trial<G>(&mut self, parent: Option<TrialId>, genotype: G) -> Trial<G> {
        let id = TrialId(self.next);
        self.next += 1;
        Trial {
            id,
            parent,
            mate: None,
            seed: trial_seed(self.root_seed, id),
            genotype,
        }
    }
}
