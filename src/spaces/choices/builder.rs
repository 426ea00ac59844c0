//! Builds [`Choices`].

use std::collections::{BTreeMap, HashSet};

use super::{Choices, ChoicesError, Condition, NamedDecision};

/// Builds [`Choices`] decision by decision.
#[derive(Clone, Debug, Default)]
pub struct ChoicesBuilder {
    decisions: Vec<Draft>,
    /// A condition that was added before any decision.
    stray: Option<String>,
}

#[derive(Clone, Debug)]
struct Draft {
    name: String,
    alternatives: Vec<String>,
    conditions: Vec<(String, Vec<String>)>,
}

/// For each earlier decision, by index, the alternatives with which a decision matters. Decisions are
/// independent, so the decision can matter if none of these lists is empty.
type Requirements = BTreeMap<usize, Vec<u16>>;

impl Choices {
    /// Builds a space decision by decision.
    #[must_use]
    pub fn builder() -> ChoicesBuilder {
        ChoicesBuilder::default()
    }
}

impl ChoicesBuilder {
    /// Adds a decision between named alternatives.
    #[must_use]
    pub fn decision<A: Into<String>>(
        mut self,
        name: impl Into<String>,
        alternatives: impl IntoIterator<Item = A>,
    ) -> Self {
        self.decisions.push(Draft {
            name: name.into(),
            alternatives: alternatives.into_iter().map(Into::into).collect(),
            conditions: Vec::new(),
        });
        self
    }

    /// Makes the decision added last matter only if an earlier decision matters and takes one of these
    /// alternatives. With several conditions, all must hold.
    #[must_use]
    pub fn only_if<A: Into<String>>(
        mut self,
        decision: impl Into<String>,
        alternatives: impl IntoIterator<Item = A>,
    ) -> Self {
        let on = decision.into();
        match self.decisions.last_mut() {
            Some(last) => {
                let alternatives = alternatives.into_iter().map(Into::into).collect();
                last.conditions.push((on, alternatives));
            }
            None => self.stray = Some(on),
        }
        self
    }

    /// Builds the space.
    ///
    /// # Errors
    /// [`ChoicesError`] names the decision that is invalid.
    pub fn build(self) -> Result<Choices, ChoicesError> {
        if let Some(on) = self.stray {
            return Err(ChoicesError::ConditionWithoutDecision(on));
        }
        if self.decisions.is_empty() {
            return Err(ChoicesError::NoDecisions);
        }
        let mut choices = Choices {
            decisions: Vec::new(),
        };
        let mut requirements: Vec<Requirements> = Vec::new();
        for draft in self.decisions {
            let decision = finished(draft, &choices)?;
            let required = required(&decision, &requirements);
            if let Some((&on, _)) = required.iter().find(|(_, left)| left.is_empty()) {
                return Err(ChoicesError::NeverMatters {
                    decision: decision.name,
                    on: choices.decisions[on].name.clone(),
                });
            }
            requirements.push(required);
            choices.decisions.push(decision);
        }
        Ok(choices)
    }
}

/// What the conditions of a decision require, together with those of the decisions they refer to.
fn required(decision: &NamedDecision, before: &[Requirements]) -> Requirements {
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

fn finished(draft: Draft, before: &Choices) -> Result<NamedDecision, ChoicesError> {
    let Draft {
        name,
        alternatives,
        conditions,
    } = draft;
    if before.place_of(&name).is_some() {
        return Err(ChoicesError::RepeatedDecision(name));
    }
    let count = alternatives.len();
    if count == 0 || count > usize::from(u16::MAX) + 1 {
        return Err(ChoicesError::AlternativeCount {
            decision: name,
            count,
        });
    }
    let mut seen = HashSet::new();
    if let Some(alternative) = alternatives.iter().find(|text| !seen.insert(*text)) {
        return Err(ChoicesError::RepeatedAlternative {
            alternative: alternative.clone(),
            decision: name,
        });
    }
    let conditions = conditions
        .into_iter()
        .map(|(on, wanted)| condition(&name, on, wanted, before))
        .collect::<Result<_, _>>()?;
    Ok(NamedDecision {
        name,
        alternatives,
        conditions,
    })
}

fn condition(
    name: &str,
    on: String,
    wanted: Vec<String>,
    before: &Choices,
) -> Result<Condition, ChoicesError> {
    let Some(decision) = before.place_of(&on) else {
        return Err(ChoicesError::UnknownCondition {
            decision: name.to_owned(),
            on,
        });
    };
    let known = &before.decisions[decision].alternatives;
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
            decision: name.to_owned(),
            on,
            alternatives: wanted,
        }),
    }
}
