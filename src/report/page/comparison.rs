//! Several runs side by side, and whether their differences are more than chance.

use super::digest::RunDigest;
use super::html::{Panel, counted, figure, paragraph, table};
use super::panels::algorithm_name;
use crate::comparison::statistics::{confidence, mann_whitney, mean, standard_deviation};
use crate::description::first_difference;
use crate::report::chart::{ChartAxis, Mark, Plot, duration, grouped, number, percent};
use crate::search::journal::JournalHeader;

/// The most groups or runs that are drawn.
const MOST_DRAWN: usize = 8;
/// The places at which curves are averaged.
const PLACES: usize = 200;

/// Runs that differ in nothing but their seed.
struct Group<'a, 'b> {
    /// That of its run if all groups have one run, otherwise its number.
    name: String,
    runs: Vec<&'b RunDigest<'a>>,
}

pub(super) fn panel(runs: &[RunDigest<'_>]) -> Panel {
    let groups = groups(runs);
    let common = runs
        .iter()
        .map(|run| run.finished.len())
        .min()
        .unwrap_or_default();
    let mut body = paragraph(format_args!(
        "{} in {}; runs of a group differ in nothing but their seed. They are compared by the best fitness after {}, \
         which every run has finished.",
        counted(runs.len(), "run"),
        counted(groups.len(), "group"),
        counted(common, "trial"),
    ));
    body += &differences(&groups);
    body += "<div class=\"plots\">";
    body += &curves(&groups, common);
    body += "</div>";
    body += &table_of_runs(&groups, common);
    let tests: Vec<Vec<f64>> = groups
        .iter()
        .map(|group| group.best_after(common))
        .collect();
    body += &table_of_groups(&groups, &tests);
    body += &table_of_pairs(&groups, &tests);
    Panel {
        id: "comparison",
        title: "Comparison",
        body,
    }
}

fn groups<'a, 'b>(runs: &'b [RunDigest<'a>]) -> Vec<Group<'a, 'b>> {
    let mut groups: Vec<Group<'a, 'b>> = Vec::new();
    for run in runs {
        let is_same = |group: &&mut Group<'a, 'b>| {
            let (one, other) = (header(group.runs[0]), header(run));
            one.description == other.description && one.evaluator == other.evaluator
        };
        match groups.iter_mut().find(is_same) {
            Some(group) => group.runs.push(run),
            None => groups.push(Group {
                name: String::new(),
                runs: vec![run],
            }),
        }
    }
    let singles = groups.iter().all(|group| group.runs.len() == 1);
    for (place, group) in groups.iter_mut().enumerate() {
        group.name = match singles {
            true => group.runs[0].run.name.clone(),
            false => format!("group {}", place + 1),
        };
    }
    groups
}

fn header<'a>(run: &RunDigest<'a>) -> &'a JournalHeader {
    &run.run.timeline.header
}

/// The best fitness so far after a number of finished trials.
fn best_after(run: &RunDigest<'_>, trials: usize) -> Option<f64> {
    let places = 0..run.finished.len().min(trials);
    let scored = places.filter_map(|place| run.comparable_fitness(place));
    scored.max_by(f64::total_cmp)
}

impl Group<'_, '_> {
    /// Of each run that has a fitness by then.
    fn best_after(&self, trials: usize) -> Vec<f64> {
        let runs = self.runs.iter();
        runs.filter_map(|run| best_after(run, trials)).collect()
    }
}

/// In what each group differs from the first one.
fn differences(groups: &[Group<'_, '_>]) -> String {
    let Some((first, others)) = groups.split_first() else {
        return String::new();
    };
    let mut html = String::new();
    for group in others {
        let (one, other) = (header(first.runs[0]), header(group.runs[0]));
        let parts = [
            ("space", &one.description.space, &other.description.space),
            (
                "algorithm",
                &one.description.algorithm,
                &other.description.algorithm,
            ),
            ("evaluator", &one.evaluator, &other.evaluator),
        ];
        for (part, one, other) in parts {
            if let Some(difference) = first_difference(one, other) {
                let difference = difference.within(part);
                let text = difference.between("there", "here").to_string();
                html += &paragraph(format_args!(
                    "{} differs from {} first in {text}.",
                    group.name, first.name
                ));
                break;
            }
        }
    }
    html
}

