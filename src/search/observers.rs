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
    panicked: bool,
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
            panicked: false,
        });
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Shows an event to each, even if one before it fails or panics. The first error ends the search.
    pub(super) fn notify(&mut self, event: &Event<'_, G>) -> Result<(), SearchError> {
        let mut shown = Ok(());
        for observer in self.all.iter_mut().filter(|observer| !observer.panicked) {
            let seen = observer.observe(event);
            if shown.is_ok() {
                shown = seen;
            }
        }
        shown
    }
}

impl<G> NamedObserver<G> {
    fn observe(&mut self, event: &Event<'_, G>) -> Result<(), SearchError> {
        match caught(|| self.observer.observe(event)) {
            Ok(seen) => seen.map_err(SearchError::Observer),
            Err(panic) => {
                self.panicked = true;
                Err(SearchError::Panicked {
                    what: format!("the observer {}", self.name),
                    message: panic.to_string(),
                })
            }
        }
    }
}
