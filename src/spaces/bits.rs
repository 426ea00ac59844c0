//! Bit strings, the toy space of the paper's supplement C.

use rand::{Rng, RngExt};
use serde::Serialize;
use serde_json::Value;

use crate::description;
use crate::space::{CategoricalSpace, Crossover, Mutation, SearchSpace};

/// Bit strings of a fixed length, drawn uniformly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BitsSpace {
    /// The number of bits.
    pub length: usize,
}

impl SearchSpace for BitsSpace {
    type Genotype = Vec<bool>;

    fn sample(&self, rng: &mut dyn Rng) -> Vec<bool> {
        (0..self.length).map(|_| rng.random()).collect()
    }

    fn describe(&self) -> Value {
        description::named("BitsSpace", self)
    }
}

impl CategoricalSpace for BitsSpace {
    fn alternative_counts(&self) -> Vec<usize> {
        vec![2; self.length]
    }

    fn encode(&self, genotype: &Vec<bool>) -> Vec<usize> {
        genotype.iter().map(|&bit| usize::from(bit)).collect()
    }

    fn decode(&self, choices: &[usize]) -> Vec<bool> {
        choices.iter().map(|&choice| choice == 1).collect()
    }
}

/// Flips exactly one bit, each equally likely. An empty string stays empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct FlipOneBit;

impl Mutation<Vec<bool>> for FlipOneBit {
    fn mutate(&self, parent: &Vec<bool>, rng: &mut dyn Rng) -> Vec<bool> {
        let mut child = parent.clone();
        if !child.is_empty() {
            let bit = rng.random_range(0..child.len());
            child[bit] = !child[bit];
        }
        child
    }

    fn describe(&self) -> Value {
        description::named("FlipOneBit", &())
    }
}

/// Takes each bit from either parent with equal probability. The child is as long as the first parent.
#[derive(Clone, Copy, Debug, Default)]
pub struct UniformCrossover;

impl Crossover<Vec<bool>> for UniformCrossover {
    fn cross(&self, first: &Vec<bool>, second: &Vec<bool>, rng: &mut dyn Rng) -> Vec<bool> {
        let mut child = first.clone();
        for (bit, &other) in child.iter_mut().zip(second) {
            if rng.random() {
                *bit = other;
            }
        }
        child
    }

    fn describe(&self) -> Value {
        description::named("UniformCrossover", &())
    }
}
