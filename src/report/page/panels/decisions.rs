//! How often each alternative was taken: over time, and among the fittest tenth against all.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use serde_json::Value;

use crate::excerpt::excerpt;
use crate::report::cells::text_width;
use crate::report::chart::{number, percent};
use crate::report::markup::escape;
use crate::report::page::digest::RunDigest;
use crate::report::page::genotypes::value_text;
use crate::report::page::html::{Panel, counted, figure, paragraph};

/// The columns over time.
const COLUMNS: usize = 12;
/// The most alternatives of a decision that are listed; numbers with more values are put into ranges.
const MOST_ALTERNATIVES: usize = 20;
/// The most decisions that are drawn.
const MOST_DECISIONS: usize = 16;
const RANGES: usize = 6;

/// A decision with how often each alternative was taken.
struct Frequencies {
    name: String,
    alternatives: Vec<AlternativeShares>,
    /// How far the fittest tenth is from all trials: 0 if they decide alike, 1 if they share no alternative.
    distance: f64,
}

/// The shares of an alternative among what trials decided.
struct AlternativeShares {
    name: String,
    over_time: [f64; COLUMNS],
    all: f64,
    top: f64,
}

pub(super) fn panel(run: &RunDigest<'_>) -> Panel {
    let mut all = frequencies(run);
    let mut body = String::new();
    if run.ranked.is_empty() || all.is_empty() {
        body += &paragraph("No trial has a fitness yet.");
    } else {
        let decisions = all.len();
        let most = run.at_most(MOST_DECISIONS);
        if decisions > most {
            all.sort_by(|one, other| other.distance.total_cmp(&one.distance));
            all.truncate(most);
            body += &paragraph(format_args!(
                "Of {}, these are the ones in which the fittest tenth differs most from all trials.",
                counted(decisions, "decision")
            ));
        }
        let top = top_tenth(run);
        body += &paragraph(format_args!(
            "Columns are {COLUMNS} equal parts of the search, from its beginning at the left to its end; the \
             stronger the color, the more often. At the right, the share among all {} and among the fittest tenth ({}).",
            counted(run.finished.len(), "trial"),
            counted(top, "trial"),
        ));
        body += "<div class=\"plots\">";
        for decision in &all {
            let summary = summary(decision);
            let mut title = excerpt(&decision.name).to_string();
            if let Some(first) = title.get_mut(0..1) {
                first.make_ascii_uppercase();
            }
            body += &figure(&title, Some(&image(decision, &summary)), &summary);
        }
        body += "</div>";
    }
    Panel {
        id: "decisions",
        title: "Decisions",
        body,
    }
}

fn top_tenth(run: &RunDigest<'_>) -> usize {
    run.ranked.len().div_ceil(10)
}

/// What each trial decided, by decision: the trial's position and the value.
fn decided(run: &RunDigest<'_>) -> Vec<(String, Vec<(usize, Value)>)> {
    let mut order: HashMap<String, usize> = HashMap::new();
    let mut decided: Vec<(String, Vec<(usize, Value)>)> = Vec::new();
    for (place, trial) in run.finished.iter().enumerate() {
        for (name, value) in run.choices.decisions(&trial.genotype, trial.json()) {
            let at = match order.get(&name) {
                Some(&at) => at,
                None => {
                    order.insert(name.clone(), decided.len());
                    decided.push((name, Vec::new()));
                    decided.len() - 1
                }
            };
            decided[at].1.push((place, value));
        }
    }
    decided
}

fn frequencies(run: &RunDigest<'_>) -> Vec<Frequencies> {
    let mut is_top = vec![false; run.finished.len()];
    for &place in &run.ranked[..top_tenth(run)] {
        is_top[place] = true;
    }
    let decided = decided(run).into_iter();
    decided
        .map(|(name, values)| of_decision(name, &values, &is_top))
        .collect()
}

fn of_decision(name: String, values: &[(usize, Value)], is_top: &[bool]) -> Frequencies {
    let names = alternatives(values.iter().map(|(_, value)| value));
    #[derive(Clone, Default)]
    struct Counts {
        over_time: [f64; COLUMNS],
        top: f64,
    }
    let mut counts = vec![Counts::default(); names.len()];
    let mut totals = Counts::default();
    for (place, value) in values {
        let column = place * COLUMNS / is_top.len();
        let top = f64::from(u8::from(is_top[*place]));
        let alternative = &mut counts[names.of(value)];
        for count in [alternative, &mut totals] {
            count.over_time[column] += 1.0;
            count.top += top;
        }
    }
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let all = values.len() as f64;
    let shares = names.names.iter().zip(counts).map(|(name, counts)| {
        let mut over_time = counts.over_time;
        for (count, total) in over_time.iter_mut().zip(totals.over_time) {
            *count = share(*count, total);
        }
        AlternativeShares {
            name: name.clone(),
            over_time,
            all: share(counts.over_time.iter().sum(), all),
            top: share(counts.top, totals.top),
        }
    });
    let mut alternatives: Vec<AlternativeShares> = shares.collect();
    if !names.is_ordered {
        alternatives.sort_by(|one, other| other.top.total_cmp(&one.top));
    }
    let distance = alternatives
        .iter()
        .map(|one| (one.top - one.all).abs())
        .sum::<f64>()
        / 2.0;
    Frequencies {
        name,
        alternatives,
        distance,
    }
}

