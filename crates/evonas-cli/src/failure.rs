//! Why a subcommand failed, for the user.

use std::error::Error;
use std::path::Path;

use evonas::comparison::{ComparisonError, RecordError};
use evonas::report::note;
use evonas::search::SearchError;
use evonas::search::journal::JournalError;

/// Why a subcommand failed: a sentence that says what to do.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// The end of a program that did nothing wrong, but not all of its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EarlyEnd {
    /// A request ended the work.
    #[error("{message}")]
    Stopped {
        /// The exit code.
        code: u8,
        /// How to continue.
        message: String,
    },
    /// Whoever read standard output has closed it, like `head`.
    #[error("nobody reads standard output any more")]
    ClosedPipe,
}

impl EarlyEnd {
    /// The exit code: the one that a shell has for a program that the signal ended. A reader that has had enough is
    /// no failure.
    pub(crate) const fn code(&self) -> u8 {
        match self {
            Self::Stopped { code, .. } => *code,
            Self::ClosedPipe => 0,
        }
    }
}

/// The failures of steps each of which is taken whether or not those before it failed.
#[derive(Default)]
pub(crate) struct Failures(Option<Failure>);

impl Failures {
    /// Keeps the first failure; any other is shown at once.
    pub(crate) fn add(&mut self, result: Result<(), Failure>) {
        let Err(failure) = result else { return };
        match &self.0 {
            Some(first) if !first.is::<EarlyEnd>() => {
                if !failure.is::<EarlyEnd>() {
                    note(format_args!("error: {}", with_causes(&*failure)));
                }
            }
            // A request to stop decides the exit code, not a reader that has gone.
            Some(_) if matches!(failure.downcast_ref(), Some(EarlyEnd::ClosedPipe)) => {}
            _ => self.0 = Some(failure),
        }
    }

    /// The first failure; one that isn't an early end if there is one.
    pub(crate) fn first(self) -> Result<(), Failure> {
        self.0.map_or(Ok(()), Err)
    }
}

/// The refusal to begin a new run in a folder that holds one.
///
/// - `what`: what the folder holds, as in "a search".
pub(crate) fn occupied(folder: &Path, what: &str) -> Failure {
    let folder = folder.display();
    format!("{folder} holds {what} already; add --resume to continue it, or choose another folder")
        .into()
}

/// An error's message and those of its causes, leaving out those that the message before contains.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.contains(&message) {
            text = format!("{text}: {message}");
        }
        cause = error.source();
    }
    text
}

/// What to do about a record that is damaged or can't be locked; empty for any other error.
pub(crate) fn advice(error: &(dyn Error + 'static)) -> String {
    match record_error(error) {
        // Nothing is left of a record whose first line is damaged.
        Some(RecordError::Damaged { path, line, .. }) if *line > 1 => format!(
            "; evonas journal repair {} cuts it off there, so that what follows is done again",
            path.display()
        ),
        Some(RecordError::NoLock { .. }) => " (--lock optional)".to_owned(),
        _ => String::new(),
    }
}

/// The trouble with a record that an error or one of its causes is about.
fn record_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a RecordError> {
    let of_journal = |error: &'a JournalError| match error {
        JournalError::Record(error) => Some(error),
        _ => None,
    };
    // Errors that pass on another one's message have that one's causes, and so aren't among the causes themselves.
    if let Some(SearchError::Journal(error)) = error.downcast_ref() {
        of_journal(error)
    } else if let Some(ComparisonError::Record(error)) = error.downcast_ref() {
        Some(error)
    } else if let Some(error) = error.downcast_ref() {
        of_journal(error)
    } else if let Some(error) = error.downcast_ref() {
        Some(error)
    } else {
        error.source().and_then(record_error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{message}")]
    struct CausedError {
        message: &'static str,
        source: Option<Box<CausedError>>,
    }

    #[test]
    fn a_failure_counts_before_an_early_end_and_the_first_before_all_others() {
        let failed = |text: &str| Err(text.into());
        let ended = || Err(EarlyEnd::ClosedPipe.into());
        let first = |results: Vec<Result<(), Failure>>| {
            let mut failures = Failures::default();
            for result in results {
                failures.add(result);
            }
            failures.first().map_err(|failure| failure.to_string())
        };
        let one = Err("one".to_owned());
        assert_eq!(first(vec![Ok(()), failed("one"), failed("two")]), one);
        assert_eq!(first(vec![ended(), failed("one"), ended()]), one);
        let closed = Err(EarlyEnd::ClosedPipe.to_string());
        assert_eq!(first(vec![ended(), Ok(())]), closed);
        assert_eq!(first(vec![Ok(())]), Ok(()));
    }

    #[test]
    fn an_error_is_told_with_its_causes_each_once() {
        let layer = |message, source| CausedError { message, source };
        let disk = layer("the disk is full", None);
        let file = layer(
            "can't write best.json: the disk is full",
            Some(Box::new(disk)),
        );
        let search = layer("the search ended early", Some(Box::new(file)));
        assert_eq!(
            with_causes(&search),
            "the search ended early: can't write best.json: the disk is full"
        );
    }
}
