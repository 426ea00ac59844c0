//! Genotypes and trials, as text and as JSON.

use evonas::search::TrialRecord;
use evonas::spaces::choices::{Choices, Decisions};
use evonas::spaces::nasbench201::NasBench201Cell;
use evonas::spaces::nasnet::NasnetGenotype;
use evonas::trial::Trial;
use serde_json::Value;

use super::told;

/// All forms of all genotypes.
pub(crate) fn genotype(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Some(genotype) = told(text.parse::<NasnetGenotype>()) {
        assert_eq!(
            genotype.to_string().parse::<NasnetGenotype>().unwrap(),
            genotype
        );
    }
    if let Some(cell) = told(text.parse::<NasBench201Cell>()) {
        assert_eq!(cell.to_string().parse::<NasBench201Cell>().unwrap(), cell);
    }
    if let Some(genotype) = told(serde_json::from_str::<NasnetGenotype>(text)) {
        let json = serde_json::to_string(&genotype).unwrap();
        assert_eq!(
            serde_json::from_str::<NasnetGenotype>(&json).unwrap(),
            genotype
        );
    }
    told(serde_json::from_str::<Decisions>(text));
    told(serde_json::from_str::<TrialRecord<NasnetGenotype>>(text));
    told(serde_json::from_str::<Trial<NasnetGenotype>>(text));
    if let Some(json) = told(serde_json::from_str::<Value>(text)) {
        let space = Choices::builder()
            .decision("activation", ["relu", "swish"])
            .float("rate", 0.1..=1.0)
            .integer("layers", 1..=9)
            .build()
            .unwrap();
        told(space.from_json(&json));
    }
}
