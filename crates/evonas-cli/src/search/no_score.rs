//! Why a search found nothing.

use std::collections::HashMap;

use evonas::prelude::*;
use evonas::search::History;

/// The most reasons that a message lists.
const MOST_REASONS: usize = 3;

/// The failure of a search in which no trial has a score: how its trials ended, the most frequent ends first.
pub(super) fn no_score<G>(history: &History<G>) -> String {
    summary(history.records().iter().map(|record| &record.outcome))
}

fn summary<'a>(outcomes: impl ExactSizeIterator<Item = &'a Outcome>) -> String {
    let trials = outcomes.len();
    let mut counts: HashMap<String, usize> = HashMap::new();
    for outcome in outcomes {
        *counts.entry(end(outcome)).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_unstable_by(|(left, most), (right, least)| least.cmp(most).then(left.cmp(right)));
    let mut text = format!("none of {trials} trials has a score");
    for (end, count) in counts.iter().take(MOST_REASONS) {
        text += &format!("\n  {count} {end}");
    }
    if let Some(rest @ 1..) = counts.len().checked_sub(MOST_REASONS) {
        text += &format!("\n  and {rest} other reasons");
    }
    text
}

/// How a trial ended, in the same words for all trials that ended alike.
fn end(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Stopped { .. } => "stopped early by the stopper".to_owned(),
        outcome => outcome.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_reasons_come_first_and_the_rest_is_counted() {
        let infeasible = |reason: &str| Outcome::Infeasible {
            reason: reason.to_owned(),
        };
        let stopped = |step| Outcome::Stopped { step, value: 0.5 };
        let mut outcomes = vec![
            Outcome::TimedOut,
            Outcome::lost("its process died"),
            infeasible("b"),
        ];
        outcomes.extend([stopped(1), stopped(2), infeasible("a"), infeasible("a")]);
        outcomes.push(infeasible("a"));
        assert_eq!(
            summary(outcomes.iter()),
            "none of 8 trials has a score\n  3 infeasible: a\n  2 stopped early by the stopper\n  \
             1 infeasible: b\n  and 2 other reasons"
        );
    }
}
