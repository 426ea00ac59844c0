//! Compares your own algorithm on your own benchmark with aging evolution and random search, and says which
//! differences are more than chance. The benchmark: find the middle of a cube by noisy measurements.
//!
//! ```sh
//! cargo run --release -p evonas --no-default-features --example custom_comparison
//! ```

use std::time::Duration;

use std::error::Error;
use std::io::{Write, stdout};

use evonas::comparison::contenders::{Aging, Custom, Random};
use evonas::comparison::{Benchmark, Comparison};
use evonas::prelude::*;

/// The benchmark, its space and its mutation, which moves a point along one axis. Any space will do.
#[derive(Debug)]
struct Cube;

impl SearchSpace for Cube {
    type Genotype = Vec<f64>;
    fn sample(&self, rng: &mut dyn Rng) -> Vec<f64> {
        (0..5).map(|_| rng.random_range(-5.0..5.0)).collect()
    }
}

impl Mutation<Vec<f64>> for Cube {
    fn mutate(&self, parent: &Vec<f64>, rng: &mut dyn Rng) -> Vec<f64> {
        let mut child = parent.clone();
        child[rng.random_range(0..5)] += standard_normal(rng);
        child
    }
}

impl Benchmark for Cube {
    type Genotype = Vec<f64>;
    type Space = Self;
    fn dataset(&self) -> String {
        "cube".to_owned()
    }
    fn space(&self) -> Self {
        Self
    }
    fn mutation(&self) -> Box<dyn Mutation<Vec<f64>>> {
        Box::new(Self)
    }
    /// What the search sees is noisy, and costs a second of simulated time.
    fn evaluator(&self) -> Box<dyn Evaluator<Vec<f64>>> {
        Box::new(|point: &Vec<f64>, context: &Context<'_>| {
            let noise = standard_normal(&mut context.rng(0));
            Ok(Evaluation::new(nearness(point) + noise).with_cost(1.0))
        })
    }
    fn test(&self, point: &Vec<f64>, _: &Evaluation) -> f64 {
        nearness(point)
    }
    fn budget(&self) -> Duration {
        Duration::from_secs(300)
    }
}

fn nearness(point: &[f64]) -> f64 {
    -point.iter().map(|x| x.abs()).sum::<f64>()
}

/// Always mutates the best point so far.
#[derive(Debug)]
struct LocalSearch(Stream, Option<(f64, Trial<Vec<f64>>)>);

impl Algorithm<Vec<f64>> for LocalSearch {
    fn propose(&mut self, _: TrialId) -> Proposal<Vec<f64>> {
        match &self.1 {
            Some((_, best)) => Proposal::child(best.id, Cube.mutate(&best.genotype, &mut self.0)),
            None => Proposal::random(SearchSpace::sample(&Cube, &mut self.0)),
        }
    }
    fn learn(&mut self, trial: &Trial<Vec<f64>>, outcome: &Outcome) -> Result<(), TellError> {
        let fitness = outcome.fitness().unwrap_or(f64::NEG_INFINITY);
        if self
            .1
            .as_ref()
            .is_none_or(|(highest, _)| fitness > *highest)
        {
            self.1 = Some((fitness, trial.clone()));
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let local_search = Custom::new("local search", |_: &Cube, seed| {
        Ok(LocalSearch(stream(seed, 0), None))
    });
    let comparison = Comparison::builder(&Cube)
        .contender(local_search)
        .contender(Aging::new().population(20).sample(5))
        .contender(Random::new())
        .run()?;
    writeln!(stdout(), "{comparison}")?;
    Ok(())
}