fn curves(groups: &[Group<'_, '_>], common: usize) -> String {
    let every = common.div_ceil(PLACES).max(1);
    let places: Vec<usize> = (1..=common)
        .filter(|place| place % every == 0 || *place == 1)
        .collect();
    let x = ChartAxis::new("finished trials").whole().from(0.0);
    let all = groups.iter().flat_map(|group| &group.runs);
    // The first trials are far worse than the rest, and would flatten the curves.
    let lowest = all.filter_map(|run| {
        let best = best_so_far(run, common).into_iter().skip(common / 20);
        best.into_iter().find(|best| best.is_finite())
    });
    let lowest = lowest.fold(f64::INFINITY, f64::min);
    let y = ChartAxis::new("best fitness so far (higher is better)").not_below(lowest);
    let mut plot = Plot::new(x, y);
    let mut told = Vec::new();
    for (series, group) in groups.iter().enumerate().take(MOST_DRAWN) {
        let best: Vec<Vec<f64>> = group
            .runs
            .iter()
            .map(|run| best_so_far(run, common))
            .collect();
        let at = |place: usize| -> Vec<f64> {
            let values = best.iter().map(|run| run[place - 1]);
            values.filter(|value| value.is_finite()).collect()
        };
        let values: Vec<(f64, Vec<f64>)> = places
            .iter()
            .map(|&place| (place as f64, at(place)))
            .filter(|one| !one.1.is_empty())
            .collect();
        if group.runs.len() > 1 {
            let upper = values
                .iter()
                .map(|(x, values)| (*x, mean(values) + confidence(values)));
            let lower = values
                .iter()
                .rev()
                .map(|(x, values)| (*x, mean(values) - confidence(values)));
            plot = plot.series("", Mark::Band, series, upper.chain(lower));
        }
        let line = values.iter().map(|(x, values)| (*x, mean(values)));
        let short: String = group.name.chars().take(18).collect();
        plot = plot.series(short, Mark::Line, series, line);
        if let Some((_, last)) = values.last() {
            told.push(format!("{} {}", group.name, number(mean(last))));
        }
    }
    let summary = format!(
        "The mean of the best so far after {}: {}. Bands are 95 % confidence intervals of groups of several runs.",
        counted(common, "trial"),
        told.join("; ")
    );
    let image = plot.svg(&summary);
    figure("Best so far", image.as_deref(), &summary)
}

/// The best fitness after each of the first trials; minus infinity before the first one.
fn best_so_far(run: &RunDigest<'_>, trials: usize) -> Vec<f64> {
    let places = 0..run.finished.len().min(trials);
    let fitness = places.map(|place| run.comparable_fitness(place));
    fitness
        .scan(f64::NEG_INFINITY, |best, fitness| {
            *best = best.max(fitness.unwrap_or(f64::NEG_INFINITY));
            Some(*best)
        })
        .collect()
}

fn table_of_runs(groups: &[Group<'_, '_>], common: usize) -> String {
    let text = |value: Option<f64>| value.map_or("none".to_owned(), number);
    let mut rows = Vec::new();
    for (place, group) in groups.iter().enumerate() {
        for run in &group.runs {
            let best = run.best_trial();
            rows.push([
                run.run.name.clone(),
                (place + 1).to_string(),
                header(run).seed.to_string(),
                grouped(run.finished.len() as u64),
                text(best_after(run, common)),
                text(best.and_then(|trial| trial.fitness())),
                best.map_or("none".to_owned(), |trial| grouped(trial.id())),
                duration(run.end),
            ]);
        }
    }
    let compared = format!("best after {}", grouped(common as u64));
    let head = [
        "run",
        "group",
        "seed",
        "trials",
        &compared,
        "best of all",
        "best trial",
        "time",
    ];
    table("Runs", &head, &rows)
}

fn table_of_groups(groups: &[Group<'_, '_>], tests: &[Vec<f64>]) -> String {
    let rows: Vec<[String; 6]> = groups
        .iter()
        .zip(tests)
        .enumerate()
        .map(|(place, (group, values))| {
            let shown = |value: f64| match values.len() {
                0 => "none".to_owned(),
                _ => number(value),
            };
            let interval = match values.len() {
                0 | 1 => "needs two runs".to_owned(),
                _ => format!("\u{b1} {}", number(confidence(values))),
            };
            [
                (place + 1).to_string(),
                algorithm_name(header(group.runs[0])),
                grouped(group.runs.len() as u64),
                shown(mean(values)),
                match values.len() {
                    0 | 1 => "needs two runs".to_owned(),
                    _ => number(standard_deviation(values)),
                },
                interval,
            ]
        })
        .collect();
    let head = [
        "group",
        "algorithm",
        "runs",
        "mean best",
        "standard deviation",
        "95 % confidence",
    ];
    table("Groups", &head, &rows)
}

fn table_of_pairs(groups: &[Group<'_, '_>], tests: &[Vec<f64>]) -> String {
    let mut rows = Vec::new();
    for (place, first) in tests.iter().enumerate() {
        for (other, second) in tests.iter().enumerate().skip(place + 1) {
            if first.is_empty() || second.is_empty() {
                continue;
            }
            let test = mann_whitney(first, second);
            rows.push([
                format!("{} \u{2212} {}", groups[place].name, groups[other].name),
                number(mean(first) - mean(second)),
                percent(test.superiority),
                number(test.p),
            ]);
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    let few = tests.iter().any(|values| values.len() < 4);
    let mut html = table(
        "Differences",
        &[
            "pair",
            "difference of means",
            "first wins",
            "p (Mann-Whitney U)",
        ],
        &rows,
    );
    if few {
        html += &paragraph(
            "With fewer than four runs in a group, no difference can be told from chance at the 5 % level.",
        );
    }
    html
}
