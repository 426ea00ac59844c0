//! The names of search spaces, algorithms and stoppers.

use clap::ValueEnum;
use evonas::algorithm::AlgorithmDescription;
use evonas::space::SearchSpace as _;
use evonas::spaces::nasnet::NasnetSpace;
use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SpaceName {
    /// SP-I: 8 operations, 5 pairwise combinations per cell
    Sp1,
    /// SP-II: 19 operations, 5 pairwise combinations per cell
    Sp2,
    /// SP-III: 19 operations, 10 pairwise combinations per cell
    Sp3,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SearchAlgorithm {
    /// Regularized evolution: the oldest of the population is removed
    Aging,
    /// The same without aging: the worst of the sample is removed
    NonAging,
    /// Random search
    Random,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StopperName {
    /// Train every candidate to the end
    None,
    /// End a trial whose accuracy is below the median at the same epoch
    Median,
    /// Successive halving: the better half survives each rung
    Halving,
}

impl SpaceName {
    pub(crate) fn space(self) -> NasnetSpace {
        match self {
            Self::Sp1 => NasnetSpace::sp1(),
            Self::Sp2 => NasnetSpace::sp2(),
            Self::Sp3 => NasnetSpace::sp3(),
        }
    }

    /// The space that a search recorded, if it is one of these.
    pub(crate) fn recorded(description: &Value) -> Option<Self> {
        let mut names = Self::value_variants().iter().copied();
        names.find(|name| name.space().describe() == *description)
    }

    /// The name that the option takes.
    pub(crate) fn name(self) -> String {
        option_name(self)
    }
}

/// Whether a recorded search preferred genotypes by a proxy, from the descriptions of its space and its algorithm.
pub(crate) fn preferred_by_proxy(recorded: &AlgorithmDescription) -> bool {
    uses_proxy(&recorded.space) || uses_proxy(&recorded.algorithm)
}

/// Proxies may be anywhere in a description: in a space, in a mutation, or in an algorithm that another one wraps.
fn uses_proxy(description: &Value) -> bool {
    match description {
        Value::Object(fields) => {
            fields.get("type").is_some_and(|name| name == "BestOf")
                || fields.contains_key("warm_up")
                || fields.values().any(uses_proxy)
        }
        Value::Array(values) => values.iter().any(uses_proxy),
        _ => false,
    }
}

impl SearchAlgorithm {
    /// The algorithm that a search recorded, if it is one of these.
    pub(crate) fn recorded(description: &Value) -> Option<Self> {
        match (
            description["type"].as_str(),
            description["replacement"]["type"].as_str(),
        ) {
            (Some("RandomSearch"), _) => Some(Self::Random),
            (Some("Evolution"), Some("Oldest")) => Some(Self::Aging),
            (Some("Evolution"), Some("WorstOfSample")) => Some(Self::NonAging),
            _ => None,
        }
    }

    /// The name that the option takes.
    pub(crate) fn name(self) -> String {
        option_name(self)
    }
}

fn option_name(value: impl ValueEnum) -> String {
    let value = value.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}
