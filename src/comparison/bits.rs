//! The toy problem of supplement C of Real et al. 2018.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::benchmark::Benchmark;
use crate::description;
use crate::evaluator::{Context, EvaluationError, Evaluator};
use crate::randomness::standard_normal;
use crate::space::{Crossover, Mutation};
use crate::spaces::bits::{BitsSpace, FlipOneBit, UniformCrossover};
use crate::trial::Evaluation;

/// A benchmark of bit strings with a noisy reward, which runs in milliseconds.
///
/// The reward is the share of ones plus normal noise, drawn for every trial and clamped to 0 to 1.
/// The test is the share of ones. An evaluation costs one simulated second, so a budget of `n` seconds is
/// a budget of `n` trials.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BitsBenchmark {
    /// The number of bits.
    pub length: usize,
    /// The standard deviation of the noise.
    pub noise: f64,
}

impl Default for BitsBenchmark {
    /// 100 bits, as in the code released with the paper, and noise of 0.05. With the noise of that code,
    /// 0.01, aging and non-aging evolution don't differ.
    fn default() -> Self {
        Self {
            length: 100,
            noise: 0.05,
        }
    }
}

impl BitsBenchmark {
    /// Sets the number of bits.
    #[must_use]
    pub const fn length(mut self, length: usize) -> Self {
        self.length = length;
        self
    }

    /// Sets the standard deviation of the noise.
    #[must_use]
    pub const fn noise(mut self, noise: f64) -> Self {
        self.noise = noise;
        self
    }
}

fn share_of_ones(bits: &[bool]) -> f64 {
    bits.iter().filter(|&&bit| bit).count() as f64 / bits.len().max(1) as f64
}

impl Evaluator<Vec<bool>> for BitsBenchmark {
    fn evaluate(
        &self,
        bits: &Vec<bool>,
        context: &Context<'_>,
    ) -> Result<Evaluation, EvaluationError> {
        let noise = self.noise * standard_normal(&mut context.rng(0));
        let fitness = (share_of_ones(bits) + noise).clamp(0.0, 1.0);
        Ok(Evaluation::new(fitness).with_cost(1.0))
    }
}

impl Benchmark for BitsBenchmark {
    type Genotype = Vec<bool>;
    type Space = BitsSpace;

    fn dataset(&self) -> String {
        "bits".to_owned()
    }

    fn describe(&self) -> Value {
        description::named("BitsBenchmark", self)
    }

    fn space(&self) -> BitsSpace {
        BitsSpace {
            length: self.length,
        }
    }

    fn mutation(&self) -> Box<dyn Mutation<Vec<bool>>> {
        Box::new(FlipOneBit)
    }

    fn crossover(&self) -> Option<Box<dyn Crossover<Vec<bool>>>> {
        Some(Box::new(UniformCrossover))
    }

    fn evaluator(&self) -> Box<dyn Evaluator<Vec<bool>>> {
        Box::new(*self)
    }

    fn test_name(&self) -> &'static str {
        "share of ones"
    }

    fn test(&self, bits: &Vec<bool>, _: &Evaluation) -> f64 {
        share_of_ones(bits)
    }

    fn text(&self, bits: &Vec<bool>) -> String {
        let digit = |&bit: &bool| if bit { '1' } else { '0' };
        bits.iter().map(digit).collect()
    }

    /// 100, as in the released code's example.
    fn population(&self) -> usize {
        100
    }

    /// 10, as in the released code's example.
    fn sample(&self) -> usize {
        10
    }

    fn budget(&self) -> Duration {
        Duration::from_secs(1000)
    }

    fn reward_scale(&self) -> f64 {
        100.0
    }
}
