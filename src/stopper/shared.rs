//! A stopper that all workers share.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Stopper, Verdict};
use crate::panics::caught;
use crate::trial::{Outcome, TrialId};

/// A stopper that all workers share, as do clones.
///
/// A stopper that panics is never called again, since its state may be half changed: from then on no trial is
/// stopped.
#[derive(Clone, Debug)]
pub struct SharedStopper(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    stopper: Box<dyn Stopper>,
    /// The message of its panic.
    failure: Option<String>,
}

impl SharedStopper {
    /// Shares a stopper.
    pub fn new(stopper: impl Stopper + 'static) -> Self {
        Self(Arc::new(Mutex::new(State {
            stopper: Box::new(stopper),
            failure: None,
        })))
    }

    /// See [`Stopper::reported`].
    #[must_use]
    pub fn reported(&self, trial: TrialId, step: u64, value: f64) -> Verdict {
        self.lock()
            .ask(|stopper| stopper.reported(trial, step, value))
            .unwrap_or(Verdict::Continue)
    }

    /// See [`Stopper::ended`].
    pub fn ended(&self, trial: TrialId, outcome: &Outcome) {
        self.lock().ask(|stopper| stopper.ended(trial, outcome));
    }

    /// The message of the panic after which the stopper is no longer called, if there was one.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.lock().failure.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held: the stopper's panics are caught.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Calls the stopper; `None` if it panics or has panicked before.
    fn ask<T>(&mut self, call: impl FnOnce(&mut dyn Stopper) -> T) -> Option<T> {
        if self.failure.is_some() {
            return None;
        }
        match caught(|| call(&mut *self.stopper)) {
            Ok(answer) => Some(answer),
            Err(panic) => {
                self.failure = Some(panic.to_string());
                None
            }
        }
    }
}
