//! Whether an outcome can be recorded.

use std::time::Duration;

use super::{Evaluation, Outcome, RESERVED_METRICS};

impl Outcome {
    /// The outcome itself if a record can hold it; otherwise a failure that says why not: a figure isn't a
    /// finite number, the cost isn't a time in seconds, or a metric has the name of a field
    /// ([`RESERVED_METRICS`]).
    ///
    /// The search applies it to every outcome, whichever executor it comes from.
    #[must_use]
    pub fn recordable(self) -> Self {
        let problem = match &self {
            Self::Completed(evaluation) => problem(evaluation),
            Self::Stopped { value, .. } if !value.is_finite() => {
                Some(format!("stopped at the value {value}, not a finite number"))
            }
            _ => None,
        };
        match problem {
            Some(reason) => Self::Failed { reason },
            None => self,
        }
    }
}

fn problem(evaluation: &Evaluation) -> Option<String> {
    let fitness = evaluation.fitness;
    if !fitness.is_finite() {
        return Some(format!("the fitness is {fitness}, not a finite number"));
    }
    if let Some(cost) = evaluation.cost
        && Duration::try_from_secs_f64(cost).is_err()
    {
        return Some(format!("the cost is {cost}, not a time in seconds"));
    }
    evaluation.metrics.iter().find_map(|(name, value)| {
        if RESERVED_METRICS.contains(&name) {
            Some(format!(
                "a metric can't be named '{name}': a trial's record has that field"
            ))
        } else if !value.is_finite() {
            Some(format!("the metric {name} is {value}, not a finite number"))
        } else {
            None
        }
    })
}
