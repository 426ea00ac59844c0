//! The fitness and the age of the population over time.

use std::collections::VecDeque;

use serde_json::Value;

use crate::report::chart::{ChartAxis, Mark, Plot, duration, grouped, number};
use crate::report::page::digest::{RunDigest, TimeUnit};
use crate::report::page::html::{Panel, figure, paragraph};
use crate::search::journal::JournalHeader;
use crate::trial::Outcome;

/// The most times at which the population is looked at.
const LOOKS: usize = 250;

/// The population after a number of finished trials.
struct Look {
    trials: f64,
    /// The least fitness, the quartiles, and the highest.
    fitness: [f64; 5],
    /// The median age and the highest one, in seconds.
    ages: [f64; 2],
    /// How many members were stopped early or evaluated in part, which have no fitness that compares.
    stopped: usize,
}

/// A member: its fitness, if it was evaluated to the end, and when it joined.
struct Joined {
    fitness: Option<f64>,
    at: f64,
}

pub(super) fn panel(run: &RunDigest<'_>) -> Panel {
    let body = match aging_population(&run.run.timeline.header) {
        Err(reason) => paragraph(reason),
        Ok(size) => match looks(run, size) {
            looks if looks.is_empty() => paragraph("The population is still empty."),
            looks => plots(run, size, &looks),
        },
    };
    Panel {
        id: "population",
        title: "Population",
        body,
    }
}

fn of_type(value: &Value, name: &str) -> bool {
    value["type"].as_str() == Some(name)
}

/// The algorithm, or the one inside a promotion; and whether there is a promotion, inside which trials below full
/// fidelity join as stopped early.
fn promoted(header: &JournalHeader) -> (&Value, bool) {
    let algorithm = &header.description.algorithm;
    match of_type(algorithm, "Promotion") {
        true => (&algorithm["algorithm"], true),
        false => (algorithm, false),
    }
}

/// The size of the population, if the journal determines who was in it.
fn aging_population(header: &JournalHeader) -> Result<usize, &'static str> {
    let (algorithm, _) = promoted(header);
    if !of_type(algorithm, "Evolution") {
        return Err("This algorithm has no population.");
    }
    if !of_type(&algorithm["replacement"], "Oldest") {
        return Err(
            "The journal doesn't record which members left the population, and only in aging evolution it can be \
             told: there the oldest one leaves.",
        );
    }
    let size = algorithm["population"].as_u64();
    size.and_then(|size| usize::try_from(size).ok())
        .ok_or("The journal doesn't say how large the population is.")
}

/// Follows the population: a trial with a value joins, and above its size the oldest member leaves.
fn looks(run: &RunDigest<'_>, size: usize) -> Vec<Look> {
    let every = run.finished.len().div_ceil(LOOKS).max(1);
    // Members that were imported with a score joined first.
    let (algorithm, is_promoted) = promoted(&run.run.timeline.header);
    let imported = algorithm["imported"].as_array().into_iter().flatten();
    let imported = imported.filter_map(|one| one["evaluation"]["fitness"].as_f64());
    let imported = imported.map(|fitness| Joined {
        fitness: Some(fitness),
        at: 0.0,
    });
    let mut members: VecDeque<Joined> = imported.collect();
    let mut looks = Vec::new();
    for (place, trial) in run.finished.iter().enumerate() {
        let is_partial = is_promoted && !trial.recorded.trial.fidelity.is_full();
        let fitness = trial.fitness().filter(|_| !is_partial);
        let joins = match trial.end.outcome {
            Outcome::Stopped { .. } => run.objectives.is_empty(),
            Outcome::Completed(_) if is_partial => run.objectives.is_empty(),
            _ => fitness.is_some(),
        };
        if joins {
            members.push_back(Joined {
                fitness,
                at: trial.end.at,
            });
        }
        while members.len() > size {
            members.pop_front();
        }
        let is_last = place + 1 == run.finished.len();
        if place % every == 0 || is_last {
            looks.extend(look(place + 1, trial.end.at, &members));
        }
    }
    looks
}

/// The members now; `None` if none of them was evaluated to the end.
fn look(trials: usize, now: f64, members: &VecDeque<Joined>) -> Option<Look> {
    let mut fitness: Vec<f64> = members.iter().filter_map(|member| member.fitness).collect();
    fitness.sort_by(f64::total_cmp);
    let last = fitness.len().checked_sub(1)?;
    let at = |share: f64| fitness[(share * last as f64).round() as usize];
    // Members are in the order of joining.
    let age = |place: usize| (now - members[place].at).max(0.0);
    Some(Look {
        trials: trials as f64,
        fitness: [0.0, 0.25, 0.5, 0.75, 1.0].map(at),
        ages: [age(members.len() / 2), age(0)],
        stopped: members.len() - fitness.len(),
    })
}

fn plots(run: &RunDigest<'_>, size: usize, looks: &[Look]) -> String {
    let last = &looks[looks.len() - 1];
    let first = looks
        .iter()
        .find(|look| look.trials >= size as f64)
        .unwrap_or(&looks[0]);
    let of_fitness = format!(
        "With {} members at most: after {} finished trials the median member had a fitness of {}, after {} it has {}; \
         now they reach from {} to {}. Members that were stopped early or evaluated in part have no \
         fitness that compares and are left out here, now {}.",
        grouped(size as u64),
        grouped(first.trials as u64),
        number(first.fitness[2]),
        grouped(last.trials as u64),
        number(last.fitness[2]),
        number(last.fitness[0]),
        number(last.fitness[4]),
        grouped(last.stopped as u64),
    );
    let band = |low: usize, high: usize| {
        let upper = looks
            .iter()
            .map(move |look| (look.trials, look.fitness[high]));
        let lower = looks
            .iter()
            .rev()
            .map(move |look| (look.trials, look.fitness[low]));
        upper.chain(lower)
    };
    let line = |place: usize| {
        looks
            .iter()
            .map(move |look| (look.trials, look.fitness[place]))
    };
    let x = || ChartAxis::new("finished trials").whole().from(0.0);
    let y =
        ChartAxis::new("fitness (higher is better)").not_below(super::progress::lowest_shown(run));
    let image = Plot::new(x(), y)
        .series("middle half", Mark::Band, 0, band(1, 3))
        .series("best member", Mark::Line, 1, line(4))
        .series("median", Mark::Line, 0, line(2))
        .series("worst member", Mark::Line, 3, line(0))
        .svg(&of_fitness);
    let mut html = String::from("<div class=\"plots\">");
    html += &figure("Fitness of the members", image.as_deref(), &of_fitness);
    let oldest = looks.iter().map(|look| look.ages[1]).fold(0.0, f64::max);
    let unit = TimeUnit::for_up_to(oldest);
    let of_age = format!(
        "Time since a member joined. Now the median age is {}, and the oldest member is {} old; the highest age was {}.",
        duration(last.ages[0]),
        duration(last.ages[1]),
        duration(oldest),
    );
    let ages = |place: usize| {
        looks
            .iter()
            .map(move |look| (look.trials, look.ages[place] / unit.seconds))
    };
    let image = Plot::new(
        x(),
        ChartAxis::new(format!("age ({})", unit.name)).from(0.0),
    )
    .series("oldest", Mark::Line, 3, ages(1))
    .series("median", Mark::Line, 0, ages(0))
    .svg(&of_age);
    html += &figure("Age of the members", image.as_deref(), &of_age);
    html + "</div>"
}
