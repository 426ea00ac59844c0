//! A table of trials, to sort, to filter and to save as CSV.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::excerpt::passage;
use crate::report::chart::{grouped, number};
use crate::report::markup::escape;
use crate::report::page::digest::{FinishedTrial, RunDigest, status};
use crate::report::page::html::{Panel, counted, paragraph};
use crate::trial::Fidelity;

/// The most rows: the fittest, and the last to finish.
const MOST_FITTEST: usize = 300;
const MOST_LAST: usize = 100;
/// The most metrics that have a column.
const MOST_METRICS: usize = 4;

pub(super) fn panel(run: &RunDigest<'_>) -> Panel {
    Panel {
        id: "trials",
        title: "Trials",
        body: match run.finished.is_empty() {
            true => paragraph("No trial has finished yet."),
            false => rows_and_controls(run),
        },
    }
}

fn rows_and_controls(run: &RunDigest<'_>) -> String {
    let (fittest, last) = (run.at_most(MOST_FITTEST), run.at_most(MOST_LAST));
    // By fitness, then those without one that compares, by number.
    let mut places: Vec<usize> = run.ranked.iter().copied().take(fittest).collect();
    let mut known: BTreeSet<usize> = places.iter().copied().collect();
    let mut others: Vec<usize> = (0..run.finished.len())
        .rev()
        .filter(|place| known.insert(*place))
        .take(last)
        .collect();
    others.sort_unstable();
    places.extend(others);
    let mut html = match places.len() < run.finished.len() {
        true => paragraph(format_args!(
            "Of {}, the {} fittest, and the {} others that finished last. trials.jsonl in the run's folder has them \
             all, if the search was told to keep it.",
            counted(run.finished.len(), "finished trial"),
            grouped(run.ranked.len().min(fittest) as u64),
            grouped((places.len() - run.ranked.len().min(fittest)) as u64),
        )),
        false => paragraph(format_args!(
            "All {}, the fittest first.",
            counted(places.len(), "finished trial")
        )),
    };
    html += "<div class=\"controls\" hidden><label>Filter <input type=\"search\" class=\"filter\"></label>\
             <button type=\"button\" class=\"csv\">Save as CSV</button>\
             <span class=\"shown\" role=\"status\"></span></div>";
    html += "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Trials\"><table class=\"trials\"><thead><tr>";
    let metrics = metrics(run, &places);
    let names = [
        "trial", "fitness", "outcome", "seconds", "worker", "attempts", "parent",
    ];
    let has_fidelities = has_fidelities(run);
    let fidelity = ["fidelity", "continues"];
    let fidelity = fidelity.into_iter().filter(|_| has_fidelities);
    let metric_names = metrics.iter().map(String::as_str);
    let names = names.into_iter().chain(fidelity).chain(metric_names);
    for name in names.chain(["genotype"]) {
        let _ = write!(html, "<th scope=\"col\">{}</th>", escape(name));
    }
    html += "</tr></thead><tbody>";
    for place in places {
        write_row(
            run,
            &run.finished[place],
            &metrics,
            has_fidelities,
            &mut html,
        );
    }
    html + "</tbody></table></div>"
}

/// Whether the search evaluated some trials in part.
fn has_fidelities(run: &RunDigest<'_>) -> bool {
    let mut trials = run.finished.iter().map(|one| &one.recorded.trial);
    trials.any(|trial| trial.continues.is_some() || !trial.fidelity.is_full())
}

fn fidelity_text(fidelity: &Fidelity) -> String {
    let amounts = fidelity.amounts();
    let amounts: Vec<String> = amounts
        .map(|(name, amount)| format!("{name} {amount}"))
        .collect();
    match amounts.is_empty() {
        true => "full".to_owned(),
        false => amounts.join(", "),
    }
}

fn metrics(run: &RunDigest<'_>, places: &[usize]) -> Vec<String> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for &place in places {
        if let Some(evaluation) = run.finished[place].end.outcome.evaluation() {
            names.extend(evaluation.metrics.iter().map(|(name, _)| name));
        }
    }
    let names = names.into_iter().take(MOST_METRICS);
    names.map(str::to_owned).collect()
}

fn write_row(
    run: &RunDigest<'_>,
    trial: &FinishedTrial<'_>,
    metrics: &[String],
    has_fidelities: bool,
    html: &mut String,
) {
    // What a number is sorted and saved by, if it is shown in another way.
    let figure = |value: Option<f64>| match value {
        None => "<td></td>".to_owned(),
        Some(value) => {
            let (shown, exact) = (number(value), value.to_string());
            match shown == exact {
                true => format!("<td class=\"n\">{shown}</td>"),
                false => format!("<td class=\"n\" data-v=\"{exact}\">{shown}</td>"),
            }
        }
    };
    let text = run.text(trial);
    let parent = trial.recorded.trial.parent;
    let _ = write!(
        html,
        "<tr><td class=\"n\">{}</td>{}<td>{}</td>{}<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>",
        trial.id(),
        figure(trial.fitness()),
        status(&trial.end.outcome),
        figure(Some((trial.end.seconds * 1e3).round() / 1e3)),
        trial.end.worker,
        match trial.end.reused {
            Some(_) => "reused".to_owned(),
            None => trial.recorded.attempts.len().to_string(),
        },
        parent.map(|parent| parent.to_string()).unwrap_or_default(),
    );
    if has_fidelities {
        let continues = trial.recorded.trial.continues;
        let _ = write!(
            html,
            "<td>{}</td><td class=\"n\">{}</td>",
            escape(passage(&fidelity_text(&trial.recorded.trial.fidelity))),
            continues
                .map(|earlier| earlier.to_string())
                .unwrap_or_default(),
        );
    }
    for name in metrics {
        html.push_str(&figure(trial.metric(name)));
    }
    let _ = write!(
        html,
        "<td><code>{}</code></td></tr>",
        escape(passage(&text))
    );
}
