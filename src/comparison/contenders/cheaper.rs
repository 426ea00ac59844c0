//! Contenders that spend less on each trial of a real training.

use std::error::Error;

use serde_json::{Value, json};

use super::by_size::{SizeProxy, evolution_by_size};
use super::recommended::{recommended_evolution, redraw};
use crate::algorithm::{
    Algorithm, AlgorithmDescription, Promotion, Proposal, RandomSearch, TellError,
};
use crate::comparison::{Benchmark, Contender};
use crate::objective::Objective;
use crate::search::Duplicates;
use crate::trial::{Fidelity, Outcome, Trial, TrialId};

/// The epochs of a full training on a benchmark, of which there must be several.
fn epochs_of<B: Benchmark>(benchmark: &B) -> Result<u64, Box<dyn Error + Send + Sync>> {
    match benchmark.training_epochs() {
        Some(epochs) if epochs > 1 => Ok(epochs),
        Some(_) => Err("a full trial has one epoch, so there is nothing to train less".into()),
        None => Err("the benchmark doesn't train networks".into()),
    }
}

/// Recommended evolution whose children begin with their parents' weights and train for a third of the epochs.
///
/// It takes part where trials are trainings: `TrainingBenchmark`, with the feature `burn`.
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct Inheriting;

impl Inheriting {
    /// The contender.
    pub const fn new() -> Self {
        Self
    }
}

impl<B: Benchmark> Contender<B> for Inheriting {
    /// `inheriting`.
    fn name(&self) -> &str {
        "inheriting"
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        let epochs = epochs_of(benchmark)?.div_ceil(3);
        let evolution =
            recommended_evolution(benchmark, benchmark.space(), benchmark.mutation(), seed)
                .build()?;
        Ok(Box::new(ChildrenAt {
            algorithm: evolution,
            fidelity: Fidelity::full()
                .with(Fidelity::EPOCHS, epochs as f64)
                .with(Fidelity::INHERIT, 1.0),
        }))
    }

    fn duplicates(&self) -> Duplicates {
        redraw()
    }

    fn describe(&self, benchmark: &B) -> Result<Value, Box<dyn Error + Send + Sync>> {
        super::recommended::described_with_redraws(self, benchmark)
    }
}

/// Recommended evolution whose trials are promoted: each trains for one epoch at first, the best third of them for three
/// times as many, and so on ([`Promotion`]). With [`Promoted::by_size`] it also favors large networks, as
/// [`EvolutionBySize`](super::EvolutionBySize) does.
///
/// It takes part where trials are trainings: `TrainingBenchmark`, with the feature `burn`.
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct Promoted {
    proxy: Option<SizeProxy>,
}

impl Promoted {
    /// The contender, without a proxy.
    pub const fn new() -> Self {
        Self { proxy: None }
    }

    /// The contender that favors large networks.
    pub const fn by_size(proxy: SizeProxy) -> Self {
        Self { proxy: Some(proxy) }
    }
}

impl<B: Benchmark> Contender<B> for Promoted {
    /// `promoted`, `promoted-by-multiply-adds` or `promoted-by-parameters`.
    fn name(&self) -> &str {
        match self.proxy {
            None => "promoted",
            Some(SizeProxy::MultiplyAdds) => "promoted-by-multiply-adds",
            Some(SizeProxy::Parameters) => "promoted-by-parameters",
        }
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        let evolution = match self.proxy {
            None => recommended_evolution(benchmark, benchmark.space(), benchmark.mutation(), seed),
            Some(proxy) => evolution_by_size(benchmark, proxy, seed)?,
        };
        promoting(evolution.build()?, benchmark)
    }

    fn duplicates(&self) -> Duplicates {
        redraw()
    }

    fn describe(&self, benchmark: &B) -> Result<Value, Box<dyn Error + Send + Sync>> {
        super::recommended::described_with_redraws(self, benchmark)
    }
}

/// Random search whose trials are promoted: asynchronous successive halving (Li et al. 2020) without evolution, as a
/// control for [`Promoted`].
///
/// It takes part where trials are trainings: `TrainingBenchmark`, with the feature `burn`.
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct PromotedRandom;

impl PromotedRandom {
    /// The contender.
    pub const fn new() -> Self {
        Self
    }
}

impl<B: Benchmark> Contender<B> for PromotedRandom {
    /// `promoted-random`.
    fn name(&self) -> &str {
        "promoted-random"
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        promoting(RandomSearch::new(benchmark.space(), seed), benchmark)
    }

    fn duplicates(&self) -> Duplicates {
        redraw()
    }

    fn describe(&self, benchmark: &B) -> Result<Value, Box<dyn Error + Send + Sync>> {
        super::recommended::described_with_redraws(self, benchmark)
    }
}

/// An algorithm whose trials train for one epoch at first, and are promoted up to a full training.
fn promoting<B: Benchmark>(
    algorithm: impl Algorithm<B::Genotype> + 'static,
    benchmark: &B,
) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
    let promotion = Promotion::builder(algorithm, Fidelity::PAUSE_AFTER)
        .first_rung(1)
        .maximum(epochs_of(benchmark)?)
        .build()?;
    Ok(Box::new(promotion))
}

/// Evaluates children at another fidelity than random genotypes.
#[derive(Debug)]
struct ChildrenAt<A> {
    algorithm: A,
    fidelity: Fidelity,
}

impl<G, A: Algorithm<G>> Algorithm<G> for ChildrenAt<A> {
    fn propose(&mut self, trial: TrialId) -> Proposal<G> {
        let proposal = self.algorithm.propose(trial);
        match proposal.parent {
            Some(_) => proposal.with_fidelity(self.fidelity.clone()),
            None => proposal,
        }
    }

    fn learn(&mut self, trial: &Trial<G>, outcome: &Outcome) -> Result<(), TellError> {
        self.algorithm.learn(trial, outcome)
    }

    fn withdraw(&mut self, trial: &Trial<G>) {
        self.algorithm.withdraw(trial);
    }

    fn seed(&self) -> u64 {
        self.algorithm.seed()
    }

    fn minimum_trials(&self) -> u64 {
        self.algorithm.minimum_trials()
    }

    fn describe(&self) -> AlgorithmDescription {
        let AlgorithmDescription { space, algorithm } = self.algorithm.describe();
        AlgorithmDescription {
            space,
            algorithm: json!({
                "type": "ChildrenAt",
                "fidelity": self.fidelity,
                "algorithm": algorithm,
            }),
        }
    }

    fn objectives(&self) -> &[Objective] {
        self.algorithm.objectives()
    }
}
