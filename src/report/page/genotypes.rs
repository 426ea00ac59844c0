//! What a page can say about genotypes of any space: as text, as decisions, and what differs between two.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use crate::report::cells::label;
use crate::report::chart::number;
use crate::spaces::nasbench201::{EDGE_ENDS, NasBench201Cell};
use crate::spaces::nasnet::{Branch, CellKind, NasnetGenotype, PairwiseCombination};

/// A genotype as the page knows it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ReadGenotype {
    Nasnet(NasnetGenotype),
    NasBench201(NasBench201Cell),
    /// Of any other space: its JSON.
    Other,
}

/// The decisions of a space of named choices, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct NamedChoices(Vec<RecordedDecision>);

/// A decision as a space describes it.
#[derive(Clone, Debug, Deserialize)]
struct RecordedDecision {
    name: String,
    /// Empty for a number.
    #[serde(default)]
    alternatives: Vec<String>,
    /// The earlier decisions that must have taken one of these alternatives, by index.
    #[serde(default)]
    conditions: Vec<RecordedCondition>,
}

#[derive(Clone, Debug, Deserialize)]
struct RecordedCondition {
    decision: usize,
    alternatives: Vec<u64>,
}

/// Part of a genotype that changed: where it is, what it was and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) place: String,
    pub(super) before: String,
    pub(super) after: String,
    /// The cell, the state and the side, if it is an operation of a NASNet cell.
    pub(super) branch: Option<(CellKind, usize, usize)>,
}

impl ReadGenotype {
    pub(super) fn read(json: &Value) -> Self {
        match json {
            Value::Object(_) => NasnetGenotype::deserialize(json).map_or(Self::Other, Self::Nasnet),
            Value::String(text) => text.parse().map_or(Self::Other, Self::NasBench201),
            _ => Self::Other,
        }
    }

    pub(super) const fn as_nasnet(&self) -> Option<&NasnetGenotype> {
        match self {
            Self::Nasnet(genotype) => Some(genotype),
            _ => None,
        }
    }

    /// The same for genotypes that mean the same, as far as the page knows.
    pub(super) fn key(&self, json: &Value) -> String {
        match self {
            Self::Nasnet(genotype) => genotype.canonical().to_string(),
            Self::NasBench201(cell) => cell.to_string(),
            Self::Other => json.to_string(),
        }
    }
}

impl NamedChoices {
    /// The decisions of a space from its description; none if it is of another kind.
    pub(super) fn of(space: &Value) -> Self {
        let decisions = space.get("decisions").map(Vec::deserialize);
        Self(decisions.and_then(Result::ok).unwrap_or_default())
    }

    /// The decisions of a genotype that matter, with the names of the alternatives taken.
    fn named(&self, values: &[Value]) -> Vec<(String, Value)> {
        let mut matter: Vec<bool> = Vec::with_capacity(self.0.len());
        let mut named = Vec::with_capacity(self.0.len());
        for (decision, value) in self.0.iter().zip(values) {
            let holds = |condition: &RecordedCondition| {
                let place = values.get(condition.decision).and_then(Value::as_u64);
                matter.get(condition.decision) == Some(&true)
                    && place.is_some_and(|place| condition.alternatives.contains(&place))
            };
            let matters = decision.conditions.iter().all(holds);
            matter.push(matters);
            if matters {
                let place = value.as_u64().and_then(|place| usize::try_from(place).ok());
                let alternative = place.and_then(|place| decision.alternatives.get(place));
                let value = alternative.map_or_else(|| value.clone(), |name| name.as_str().into());
                named.push((decision.name.clone(), value));
            }
        }
        named
    }

    /// The decisions of a genotype: what is decided, and how. One name may come several times, as that of the
    /// operations of a cell.
    pub(super) fn decisions(&self, read: &ReadGenotype, json: &Value) -> Vec<(String, Value)> {
        match read {
            ReadGenotype::Nasnet(genotype) => cell_decisions(genotype),
            ReadGenotype::NasBench201(cell) => edges(cell)
                .map(|(edge, operation)| (edge, Value::from(operation)))
                .collect(),
            ReadGenotype::Other => match json {
                Value::Array(values) if values.len() == self.0.len() => self.named(values),
                _ => leaves(json),
            },
        }
    }

