//! The switch that ends a search from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A switch that ends a search from outside (Ctrl-C, say). Clones share it.
#[derive(Clone, Debug, Default)]
pub struct StopSignal {
    set: Arc<AtomicBool>,
    parent: Option<Arc<StopSignal>>,
}

impl StopSignal {
    /// A signal that is not set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A signal that is set whenever this one is, and can be set alone.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            set: Arc::default(),
            parent: Some(Arc::new(self.clone())),
        }
    }

    /// Asks the search to stop. Finished trials are kept; trials in flight are interrupted.
    pub fn stop(&self) {
        self.set.store(true, Ordering::Relaxed);
    }

    /// Whether the search was asked to stop.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.set.load(Ordering::Relaxed)
            || self.parent.as_ref().is_some_and(|parent| parent.is_set())
    }
}
