//! The end of a search that failed.

use super::Engine;
use crate::algorithm::Algorithm;
use crate::executor::Executor;
use crate::search::budget::Termination;
use crate::search::error::SearchError;
use crate::search::observer::Event;
use crate::space::Genotype;

impl<G: Genotype, A: Algorithm<G>, X: Executor<G>> Engine<G, A, X> {
    /// Says why the search ends before waiting for anything. Then the running trials end and are recorded, so that
    /// no work is lost, unless it can't be recorded, or the executor can't be relied on.
    pub(super) fn wind_down(&mut self, error: &SearchError) {
        // The search ends with the first error, so what else fails from here on has nobody to tell.
        let running = self.in_flight.submitted();
        let _ = self.notify(&Event::Failed { error, running });
        if !ends_trials(error) {
            self.let_trials_end();
        }
        if let Some(journal) = &mut self.settings.journal {
            let _ = journal.finish();
        }
        let _ = self.notify(&Event::Ended {
            termination: Termination::Failed,
        });
    }

    fn let_trials_end(&mut self) {
        while self.in_flight.submitted() > 0
            && let Some(event) = self.executor.next()
        {
            if let Err(error) = self.handle(event)
                && ends_trials(&error)
            {
                break;
            }
        }
    }
}

/// Whether running trials are of no more use.
const fn ends_trials(error: &SearchError) -> bool {
    matches!(
        error,
        SearchError::Journal(_) | SearchError::UnknownTrial(_)
    )
}
