//! What a run is doing.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::trial::{Outcome, TrialId};

/// What a run is doing, as its coordinator said last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunStatus {
    /// Trials that have been asked for and that no worker has.
    pub queued: u64,
    /// How many trials workers have.
    #[serde(default)]
    pub with_workers: u64,
    /// The trials that workers have, the longest running first; at most 200 of them.
    pub running: Vec<RunningTrial>,
    /// Trials that ended with a score, those that a stopper ended included.
    pub done: u64,
    /// Trials that ended without a score, those that are infeasible included.
    pub failed: u64,
    /// Trials that were lost: their workers died, or their device failed.
    pub lost: u64,
    /// The best fitness.
    pub best: Option<f64>,
    /// Trials that ended within the last minute, or since the coordinator began, if that is shorter, a minute.
    pub trials_per_minute: f64,
    /// Seconds since the coordinator said so.
    #[serde(default)]
    pub age: f64,
    /// Whether a coordinator has the run.
    #[serde(default)]
    pub has_coordinator: bool,
    /// Whether the run has ended.
    #[serde(default)]
    pub ended: bool,
}

/// A trial that a worker has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunningTrial {
    /// The trial.
    pub trial: TrialId,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// The worker's name.
    pub worker: String,
    /// Seconds since it began.
    pub seconds: f64,
}

/// How a run's trials ended, as [`RunStatus`] has it. A coordinator counts those that end while it runs; what its journal
/// has from before must be counted by hand.
///
/// ```no_run
/// use evonas::executor::Nats;
/// use evonas::nats::NatsServer;
/// use evonas::prelude::*;
/// use evonas::search::Event;
///
/// let space = BitsSpace { length: 20 };
/// let workers = Nats::builder(&space, NatsServer::new("nats://localhost:4222"), "bits").build()?;
/// let counts = workers.counts();
/// let search = Search::new(RandomSearch::new(space, 1), workers, Budget::trials(500))
///     .journal(Journal::open_or_create("run")?)
///     .observe(move |event: &Event<'_, Vec<bool>>| {
///         if let Event::Resumed { history, .. } = event {
///             history.records().iter().for_each(|record| counts.count(&record.outcome));
///         }
///     });
/// # drop(search);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct RunCounts(Arc<Mutex<Counted>>);

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted {
    pub(crate) done: u64,
    pub(crate) failed: u64,
    pub(crate) lost: u64,
    pub(crate) best: Option<f64>,
}

impl RunCounts {
    /// Counts a trial.
    pub fn count(&self, outcome: &Outcome) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Outcome::Completed(evaluation) => {
                counted.done += 1;
                let fitness = evaluation.fitness;
                counted.best = Some(counted.best.map_or(fitness, |best| best.max(fitness)));
            }
            Outcome::Stopped { .. } => counted.done += 1,
            Outcome::Lost { .. } => counted.lost += 1,
            _ => counted.failed += 1,
        }
    }

    /// Takes a count back: the trial runs again.
    pub(crate) fn uncount(&self, outcome: &Outcome) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = match outcome {
            Outcome::Completed(_) | Outcome::Stopped { .. } => &mut counted.done,
            Outcome::Lost { .. } => &mut counted.lost,
            _ => &mut counted.failed,
        };
        *count = count.saturating_sub(1);
    }

    pub(crate) fn get(&self) -> Counted {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
