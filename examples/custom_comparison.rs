//! Compares your own algorithm on your own benchmark with aging evolution and random search, and says which
//! differences are more than chance. The benchmark: find the middle of a cube by noisy measurements.
//!
//! ```sh
//! cargo run --release --no-default-features --example custom_comparison
//! ```

use std::time::Duration;

use evonas::comparison::contenders::{Aging, Custom, Random};
use evonas::comparison::{Benchmark, Comparison, ComparisonError};
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

/// Always mutates the best point so far. Random search numbers the trials, and draws the first point.
#[derive(Debug)]
struct HillClimbing(RandomSearch<Vec<f64>>, Vec<f64>, Option<(f64, Vec<f64>)>);

impl Algorithm<Vec<f64>> for HillClimbing {
    fn ask(&mut self) -> Trial<Vec<f64>> {
        let Self(random, last, best) = self;
        let mut trial = random.ask();
        if let Some((_, best)) = best {
            trial.genotype = Cube.mutate(best, &mut stream(trial.seed, 1));
        }
        last.clone_from(&trial.genotype);
        trial
    }
    fn tell(&mut self, id: TrialId, outcome: &Outcome) -> Result<(), TellError> {
        let Self(random, last, best) = self;
        let fitness = outcome.fitness().unwrap_or(f64::NEG_INFINITY);
        if best.as_ref().is_none_or(|(highest, _)| fitness > *highest) {
            *best = Some((fitness, last.clone()));
        }
        random.tell(id, outcome)
    }
}

fn main() -> Result<(), ComparisonError> {
    let climbing = Custom::new("climbing", |_: &Cube, seed| {
        Ok(HillClimbing(RandomSearch::new(Cube, seed), vec![], None))
    });
    let comparison = Comparison::builder(&Cube)
        .contender(climbing)
        .contender(Aging::new().population(20).sample(5))
        .contender(Random::new())
        .run()?;
    println!("{comparison}");
    Ok(())
}
