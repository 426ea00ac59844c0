//! Why a subcommand failed, for the user.

use std::error::Error;
use std::path::Path;

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
