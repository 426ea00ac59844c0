//! Searches a space that has nothing to do with networks: the order in which to visit 20 places on a map so
//! that the round trip is short. A space draws genotypes, a mutation changes them, a function scores them.
//!
//! ```sh
//! cargo run --release -p evonas --no-default-features --example custom_space
//! ```

use std::error::Error;
use std::io::{Write, stdout};

use evonas::prelude::*;

/// A position on the map.
type Place = (f64, f64);

/// All orders of a number of places; a genotype lists their numbers.
#[derive(Clone, Debug)]
struct Tours {
    places: usize,
}

impl SearchSpace for Tours {
    type Genotype = Vec<usize>;

    fn sample(&self, rng: &mut dyn Rng) -> Vec<usize> {
        let mut tour: Vec<usize> = (0..self.places).collect();
        // Fisher and Yates: every order is equally likely.
        for last in (1..tour.len()).rev() {
            tour.swap(last, rng.random_range(0..=last));
        }
        tour
    }
}

/// Walks a part of the tour in the opposite direction, which replaces two of its legs.
#[derive(Debug)]
struct ReversePart;

impl Mutation<Vec<usize>> for ReversePart {
    fn mutate(&self, parent: &Vec<usize>, rng: &mut dyn Rng) -> Vec<usize> {
        let mut child = parent.clone();
        let [one, other] = [(); 2].map(|()| rng.random_range(0..child.len()));
        child[one.min(other)..=one.max(other)].reverse();
        child
    }
}

/// The length of the round trip.
fn length(tour: &[usize], map: &[Place]) -> f64 {
    let next = tour.iter().cycle().skip(1);
    let legs = tour.iter().zip(next).map(|(&from, &to)| {
        let (from, to) = (map[from], map[to]);
        (from.0 - to.0).hypot(from.1 - to.1)
    });
    legs.sum()
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut rng = stream(7, 0);
    let map: Vec<Place> = (0..20).map(|_| (rng.random(), rng.random())).collect();

    let space = Tours { places: map.len() };
    // A search maximizes fitness, so a shorter tour needs a larger one.
    let shortness = |tour: &Vec<usize>, _: &Context<'_>| Ok(Evaluation::new(-length(tour, &map)));
    let evolution = Evolution::builder(space.clone(), ReversePart)
        .population(50)
        .sample(10)
        .build()?;
    let search = Search::new(evolution, Serial::new(shortness), Budget::trials(20_000));
    let result = search.run()?;

    let random = space.sample(&mut rng);
    let mut out = stdout();
    writeln!(out, "a random tour:  length {:.2}", length(&random, &map))?;
    let best = result.best().ok_or("no trial has a score")?;
    let (trials, seconds) = (result.history.len(), result.duration.as_secs_f64());
    writeln!(
        out,
        "the best tour:  length {:.2}, found in trial {} of {trials} ({seconds:.2} s)",
        length(&best.genotype, &map),
        best.id
    )?;
    writeln!(out, "visit in this order: {:?}", best.genotype)?;
    Ok(())
}
