//! When too many trials in a row fail.

use std::collections::VecDeque;

use crate::search::error::SearchError;
use crate::search::history::TrialRecord;

/// How many failures an error shows.
const SHOWN: usize = 3;

/// The failed trials since the last one that did not fail.
#[derive(Default)]
pub(super) struct FailuresInARow {
    count: u64,
    /// The last of them, described.
    last: VecDeque<String>,
}

impl FailuresInARow {
    /// Counts a trial that has ended; an error if that makes `limit` failures in a row.
    pub(super) fn count<G>(
        &mut self,
        record: &TrialRecord<G>,
        limit: u64,
    ) -> Result<(), SearchError> {
        if !record.outcome.is_failure() {
            self.count = 0;
            self.last.clear();
            return Ok(());
        }
        self.count += 1;
        if self.last.len() == SHOWN {
            self.last.pop_front();
        }
        self.last
            .push_back(format!("trial {} {}", record.id, record.outcome));
        if self.count < limit {
            return Ok(());
        }
        Err(SearchError::TooManyFailures {
            count: self.count,
            last: self.last.iter().cloned().collect(),
        })
    }
}
