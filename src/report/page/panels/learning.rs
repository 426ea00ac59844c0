//! What the best trials reported while they were evaluated, and what was running.

use crate::report::chart::{ChartAxis, Mark, Plot, duration, grouped, number};
use crate::report::page::digest::{FinishedTrial, RunDigest, status};
use crate::report::page::html::{Panel, counted, figure, paragraph, table};
use crate::trial::Outcome;

/// The most curves.
const MOST: usize = 6;
/// The most unfinished trials that are listed.
const MOST_LISTED: usize = 30;

pub(super) fn panel(run: &RunDigest<'_>) -> Panel {
    let reporting: Vec<&FinishedTrial<'_>> = run
        .ranked
        .iter()
        .map(|&place| &run.finished[place])
        .filter(|trial| !trial.end.reports.is_empty())
        .take(MOST)
        .collect();
    let mut body = String::new();
    if reporting.is_empty() {
        body += &paragraph(
            "The trials reported no values on the way. A search with a stopper records what they report.",
        );
    } else {
        body += "<div class=\"plots\">";
        body += &curves(run, &reporting);
        body += "</div>";
    }
    body += &unfinished(run);
    Panel {
        id: "learning",
        title: "Learning curves",
        body,
    }
}

fn curves(run: &RunDigest<'_>, reporting: &[&FinishedTrial<'_>]) -> String {
    let ends: Vec<String> = reporting
        .iter()
        .map(|trial| {
            let (step, value) = trial.end.reports[trial.end.reports.len() - 1];
            let fitness = trial.fitness().unwrap_or_default();
            format!(
                "trial {} had {} at step {step} and ended with {}",
                grouped(trial.id()),
                number(value),
                number(fitness)
            )
        })
        .collect();
    let stopped = run.finished.iter();
    let stopped = stopped.filter(|one| matches!(one.end.outcome, Outcome::Stopped { .. }));
    let summary = format!(
        "Values on the way of the best trials that reported any: {}. {} stopped early.",
        ends.join("; "),
        match stopped.count() {
            1 => "1 trial was".to_owned(),
            count => format!("{} trials were", grouped(count as u64)),
        }
    );
    let x = ChartAxis::new("step").whole();
    let mut plot = Plot::new(x, ChartAxis::new("reported value (higher is better)"));
    for (series, trial) in reporting.iter().enumerate() {
        let points = trial
            .end
            .reports
            .iter()
            .map(|&(step, value)| (step as f64, value));
        // The fitness belongs to the last step.
        let end = trial
            .end
            .last_step
            .map(|step| (step as f64, trial.fitness().unwrap_or_default()));
        let name = format!("trial {}", trial.id());
        plot = plot.series(name, Mark::Line, series, points.chain(end));
    }
    let image = plot.svg(&summary);
    figure("The best trials", image.as_deref(), &summary)
}

/// The trials that were running when the journal was read, and how long they had been known.
fn unfinished(run: &RunDigest<'_>) -> String {
    let count = run.unfinished().count();
    if count == 0 {
        return paragraph("Every trial that was begun has finished.");
    }
    let rows: Vec<[String; 4]> = run
        .unfinished()
        .take(MOST_LISTED)
        .map(|trial| {
            let attempts = match trial.attempts.last() {
                Some(last) => format!("{}, {}", trial.attempts.len(), status(&last.outcome)),
                None => "0".to_owned(),
            };
            [
                grouped(trial.trial.id.0),
                duration(trial.asked.as_secs_f64()),
                duration((run.end - trial.asked.as_secs_f64()).max(0.0)),
                attempts,
            ]
        })
        .collect();
    let mut html = paragraph(format_args!(
        "{} begun and not finished: running, or cut off if the search was killed. The journal has what a trial \
         reports only when it ends.",
        match count {
            1 => "1 trial was".to_owned(),
            _ => format!("{} were", counted(count, "trial")),
        }
    ));
    html += &table(
        "Unfinished trials",
        &[
            "trial",
            "asked for at",
            "before the journal's last entry",
            "attempts that ended",
        ],
        &rows,
    );
    if count > MOST_LISTED {
        html += &paragraph(format_args!(
            "And {} more.",
            grouped((count - MOST_LISTED) as u64)
        ));
    }
    html
}
