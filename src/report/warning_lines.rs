//! The warnings of a search on standard error.

use std::error::Error;

use super::note::note;
use crate::search::{Event, Observer, SearchError};

/// Prints the warnings of a search on standard error as they come up, and nothing else: what a program shows
/// that shows no progress. A [`ProgressBar`](super::ProgressBar) prints them too.
///
/// A warning is a problem with the journal, a stopper that is left out, a worker that is retired, a trial that
/// doesn't end after its time limit, or an error that ends the search once the running trials have ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct WarningLines;

impl<G> Observer<G> for WarningLines {
    fn observe(&mut self, event: &Event<'_, G>) -> Result<(), Box<dyn Error + Send + Sync>> {
        for warning in warnings(event) {
            note(format_args!("warning: {warning}"));
        }
        Ok(())
    }
}

/// What an event warns of.
fn warnings<G>(event: &Event<'_, G>) -> Vec<String> {
    match event {
        Event::Resumed { warnings, .. } => warnings.iter().map(ToString::to_string).collect(),
        Event::Warned { warning } => vec![warning.to_string()],
        Event::Overdue {
            trial,
            worker,
            limit,
            running,
        } => vec![format!(
            "trial {trial} on worker {worker} has been running for {:.1} s, past its limit of {:.1} s; the search \
             waits until its evaluator checks or returns",
            running.as_secs_f64(),
            limit.as_secs_f64()
        )],
        Event::Failed { running: 0, .. } => Vec::new(),
        Event::Failed { error, running } => {
            let what = match error {
                SearchError::Journal(_) => "are interrupted",
                _ => "end first",
            };
            vec![format!(
                "an error ends the search, and its {running} running trials {what}: {error}"
            )]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::trial::TrialId;

    #[test]
    fn an_overdue_trial_is_one_line_that_names_it() {
        let overdue: Event<'_, u8> = Event::Overdue {
            trial: TrialId(7),
            worker: 2,
            limit: Duration::from_secs(30),
            running: Duration::from_millis(33_040),
        };
        assert_eq!(
            warnings(&overdue),
            [
                "trial 7 on worker 2 has been running for 33.0 s, past its limit of 30.0 s; the search waits until \
                 its evaluator checks or returns"
            ]
        );
    }
}
