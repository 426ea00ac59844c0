//! The best so far and every trial whose score compares, against trials, time and the cost of evaluations.

use crate::report::chart::{ChartAxis, Mark, Plot, duration, grouped, number};
use crate::report::page::digest::{RunDigest, TimeUnit};
use crate::report::page::html::{Panel, counted, figure, paragraph};

/// A trial on the way: its number among the finished ones from 1, its time, the cost of all evaluations up to it, and
/// its fitness if it compares.
struct Step {
    trial: f64,
    time: f64,
    cost: f64,
    fitness: Option<f64>,
}

pub(super) fn panel(run: &RunDigest<'_>) -> Panel {
    let body = match run.ranked.is_empty() {
        true => paragraph("No trial has a fitness yet."),
        false => plots(run),
    };
    Panel {
        id: "progress",
        title: "Best so far",
        body,
    }
}

fn plots(run: &RunDigest<'_>) -> String {
    let costs = recorded_costs(run);
    let steps = steps(run, costs);
    let lowest = lowest_shown(run);
    let below = fitness(run).filter(|&fitness| fitness < lowest).count();
    let last = steps.last().map_or(0.0, |step| step.cost);
    let (time, cost) = (TimeUnit::for_up_to(run.end), TimeUnit::for_up_to(last));
    let cost_name = if costs {
        "cost of evaluations"
    } else {
        "time of all evaluations"
    };
    let draw = |x: ChartAxis, place: &dyn Fn(&Step) -> f64, summary: &str| {
        let y = ChartAxis::new("fitness (higher is better)").not_below(lowest);
        let all = steps
            .iter()
            .filter_map(|step| Some((place(step), step.fitness?)));
        let mut best = f64::NEG_INFINITY;
        let mut so_far: Vec<(f64, f64)> = Vec::new();
        for (x, fitness) in all.clone() {
            if fitness > best {
                best = fitness;
                so_far.push((x, best));
            }
        }
        if let Some(last) = steps.last() {
            so_far.push((place(last), best));
        }
        Plot::new(x.from(0.0), y)
            .series("a trial", Mark::Dots, 2, all)
            .series("best so far", Mark::Steps, 0, so_far)
            .svg(summary)
    };
    let mut html = String::from("<div class=\"plots\">");
    let by_trials = by_trials(run, below);
    let image = draw(
        ChartAxis::new("finished trials").whole(),
        &|step| step.trial,
        &by_trials,
    );
    html += &figure("Against trials", image.as_deref(), &by_trials);
    let by_time = reached(&steps, "of the search's time", |step| step.time);
    let x = ChartAxis::new(format!("time of the search ({})", time.name));
    let image = draw(x, &|step| step.time / time.seconds, &by_time);
    html += &figure("Against time", image.as_deref(), &by_time);
    let by_cost = reached(&steps, "of evaluations", |step| step.cost);
    let x = ChartAxis::new(format!("{cost_name} ({})", cost.name));
    let image = draw(x, &|step| step.cost / cost.seconds, &by_cost);
    html += &figure(
        "Against the cost of evaluations",
        image.as_deref(),
        &by_cost,
    );
    html + "</div>"
}

/// Whether the evaluations say what they cost.
fn recorded_costs(run: &RunDigest<'_>) -> bool {
    let evaluations = run
        .finished
        .iter()
        .filter_map(|one| one.end.outcome.evaluation());
    evaluations
        .into_iter()
        .any(|evaluation| evaluation.cost.is_some())
}

fn steps(run: &RunDigest<'_>, costs: bool) -> Vec<Step> {
    let mut cost = 0.0;
    let steps = run.finished.iter().enumerate().map(|(place, trial)| {
        let recorded = trial.end.outcome.evaluation().and_then(|one| one.cost);
        cost += match (costs, trial.end.reused.is_some()) {
            (_, true) => 0.0,
            (true, false) => recorded.unwrap_or_default(),
            (false, false) => trial.seconds(),
        };
        Step {
            trial: (place + 1) as f64,
            time: trial.end.at,
            cost,
            fitness: run.comparable_fitness(place),
        }
    });
    steps.collect()
}

fn fitness(run: &RunDigest<'_>) -> impl Iterator<Item = f64> {
    let places = 0..run.finished.len();
    places.filter_map(|place| run.comparable_fitness(place))
}

/// The lowest fitness that the plots show: a few very bad trials would flatten all others.
pub(super) fn lowest_shown(run: &RunDigest<'_>) -> f64 {
    let ranked = |share: f64| {
        let place = (share * run.ranked.len() as f64) as usize;
        let place = run
            .ranked
            .get(place.min(run.ranked.len().saturating_sub(1)));
        place
            .and_then(|&place| run.finished[place].fitness())
            .unwrap_or_default()
    };
    let (highest, low) = (ranked(0.0), ranked(0.97));
    low - 0.5 * (highest - low)
}

fn by_trials(run: &RunDigest<'_>, below: usize) -> String {
    let Some(best) = run.ranked.first() else {
        return String::new();
    };
    let trial = &run.finished[*best];
    let median = run.finished[run.ranked[run.ranked.len() / 2]].fitness();
    let mut text = format!(
        "The highest fitness, {}, is that of trial {}, the {} of {} to finish. The median is {}.",
        number(trial.fitness().unwrap_or_default()),
        grouped(trial.id()),
        ordinal(best + 1),
        grouped(run.finished.len() as u64),
        number(median.unwrap_or_default()),
    );
    if run.has_several_fidelities() {
        text += " Trials that were evaluated in part are left out here: their scores don't compare with those of the \
                 full evaluation.";
    }
    if below > 0 {
        text += &format!(
            " {} with a far lower fitness {} drawn at the lower edge.",
            counted(below, "trial"),
            if below == 1 { "is" } else { "are" }
        );
    }
    text
}

fn ordinal(number: usize) -> String {
    let end = match (number % 10, number % 100) {
        (1, last) if last != 11 => "st",
        (2, last) if last != 12 => "nd",
        (3, last) if last != 13 => "rd",
        _ => "th",
    };
    format!("{}{end}", grouped(number as u64))
}

/// When the search had reached half of its gain and all of it.
fn reached(steps: &[Step], of: &str, place: impl Fn(&Step) -> f64) -> String {
    let scored = steps.iter().filter_map(|step| Some((step, step.fitness?)));
    let Some((_, first)) = scored.clone().next() else {
        return String::new();
    };
    let best = scored
        .clone()
        .fold(first, |best, (_, fitness)| best.max(fitness));
    let when = |fitness: f64| {
        let step = scored.clone().find(|(_, reached)| *reached >= fitness);
        step.map_or(0.0, |(step, _)| place(step))
    };
    let all = steps.last().map_or(0.0, &place);
    format!(
        "From {} for the first trial with a fitness to {}: half of that gain was reached after {} {of}, all of it \
         after {} of {}.",
        number(first),
        number(best),
        duration(when(first + 0.5 * (best - first))),
        duration(when(best)),
        duration(all),
    )
}