/// The alternatives of a decision, found in what was decided.
struct Alternatives {
    names: Vec<String>,
    /// Whether their order means something.
    is_ordered: bool,
    /// The upper ends of ranges of numbers, or the places of values.
    ends: Vec<f64>,
    places: BTreeMap<String, usize>,
}

impl Alternatives {
    fn len(&self) -> usize {
        self.names.len()
    }

    /// The place of the alternative that a value is.
    fn of(&self, value: &Value) -> usize {
        let last = self.names.len().saturating_sub(1);
        match value.as_f64().filter(|_| !self.ends.is_empty()) {
            Some(value) => self
                .ends
                .iter()
                .position(|&end| value <= end)
                .unwrap_or(last),
            None => self.places.get(&value_text(value)).copied().unwrap_or(last),
        }
    }
}

fn alternatives<'a>(values: impl Iterator<Item = &'a Value> + Clone) -> Alternatives {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    let mut numbers = true;
    for value in values.clone() {
        numbers &= value.is_number();
        *found.entry(value_text(value)).or_default() += 1;
    }
    if numbers && found.len() > MOST_ALTERNATIVES / 2 {
        return ranges(values.filter_map(Value::as_f64).collect());
    }
    let mut names: Vec<(String, usize)> = found.into_iter().collect();
    match numbers {
        true => names.sort_by_key(|(name, _)| name.len()),
        false => names.sort_by_key(|(_, count)| std::cmp::Reverse(*count)),
    }
    let rest = names.len() > MOST_ALTERNATIVES;
    names.truncate(MOST_ALTERNATIVES);
    let mut names: Vec<String> = names.into_iter().map(|(name, _)| name).collect();
    let places = names.iter().cloned().zip(0..).collect();
    if rest {
        names.push("all others".to_owned());
    }
    Alternatives {
        names,
        is_ordered: numbers,
        ends: Vec::new(),
        places,
    }
}

/// Ranges that hold about as many of these values each.
fn ranges(mut values: Vec<f64>) -> Alternatives {
    values.sort_by(f64::total_cmp);
    let mut ends: Vec<f64> = (1..=RANGES)
        .map(|range| values[range * values.len() / RANGES - 1])
        .collect();
    ends.dedup();
    let mut low = values[0];
    let names = ends.iter().map(|&end| {
        let name = format!("{} to {}", number(low), number(end));
        low = end;
        name
    });
    Alternatives {
        names: names.collect(),
        is_ordered: true,
        ends,
        places: BTreeMap::new(),
    }
}

fn summary(decision: &Frequencies) -> String {
    let by = |of: fn(&AlternativeShares) -> f64| {
        let most = decision
            .alternatives
            .iter()
            .max_by(|one, other| of(one).total_cmp(&of(other)));
        most.map(|most| (excerpt(&most.name).to_string(), of(most)))
    };
    let (Some((all, all_share)), Some((top, top_share)), Some((gained, gain))) = (
        by(|one| one.all),
        by(|one| one.top),
        by(|one| one.top - one.all),
    ) else {
        return String::new();
    };
    let mut text = format!(
        "Most often, trials took {all} ({}), and the fittest tenth {top} ({}).",
        percent(all_share),
        percent(top_share)
    );
    if gain > 0.0 {
        let _ = write!(
            text,
            " {gained} is {:.0} points more frequent among the fittest.",
            100.0 * gain
        );
    }
    text
}

const ROW: f64 = 19.0;
const COLUMN: f64 = 15.0;

fn image(decision: &Frequencies, summary: &str) -> String {
    let names: Vec<String> = decision
        .alternatives
        .iter()
        .map(|one| one.name.chars().take(26).collect())
        .collect();
    let widest = names
        .iter()
        .map(|name| 12.0 * text_width(name))
        .fold(30.0, f64::max);
    let left = widest + 8.0;
    let right = left + COLUMN * COLUMNS as f64;
    let (width, height) = (right + 126.0, ROW * (names.len() + 1) as f64 + 4.0);
    let most = decision.alternatives.iter().flat_map(|one| one.over_time);
    let most = most.fold(0.01, f64::max);
    let mut svg = format!(
        "<svg class=\"chart\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         style=\"max-width:{width:.0}px\"><text class=\"end\" x=\"{:.0}\" y=\"13\">all</text>\
         <text class=\"end\" x=\"{:.0}\" y=\"13\">fittest</text>",
        escape(summary),
        right + 58.0,
        right + 120.0
    );
    for (row, (shares, name)) in decision.alternatives.iter().zip(&names).enumerate() {
        let top = ROW * (row + 1) as f64;
        let _ = write!(
            svg,
            "<text class=\"end\" x=\"{widest:.0}\" y=\"{:.0}\">{}</text>",
            top + 13.0,
            escape(name)
        );
        for (column, share) in shares
            .over_time
            .into_iter()
            .enumerate()
            .filter(|one| one.1 > 0.0)
        {
            let _ = write!(
                svg,
                "<path class=\"fill0\" opacity=\"{:.2}\" d=\"M{:.0} {top:.0}h14v17h-14z\"/>",
                (share / most).max(0.04),
                left + COLUMN * column as f64
            );
        }
        for (share, end) in [(shares.all, 58.0), (shares.top, 120.0)] {
            let _ = write!(
                svg,
                "<text class=\"end\" x=\"{:.0}\" y=\"{:.0}\">{}</text>",
                right + end,
                top + 13.0,
                percent(share)
            );
        }
    }
    svg + "</svg>"
}
