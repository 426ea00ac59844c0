//! Calls of the user's code that turn a panic into an error.

use super::error::SearchError;
use crate::algorithm::{Algorithm, Ledger};
use crate::panics::caught;
use crate::trial::{Outcome, Trial, TrialId};

/// Calls user code and turns a panic into an error that names that code.
pub(super) fn guarded<T>(whom: &str, call: impl FnOnce() -> T) -> Result<T, SearchError> {
    caught(call).map_err(|panic| SearchError::Panicked {
        what: whom.to_owned(),
        message: panic.to_string(),
    })
}

/// [`Ledger::ask`].
pub(super) fn ask<G: Clone, A: Algorithm<G>>(
    ledger: &mut Ledger<G, A>,
) -> Result<Trial<G>, SearchError> {
    guarded("asking the algorithm for a trial", || ledger.ask())
}

/// [`Ledger::ask_in_place`].
pub(super) fn ask_in_place<G: Clone, A: Algorithm<G>>(
    ledger: &mut Ledger<G, A>,
) -> Result<&Trial<G>, SearchError> {
    guarded("asking the algorithm for a trial", || ledger.ask_in_place())
}

/// [`Ledger::tell`].
pub(super) fn tell<G: Clone, A: Algorithm<G>>(
    ledger: &mut Ledger<G, A>,
    id: TrialId,
    outcome: &Outcome,
) -> Result<Trial<G>, SearchError> {
    guarded("the algorithm's learn", || ledger.tell(id, outcome))?.map_err(SearchError::Tell)
}

/// [`Ledger::withdraw`].
pub(super) fn withdraw<G: Clone, A: Algorithm<G>>(
    ledger: &mut Ledger<G, A>,
    id: TrialId,
) -> Result<(), SearchError> {
    guarded("the algorithm's withdraw", || ledger.withdraw(id))?.map_err(SearchError::Tell)
}
