//! How trials ended, and what they said.

use std::collections::BTreeMap;

use crate::excerpt::passage;
use crate::report::chart::{grouped, percent};
use crate::report::page::digest::{RunDigest, status};
use crate::report::page::html::{Panel, counted, paragraph, table};
use crate::trial::Outcome;

/// The most messages that are listed.
const MOST: usize = 20;
/// The most characters of a message that decide whether it is the same as another.
const MOST_CHARACTERS: usize = 400;

pub(super) fn panel(run: &RunDigest<'_>) -> Panel {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for trial in &run.finished {
        *counts.entry(status(&trial.end.outcome)).or_default() += 1;
    }
    let mut rows: Vec<(&str, usize)> = counts.into_iter().collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let all = run.finished.len().max(1) as f64;
    let rows: Vec<[String; 3]> = rows
        .into_iter()
        .map(|(name, count)| {
            [
                name.to_owned(),
                grouped(count as u64),
                percent(count as f64 / all),
            ]
        })
        .collect();
    let mut body = table("Outcomes", &["outcome", "trials", "share"], &rows);
    let retried = run
        .attempts()
        .filter(|(_, attempt)| attempt.retried)
        .count();
    if retried > 0 {
        body += &paragraph(format_args!(
            "{} run again.",
            match retried {
                1 => "1 attempt was".to_owned(),
                _ => format!("{} were", counted(retried, "attempt")),
            }
        ));
    }
    body += &messages(run);
    Panel {
        id: "outcomes",
        title: "Outcomes",
        body,
    }
}

/// What failed, infeasible and lost attempts said, the most frequent first.
fn messages(run: &RunDigest<'_>) -> String {
    struct Message {
        count: usize,
        first: u64,
        last: u64,
    }
    let mut messages: BTreeMap<(&str, String), Message> = BTreeMap::new();
    for (trial, attempt) in run.attempts() {
        let Some(reason) = reason(&attempt.outcome) else {
            continue;
        };
        let id = trial.trial.id.0;
        let text = reason.chars().take(MOST_CHARACTERS).collect();
        let message = messages
            .entry((status(&attempt.outcome), text))
            .or_insert(Message {
                count: 0,
                first: id,
                last: id,
            });
        message.count += 1;
        message.last = id;
    }
    if messages.is_empty() {
        return paragraph("No attempt left a message.");
    }
    let kinds = messages.len();
    let mut messages: Vec<_> = messages.into_iter().collect();
    messages.sort_by_key(|(_, message)| std::cmp::Reverse(message.count));
    let rows: Vec<[String; 5]> = messages
        .into_iter()
        .take(run.at_most(MOST))
        .map(|((status, text), message)| {
            [
                status.to_owned(),
                passage(&text).to_string(),
                grouped(message.count as u64),
                grouped(message.first),
                grouped(message.last),
            ]
        })
        .collect();
    let mut html = table(
        "Messages of attempts",
        &[
            "outcome",
            "message",
            "attempts",
            "first trial",
            "last trial",
        ],
        &rows,
    );
    if kinds > rows.len() {
        html += &paragraph(format_args!(
            "And {}.",
            counted(kinds - rows.len(), "other message")
        ));
    }
    html
}

fn reason(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Infeasible { reason }
        | Outcome::Failed { reason }
        | Outcome::OutOfMemory { reason } => Some(reason),
        Outcome::Lost { reason } if !reason.is_empty() => Some(reason),
        _ => None,
    }
}
