//! The switch that ends a search from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// A switch that ends a search from outside (Ctrl-C, say), in two stages. Clones share it.
///
/// 1. [`finish`](StopSignal::finish) asks for no more trials and lets those that are running end, so that no
///    work is lost. Evaluators don't notice.
/// 2. [`stop`](StopSignal::stop) interrupts the running trials too. A resumed search runs them again.
///
/// ```
/// use evonas::prelude::*;
///
/// let stop = StopSignal::new();
/// stop.finish();
/// assert!(stop.is_finishing() && !stop.is_set());
/// stop.stop();
/// assert!(stop.is_finishing() && stop.is_set());
/// ```
#[derive(Clone, Debug, Default)]
pub struct StopSignal {
    stage: Arc<AtomicU8>,
    parent: Option<Arc<StopSignal>>,
}

/// No more trials are asked for.
const FINISHING: u8 = 1;
/// Running trials are interrupted.
const STOPPING: u8 = 2;

impl StopSignal {
    /// A signal that is not set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A signal that is at least at the stage of this one, and can be set separately.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            stage: Arc::default(),
            parent: Some(Arc::new(self.clone())),
        }
    }

    /// Asks the search to end after the trials that are running: it starts no new trials and retries none.
    pub fn finish(&self) {
        self.stage.fetch_max(FINISHING, Ordering::Relaxed);
    }

    /// Asks the search to stop now. Finished trials are kept; trials in flight are interrupted.
    pub fn stop(&self) {
        self.stage.fetch_max(STOPPING, Ordering::Relaxed);
    }

    /// Whether no more trials should start: [`finish`](StopSignal::finish) or [`stop`](StopSignal::stop) was
    /// called.
    #[must_use]
    pub fn is_finishing(&self) -> bool {
        self.has_reached(FINISHING)
    }

    /// Whether running trials should end too: [`stop`](StopSignal::stop) was called.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.has_reached(STOPPING)
    }

    fn has_reached(&self, stage: u8) -> bool {
        let parent = self.parent.as_ref();
        self.stage.load(Ordering::Relaxed) >= stage
            || parent.is_some_and(|parent| parent.has_reached(stage))
    }
}

#[cfg(test)]
mod tests {
    use super::StopSignal;

    #[test]
    fn a_child_sees_both_stages_of_its_parents_and_never_sets_them() {
        let grandparent = StopSignal::new();
        let child = grandparent.child().child();
        grandparent.finish();
        assert!(child.is_finishing() && !child.is_set());
        grandparent.stop();
        assert!(child.is_set());

        let parent = StopSignal::new();
        parent.child().stop();
        assert!(!parent.is_finishing());
    }

    #[test]
    fn a_signal_never_goes_back_to_an_earlier_stage() {
        let signal = StopSignal::new();
        signal.stop();
        signal.finish();
        assert!(signal.is_set());
    }
}
