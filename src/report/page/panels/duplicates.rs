//! Genotypes that came again, and evaluations that were saved.

use std::collections::HashMap;

use crate::report::chart::{duration, grouped, percent};
use crate::report::page::digest::RunDigest;
use crate::report::page::html::{Panel, counted, facts, paragraph};
use crate::trial::Outcome;

pub(super) fn panel(run: &RunDigest<'_>) -> Panel {
    let mut times: HashMap<String, (u64, usize)> = HashMap::new();
    for trial in &run.finished {
        let key = trial.genotype.key(trial.json());
        times.entry(key).or_insert((trial.id(), 0)).1 += 1;
    }
    let finished = run.finished.len();
    let duplicates = finished - times.len();
    let most = times
        .values()
        .max_by_key(|(first, count)| (*count, std::cmp::Reverse(*first)));
    let reused: Vec<_> = run
        .finished
        .iter()
        .filter_map(|one| one.end.reused)
        .collect();
    let reused_time: f64 = reused
        .iter()
        .filter_map(|&of| run.by_id(of))
        .map(|trial| trial.seconds())
        .sum();
    let mut pairs = vec![
        ("different genotypes", grouped(times.len() as u64)),
        (
            "trials of a genotype that came before",
            format!(
                "{} ({})",
                grouped(duplicates as u64),
                percent(duplicates as f64 / finished.max(1) as f64)
            ),
        ),
        (
            "evaluations reused instead of repeated",
            match reused.is_empty() {
                true => "0".to_owned(),
                false => format!(
                    "{}, which would have taken {}",
                    grouped(reused.len() as u64),
                    duration(reused_time)
                ),
            },
        ),
        (
            "draws refused by constraints or as duplicates",
            grouped(refused(run)),
        ),
    ];
    let (saved, whole) = stopped_steps(run);
    if whole > 0 {
        let share = percent(saved as f64 / whole as f64);
        pairs.push((
            "steps saved by stopping early",
            format!("{} of {} ({share})", grouped(saved), grouped(whole)),
        ));
    }
    let mut body = facts(&pairs);
    if let Some((first, count)) = most.filter(|(_, count)| *count > 1) {
        body += &paragraph(format_args!(
            "The most frequent genotype, first that of trial {}, was drawn {}.",
            grouped(*first),
            counted(*count, "time")
        ));
    }
    Panel {
        id: "duplicates",
        title: "Duplicates and savings",
        body,
    }
}

fn refused(run: &RunDigest<'_>) -> u64 {
    let trials = run.run.timeline.trials.iter();
    trials.fold(0, |sum, trial| sum.saturating_add(trial.refused))
}

/// The steps that trials which were stopped early didn't take, and all that trials with reports would have taken.
fn stopped_steps(run: &RunDigest<'_>) -> (u64, u64) {
    let (mut saved, mut whole) = (0_u64, 0_u64);
    for trial in &run.finished {
        let Some(last) = trial.end.last_step else {
            continue;
        };
        whole = whole.saturating_add(last);
        if let Outcome::Stopped { step, .. } = trial.end.outcome {
            saved = saved.saturating_add(last.saturating_sub(step));
        }
    }
    (saved, whole)
}
