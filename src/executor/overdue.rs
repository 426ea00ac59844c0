//! Noticing trials that don't end when their time is up.

use std::time::{Duration, Instant};

use super::ExecutorEvent;
use crate::evaluator::Deadline;
use crate::trial::TrialId;

/// How long a trial may run after its deadline before it is overdue: an evaluator needs a moment to notice.
fn grace(limit: Duration) -> Duration {
    (limit / 10).max(Duration::from_secs(1))
}

/// The running trials that have a time limit and haven't been reported yet.
#[derive(Debug, Default)]
pub(super) struct OverdueWatch {
    running: Vec<LimitedTrial>,
}

#[derive(Debug)]
struct LimitedTrial {
    trial: TrialId,
    worker: usize,
    limit: Duration,
    /// When it is overdue.
    overdue: Deadline,
}

impl OverdueWatch {
    pub(super) fn began(
        &mut self,
        trial: TrialId,
        worker: usize,
        begins: Instant,
        limit: Option<Duration>,
    ) {
        // A limit beyond what an Instant can hold is no limit.
        let watched = limit.and_then(|limit| {
            let overdue = Deadline::new(begins, limit.checked_add(grace(limit))?);
            overdue.instant()?;
            Some(LimitedTrial {
                trial,
                worker,
                limit,
                overdue,
            })
        });
        self.running.extend(watched);
    }

    pub(super) fn ended(&mut self, trial: TrialId) {
        self.running.retain(|running| running.trial != trial);
    }

    /// When the next trial will be overdue, if there is one.
    pub(super) fn next(&self) -> Option<Instant> {
        let overdue = self
            .running
            .iter()
            .filter_map(|trial| trial.overdue.instant());
        overdue.min()
    }

    /// Takes a trial that is overdue out of the watch.
    pub(super) fn take(&mut self, now: Instant) -> Option<ExecutorEvent> {
        let mut running = self.running.iter();
        let place = running.position(|trial| trial.overdue.is_over(now))?;
        let overdue = self.running.swap_remove(place);
        Some(ExecutorEvent::Overdue {
            trial: overdue.trial,
            worker: overdue.worker,
            limit: overdue.limit,
            running: overdue.overdue.running(now),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_is_overdue_once_after_its_limit_and_a_grace() {
        let seconds = Duration::from_secs;
        for (limit, overdue) in [(2, 3), (10, 11), (100, 110)] {
            let mut watch = OverdueWatch::default();
            let begins = Instant::now();
            watch.began(TrialId(7), 2, begins, Some(seconds(limit)));
            watch.began(TrialId(8), 1, begins, Some(seconds(1)));
            watch.ended(TrialId(8));
            watch.began(TrialId(9), 0, begins, None);
            watch.began(TrialId(10), 0, begins, Some(Duration::MAX));
            assert_eq!(watch.next(), Some(begins + seconds(overdue)));
            assert_eq!(watch.take(begins + seconds(overdue - 1)), None);
            let event = ExecutorEvent::Overdue {
                trial: TrialId(7),
                worker: 2,
                limit: seconds(limit),
                running: seconds(overdue + 1),
            };
            assert_eq!(watch.take(begins + seconds(overdue + 1)), Some(event));
            assert_eq!(
                (watch.next(), watch.take(begins + seconds(999))),
                (None, None)
            );
        }
    }
}
