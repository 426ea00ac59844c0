//! Results that nobody waits for.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::nats::TaskId;
use crate::trial::TrialId;

/// How long they are kept at least, once trials are asked for.
const KEEP: Duration = Duration::from_secs(60);

/// A result, and its place in the stream.
type PlacedResult = (Bytes, u64);

/// Results of trials that the search hasn't asked for: workers sent them after an earlier coordinator was gone. A resumed
/// search asks for its unfinished trials first, in their order, and no more at a time than it has in flight, which may
/// take hours. A result counts until a later trial was asked for; then its trial has ended some other way.
#[derive(Default)]
pub(super) struct EarlyResults {
    results: HashMap<TaskId, PlacedResult>,
    begun: Option<Instant>,
    /// The last trial that was asked for.
    last: Option<TrialId>,
}

impl EarlyResults {
    /// They will all come again.
    pub(super) fn clear(&mut self) {
        self.results.clear();
    }

    pub(super) fn insert(&mut self, task: TaskId, payload: Bytes, sequence: u64) {
        self.results.insert(task, (payload, sequence));
    }

    /// The search asks for this task.
    pub(super) fn take(&mut self, task: TaskId, now: Instant) -> Option<PlacedResult> {
        self.begun.get_or_insert(now);
        self.last = self.last.max(Some(task.trial));
        self.results.remove(&task)
    }

    /// Gives up those that nobody will ask for; returns their places.
    pub(super) fn give_up(&mut self, now: Instant) -> Vec<u64> {
        let (Some(begun), Some(last)) = (self.begun, self.last) else {
            return Vec::new();
        };
        if now.saturating_duration_since(begun) < KEEP {
            return Vec::new();
        }
        let useless = self.results.extract_if(|task, _| task.trial <= last);
        useless.map(|(_, (_, sequence))| sequence).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_kept_until_a_later_trial_is_asked_for() {
        let begin = Instant::now();
        let hours = begin + Duration::from_secs(3 * 3600);
        let task = |trial| TaskId::new(TrialId(trial), 0, 1, b"{}");
        let mut early = EarlyResults::default();
        for (trial, sequence) in [(3, 10), (4, 11), (5, 12), (9, 13)] {
            early.insert(task(trial), Bytes::new(), sequence);
        }
        assert_eq!(early.give_up(hours), [0; 0]);
        assert_eq!(early.take(task(2), begin), None);
        assert_eq!(early.give_up(hours), [0; 0]);
        assert_eq!(early.take(task(4), hours), Some((Bytes::new(), 11)));
        // Trial 3 has ended some other way, and 5 may still be asked for.
        assert_eq!(early.give_up(begin), [0; 0]);
        assert_eq!(early.give_up(hours), [10]);
        assert_eq!(early.take(task(5), hours), Some((Bytes::new(), 12)));
        assert_eq!(early.give_up(hours), [0; 0]);
    }
}
