//! Conditions on the history that end a search.

use super::error::SearchError;
use super::guarded::guarded;
use super::history::History;

type Condition<G> = dyn Fn(&History<G>) -> bool + Send;

/// The conditions of [`Search::end_when`](super::Search::end_when).
pub(super) struct EndConditions<G> {
    all: Vec<Box<Condition<G>>>,
    /// How many trials had ended when they were last checked.
    checked_at: Option<usize>,
    /// Whether one has held. The search is ending then, even if none holds any more.
    met: bool,
}

impl<G> Default for EndConditions<G> {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            checked_at: None,
            met: false,
        }
    }
}

impl<G> EndConditions<G> {
    pub(super) fn add(&mut self, condition: impl Fn(&History<G>) -> bool + Send + 'static) {
        self.all.push(Box::new(condition));
    }

    /// Whether a condition holds or has held. Each is called once for each trial that ends.
    pub(super) fn are_met(&mut self, history: &History<G>) -> Result<bool, SearchError> {
        if !self.met && !self.all.is_empty() && self.checked_at != Some(history.len()) {
            self.checked_at = Some(history.len());
            self.met = guarded("a condition that ends the search", || {
                self.all.iter().any(|condition| condition(history))
            })?;
        }
        Ok(self.met)
    }
}
