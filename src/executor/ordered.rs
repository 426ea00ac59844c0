//! Outcomes in the order of asking, whatever the timing.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Executor, ExecutorEvent, Limits};
use crate::evaluator::{StopSignal, TrialEnd};
use crate::trial::{Trial, TrialId};

/// Tells outcomes in the order in which trials were asked for, so that one seed gives one search with several
/// workers too, on any machine and at any speed, as long as evaluations are deterministic.
///
/// Wraps another executor, which runs the trials. A result that comes early waits for those of all earlier
/// trials; only then is the next trial asked for. So a trial much slower than the others leaves workers idle.
/// With times that vary by a tenth, a search on 8 workers takes 4 % longer; with times that vary by half, 54 %
/// (`docs/decisions.md` has a table).
///
/// ```
/// use evonas::prelude::*;
///
/// # let ones = |bits: &Vec<bool>, _: &Context<'_>| Ok(Evaluation::new(f64::from(bits[0])));
/// # let search = || -> Result<SearchResult<Vec<bool>>, Box<dyn std::error::Error>> {
/// # let random = RandomSearch::new(BitsSpace { length: 8 }, 1);
/// let executor = Ordered::new(Threads::new(ones, 4)?);
/// let result = Search::new(random, executor, Budget::trials(100)).run()?;
/// # Ok(result)
/// # };
/// # let ids: Vec<u64> = search()?.history.records().iter().map(|record| record.id.0).collect();
/// # assert_eq!(ids, (0..100).collect::<Vec<_>>());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// - **Events.** [`Finished`](ExecutorEvent::Finished) waits for its turn; all others pass at once.
/// - **Workers.** Which thread takes a trial depends on timing, so the record can't say so: its worker is the
///   trial's number modulo the number of workers. [`Started`](ExecutorEvent::Started) and
///   [`Overdue`](ExecutorEvent::Overdue) name the worker that really has the trial.
/// - **Retries.** A trial that runs again keeps its place: all later ones wait for its last attempt.
/// - **Stopping.** When the search is [stopped](StopSignal::stop), results that wait are given up as
///   interrupted, since the search asks for nothing more and telling them now would put them in another order:
///   a resume runs those trials again. The journal of a search that was stopped or killed, and resumed with as
///   many workers, equals that of an uninterrupted one but for the times.
/// - **Finishing.** When the search is asked to [finish](StopSignal::finish), running trials end and are told,
///   in order, while nothing more is asked for. No work is lost, but a search that resumes after that differs
///   from an uninterrupted one, as it does when a larger budget extends it.
///
/// Limits of time (of the search or of a trial) depend on timing in any case, and so does a
/// [stopper](crate::stopper::Stopper): it judges a trial by what others have reported by then.
#[derive(Debug)]
pub struct Ordered<X> {
    executor: X,
    /// The trials that were submitted and not handed out, with how they ended.
    in_flight: BTreeMap<TrialId, Option<(Duration, TrialEnd)>>,
}

impl<X> Ordered<X> {
    /// Puts the outcomes of an executor in order.
    pub const fn new(executor: X) -> Self {
        Self {
            executor,
            in_flight: BTreeMap::new(),
        }
    }

    /// The earliest trial in flight, if it has ended.
    fn first_that_ended(&mut self) -> Option<(TrialId, Duration, TrialEnd)> {
        let first = self.in_flight.first_entry()?;
        first.get().as_ref()?;
        let (trial, (duration, end)) = (*first.key(), first.remove()?);
        Some((trial, duration, end))
    }

    /// Any trial that has ended, as interrupted. Its outcome can't be told before those of earlier trials, and
    /// those won't come.
    fn given_up(&mut self) -> Option<(TrialId, Duration, TrialEnd)> {
        let mut in_flight = self.in_flight.iter();
        let trial = *in_flight.find(|(_, end)| end.is_some())?.0;
        let (duration, _) = self.in_flight.remove(&trial)??;
        Some((trial, duration, TrialEnd::Interrupted))
    }
}

impl<G, X: Executor<G>> Executor<G> for Ordered<X> {
    fn workers(&self) -> usize {
        self.executor.workers()
    }

    fn submit(&mut self, trial: Trial<G>, limits: Limits) {
        self.in_flight.insert(trial.id, None);
        self.executor.submit(trial, limits);
    }

    fn next(&mut self) -> Option<ExecutorEvent> {
        loop {
            // Once the signal is set, the search has perhaps not asked for the trial that an uninterrupted one
            // would have asked for after the last outcome. So no further outcome may be told.
            let ended = match self.executor.stop_signal().is_set() {
                true => self.given_up(),
                false => self.first_that_ended(),
            };
            if let Some((trial, duration, end)) = ended {
                return Some(ExecutorEvent::Finished {
                    trial,
                    worker: slot(trial, self.executor.workers()),
                    duration,
                    end,
                });
            }
            match self.executor.next()? {
                ExecutorEvent::Finished {
                    trial,
                    duration,
                    end,
                    ..
                } => {
                    self.in_flight.insert(trial, Some((duration, end)));
                }
                event => return Some(event),
            }
        }
    }

    fn recorded(&mut self, trial: TrialId) {
        self.executor.recorded(trial);
    }

    fn ended(&mut self) {
        self.executor.ended();
    }

    fn stop_signal(&self) -> StopSignal {
        self.executor.stop_signal()
    }

    fn clock(&self) -> Option<Duration> {
        self.executor.clock()
    }

    fn set_clock(&mut self, now: Duration) {
        self.executor.set_clock(now);
    }
}

/// The worker in the record: a function of the trial, so that a resumed search records the same.
fn slot(trial: TrialId, workers: usize) -> usize {
    // The remainder is below a usize.
    (trial.0 % (workers.max(1) as u64)) as usize
}
