//! The ancestors of the best trial: each mutation as what it changed.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::excerpt::excerpt;
use crate::report::cells::cell_image;
use crate::report::chart::{grouped, number};
use crate::report::markup::escape;
use crate::report::page::digest::{FinishedTrial, RunDigest, status};
use crate::report::page::genotypes::Change;
use crate::report::page::html::{Panel, counted, paragraph, scrolling};
use crate::spaces::nasnet::CellKind;

/// The most ancestors that are told, the youngest ones.
const MOST: usize = 60;
/// The most mutations whose cells are drawn, the youngest ones.
const MOST_DRAWN: usize = 8;
/// The most changes of a step that are told.
const MOST_CHANGES: usize = 12;

pub(super) fn panel(run: &RunDigest<'_>) -> Panel {
    let body = match run.best_trial() {
        None => paragraph("No trial has a fitness yet."),
        Some(best) => lineage(run, best),
    };
    Panel {
        id: "lineage",
        title: "Lineage of the best",
        body,
    }
}

/// The best trial, its parent, the parent's parent and so on.
fn ancestors<'a, 'b>(
    run: &'b RunDigest<'a>,
    best: &'b FinishedTrial<'a>,
) -> Vec<&'b FinishedTrial<'a>> {
    let mut line = vec![best];
    let mut known = BTreeSet::from([best.id()]);
    let mut trial = best;
    while let Some(parent) = trial.recorded.trial.parent.and_then(|id| run.by_id(id)) {
        // No search records a circle, but a journal may hold anything.
        if !known.insert(parent.id()) {
            break;
        }
        line.push(parent);
        trial = parent;
    }
    line
}

fn lineage(run: &RunDigest<'_>, best: &FinishedTrial<'_>) -> String {
    let line = ancestors(run, best);
    let first = line[line.len() - 1];
    let value = |trial: &FinishedTrial<'_>| {
        trial
            .fitness()
            .map_or(status(&trial.end.outcome).to_owned(), number)
    };
    let mut html = match line.len() {
        1 => paragraph(format_args!(
            "Trial {} is a genotype without a parent in this search, with a fitness of {}.",
            grouped(best.id()),
            value(best)
        )),
        count => paragraph(format_args!(
            "{} from trial {}, a genotype without a parent in this search, to trial {}: the fitness went from {} \
             to {}.",
            match count {
                2 => "1 mutation leads".to_owned(),
                _ => format!("{} lead", counted(count - 1, "mutation")),
            },
            grouped(first.id()),
            grouped(best.id()),
            value(first),
            value(best),
        )),
    };
    let told = run.at_most(MOST).min(line.len());
    if told < line.len() {
        html += &paragraph(format_args!(
            "The last {} are shown.",
            counted(told, "trial")
        ));
    }
    html += "<ol class=\"lineage\">";
    for place in (0..told).rev() {
        let trial = line[place];
        let mut step = format!(
            "<li><p><b>trial {}</b>, {}",
            grouped(trial.id()),
            escape(match trial.fitness() {
                Some(fitness) => format!("fitness {}", number(fitness)),
                None => status(&trial.end.outcome).to_owned(),
            })
        );
        match line.get(place + 1) {
            None => step += ": the first</p>",
            Some(parent) => step += &mutation(run, parent, trial, place < run.at_most(MOST_DRAWN)),
        }
        html += &step;
        html += "</li>";
    }
    html + "</ol>"
}

/// What made a trial of its parent.
fn mutation(
    run: &RunDigest<'_>,
    parent: &FinishedTrial<'_>,
    trial: &FinishedTrial<'_>,
    is_drawn: bool,
) -> String {
    let changes = run.choices.changes(
        (&parent.genotype, parent.json()),
        (&trial.genotype, trial.json()),
    );
    let gain = match (trial.fitness(), parent.fitness()) {
        (Some(now), Some(before)) => {
            let sign = if now < before { "\u{2212}" } else { "+" };
            format!(" ({sign}{})", number((now - before).abs()))
        }
        _ => String::new(),
    };
    let mate = match trial.recorded.trial.mate {
        Some(mate) => format!(", crossed with trial {}", grouped(mate.0)),
        None => String::new(),
    };
    let mut html = format!("{gain}{mate}</p>");
    if changes.is_empty() {
        return html + &paragraph("The same genotype, evaluated again.");
    }
    html += "<ul class=\"changes\">";
    for change in changes.iter().take(MOST_CHANGES) {
        let _ = write!(
            html,
            "<li>{}: <del>{}</del> <span aria-label=\"becomes\">\u{2192}</span> <ins>{}</ins></li>",
            escape(excerpt(&change.place)),
            escape(excerpt(&change.before)),
            escape(excerpt(&change.after))
        );
    }
    if changes.len() > MOST_CHANGES {
        let _ = write!(html, "<li>and {} more</li>", changes.len() - MOST_CHANGES);
    }
    html += "</ul>";
    if is_drawn {
        html += &drawn(trial, &changes);
    }
    html
}

/// The cells that changed, with the changed operations marked.
fn drawn(trial: &FinishedTrial<'_>, changes: &[Change]) -> String {
    let Some(genotype) = trial.genotype.as_nasnet() else {
        return String::new();
    };
    let mut html = String::new();
    for kind in [CellKind::Normal, CellKind::Reduction] {
        let of_kind = changes.iter().filter_map(|change| change.branch);
        let changed: Vec<(usize, usize)> = of_kind
            .filter(|(of, ..)| *of == kind)
            .map(|(_, state, side)| (state, side))
            .collect();
        if changed.is_empty() {
            continue;
        }
        let label = format!(
            "The {kind} cell of trial {}, what changed marked",
            trial.id()
        );
        if let Ok(image) = cell_image(genotype.cell(kind), &label, &changed) {
            html += &scrolling(&label, &image);
        }
    }
    match html.is_empty() {
        true => html,
        false => format!("<details><summary>The changed cell, drawn</summary>{html}</details>"),
    }
}
