//! The progress of a comparison on standard error.

use super::meter::Meter;
use super::note::note;
use crate::comparison::{RunEvent, RunObserver};

/// Shows the progress of a comparison on standard error: how many runs have ended, the algorithm of the
/// last one, runs per minute and the time left. A bar on a terminal; otherwise a plain line for every tenth
/// of the runs, and after 30 seconds without one.
#[derive(Debug, Default)]
pub struct ComparisonProgress {
    meter: Option<Meter>,
}

impl ComparisonProgress {
    /// The progress of one comparison.
    #[must_use]
    pub const fn new() -> Self {
        Self { meter: None }
    }
}

impl RunObserver for ComparisonProgress {
    fn observe(&mut self, event: &RunEvent<'_>) {
        match (event, &mut self.meter) {
            (RunEvent::Began { total, recorded }, meter) => {
                if *recorded > 0 {
                    note(format_args!(
                        "{recorded} of {total} runs are taken from the record"
                    ));
                }
                let meter = meter.insert(Meter::begin("runs", *total as u64));
                meter.resume_at(*recorded as u64);
            }
            (
                RunEvent::Finished {
                    done, contender, ..
                },
                Some(meter),
            ) => meter.advance(*done as u64, contender),
            (RunEvent::Ended, Some(meter)) => meter.finish(),
            _ => {}
        }
    }
}
