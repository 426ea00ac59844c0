//! The progress of a comparison on standard error.

use super::meter::Meter;
use crate::comparison::{RunEvent, RunObserver};

/// Shows how many runs of a comparison have ended, the last one's algorithm, runs per minute and the time
/// left, on standard error: a bar on a terminal, else a plain line for every tenth of the runs.
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
                    eprintln!("{recorded} of {total} runs are taken from the record");
                }
                let meter = meter.insert(Meter::begin("runs", *total as u64));
                meter.go_on_after(*recorded as u64);
            }
            (
                RunEvent::Finished {
                    done, contender, ..
                },
                Some(meter),
            ) => meter.advance(*done as u64, contender.name()),
            (RunEvent::Ended, Some(meter)) => meter.finish(),
            _ => {}
        }
    }
}