    /// A genotype as one line.
    pub(super) fn text(&self, read: &ReadGenotype, json: &Value) -> String {
        match read {
            ReadGenotype::Nasnet(genotype) => genotype.to_string(),
            ReadGenotype::NasBench201(cell) => cell.to_string(),
            ReadGenotype::Other if self.0.is_empty() => json.to_string(),
            ReadGenotype::Other => {
                let decisions = self.decisions(read, json).into_iter();
                let parts: Vec<String> = decisions
                    .map(|(name, value)| format!("{name} = {}", value_text(&value)))
                    .collect();
                parts.join(", ")
            }
        }
    }

    /// What differs between a parent and its child.
    pub(super) fn changes(
        &self,
        (parent, parent_json): (&ReadGenotype, &Value),
        (child, child_json): (&ReadGenotype, &Value),
    ) -> Vec<Change> {
        if let (ReadGenotype::Nasnet(parent), ReadGenotype::Nasnet(child)) = (parent, child) {
            return cell_changes(parent, child);
        }
        let before = self.decisions(parent, parent_json);
        let after = self.decisions(child, child_json);
        let old: HashMap<&str, &Value> = before
            .iter()
            .map(|(name, value)| (&**name, value))
            .collect();
        let new: HashMap<&str, &Value> =
            after.iter().map(|(name, value)| (&**name, value)).collect();
        let text =
            |value: Option<&&Value>| value.map_or("nothing".to_owned(), |value| value_text(value));
        let gone = before.iter().filter(|(name, _)| !new.contains_key(&**name));
        let names = after.iter().chain(gone).map(|(name, _)| &**name);
        names
            .filter(|name| old.get(name) != new.get(name))
            .map(|name| Change {
                place: name.to_owned(),
                before: text(old.get(name)),
                after: text(new.get(name)),
                branch: None,
            })
            .collect()
    }
}

/// The most values of a genotype of an unknown kind that are looked at.
const MOST_LEAVES: usize = 200;

/// The values inside a JSON value, by their paths.
fn leaves(json: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    // Depth first without recursion: a genotype may be nested deeply.
    let mut open = vec![(String::new(), json)];
    while let Some((path, value)) = open.pop() {
        if found.len() == MOST_LEAVES {
            break;
        }
        match value {
            Value::Array(values) => {
                let inner = values.iter().take(MOST_LEAVES).enumerate();
                let inner: Vec<_> = inner
                    .map(|(place, value)| (format!("{path}[{place}]"), value))
                    .collect();
                open.extend(inner.into_iter().rev());
            }
            Value::Object(fields) => {
                let inner =
                    fields
                        .iter()
                        .take(MOST_LEAVES)
                        .map(|(name, value)| match path.as_str() {
                            "" => (name.clone(), value),
                            path => (format!("{path}.{name}"), value),
                        });
                let inner: Vec<_> = inner.collect();
                open.extend(inner.into_iter().rev());
            }
            value if path.is_empty() => found.push(("value".to_owned(), value.clone())),
            value => found.push((path, value.clone())),
        }
    }
    found
}

/// A value of a decision as text.
pub(super) fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(value) => value.as_f64().map_or_else(|| value.to_string(), number),
        value => value.to_string(),
    }
}

fn cell_decisions(genotype: &NasnetGenotype) -> Vec<(String, Value)> {
    let mut decisions = Vec::new();
    for kind in [CellKind::Normal, CellKind::Reduction] {
        for combination in genotype.cell(kind).pairs() {
            for branch in combination.branches() {
                let operation = label(branch.operation);
                decisions.push((format!("operations of {kind} cells"), operation.into()));
                let state = format!("state {}", branch.state);
                decisions.push((
                    format!("inputs of operations in {kind} cells"),
                    state.into(),
                ));
            }
        }
    }
    decisions
}

