//! What a search and its workers must agree on.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::description::{self, Difference, first_difference};
use crate::space::SearchSpace;

/// The version of the protocol: a change that an older worker would misunderstand raises it.
const PROTOCOL: u32 = 1;

/// What a search and its workers must agree on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunIdentity {
    protocol: u32,
    #[serde(rename = "crate")]
    version: String,
    space: Value,
    evaluator: Value,
}

impl RunIdentity {
    pub(crate) fn new<S: SearchSpace + ?Sized>(space: &S, evaluator: Value) -> Self {
        Self {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            space: space.describe(),
            evaluator,
        }
    }

    /// With another description of the evaluator.
    pub(crate) fn with_evaluator(mut self, evaluator: Value) -> Self {
        self.evaluator = evaluator;
        self
    }

    /// A checksum for messages.
    #[cfg(feature = "nats")]
    pub(crate) fn checksum(&self) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        format!("{:08x}", crc32fast::hash(&json))
    }

    /// The first difference between this search and a worker.
    pub(crate) fn difference(&self, worker: &Self) -> Option<Difference> {
        first_difference(&description::of(self), &description::of(worker))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::spaces::bits::BitsSpace;

    #[test]
    fn a_difference_says_on_which_side_is_what() {
        let identity = |length, epochs| {
            RunIdentity::new(
                &BitsSpace { length },
                json!({"type": "Training", "epochs": epochs}),
            )
        };
        let text = |worker| {
            let difference = identity(4, 5).difference(&worker)?;
            Some(
                difference
                    .between("in the search", "in the worker")
                    .to_string(),
            )
        };
        assert_eq!(text(identity(4, 5)), None);
        assert_eq!(
            text(identity(4, 3)).as_deref(),
            Some("evaluator.epochs: 5 in the search, 3 in the worker")
        );
        assert_eq!(
            text(identity(8, 5)).as_deref(),
            Some("space.length: 4 in the search, 8 in the worker")
        );
        let mut older = identity(4, 5);
        older.version = "0.0.9".to_owned();
        let now = env!("CARGO_PKG_VERSION");
        let expected = format!("crate: \"{now}\" in the search, \"0.0.9\" in the worker");
        assert_eq!(text(older), Some(expected));
    }
}
