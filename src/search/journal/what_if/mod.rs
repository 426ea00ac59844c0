//! What another configuration would have done with the evaluations of a recorded search.

mod recording;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::attempt::AttemptEnd;
use crate::algorithm::{Algorithm, Ledger};
use crate::evaluator::StopSignal;
use crate::search::{History, SearchError, guarded};
use crate::space::Genotype;
use crate::stopper::{SharedStopper, Stopper, Verdict};
use crate::trial::{Outcome, Trial, TrialId};
use recording::{Evaluations, RecordedStep, Recording};

/// Replays the evaluations of a recorded search through another configuration: another population or sample
/// size, another algorithm, a stopper. It continues as long as everything that the algorithm proposes was
/// evaluated in the recorded search, and reports where that ends.
///
/// Trials end in the recorded order, so that the recorded configuration replays to the end. A proposal takes the
/// evaluation of the recorded trial of its number if that has the same genotype and fidelity, and so the same
/// seed; otherwise it takes the first unused evaluation of that genotype and fidelity.
///
/// A journal doesn't record the genotypes that were refused, only how many draws were refused before a trial.
/// The replay withdraws as many draws as long as all proposals are the recorded ones; after that, a proposal
/// that a constraint would have refused ends the replay like any other without an evaluation.
///
/// ```
/// use evonas::prelude::*;
/// use evonas::search::journal::WhatIf;
///
/// # let scratch = tempfile::tempdir()?;
/// # let folder = scratch.path();
/// let ones = |bits: &Vec<bool>, _: &Context<'_>| {
///     Ok(Evaluation::new(bits.iter().filter(|&&bit| bit).count() as f64))
/// };
/// let evolution = |sample| {
///     Evolution::builder(BitsSpace { length: 6 }, FlipOneBit).population(20).sample(sample).build()
/// };
/// Search::new(evolution(5)?, Serial::new(ones), Budget::trials(500))
///     .journal(Journal::create(folder)?)
///     .run()?;
///
/// let same = WhatIf::of(folder).replay(evolution(5)?)?;
/// assert_eq!((same.history.len(), same.divergence), (500, None));
/// let other = WhatIf::of(folder).replay(evolution(2)?)?;
/// println!("{} trials until {:?}", other.history.len(), other.divergence);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct WhatIf {
    folder: PathBuf,
    stopper: Option<SharedStopper>,
    stop: StopSignal,
}

/// What another configuration would have done, as far as it is known.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Replayed<G> {
    /// The trials that ended, with the recorded evaluations.
    pub history: History<G>,
    /// Where the known evaluations end; `None` if they last as long as the recorded search.
    pub divergence: Option<Divergence<G>>,
    /// The steps that the replayed trials reported, if they reported any, with those that the recorded
    /// attempts reported.
    pub steps: Steps,
}

/// How many steps trials reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Steps {
    /// In the replay.
    pub replayed: u64,
    /// In the recorded attempts at the same trials.
    pub recorded: u64,
}

/// The first trial whose outcome is unknown.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Divergence<G> {
    /// Its number in the replay.
    pub trial: TrialId,
    /// Its genotype.
    pub genotype: G,
    /// Why its outcome is unknown.
    pub reason: DivergenceReason,
}

/// Why an outcome is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DivergenceReason {
    /// The recorded search has no unused evaluation of the genotype left.
    NotEvaluated,
    /// The recorded search stopped the trial at a step at which this stopper doesn't.
    StoppedBefore {
        /// The step.
        step: u64,
    },
}

impl WhatIf {
    /// Asks about the search that is recorded in a folder. The journal is only read.
    pub fn of(folder: impl AsRef<Path>) -> Self {
        Self {
            folder: folder.as_ref().to_owned(),
            stopper: None,
            stop: StopSignal::new(),
        }
    }

    /// Has a stopper judge what the recorded trials reported, one trial after another as they ended. Without one,
    /// trials end as they did, those that the recorded search stopped included.
    pub fn stopper(mut self, stopper: impl Stopper + 'static) -> Self {
        self.stopper = Some(SharedStopper::new(stopper));
        self
    }

    /// Ends the replay with an error when the signal is set, to either stage.
    pub fn stop_signal(mut self, stop: &StopSignal) -> Self {
        self.stop = stop.clone();
        self
    }

    /// Replays the recorded evaluations through an algorithm.
    ///
    /// # Errors
    /// [`SearchError`] if the journal can't be read, the algorithm panics, it refuses an outcome, or the replay was
    /// stopped.
    pub fn replay<G, A>(self, algorithm: A) -> Result<Replayed<G>, SearchError>
    where
        G: Genotype + Serialize + DeserializeOwned,
        A: Algorithm<G>,
    {
        let recorded = Recording::read(&self.folder)?;
        let history = History::with_objectives(algorithm.objectives().to_vec());
        let mut replay = Replay {
            ledger: Ledger::new(algorithm),
            stopper: self.stopper,
            stop: self.stop,
            evaluations: Evaluations::new(&recorded.ended),
            recorded,
            in_flight: HashMap::new(),
            same: true,
            replayed: Replayed {
                history,
                divergence: None,
                steps: Steps::default(),
            },
        };
        replay.run()?;
        Ok(replay.replayed)
    }
}

