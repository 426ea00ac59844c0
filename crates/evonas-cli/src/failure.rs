//! Why a subcommand failed, for the user.

use std::error::Error;
use std::path::Path;

use evonas::comparison::{ComparisonError, RecordError};
use evonas::search::SearchError;
use evonas::search::journal::JournalError;

/// Why a subcommand failed: a sentence that says what to do.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

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
