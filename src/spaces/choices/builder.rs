//! Builds [`Choices`].

use std::collections::HashSet;
use std::ops::RangeInclusive;

use super::conditions::{self, Requirements};
use super::decision::{NamedDecision, Values};
use super::numeric_range::Scale;
use super::range_draft::{Bounds, RangeDraft};
use super::{Choices, ChoicesError};

/// Builds [`Choices`] decision by decision. [`step`](Self::step), [`gaussian`](Self::gaussian),
/// [`uniform`](Self::uniform) and [`only_if`](Self::only_if) are for the decision added last.
///
/// ```
/// use evonas::prelude::*;
///
/// let space = Choices::builder()
///     .decision("pooling", ["none", "max", "average"])
///     .integer("window", 2..=4)
///     .only_if("pooling", ["max", "average"])
///     .log_float("rate", 1e-4..=1e-1)
///     .gaussian(0.2)
///     .build()?;
/// assert_eq!(space.names().collect::<Vec<_>>(), ["pooling", "window", "rate"]);
/// assert!(Choices::builder().float("empty", 1.0..=0.0).build().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ChoicesBuilder {
    decisions: Vec<Draft>,
    /// The first call that was for a decision that isn't there, or for one of another kind.
    misuse: Option<ChoicesError>,
}

#[derive(Clone, Debug)]
struct Draft {
    name: String,
    values: ValuesDraft,
    conditions: Vec<(String, Vec<String>)>,
}

#[derive(Clone, Debug)]
enum ValuesDraft {
    Alternatives(Vec<String>),
    Range(RangeDraft),
}

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
        self,
        name: impl Into<String>,
        alternatives: impl IntoIterator<Item = A>,
    ) -> Self {
        let alternatives = alternatives.into_iter().map(Into::into).collect();
        self.with(name, ValuesDraft::Alternatives(alternatives))
    }

    /// Adds a float, drawn uniformly from a range.
    #[must_use]
    pub fn float(self, name: impl Into<String>, range: RangeInclusive<f64>) -> Self {
        self.with_range(name, Bounds::Float(range), Scale::Linear)
    }

    /// Adds a float whose logarithm is drawn uniformly, such as a learning rate. The range must be
    /// positive.
    #[must_use]
    pub fn log_float(self, name: impl Into<String>, range: RangeInclusive<f64>) -> Self {
        self.with_range(name, Bounds::Float(range), Scale::Logarithmic)
    }

    /// Adds an integer, drawn uniformly from a range. Bounds may be up to 2^53, and so may their
    /// difference.
    #[must_use]
    pub fn integer(self, name: impl Into<String>, range: RangeInclusive<i64>) -> Self {
        self.with_range(name, Bounds::Integer(range), Scale::Linear)
    }

    /// Adds an integer whose logarithm is drawn uniformly, such as a layer's width: `n` has a probability
    /// proportional to `ln((n + 1/2) / (n - 1/2))`. The range must be positive, and at most 2^53.
    #[must_use]
    pub fn log_integer(self, name: impl Into<String>, range: RangeInclusive<i64>) -> Self {
        self.with_range(name, Bounds::Integer(range), Scale::Logarithmic)
    }

    /// Restricts the number added last to its lower bound plus multiples of a step: `.float("dropout",
    /// 0.0..=0.5).step(0.05)` or `.integer("width", 8..=512).step(8)`. The highest such number may be
    /// below the upper bound. Logarithmic scales have no steps.
    #[must_use]
    pub fn step(self, step: impl Into<f64>) -> Self {
        let step = step.into();
        self.set("step", |range| range.step = Some(step))
    }

    /// Mutates the number added last by normal noise with a standard deviation of `width` times the range
    /// (on a logarithmic scale, the range of the logarithms), 0 < `width` <= 1. All numbers mutate like
    /// this by default, with a width of 0.1.
    ///
    /// What would be outside the range is reflected into it. Integers and floats with a step are rounded
    /// to the nearest value. If that is the old one, the next value in the direction of the noise is
    /// taken, or at a bound the next one inside the range, so that a mutation always changes the number.
    #[must_use]
    pub fn gaussian(self, width: f64) -> Self {
        self.set("gaussian", |range| range.width = Some(width))
    }

    /// Mutates the number added last by drawing another value from the whole range, as sampling does.
    #[must_use]
    pub fn uniform(self) -> Self {
        self.set("uniform", |range| range.width = None)
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
                self
            }
            None => self.misused(ChoicesError::ConditionWithoutDecision(on)),
        }
    }

    /// Builds the space.
    ///
    /// # Errors
    /// [`ChoicesError`] names the decision that is invalid.
    pub fn build(self) -> Result<Choices, ChoicesError> {
        if let Some(misuse) = self.misuse {
            return Err(misuse);
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
            let required = conditions::required(&decision, &requirements);
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

    fn with(mut self, name: impl Into<String>, values: ValuesDraft) -> Self {
        self.decisions.push(Draft {
            name: name.into(),
            values,
            conditions: Vec::new(),
        });
        self
    }

    fn with_range(self, name: impl Into<String>, bounds: Bounds, scale: Scale) -> Self {
        self.with(name, ValuesDraft::Range(RangeDraft::new(bounds, scale)))
    }

    /// Changes the number added last.
    fn set(mut self, setting: &'static str, change: impl FnOnce(&mut RangeDraft)) -> Self {
        let misuse = match self.decisions.last_mut() {
            None => ChoicesError::SettingWithoutDecision(setting),
            Some(Draft { name, values, .. }) => match values {
                ValuesDraft::Range(range) => {
                    change(range);
                    return self;
                }
                ValuesDraft::Alternatives(_) => ChoicesError::NotNumeric {
                    decision: name.clone(),
                    setting,
                },
            },
        };
        self.misused(misuse)
    }

    fn misused(mut self, misuse: ChoicesError) -> Self {
        self.misuse.get_or_insert(misuse);
        self
    }
}

fn finished(draft: Draft, before: &Choices) -> Result<NamedDecision, ChoicesError> {
    let Draft {
        name,
        values,
        conditions,
    } = draft;
    if before.index_of(&name).is_some() {
        return Err(ChoicesError::RepeatedDecision(name));
    }
    let values = match values {
        ValuesDraft::Alternatives(alternatives) => {
            check_alternatives(&name, &alternatives)?;
            Values::Alternatives(alternatives)
        }
        ValuesDraft::Range(range) => Values::Range(range.finished(&name)?),
    };
    let conditions = conditions
        .into_iter()
        .map(|(on, wanted)| conditions::condition(&name, on, wanted, before))
        .collect::<Result<_, _>>()?;
    Ok(NamedDecision {
        name,
        values,
        conditions,
    })
}

fn check_alternatives(name: &str, alternatives: &[String]) -> Result<(), ChoicesError> {
    let decision = || name.to_owned();
    let count = alternatives.len();
    if count == 0 || count > usize::from(u16::MAX) + 1 {
        return Err(ChoicesError::AlternativeCount {
            decision: decision(),
            count,
        });
    }
    let mut seen = HashSet::new();
    match alternatives.iter().find(|text| !seen.insert(*text)) {
        Some(alternative) => Err(ChoicesError::RepeatedAlternative {
            alternative: alternative.clone(),
            decision: decision(),
        }),
        None => Ok(()),
    }
}