fn edges(cell: &NasBench201Cell) -> impl Iterator<Item = (String, &'static str)> {
    let ends = EDGE_ENDS.into_iter().zip(cell.operations);
    ends.map(|((from, to), operation)| {
        (
            format!("edge from node {from} to node {to}"),
            operation.name(),
        )
    })
}

fn cell_changes(parent: &NasnetGenotype, child: &NasnetGenotype) -> Vec<Change> {
    let text = |branch: Option<Branch>| {
        branch.map_or("nothing".to_owned(), |branch| {
            format!("{} of state {}", label(branch.operation), branch.state)
        })
    };
    let mut changes = Vec::new();
    for kind in [CellKind::Normal, CellKind::Reduction] {
        let (before, after) = (parent.cell(kind).pairs(), child.cell(kind).pairs());
        for pair in 0..before.len().max(after.len()) {
            for side in 0..2 {
                let of = |pairs: &[PairwiseCombination]| {
                    pairs.get(pair).map(|pair| pair.branches()[side])
                };
                let (old, new) = (of(before), of(after));
                if old != new {
                    let which = ["first", "second"][side];
                    changes.push(Change {
                        place: format!("{kind} cell, state {}, {which} operation", pair + 2),
                        before: text(old),
                        after: text(new),
                        branch: Some((kind, pair + 2, side)),
                    });
                }
            }
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_mutation_is_told_as_what_was_and_what_is() {
        let genotype = |text: &str| -> NasnetGenotype { text.parse().unwrap() };
        let parent = genotype("sep3@0+max3@1,avg3@2+sep5@0/avg3@0+identity@1");
        let child = genotype("sep3@0+max3@1,avg3@2+sep5@1/max3@0+identity@1");
        let changes = cell_changes(&parent, &child);
        let told: Vec<_> = changes
            .iter()
            .map(|change| format!("{}: {} -> {}", change.place, change.before, change.after))
            .collect();
        assert_eq!(
            told,
            [
                "normal cell, state 3, second operation: sep 5x5 of state 0 -> sep 5x5 of state 1",
                "reduction cell, state 2, first operation: avg 3x3 of state 0 -> max 3x3 of state 0",
            ]
        );
        assert_eq!(changes[0].branch, Some((CellKind::Normal, 3, 1)));
    }

    #[test]
    fn choices_have_their_names() {
        let space = json!({"type": "Choices", "decisions": [
            {"name": "optimizer", "alternatives": ["sgd", "adam"], "conditions": []},
            {"name": "rate", "range": {"low": 0.0, "high": 1.0}, "conditions": []},
            {"name": "momentum", "range": {"low": 0.0, "high": 1.0},
             "conditions": [{"decision": 0, "alternatives": [0]}]},
        ]});
        let choices = NamedChoices::of(&space);
        let json = json!([1, 0.25, 0.5]);
        let read = ReadGenotype::read(&json);
        assert_eq!(choices.text(&read, &json), "optimizer = adam, rate = 0.25");
        let child = json!([0, 0.25, 0.5]);
        let changes = choices.changes((&read, &json), (&ReadGenotype::read(&child), &child));
        let told: Vec<_> = changes
            .iter()
            .map(|change| format!("{}: {} -> {}", change.place, change.before, change.after))
            .collect();
        assert_eq!(told, ["optimizer: adam -> sgd", "momentum: nothing -> 0.5"]);
    }

    #[test]
    fn any_other_genotype_is_told_by_the_paths_of_its_values() {
        let choices = NamedChoices::default();
        let json = json!({"layers": [{"width": 8}, {"width": 16}], "on": true});
        let read = ReadGenotype::read(&json);
        let named: Vec<_> = choices.decisions(&read, &json);
        let names: Vec<_> = named.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["layers[0].width", "layers[1].width", "on"]);
        let text = choices.text(&read, &json);
        assert_eq!(text, json.to_string());
    }
}
