//! The first line: what is searched and how.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::JournalError;
use crate::algorithm::Description;

/// The format that this version writes and reads.
pub(super) const FORMAT: u64 = 1;

/// How every journal begins.
pub(super) const MAGIC: &str = r#"{"journal":"evonas","format":"#;

/// The first line of a journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Header {
    /// `evonas`.
    journal: String,
    /// The format's version.
    pub format: u64,
    /// The version of evonas that began it.
    #[serde(rename = "crate")]
    pub crate_version: String,
    /// The root seed, the space and the algorithm.
    #[serde(flatten)]
    pub description: Description,
    /// The evaluator's configuration.
    pub evaluator: String,
}

impl Header {
    pub(super) fn new(description: Description, evaluator: String) -> Self {
        Self {
            journal: "evonas".to_owned(),
            format: FORMAT,
            crate_version: env!("CARGO_PKG_VERSION").to_owned(),
            description,
            evaluator,
        }
    }

    /// That another search's header says the same, but for the crate's version.
    pub(super) fn check(&self, now: &Self, path: &Path) -> Result<(), JournalError> {
        let seed = |header: &Self| match header.description.seed {
            Some(seed) => seed.to_string(),
            None => "none".to_owned(),
        };
        let quoted = |text: &str| format!("'{text}'");
        let pairs = [
            ("seed", seed(self), seed(now)),
            (
                "space",
                quoted(&self.description.space),
                quoted(&now.description.space),
            ),
            (
                "algorithm",
                quoted(&self.description.algorithm),
                quoted(&now.description.algorithm),
            ),
            ("evaluator", quoted(&self.evaluator), quoted(&now.evaluator)),
        ];
        for (what, recorded, now) in pairs {
            if recorded != now {
                return Err(JournalError::OtherSearch {
                    path: path.to_owned(),
                    what,
                    recorded,
                    now,
                });
            }
        }
        Ok(())
    }
}
