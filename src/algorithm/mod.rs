//! Search algorithms: they propose a genotype and learn how its trial ended.
//!
//! An [`Algorithm`] knows nothing of threads, files or time. A [`Ledger`] numbers its trials and knows which
//! are in flight; [`Search`](crate::search::Search) runs them. Simulated annealing, complete:
//!
//! ```
//! use evonas::prelude::*;
//!
//! /// Keeps a genotype and moves to a neighbor: always to a better one, to a worse one the less likely the
//! /// later.
//! #[derive(Debug)]
//! struct Annealing {
//!     seed: u64,
//!     rng: Stream,
//!     temperature: f64,
//!     current: Option<(f64, Trial<Vec<bool>>)>,
//! }
//!
//! impl Algorithm<Vec<bool>> for Annealing {
//!     fn propose(&mut self, _: TrialId) -> Proposal<Vec<bool>> {
//!         match &self.current {
//!             Some((_, current)) => {
//!                 Proposal::child(current.id, FlipOneBit.mutate(&current.genotype, &mut self.rng))
//!             }
//!             None => Proposal::random(BitsSpace { length: 20 }.sample(&mut self.rng)),
//!         }
//!     }
//!
//!     fn learn(&mut self, trial: &Trial<Vec<bool>>, outcome: &Outcome) -> Result<(), TellError> {
//!         self.temperature *= 0.98;
//!         let Some(fitness) = outcome.fitness() else {
//!             return Ok(());
//!         };
//!         let current = self.current.as_ref().map_or(f64::NEG_INFINITY, |(fitness, _)| *fitness);
//!         if self.rng.random::<f64>() < ((fitness - current) / self.temperature).exp() {
//!             self.current = Some((fitness, trial.clone()));
//!         }
//!         Ok(())
//!     }
//!
//!     fn seed(&self) -> u64 {
//!         self.seed
//!     }
//! }
//!
//! let ones = |bits: &Vec<bool>, _: &Context<'_>| {
//!     Ok(Evaluation::new(bits.iter().filter(|&&bit| bit).count() as f64))
//! };
//! let annealing = Annealing { seed: 1, rng: stream(1, 0), temperature: 5.0, current: None };
//! let result = Search::new(annealing, Serial::new(ones), Budget::trials(500)).run()?;
//! assert_eq!(result.best().and_then(|best| best.fitness()), Some(20.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod annealing;
mod baseline;
mod categorical;
mod description;
mod error;
mod evolution;
mod ledger;
mod local_search;
mod policy_settings;
#[cfg(feature = "burn")]
mod ppo;
mod promotion;
mod proposal;
mod random_search;
mod reinforce;
mod reward;
mod surrogate;

pub use annealing::{SimulatedAnnealing, SimulatedAnnealingBuilder};
pub use description::AlgorithmDescription;
pub use error::{AlgorithmError, TellError};
pub use evolution::{Evolution, EvolutionBuilder};
pub use ledger::Ledger;
pub use local_search::{LocalSearch, LocalSearchBuilder};
#[cfg(feature = "burn")]
pub use ppo::{Ppo, PpoBuilder};
pub use promotion::{Promotion, PromotionBuilder};
pub use proposal::Proposal;
pub use random_search::RandomSearch;
pub use reinforce::{Reinforce, ReinforceBuilder};
pub use surrogate::{SurrogateSearch, SurrogateSearchBuilder};

use std::fmt::Debug;

use crate::objective::Objective;
use crate::trial::{Outcome, Trial, TrialId};

/// A search algorithm: proposes genotypes and learns how their trials ended.
///
/// Its state is a function of its configuration, its seed and the sequence of calls. It may be asked for
/// further proposals before it learns the outcome of earlier ones, and learns outcomes in any order.
///
/// The [module](self) has a complete algorithm as an example. An algorithm may also wrap another one; this one asks for
/// a cheaper evaluation of the first proposals:
///
/// ```
/// use evonas::prelude::*;
///
/// #[derive(Debug)]
/// struct CheapAtFirst<A> {
///     algorithm: A,
///     until: u64,
/// }
///
/// impl<G, A: Algorithm<G>> Algorithm<G> for CheapAtFirst<A> {
///     fn propose(&mut self, trial: TrialId) -> Proposal<G> {
///         let proposal = self.algorithm.propose(trial);
///         match trial.0 < self.until {
///             true => proposal.with_fidelity(Fidelity::full().with("epochs", 1.0)),
///             false => proposal,
///         }
///     }
///
///     fn learn(&mut self, trial: &Trial<G>, outcome: &Outcome) -> Result<(), TellError> {
///         self.algorithm.learn(trial, outcome)
///     }
///
///     fn withdraw(&mut self, trial: &Trial<G>) {
///         self.algorithm.withdraw(trial);
///     }
///
///     fn seed(&self) -> u64 {
///         self.algorithm.seed()
///     }
/// }
///
/// let random = RandomSearch::new(BitsSpace { length: 4 }, 0);
/// let mut ledger = Ledger::new(CheapAtFirst { algorithm: random, until: 1 });
/// assert_eq!(ledger.ask().fidelity.amount("epochs"), Some(1.0));
/// assert!(ledger.ask().fidelity.is_full());
/// ```
pub trait Algorithm<G>: Debug + Send {
    /// Proposes the next genotype. `trial` is the number that its trial will have, for an algorithm that
    /// remembers something of a proposal until it learns the outcome. After a
    /// [withdrawal](Algorithm::withdraw) the same number comes again, and another genotype is wanted: draw from
    /// a stream that continues, not from one derived from that number.
    fn propose(&mut self, trial: TrialId) -> Proposal<G>;

    /// Learns how a trial ended. A fitness is finite, and an evaluation has all of the algorithm's
    /// [objectives](Algorithm::objectives).
    ///
    /// A wrapper may have it learn a trial that it didn't propose: [`Promotion`] does, of a genotype that it learned
    /// of before. It takes what it can use of such a trial, and must not fail because it doesn't know the number.
    ///
    /// # Errors
    /// [`TellError`] if the algorithm can't use the outcome. Its state must then be unchanged. A search
    /// lets the trial fail and has the algorithm learn that instead.
    fn learn(&mut self, trial: &Trial<G>, outcome: &Outcome) -> Result<(), TellError>;

    /// A proposed trial won't be run: a constraint refuses its genotype, or it is a duplicate. If it is the one
    /// that was proposed last, as in a search, the next proposal has its number. By default, this does nothing.
    fn withdraw(&mut self, trial: &Trial<G>) {
        let _ = trial;
    }

    /// The root seed, from which the seed of every trial derives: 0 by default.
    fn seed(&self) -> u64 {
        0
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
    fn propose(&mut self, trial: TrialId) -> Proposal<G> {
        (**self).propose(trial)
    }

    fn learn(&mut self, trial: &Trial<G>, outcome: &Outcome) -> Result<(), TellError> {
        (**self).learn(trial, outcome)
    }

    fn withdraw(&mut self, trial: &Trial<G>) {
        (**self).withdraw(trial);
    }

    fn seed(&self) -> u64 {
        (**self).seed()
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
