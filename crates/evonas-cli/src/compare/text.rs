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

/// What was compared, a table of the algorithms, and one of their differences.
pub(super) fn as_text(comparison: &Comparison, setup: &Setup, took: Duration) -> String {
    format!(
        "{}: {} runs of each algorithm, {} simulated seconds each, in {:.2} s\n\n{comparison}",
        comparison.dataset(),
        setup.runs,
        setup.budget.as_secs_f64(),
        took.as_secs_f64()
    )
}
