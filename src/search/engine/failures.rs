//! Counting failures in a row.

use std::collections::VecDeque;

use crate::search::TrialRecord;
use crate::search::error::SearchError;

/// How many failures an error shows.
const SHOWN: usize = 3;

/// The trials that have failed since the last one that didn't.
#[derive(Default)]
pub(super) struct FailuresInARow {
    count: u64,
    /// The last few, described.
    last: VecDeque<String>,
}

impl FailuresInARow {
    /// Counts a trial that has ended; fails if that makes `limit` failures in a row.
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
