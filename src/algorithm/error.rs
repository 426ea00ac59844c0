//! Why an algorithm can't be built, and why it refuses an outcome.

use crate::SettingError;
use crate::excerpt::{excerpt, passage};
use crate::figure::figure;
use crate::trial::TrialId;

/// Why an algorithm can't be built.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AlgorithmError {
    /// The population size P is 0.
    #[error("the population size is 0; it must be at least 1")]
    EmptyPopulation,
    /// The sample size S is 0.
    #[error("the sample size is 0; it must be at least 1")]
    EmptySample,
    /// The sample is larger than the population.
    #[error(
        "the sample size {sample} exceeds the population size {population}; choose 1 <= sample <= population"
    )]
    SampleExceedsPopulation {
        /// The sample size S.
        sample: usize,
        /// The population size P.
        population: usize,
    },
    /// Tournaments by objectives, but no objectives are given.
    #[error("there are no objectives to order by; name at least one")]
    NoObjectives,
    /// The selection needs more objectives than there are.
    #[error("the selection needs at least {needed} objectives to order by, but there are {given}")]
    TooFewObjectives {
        /// How many it needs.
        needed: usize,
        /// How many there are.
        given: usize,
    },
    /// A part of the algorithm has an invalid setting, such as the tolerance of an objective.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A genotype of the warm start is not in the space.
    #[error("initial genotype {index} is not in the space: {}", passage(reason))]
    InvalidInitial {
        /// Its index, from 0.
        index: usize,
        /// Why it isn't in the space.
        reason: String,
    },
    /// An imported member is not in the space, or its score can't be used.
    #[error("imported member {index}: {}", passage(reason))]
    InvalidImport {
        /// Its index, from 0.
        index: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A policy has nothing to learn.
    #[error("the space has no decisions, so there is nothing to learn")]
    NoDecisions,
    /// A decision of the space has no alternatives.
    #[error("decision {0} of the space has no alternatives")]
    NoAlternatives(usize),
    /// A setting is out of range.
    #[error("the {setting} is {}; it must be {range}", figure(*value))]
    OutOfRange {
        /// The setting.
        setting: &'static str,
        /// Its value.
        value: f64,
        /// The values it may have.
        range: &'static str,
    },
}

/// Why a tell was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TellError {
    /// No such trial is in flight: it was never asked for, or has been told already.
    #[error("trial {0} is not in flight: it was never asked for, or has been told already")]
    NotInFlight(TrialId),
    /// The fitness is NaN or infinite.
    #[error(
        "trial {trial} has fitness {fitness}; report a failed trial instead of a fitness that is not finite"
    )]
    NotFinite {
        /// The trial.
        trial: TrialId,
        /// Its fitness.
        fitness: f64,
    },
    /// A figure of the evaluation that is one of the algorithm's objectives is NaN or infinite.
    #[error(
        "trial {trial} has {} {value}, which is an objective and must be a finite number",
        excerpt(metric)
    )]
    MetricNotFinite {
        /// The trial.
        trial: TrialId,
        /// The metric.
        metric: String,
        /// Its value.
        value: f64,
    },
    /// The evaluation lacks a metric that is one of the algorithm's objectives.
    #[error(
        "trial {trial} has no metric '{}', which is an objective of the search",
        excerpt(metric)
    )]
    NoMetric {
        /// The trial.
        trial: TrialId,
        /// The missing metric.
        metric: String,
    },
    /// The replacement chose a member that doesn't exist.
    #[error(
        "the replacement chose the member at position {position} to leave, but the population has {members} members; correct its method `leaves`"
    )]
    ReplacementOutOfRange {
        /// The position that it returned.
        position: usize,
        /// The number of members that it chose from.
        members: usize,
    },
}