struct Replay<G, A> {
    ledger: Ledger<G, A>,
    stopper: Option<SharedStopper>,
    stop: StopSignal,
    recorded: Recording<G>,
    evaluations: Evaluations,
    /// The places of the evaluations of trials in flight; `None` if there is no evaluation.
    in_flight: HashMap<TrialId, Option<usize>>,
    /// Whether all proposals so far are the recorded ones.
    same: bool,
    replayed: Replayed<G>,
}

impl<G: Genotype + Serialize, A: Algorithm<G>> Replay<G, A> {
    fn run(&mut self) -> Result<(), SearchError> {
        for step in std::mem::take(&mut self.recorded.steps) {
            self.check_goes_on()?;
            match step {
                RecordedStep::Ask { refused } => self.ask(refused)?,
                RecordedStep::Tell(trial) => self.tell(trial)?,
            }
            if self.replayed.divergence.is_some() {
                break;
            }
        }
        Ok(())
    }

    fn ask(&mut self, refused: u64) -> Result<(), SearchError> {
        for _ in 0..if self.same { refused } else { 0 } {
            self.check_goes_on()?;
            let withdrawn = guarded::ask_in_place(&mut self.ledger)?.id;
            guarded::withdraw(&mut self.ledger, withdrawn)?;
        }
        let trial = guarded::ask(&mut self.ledger)?;
        let place = self.evaluations.take(&trial, &self.recorded.ended);
        self.same &= place.is_none_or(|place| self.recorded.ended[place].0.id == trial.id);
        // A trial that was in flight when the recorded search ended is never told.
        self.in_flight.insert(trial.id, place);
        Ok(())
    }

    fn tell(&mut self, id: TrialId) -> Result<(), SearchError> {
        let place = match self.in_flight.remove(&id) {
            Some(Some(place)) => place,
            Some(None) => {
                if let Some(trial) = self.ledger.trial(id).cloned() {
                    self.diverge(trial, DivergenceReason::NotEvaluated);
                }
                return Ok(());
            }
            None => return Ok(()),
        };
        let end = &self.recorded.ended[place].1;
        let stopper = self.stopper.as_ref().filter(|_| end.reused.is_none());
        let (outcome, steps) = match judged(stopper, id, end) {
            Ok(judged) => judged,
            Err(reason) => {
                if let Some(trial) = self.ledger.trial(id).cloned() {
                    self.diverge(trial, reason);
                }
                return Ok(());
            }
        };
        if let Some(stopper) = stopper {
            stopper.ended(id, &outcome);
        }
        let end = AttemptEnd {
            trial: id,
            worker: end.worker,
            attempt: end.attempt,
            reused: end.reused,
            outcome,
            reports: Vec::new(),
            last_step: None,
            duration: end.duration,
        };
        self.replayed.steps.replayed += steps;
        self.replayed.steps.recorded += self.recorded.ended[place].1.reports.len() as u64;
        let trial = guarded::tell(&mut self.ledger, id, &end.outcome)?;
        self.replayed.history.push(end.into_record(trial));
        Ok(())
    }

    fn check_goes_on(&self) -> Result<(), SearchError> {
        match self.stop.is_finishing() {
            true => Err(SearchError::StoppedInReplay),
            false => Ok(()),
        }
    }

    fn diverge(&mut self, trial: Trial<G>, reason: DivergenceReason) {
        self.replayed.divergence = Some(Divergence {
            trial: trial.id,
            genotype: trial.genotype,
            reason,
        });
    }
}

/// How a recorded attempt ends under a stopper, and how many of its reports that takes; the reason if it is
/// unknown.
fn judged(
    stopper: Option<&SharedStopper>,
    trial: TrialId,
    end: &AttemptEnd,
) -> Result<(Outcome, u64), DivergenceReason> {
    let all = end.reports.len() as u64;
    let Some(stopper) = stopper else {
        return Ok((end.outcome.clone(), all));
    };
    for (place, &(step, value)) in (1..).zip(&end.reports) {
        let stops = stopper.reported(trial, step, value) == Verdict::Stop;
        if stops && end.last_step.is_none_or(|last| step < last) {
            return Ok((Outcome::Stopped { step, value }, place));
        }
    }
    match end.outcome {
        Outcome::Stopped { step, .. } => Err(DivergenceReason::StoppedBefore { step }),
        ref outcome => Ok((outcome.clone(), all)),
    }
}
