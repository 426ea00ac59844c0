//! What a run came to, in a few numbers.

use super::settings::algorithm_name;
use crate::report::chart::{date, duration, grouped, number};
use crate::report::page::digest::RunDigest;
use crate::report::page::html::{Panel, counted, facts, paragraph};
use crate::trial::Outcome;

pub(super) fn panel(run: &RunDigest<'_>) -> Panel {
    let timeline = &run.run.timeline;
    let mut body = String::new();
    if let Some(damage) = &timeline.damage {
        body += &format!(
            "<div class=\"note\" role=\"note\">{}</div>",
            paragraph(format_args!(
                "This page shows what the journal recorded before this: {damage}"
            ))
        );
    }
    for warning in &timeline.warnings {
        body += &format!(
            "<div class=\"note\" role=\"note\">{}</div>",
            paragraph(warning)
        );
    }
    let mut pairs: Vec<(&str, String)> = Vec::new();
    match run.best_trial() {
        Some(best) => {
            let of = if run.objectives.is_empty() {
                ""
            } else {
                ", the fittest on the Pareto front"
            };
            pairs.push(("best fitness", number(best.fitness().unwrap_or(f64::NAN))));
            pairs.push(("best trial", format!("{}{of}", grouped(best.id()))));
        }
        None => pairs.push(("best fitness", "no trial has a fitness".to_owned())),
    }
    let unfinished = run.unfinished().count();
    pairs.push(("finished trials", counted(run.finished.len(), "trial")));
    if unfinished > 0 {
        pairs.push(("begun, not finished", counted(unfinished, "trial")));
    }
    let infeasible = run.finished.iter();
    let infeasible = infeasible.filter(|one| matches!(one.end.outcome, Outcome::Infeasible { .. }));
    let infeasible = infeasible.count();
    let failed = run
        .finished
        .iter()
        .filter(|one| one.end.outcome.is_failure())
        .count();
    let completed = run.finished.iter().filter(|one| one.fitness().is_some());
    pairs.push((
        "with a fitness",
        format!(
            "{} ({failed} failed, {infeasible} infeasible)",
            grouped(completed.count() as u64)
        ),
    ));
    if run.has_several_fidelities() {
        let full = counted(run.ranked.len(), "trial");
        pairs.push(("evaluated in full", full));
    }
    pairs.push((
        "since the last improvement",
        counted(run.since_improvement, "trial"),
    ));
    pairs.push(("time of the search", duration(run.end)));
    let evaluating: f64 = run.attempts().map(|(_, attempt)| attempt.seconds).sum();
    pairs.push(("time of all evaluations", duration(evaluating)));
    if let Some(started) = timeline.started {
        pairs.push(("began", date(started)));
    }
    pairs.push(("algorithm", algorithm_name(&timeline.header)));
    pairs.push(("seed", timeline.header.seed.to_string()));
    body += &facts(&pairs);
    Panel {
        id: "summary",
        title: "Summary",
        body,
    }
}
