//! The fitness against parameters, multiply-adds and other figures, with the Pareto front.

use std::collections::BTreeSet;

use serde::Deserialize as _;

use crate::network::{Cost, NetworkConfig, NetworkPlan};
use crate::objective::Direction;
use crate::report::chart::{ChartAxis, Mark, Plot, brief, grouped, number};
use crate::report::page::digest::RunDigest;
use crate::report::page::html::{Panel, counted, figure, paragraph};

/// The most networks whose multiply-adds are counted.
const MOST_PLANNED: usize = 2000;
/// The most figures that are plotted.
const MOST_FIGURES: usize = 4;

/// A figure of trials: its name, its values by trial, whether less is better, and what to know about it.
struct Figure {
    name: String,
    values: Vec<(usize, f64)>,
    less_is_better: bool,
    remark: String,
}

pub(super) fn panel(run: &RunDigest<'_>) -> Panel {
    let figures = figures(run);
    let mut body = String::new();
    if figures.is_empty() {
        body += &paragraph(
            "The evaluations recorded no figures besides the fitness, and the page doesn't know the networks.",
        );
    } else {
        body += "<div class=\"plots\">";
        for figure in &figures {
            body += &plot(run, figure);
        }
        body += "</div>";
    }
    if !run.objectives.is_empty() {
        let names: Vec<&str> = run.objectives.iter().map(|one| one.metric()).collect();
        body += &paragraph(format_args!(
            "The search's objectives are {}. {} on their Pareto front.",
            names.join(", "),
            match run.front.len() {
                1 => "1 trial is".to_owned(),
                count => format!("{} trials are", grouped(count as u64)),
            }
        ));
    }
    Panel {
        id: "sizes",
        title: "Fitness against size",
        body,
    }
}

fn figures(run: &RunDigest<'_>) -> Vec<Figure> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for &place in &run.ranked {
        if let Some(evaluation) = run.finished[place].end.outcome.evaluation() {
            names.extend(evaluation.metrics.iter().map(|(name, _)| name));
        }
    }
    // Sizes first, then what the search optimizes.
    let is_objective = |name: &str| run.objectives.iter().any(|one| one.metric() == name);
    let is_size = |name: &str| ["parameters", "multiply_adds", "flops", "latency"].contains(&name);
    let mut chosen: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| is_objective(name) || is_size(name))
        .collect();
    chosen.sort_by_key(|name| !is_size(name));
    let mut figures: Vec<Figure> = chosen.into_iter().map(|name| recorded(run, name)).collect();
    if !names.contains("multiply_adds") {
        figures.extend(multiply_adds(run));
    }
    if is_objective("cost") {
        figures.push(recorded(run, "cost"));
    }
    figures.truncate(MOST_FIGURES);
    figures
}

fn recorded(run: &RunDigest<'_>, name: &str) -> Figure {
    let places = run.ranked.iter();
    let values = places.filter_map(|&place| {
        let evaluation = run.finished[place].end.outcome.evaluation()?;
        Some((place, evaluation.figure(name)?))
    });
    let direction = run.objectives.iter().find(|one| one.metric() == name);
    Figure {
        name: name.replace('_', " "),
        values: values.collect(),
        less_is_better: direction.is_none_or(|one| one.direction() == Direction::Minimize),
        remark: String::new(),
    }
}

