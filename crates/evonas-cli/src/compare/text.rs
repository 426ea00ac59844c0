//! A comparison's results, for people and for programs.

use std::fmt::Write as _;
use std::time::Duration;

use evonas::comparison::{Comparison, Setup};

use crate::Failure;

/// One JSON object per algorithm, each on a line.
pub(super) fn as_json(comparison: &Comparison) -> Result<String, Failure> {
    let mut text = String::new();
    for summary in comparison.summaries() {
        writeln!(text, "{}", serde_json::to_string(&summary)?)?;
    }
    Ok(text)
}

/// A table of the algorithms, and one of their differences.
pub(super) fn as_text(comparison: &Comparison, setup: &Setup, took: Duration) -> String {
    let mut text = format!(
        "{}: {} runs of each algorithm, {} simulated seconds each, in {:.2} s\n",
        comparison.dataset(),
        setup.runs,
        setup.budget.as_secs_f64(),
        took.as_secs_f64()
    );
    text.push_str("\nalgorithm      test ± deviation      reward   evaluations\n");
    for summary in comparison.summaries() {
        let _ = writeln!(
            text,
            "{:<12} {:>8.3} ± {:<8.3} {:>10.3} {:>13.1}",
            summary.algorithm,
            summary.test_mean,
            summary.test_std,
            summary.valid_mean,
            summary.evaluations_mean
        );
    }
    let pairs = comparison.pairs();
    if !pairs.is_empty() {
        let header = "\npair                     difference   wins      p (Mann-Whitney U)\n";
        text.push_str(header);
    }
    for pair in pairs {
        let _ = writeln!(
            text,
            "{:<24} {:>10.3} {:>6.1} % {:>12.2e}",
            format!("{} - {}", pair.first, pair.second),
            pair.difference,
            100.0 * pair.test.superiority,
            pair.test.p
        );
    }
    text
}
