//! Random search, the baseline for other algorithms.

use super::{Algorithm, AlgorithmDescription, TellError, TrialNumbers, error::check_finite};
use crate::by_id::SetOfIds;
use crate::description;
use crate::randomness::{Stream, algorithm_rng};
use crate::space::{Genotype, SearchSpace};
use crate::trial::{Outcome, Trial, TrialId};

/// Draws every genotype independently from the space, as evolution draws its first population.
#[derive(Debug)]
pub struct RandomSearch<G> {
    space: Box<dyn SearchSpace<Genotype = G>>,
    rng: Stream,
    numbers: TrialNumbers,
    in_flight: SetOfIds,
    description: AlgorithmDescription,
}

impl<G: Genotype> RandomSearch<G> {
    /// Random search in `space` with a root seed.
    pub fn new(space: impl SearchSpace<Genotype = G> + 'static, seed: u64) -> Self {
        let description = AlgorithmDescription {
            seed: Some(seed),
            space: space.describe(),
            algorithm: description::named("RandomSearch", &()),
        };
        Self {
            description,
            space: Box::new(space),
            rng: algorithm_rng(seed),
            numbers: TrialNumbers::new(seed),
            in_flight: SetOfIds::default(),
        }
    }
}

impl<G: Genotype> Algorithm<G> for RandomSearch<G> {
    fn ask(&mut self) -> Trial<G> {
        let trial = self.numbers.trial(None, self.space.sample(&mut self.rng));
        self.in_flight.insert(trial.id);
        trial
    }

    fn tell(&mut self, id: TrialId, outcome: &Outcome) -> Result<(), TellError> {
        check_finite(id, outcome)?;
        if self.in_flight.remove(&id) {
            Ok(())
        } else {
            Err(TellError::NotInFlight(id))
        }
    }

    fn withdraw(&mut self, id: TrialId) -> Result<(), TellError> {
        if self.in_flight.remove(&id) {
            self.numbers.take_back(id);
            Ok(())
        } else {
            Err(TellError::NotInFlight(id))
        }
    }

    fn describe(&self) -> AlgorithmDescription {
        self.description.clone()
    }
}
