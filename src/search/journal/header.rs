//! The first line: what is searched and how.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::JournalError;
use crate::algorithm::AlgorithmDescription;
use crate::description::{self, first_difference};
use crate::objective::Objective;
use crate::sealed_log::RecordKind;
use crate::search::Duplicates;
use crate::trial::Evaluation;

/// The kind of record that a journal is.
pub(crate) static JOURNAL: RecordKind = RecordKind {
    magic: r#"{"journal":"evonas","format":"#,
    format: 3,
    name: "an evonas journal",
    noun: "journal",
    entry: "genotype",
    task: "search",
};

/// The first line of a journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct JournalHeader {
    /// `evonas`.
    journal: String,
    /// The format's version.
    pub format: u64,
    /// The version of evonas that began it.
    #[serde(rename = "crate")]
    pub crate_version: String,
    /// The root seed.
    pub seed: u64,
    /// The space and the algorithm.
    #[serde(flatten)]
    pub description: AlgorithmDescription,
    /// The evaluator's configuration; null if none was given.
    pub evaluator: Value,
    /// The policy for duplicates that the search began with. Nothing is recorded of the default.
    #[serde(default, skip_serializing_if = "is_default")]
    pub duplicates: Duplicates,
}

fn is_default(policy: &Duplicates) -> bool {
    *policy == Duplicates::default()
}

impl JournalHeader {
    pub(super) fn new(
        seed: u64,
        description: AlgorithmDescription,
        evaluator: Value,
        duplicates: Duplicates,
    ) -> Self {
        Self {
            journal: "evonas".to_owned(),
            format: JOURNAL.format,
            crate_version: env!("CARGO_PKG_VERSION").to_owned(),
            seed,
            description,
            evaluator,
            duplicates,
        }
    }

    /// The search's objectives, which an algorithm that has any records in its description as `objectives`
    /// ([`AlgorithmDescription::objectives`]).
    #[must_use]
    pub fn objectives(&self) -> Vec<Objective> {
        self.description.objectives()
    }

    /// The genotypes of the warm start that evolution began with
    /// ([`EvolutionBuilder::initial`](crate::algorithm::EvolutionBuilder::initial)); empty if there was none.
    ///
    /// # Errors
    /// If they are of another type.
    pub fn initial<G: DeserializeOwned>(&self) -> Result<Vec<G>, JournalError> {
        self.warm_start("initial")
    }

    /// The scored members that evolution began with
    /// ([`EvolutionBuilder::imported`](crate::algorithm::EvolutionBuilder::imported)), to resume the search with;
    /// empty if there were none.
    ///
    /// # Errors
    /// If their genotypes are of another type.
    pub fn imported<G: DeserializeOwned>(&self) -> Result<Vec<(G, Evaluation)>, JournalError> {
        #[derive(Deserialize)]
        struct Imported<G> {
            genotype: G,
            evaluation: Evaluation,
        }

        let members: Vec<Imported<G>> = self.warm_start("imported")?;
        Ok(members
            .into_iter()
            .map(|member| (member.genotype, member.evaluation))
            .collect())
    }

    fn warm_start<T: DeserializeOwned>(&self, setting: &str) -> Result<Vec<T>, JournalError> {
        match self.description.setting(setting) {
            Some(members) => {
                Vec::deserialize(members).map_err(|error| JournalError::OtherWarmStart {
                    reason: error.to_string(),
                })
            }
            None => Ok(Vec::new()),
        }
    }

    /// Refuses to continue this recorded search as another one. The crate's version and the policy for duplicates may
    /// differ.
    pub(super) fn check(&self, now: &Self, path: &Path) -> Result<(), JournalError> {
        let parts = |header: &Self| {
            let AlgorithmDescription { space, algorithm } = header.description.clone();
            let seed = description::of(&header.seed);
            let evaluator = header.evaluator.clone();
            [
                ("seed", seed),
                ("space", space),
                ("algorithm", algorithm),
                ("evaluator", evaluator),
            ]
        };
        for ((part, recorded), (_, now)) in parts(self).into_iter().zip(parts(now)) {
            if let Some(difference) = first_difference(&recorded, &now) {
                return Err(JournalError::OtherSearch {
                    path: path.to_owned(),
                    difference: difference.within(part),
                });
            }
        }
        Ok(())
    }
}
