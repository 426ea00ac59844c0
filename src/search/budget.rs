//! When a search ends.

use std::fmt;
use std::time::Duration;

use super::History;

/// How many trials in a row without a new result end a search whose trials aren't limited.
const STANDSTILL: usize = 1000;

/// How much a search may spend, and when it has found enough. The first limit that is reached ends it: no
/// new trial starts, and those in flight end and count.
///
/// Without a limit on trials, a search also ends after 1,000 trials in a row that bring no new result
/// ([`History::longest_without_result`]), as in a small space of which every genotype has been evaluated.
///
/// ```
/// use std::time::Duration;
///
/// use evonas::prelude::*;
///
/// let trials = Budget::trials(1000);
/// let whichever_comes_first = Budget::unlimited()
///     .wall_time(Duration::from_secs(3600))
///     .target_fitness(0.95)
///     .patience(500);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    trials: Option<u64>,
    wall_time: Option<Duration>,
    simulated_time: Option<Duration>,
    target_fitness: Option<f64>,
    patience: Option<u64>,
    minimum_gain: f64,
}

impl Budget {
    /// A number of trials, the initial population and failures included (the paper's `C`).
    #[must_use]
    pub const fn trials(trials: u64) -> Self {
        Self::unlimited().maximum_trials(trials)
    }

    /// No limit: without one set here, a search runs until its stop signal is set, or 1,000 trials in a row
    /// bring no new result.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self {
            trials: None,
            wall_time: None,
            simulated_time: None,
            target_fitness: None,
            patience: None,
            minimum_gain: 0.0,
        }
    }

    /// Ends the search after this number of trials, the initial population and failures included.
    #[must_use]
    pub const fn maximum_trials(mut self, trials: u64) -> Self {
        self.trials = Some(trials);
        self
    }

    /// Ends the search after this real time, regardless of the executor's clock. The time before a resume
    /// counts, up to the last line of the journal.
    #[must_use]
    pub const fn wall_time(mut self, limit: Duration) -> Self {
        self.wall_time = Some(limit);
        self
    }

    /// Ends the search after this time on the executor's virtual clock.
    #[must_use]
    pub const fn simulated_time(mut self, limit: Duration) -> Self {
        self.simulated_time = Some(limit);
        self
    }

    /// Ends the search when a trial at full [fidelity](crate::trial::Fidelity) has at least this fitness.
    #[must_use]
    pub const fn target_fitness(mut self, fitness: f64) -> Self {
        self.target_fitness = Some(fitness);
        self
    }

    /// Ends the search when this many trials in a row have brought no improvement: no higher fitness or, with
    /// objectives, no new member of the Pareto front. As soon as a trial has completed at full fidelity, only such
    /// trials can be improvements, while all count.
    ///
    /// The longest such run of trials decides, so an improvement by a trial in flight comes too late, and a
    /// search that has ended for this reason continues only with more patience.
    #[must_use]
    pub const fn patience(mut self, trials: u64) -> Self {
        self.patience = Some(trials);
        self
    }

    /// For [`Budget::patience`], only a fitness that exceeds that of the last improvement by more than `gain`
    /// is an improvement; 0 by default, and for a negative `gain` or NaN. With objectives it has no effect:
    /// every new member of the Pareto front is an improvement.
    #[must_use]
    pub const fn minimum_gain(mut self, gain: f64) -> Self {
        self.minimum_gain = gain.max(0.0);
        self
    }

    pub(super) const fn gain(&self) -> f64 {
        self.minimum_gain
    }

    pub(super) const fn trial_limit(&self) -> Option<u64> {
        self.trials
    }

    pub(super) const fn needs_virtual_clock(&self) -> bool {
        self.simulated_time.is_some()
    }

    /// Which limit is reached, apart from the number of trials.
    pub(super) fn reached<G>(
        &self,
        history: &History<G>,
        wall_time: impl FnOnce() -> Duration,
        simulated_time: Option<Duration>,
    ) -> Option<Termination> {
        if let (Some(target), Some(highest)) = (self.target_fitness, history.highest_fitness())
            && history.has_full()
            && highest >= target
        {
            return Some(Termination::TargetFitness);
        }
        if self
            .patience
            .is_some_and(|trials| history.longest_standstill() as u64 >= trials)
        {
            return Some(Termination::NoImprovement);
        }
        if let (Some(limit), Some(time)) = (self.simulated_time, simulated_time)
            && time >= limit
        {
            return Some(Termination::SimulatedTime);
        }
        if self.wall_time.is_some_and(|limit| wall_time() >= limit) {
            return Some(Termination::WallTime);
        }
        // Such trials cost next to nothing, so nothing else may ever end the search.
        if self.trials.is_none() && history.longest_without_result() >= STANDSTILL {
            return Some(Termination::Standstill);
        }
        None
    }
}

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Termination {
    /// All trials are done.
    Trials,
    /// The real time is up.
    WallTime,
    /// The time on the virtual clock is up.
    SimulatedTime,
    /// A trial reached the target fitness.
    TargetFitness,
    /// As many trials in a row as allowed have brought no improvement.
    NoImprovement,
    /// A condition of [`Search::end_when`](super::Search::end_when) held.
    Condition,
    /// The trials aren't limited, and 1,000 of them in a row brought no new result.
    Standstill,
    /// The stop signal was set, to either stage.
    Stopped,
    /// An error ended it ([`EndedSearch::error`](super::EndedSearch::error)).
    Failed,
}

impl fmt::Display for Termination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Trials => "all trials are done",
            Self::WallTime => "the time is up",
            Self::SimulatedTime => "the simulated time is up",
            Self::TargetFitness => "the target fitness is reached",
            Self::NoImprovement => "the best has not improved for long enough",
            Self::Condition => "the search's own condition holds",
            Self::Standstill => "no new result in 1,000 trials",
            Self::Stopped => "stopped by request",
            Self::Failed => "ended by an error",
        })
    }
}
