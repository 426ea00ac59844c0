//! Ending unpromising trials early, judged by the values that they report.

mod halving;
mod median;
mod shared;
mod sorted;

pub use halving::{SuccessiveHalving, SuccessiveHalvingBuilder};
pub use median::MedianRule;
pub use shared::SharedStopper;

use std::fmt::Debug;

use crate::trial::{Outcome, TrialId};

/// What a stopper decides about a running trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It continues.
    Continue,
    /// It ends, as [`Outcome::Stopped`].
    Stop,
}

/// Judges running trials by the values that they report through
/// [`Context::report`](crate::evaluator::Context::report): the higher, the better, as with the fitness.
///
/// Its state depends only on its configuration and the sequence of calls, so that a resumed search can
/// rebuild it from the journal. A stopper that panics is left out from then on, with a
/// [warning](crate::search::Warning::StopperLeftOut).
///
/// What a stopped trial means to evolution is described at [`Evolution`](crate::algorithm::Evolution).
///
/// ```
/// use evonas::prelude::*;
/// use evonas::stopper::{Stopper, Verdict};
///
/// /// Ends trials whose value is below a bound after so many steps.
/// #[derive(Debug)]
/// struct AtLeast {
///     value: f64,
///     after: u64,
/// }
///
/// impl Stopper for AtLeast {
///     fn reported(&mut self, _: TrialId, step: u64, value: f64) -> Verdict {
///         match step >= self.after && value < self.value {
///             true => Verdict::Stop,
///             false => Verdict::Continue,
///         }
///     }
///
///     fn ended(&mut self, _: TrialId, _: &Outcome) {}
/// }
///
/// let evaluator = |bits: &Vec<bool>, context: &Context<'_>| {
///     for step in 1..=10 {
///         context.report(step, f64::from(bits[0]));
///         context.check_stop()?;
///     }
///     Ok(Evaluation::new(f64::from(bits[0])))
/// };
/// let random = RandomSearch::new(BitsSpace { length: 8 }, 1);
/// let result = Search::new(random, Serial::new(evaluator), Budget::trials(20))
///     .stopper(AtLeast { value: 0.5, after: 3 })
///     .run()?;
/// let stopped = result.history.records().iter().filter(|trial| {
///     matches!(trial.outcome, Outcome::Stopped { step: 3, .. })
/// });
/// assert!(stopped.count() > 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Stopper: Debug + Send {
    /// A trial reports a finite value after a step. Steps count from 1. At a trial's last step, if the trial
    /// says that it is ([`IntermediateResult::last_step`](crate::evaluator::IntermediateResult::last_step)),
    /// the verdict is ignored: there is nothing left to save.
    fn reported(&mut self, trial: TrialId, step: u64, value: f64) -> Verdict;

    /// An attempt at a trial has ended. Later reports of the trial belong to its next attempt.
    fn ended(&mut self, trial: TrialId, outcome: &Outcome);
}