/// The multiply-adds of cell networks, which follow from the genotypes and the recorded configuration.
fn multiply_adds(run: &RunDigest<'_>) -> Option<Figure> {
    let network = run.run.timeline.header.evaluator.get("network")?;
    let config = NetworkConfig::deserialize(network).ok()?;
    // The best, which the front is among, and as many of the others, evenly.
    let best = run.ranked.iter().take(MOST_PLANNED / 2);
    let others = run.ranked.get(MOST_PLANNED / 2..).unwrap_or_default();
    let every = others.len().div_ceil(MOST_PLANNED / 2).max(1);
    let values: Vec<(usize, f64)> = best
        .chain(others.iter().step_by(every))
        .filter_map(|&place| {
            let genotype = run.finished[place].genotype.as_nasnet()?;
            let plan = NetworkPlan::new(genotype, &config).ok()?;
            Some((place, Cost::without_auxiliary(&plan).multiply_adds as f64))
        })
        .collect();
    let left_out = run.ranked.len() - values.len();
    (!values.is_empty()).then(|| Figure {
        name: "multiply-adds".to_owned(),
        values,
        less_is_better: true,
        remark: match left_out {
            0 => String::new(),
            count => format!(
                " {} of lower fitness aren't counted.",
                counted(count, "network")
            ),
        },
    })
}

fn plot(run: &RunDigest<'_>, of: &Figure) -> String {
    let fitness = |place: usize| run.finished[place].fitness().unwrap_or_default();
    let front = front(run, of);
    let mut summary = match (front.first(), front.last()) {
        (Some(&(small, small_value)), Some(&(large, large_value))) => format!(
            "{} on the Pareto front of fitness and {}: from {} at {} {} (trial {}) to {} at {} {} (trial {}).",
            match front.len() {
                1 => "1 trial is".to_owned(),
                count => format!("{} trials are", grouped(count as u64)),
            },
            of.name,
            number(fitness(small)),
            number(small_value),
            of.name,
            grouped(run.finished[small].id()),
            number(fitness(large)),
            number(large_value),
            of.name,
            grouped(run.finished[large].id()),
        ),
        _ => "No trial has this figure.".to_owned(),
    };
    summary += &of.remark;
    let direction = if of.less_is_better { "lower" } else { "higher" };
    let mut values = of.values.iter().map(|value| value.1);
    let first = values.next().unwrap_or_default();
    let (low, high) = values.fold((first, first), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let x = ChartAxis::new(format!("{} ({direction} is better)", of.name));
    let x = if low > 0.0 && high / low > 20.0 {
        x.logarithmic()
    } else {
        x
    };
    let y =
        ChartAxis::new("fitness (higher is better)").not_below(super::progress::lowest_shown(run));
    let point = |&(place, value): &(usize, f64)| (value, fitness(place));
    let image = Plot::new(x, y)
        .series("a trial", Mark::Dots, 2, of.values.iter().map(point))
        .series("", Mark::Steps, 1, front.iter().map(point))
        .series("Pareto front", Mark::Disks, 1, front.iter().map(point))
        .svg(&summary);
    let mut title = of.name.clone();
    if let Some(first) = title.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    let mut html = figure(&title, image.as_deref(), &summary);
    let listed: Vec<String> = front
        .iter()
        .rev()
        .take(8)
        .map(|&(place, value)| format!("{} at {}", number(fitness(place)), brief(value)))
        .collect();
    if front.len() > 2 {
        let more = if front.len() > 8 { "; and so on" } else { "" };
        let text = format!(
            "The front from its fit end: {}{more}.</figcaption>",
            listed.join("; ")
        );
        html = html.replace("</figcaption>", &format!(" {text}"));
    }
    html
}

/// The trials that none beats in fitness and this figure, by the figure, the better end first.
fn front(run: &RunDigest<'_>, of: &Figure) -> Vec<(usize, f64)> {
    let mut sorted = of.values.clone();
    let badness = |value: f64| if of.less_is_better { value } else { -value };
    let fitness = |place: usize| run.finished[place].fitness().unwrap_or(f64::NEG_INFINITY);
    sorted.sort_by(|one, other| {
        let by_value = badness(one.1).total_cmp(&badness(other.1));
        by_value.then_with(|| fitness(other.0).total_cmp(&fitness(one.0)))
    });
    let mut best = f64::NEG_INFINITY;
    sorted.retain(|&(place, _)| {
        let is_better = fitness(place) > best;
        best = best.max(fitness(place));
        is_better
    });
    sorted
}
