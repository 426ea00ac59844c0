//! Calls of the user's code that turn a panic into an error.

use super::error::SearchError;
use crate::algorithm::Algorithm;
use crate::panics::caught;
use crate::trial::{Outcome, Trial, TrialId};

/// Calls user code and turns a panic into an error that names that code.
pub(super) fn guarded<T>(whom: &str, call: impl FnOnce() -> T) -> Result<T, SearchError> {
    caught(call).map_err(|panic| SearchError::Panicked {
        what: whom.to_owned(),
        message: panic.to_string(),
    })
}

/// [`Algorithm::ask`].
pub(super) fn ask<G>(algorithm: &mut impl Algorithm<G>) -> Result<Trial<G>, SearchError> {
    guarded("the algorithm's ask", || algorithm.ask())
}

/// [`Algorithm::tell`].
pub(super) fn tell<G>(
    algorithm: &mut impl Algorithm<G>,
    id: TrialId,
    outcome: &Outcome,
) -> Result<(), SearchError> {
    guarded("the algorithm's tell", || algorithm.tell(id, outcome))?.map_err(SearchError::Tell)
}

/// [`Algorithm::withdraw`].
pub(super) fn withdraw<G>(
    algorithm: &mut impl Algorithm<G>,
    id: TrialId,
) -> Result<(), SearchError> {
    guarded("the algorithm's withdraw", || algorithm.withdraw(id))?.map_err(SearchError::Tell)
}
