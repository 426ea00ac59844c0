//! The ledger of a search: numbers, seeds and what is in flight.

use super::{Algorithm, Proposal, TellError};
use crate::by_id::MapById;
use crate::objective::Objective;
use crate::randomness::TrialSeeds;
use crate::trial::{Outcome, Trial, TrialId};

/// Keeps what every search needs besides its algorithm: it numbers the trials, derives their seeds unless a proposal [has
/// one](Proposal::seed), and knows
/// which are in flight. [`Search`](crate::search::Search) has one, and your own loop can have one:
///
/// ```
/// use evonas::prelude::*;
///
/// let evolution = Evolution::builder(BitsSpace { length: 20 }, FlipOneBit)
///     .population(20)
///     .sample(5)
///     .build()?;
/// let mut ledger = Ledger::new(evolution);
/// let mut best = f64::NEG_INFINITY;
/// for _ in 0..500 {
///     let trial = ledger.ask();
///     let fitness = trial.genotype.iter().filter(|&&bit| bit).count() as f64;
///     best = best.max(fitness);
///     ledger.tell(trial.id, &Outcome::Completed(fitness.into()))?;
/// }
/// assert_eq!(best, 20.0);
/// assert_eq!(ledger.algorithm().population().len(), 20);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Several trials may be in flight at once: ask again before telling, and tell in any order.
#[derive(Debug)]
pub struct Ledger<G, A> {
    algorithm: A,
    seeds: TrialSeeds,
    next: u64,
    in_flight: MapById<Trial<G>>,
}

impl<G: Clone, A: Algorithm<G>> Ledger<G, A> {
    /// An empty ledger. The seeds of its trials derive from [`Algorithm::seed`].
    pub fn new(algorithm: A) -> Self {
        Self {
            seeds: TrialSeeds::new(algorithm.seed()),
            algorithm,
            next: 0,
            in_flight: MapById::default(),
        }
    }

    /// Asks the algorithm for a genotype and makes it the next trial, which is in flight from now on.
    pub fn ask(&mut self) -> Trial<G> {
        self.ask_in_place().clone()
    }

    /// As [`Ledger::ask`], for a caller who only looks at the trial.
    pub(crate) fn ask_in_place(&mut self) -> &Trial<G> {
        let id = TrialId(self.next);
        let Proposal {
            genotype,
            parent,
            mate,
            continues,
            seed,
            fidelity,
        } = self.algorithm.propose(id);
        let trial = Trial {
            id,
            parent,
            mate,
            continues,
            seed: seed.unwrap_or_else(|| self.seeds.seed(id)),
            fidelity,
            genotype,
        };
        self.next += 1;
        self.in_flight.insert(id, trial)
    }

    /// Tells the algorithm how a trial ended, and returns the trial, which is no longer in flight.
    ///
    /// # Errors
    /// [`TellError`] if the trial is not in flight, its fitness is not finite, its evaluation lacks one of the
    /// algorithm's objectives, or the algorithm refuses it. The trial is then still in flight. A search
    /// responds to a refused evaluation by telling the trial again, as failed.
    pub fn tell(&mut self, id: TrialId, outcome: &Outcome) -> Result<Trial<G>, TellError> {
        let trial = self.land(id)?;
        let learned = check(id, outcome, self.algorithm.objectives())
            .and_then(|()| self.algorithm.learn(&trial, outcome));
        match learned {
            Ok(()) => Ok(trial),
            Err(refusal) => {
                self.in_flight.insert(id, trial);
                Err(refusal)
            }
        }
    }

    /// Takes back a trial that won't be run: a constraint refuses it, or it is a duplicate. If it is the one
    /// that was asked for last, the next trial has its number.
    ///
    /// # Errors
    /// [`TellError::NotInFlight`] if the trial is not in flight.
    pub fn withdraw(&mut self, id: TrialId) -> Result<(), TellError> {
        let trial = self.land(id)?;
        if id.0 + 1 == self.next {
            self.next = id.0;
        }
        self.algorithm.withdraw(&trial);
        Ok(())
    }

    /// A trial in flight.
    #[must_use]
    pub fn trial(&self, id: TrialId) -> Option<&Trial<G>> {
        self.in_flight.get(id)
    }

    /// The trials in flight, in any order.
    pub fn in_flight(&self) -> impl Iterator<Item = &Trial<G>> {
        self.in_flight.values()
    }

    /// How many numbers are in use: those of trials that were asked for, without a withdrawn one at the end.
    #[must_use]
    pub const fn asked(&self) -> u64 {
        self.next
    }

    /// The algorithm.
    pub const fn algorithm(&self) -> &A {
        &self.algorithm
    }

    /// Gives the algorithm back. It learns nothing more of the trials in flight.
    pub fn into_algorithm(self) -> A {
        self.algorithm
    }

    fn land(&mut self, id: TrialId) -> Result<Trial<G>, TellError> {
        self.in_flight.remove(id).ok_or(TellError::NotInFlight(id))
    }
}

/// Refuses an evaluation that would break comparisons.
#[inline]
fn check(id: TrialId, outcome: &Outcome, objectives: &[Objective]) -> Result<(), TellError> {
    let evaluation = match outcome {
        Outcome::Completed(evaluation) => evaluation,
        Outcome::Stopped { value, .. } if !value.is_finite() => {
            return Err(TellError::NotFinite {
                trial: id,
                fitness: *value,
            });
        }
        _ => return Ok(()),
    };
    if !evaluation.fitness.is_finite() {
        return Err(TellError::NotFinite {
            trial: id,
            fitness: evaluation.fitness,
        });
    }
    for objective in objectives {
        let metric = || objective.metric().to_owned();
        match objective.value(evaluation) {
            Some(value) if value.is_finite() => {}
            Some(value) => {
                return Err(TellError::MetricNotFinite {
                    trial: id,
                    metric: metric(),
                    value,
                });
            }
            None => {
                return Err(TellError::NoMetric {
                    trial: id,
                    metric: metric(),
                });
            }
        }
    }
    Ok(())
}
