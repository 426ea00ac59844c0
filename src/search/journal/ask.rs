//! An ask as a line.

use std::fmt::{self, Debug};

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use crate::trial::{Fidelity, Trial, TrialId};

#[derive(Serialize)]
pub(super) struct AskLine<'a, G> {
    ask: TrialId,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<TrialId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mate: Option<TrialId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continues: Option<TrialId>,
    seed: u64,
    #[serde(skip_serializing_if = "is_zero")]
    refused: u64,
    #[serde(skip_serializing_if = "Fidelity::is_full")]
    fidelity: &'a Fidelity,
    genotype: &'a G,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl<'a, G> AskLine<'a, G> {
    pub(super) const fn new(trial: &'a Trial<G>, refused: u64) -> Self {
        Self {
            ask: trial.id,
            parent: trial.parent,
            mate: trial.mate,
            continues: trial.continues,
            seed: trial.seed,
            refused,
            fidelity: &trial.fidelity,
            genotype: &trial.genotype,
        }
    }
}

#[derive(Deserialize)]
#[serde(bound = "G: Deserialize<'de>", deny_unknown_fields)]
struct OwnedAsk<G> {
    ask: TrialId,
    parent: Option<TrialId>,
    mate: Option<TrialId>,
    continues: Option<TrialId>,
    seed: u64,
    #[serde(default)]
    refused: u64,
    #[serde(default)]
    fidelity: Fidelity,
    genotype: G,
}

/// Checks that the JSON of an ask reads back as its trial. The error says what it reads back as.
pub(super) fn check_ask<G>(json: &[u8], trial: &Trial<G>) -> Result<(), String>
where
    G: DeserializeOwned + PartialEq + Debug,
{
    let ask: OwnedAsk<G> = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    if ask.genotype == trial.genotype {
        Ok(())
    } else {
        Err(format!("it reads back as {:?}", ask.genotype))
    }
}

/// Why an intact line isn't a valid entry.
pub(super) enum NoEntry {
    /// No journal would have written such a line.
    Damaged(String),
    /// Its genotype has another type than expected.
    OtherGenotype(String),
}

impl fmt::Display for NoEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(reason) | Self::OtherGenotype(reason) => f.write_str(reason),
        }
    }
}

impl From<String> for NoEntry {
    fn from(reason: String) -> Self {
        Self::Damaged(reason)
    }
}

impl From<&str> for NoEntry {
    fn from(reason: &str) -> Self {
        Self::Damaged(reason.to_owned())
    }
}

/// Parses an ask: its trial, and how many draws before it were refused. If only the genotype can't be
/// parsed, it has another type; any other failure means damage.
pub(super) fn parse_ask<G: DeserializeOwned>(content: &str) -> Result<(Trial<G>, u64), NoEntry> {
    let line: OwnedAsk<G> = serde_json::from_str(content).map_err(|error| {
        match serde_json::from_str::<OwnedAsk<IgnoredAny>>(content) {
            Ok(_) => NoEntry::OtherGenotype(error.to_string()),
            Err(damage) => NoEntry::Damaged(damage.to_string()),
        }
    })?;
    let trial = Trial {
        id: line.ask,
        parent: line.parent,
        mate: line.mate,
        continues: line.continues,
        seed: line.seed,
        fidelity: line.fidelity,
        genotype: line.genotype,
    };
    Ok((trial, line.refused))
}
