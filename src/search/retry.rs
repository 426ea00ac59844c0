//! Running failed trials again.

use crate::trial::Outcome;

/// How many more attempts a trial gets, depending on how the last one ended: by default, none.
///
/// Every attempt has the same seed. A retry helps against causes outside the evaluation, such as a shared
/// device or a lost worker, not against an evaluator that fails the same way each time. A trial that
/// is infeasible or was stopped early is never run again.
///
/// ```
/// use evonas::prelude::*;
///
/// let flaky = |bits: &Vec<bool>, context: &Context<'_>| match context.trial().0 % 2 {
///     0 => Err(EvaluationError::failed("the license server is away")),
///     _ => Ok(Evaluation::new(f64::from(bits[0]))),
/// };
/// let random = RandomSearch::new(BitsSpace { length: 8 }, 1);
/// let result = Search::new(random, Serial::new(flaky), Budget::trials(4))
///     .retry(Retry::none().failed(2).lost(5))
///     .run()?;
/// let attempts: Vec<u32> = result.history.records().iter().map(|trial| trial.attempts).collect();
/// assert_eq!(attempts, [3, 1, 3, 1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    failed: u32,
    timed_out: u32,
    out_of_memory: u32,
    lost: u32,
}

impl Retry {
    /// No more attempts.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            failed: 0,
            timed_out: 0,
            out_of_memory: 0,
            lost: 0,
        }
    }

    /// How many more attempts a failed trial gets.
    #[must_use]
    pub const fn failed(mut self, attempts: u32) -> Self {
        self.failed = attempts;
        self
    }

    /// How many more attempts a trial that timed out gets.
    #[must_use]
    pub const fn timed_out(mut self, attempts: u32) -> Self {
        self.timed_out = attempts;
        self
    }

    /// How many more attempts a trial that ran out of memory gets.
    #[must_use]
    pub const fn out_of_memory(mut self, attempts: u32) -> Self {
        self.out_of_memory = attempts;
        self
    }

    /// How many more attempts a trial gets whose worker was lost.
    #[must_use]
    pub const fn lost(mut self, attempts: u32) -> Self {
        self.lost = attempts;
        self
    }

    /// Whether a trial gets another attempt after `attempts` (at least 1), the last of which ended with
    /// `outcome`.
    pub(super) const fn allows(&self, outcome: &Outcome, attempts: u32) -> bool {
        let further = match outcome {
            Outcome::Failed { .. } => self.failed,
            Outcome::TimedOut => self.timed_out,
            Outcome::OutOfMemory { .. } => self.out_of_memory,
            Outcome::Lost { .. } => self.lost,
            Outcome::Completed(_) | Outcome::Infeasible { .. } | Outcome::Stopped { .. } => 0,
        };
        attempts <= further
    }
}
