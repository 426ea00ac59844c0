//! When a decision matters: checks of its conditions.

use std::collections::BTreeMap;

use super::decision::{Condition, NamedDecision};
use super::{Choices, ChoicesError};

/// For each earlier decision, by index, the alternatives with which a decision matters. Decisions are
/// independent, so the decision can matter if none of these lists is empty.
pub(super) type Requirements = BTreeMap<usize, Vec<u16>>;

/// What the conditions of a decision require, together with those of the decisions they refer to.
pub(super) fn required(decision: &NamedDecision, before: &[Requirements]) -> Requirements {
    let mut required = Requirements::new();
    let mut require = |on: usize, wanted: &[u16]| {
        let left = required.entry(on).or_insert_with(|| wanted.to_vec());
        left.retain(|alternative| wanted.contains(alternative));
    };
    for condition in &decision.conditions {
        require(condition.decision, &condition.alternatives);
        for (&on, wanted) in &before[condition.decision] {
            require(on, wanted);
        }
    }
    required
}

/// The condition of the decision `name` that the decision `on` takes one of the alternatives `wanted`.
pub(super) fn condition(
    name: &str,
    on: String,
    wanted: Vec<String>,
    before: &Choices,
) -> Result<Condition, ChoicesError> {
    let name = || name.to_owned();
    let Some(decision) = before.index_of(&on) else {
        let decision = name();
        return Err(ChoicesError::UnknownCondition { decision, on });
    };
    let Some(known) = before.decisions[decision].alternatives() else {
        let decision = name();
        return Err(ChoicesError::NumericCondition { decision, on });
    };
    let alternatives: Option<Vec<u16>> = wanted
        .iter()
        .map(|alternative| known.iter().position(|other| other == alternative))
        .map(|place| place.and_then(|place| u16::try_from(place).ok()))
        .collect();
    match alternatives {
        Some(alternatives) if !alternatives.is_empty() => Ok(Condition {
            decision,
            alternatives,
        }),
        _ => Err(ChoicesError::UnknownInCondition {
            decision: name(),
            on,
            alternatives: wanted,
        }),
    }
}
