//! The best genotypes, drawn if they are cells.

use std::collections::HashSet;

use crate::excerpt::passage;
use crate::report::cells::cell_image;
use crate::report::chart::{grouped, number};
use crate::report::markup::escape;
use crate::report::page::digest::{FinishedTrial, RunDigest};
use crate::report::page::genotypes::value_text;
use crate::report::page::html::{Panel, figure, paragraph, scrolling, table};
use crate::spaces::nasnet::{CellKind, NasnetGenotype};

/// How many genotypes are shown.
const SHOWN: usize = 3;
/// The most decisions of a genotype that are listed.
const MOST_DECISIONS: usize = 60;

pub(super) fn panel(run: &RunDigest<'_>) -> Panel {
    let mut body = String::new();
    for (rank, trial) in best(run).into_iter().enumerate() {
        let title = format!(
            "{} trial {}, fitness {}",
            ["Best:", "Second:", "Third:"][rank.min(2)],
            grouped(trial.id()),
            number(trial.fitness().unwrap_or_default())
        );
        body += &format!("<h4>{}</h4>", escape(&title));
        let text = run.text(trial);
        body += &format!("<p><code>{}</code></p>", escape(passage(&text)));
        body += &match trial.genotype.as_nasnet() {
            Some(genotype) => drawn(genotype, trial),
            None => listed(run, trial),
        };
    }
    if body.is_empty() {
        body = paragraph("No trial has a fitness yet.");
    }
    Panel {
        id: "best",
        title: "Best genotypes",
        body,
    }
}

/// The best trial and the next fittest ones of other genotypes.
fn best<'a, 'b>(run: &'b RunDigest<'a>) -> Vec<&'b FinishedTrial<'a>> {
    let mut known = HashSet::new();
    let first = run.best.into_iter();
    let places = first.chain(run.ranked.iter().copied());
    let trials = places.map(|place| &run.finished[place]);
    let different = trials.filter(|trial| known.insert(trial.genotype.key(trial.json())));
    different.take(run.at_most(SHOWN)).collect()
}

fn drawn(genotype: &NasnetGenotype, trial: &FinishedTrial<'_>) -> String {
    let mut html = String::from("<div class=\"cells\">");
    let words = genotype.in_words();
    for kind in [CellKind::Normal, CellKind::Reduction] {
        let label = format!("The {kind} cell of trial {}", trial.id());
        let title = match kind {
            CellKind::Normal => "Normal cell",
            CellKind::Reduction => "Reduction cell",
        };
        html += &match cell_image(genotype.cell(kind), &label, &[]) {
            Ok(image) => figure(title, Some(&scrolling(&label, &image)), ""),
            Err(error) => paragraph(error),
        };
    }
    html += "</div>";
    let lines: Vec<String> = words.lines().map(|line| escape(line).to_string()).collect();
    html + &format!(
        "<details><summary>The cells in words</summary><pre tabindex=\"0\">{}</pre></details>",
        lines.join("\n")
    )
}

fn listed(run: &RunDigest<'_>, trial: &FinishedTrial<'_>) -> String {
    let decisions = run.choices.decisions(&trial.genotype, trial.json());
    let rows: Vec<[String; 2]> = decisions
        .iter()
        .take(MOST_DECISIONS)
        .map(|(name, value)| [name.clone(), passage(&value_text(value)).to_string()])
        .collect();
    table("Decisions", &["decision", "value"], &rows)
}
