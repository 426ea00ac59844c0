//! The observers of a search.

use super::error::SearchError;
use super::observer::{Event, Observer};
use crate::panics::caught;

/// The observers of a search, in the order in which they are notified.
pub(super) struct Observers<G> {
    all: Vec<NamedObserver<G>>,
}

/// An observer and the name of its type, for errors.
struct NamedObserver<G> {
    name: &'static str,
    observer: Box<dyn Observer<G> + Send>,
}

impl<G> Default for Observers<G> {
    fn default() -> Self {
        Self { all: Vec::new() }
    }
}

impl<G> Observers<G> {
    pub(super) fn add<O: Observer<G> + Send + 'static>(&mut self, observer: O) {
        self.all.push(NamedObserver {
            name: std::any::type_name::<O>(),
            observer: Box::new(observer),
        });
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Shows an event to each; the first one that fails or panics ends the search.
    pub(super) fn notify(&mut self, event: &Event<'_, G>) -> Result<(), SearchError> {
        for NamedObserver { name, observer } in &mut self.all {
            caught(|| observer.observe(event))
                .map_err(|panic| SearchError::Panicked {
                    what: format!("the observer {name}"),
                    message: panic.to_string(),
                })?
                .map_err(SearchError::Observer)?;
        }
        Ok(())
    }
}
