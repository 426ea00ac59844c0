//! At equal cost, promotion finds more than full evaluations, where early scores predict late ones.

use evonas::prelude::*;

use super::{Bits, epochs, promotion};

const LENGTH: usize = 40;
/// As much as 100 full evaluations.
const EPOCHS: u64 = 2700;

/// What a genotype reaches in the end, from 0 to 1: the share of ones, and of pairs that agree.
fn final_value(bits: &Bits) -> f64 {
    let ones = bits.iter().filter(|&&bit| bit).count() as f64;
    let agree = bits.windows(2).filter(|pair| pair[0] == pair[1]).count() as f64;
    0.7 * ones / LENGTH as f64 + 0.3 * agree / (LENGTH - 1) as f64
}

/// The value after some epochs approaches the final one, with noise that shrinks. After the first epoch, the values of
/// random genotypes correlate by about 0.5 with the final ones.
fn value(trial: &Trial<Bits>) -> f64 {
    let epochs = epochs(&trial.fidelity) as f64;
    let mut rng = stream(trial.seed, 0);
    let noise = 0.02 * standard_normal(&mut rng) / epochs;
    final_value(&trial.genotype) * (1.0 - (-epochs / 5.0).exp()) + noise
}

/// The final value of the best full evaluation within the budget.
fn search(algorithm: impl Algorithm<Bits>) -> f64 {
    let mut ledger = Ledger::new(algorithm);
    let (mut spent, mut best) = (0, None::<(f64, f64)>);
    let mut trained = std::collections::HashMap::new();
    loop {
        let trial = ledger.ask();
        let reached = epochs(&trial.fidelity);
        let before = trial.continues.map_or(0, |earlier| trained[&earlier]);
        trained.insert(trial.id, reached);
        spent += reached - before;
        if spent > EPOCHS {
            return best.map_or(0.0, |(_, value)| value);
        }
        let value = value(&trial);
        if trial.fidelity.is_full() && best.is_none_or(|(highest, _)| value > highest) {
            best = Some((value, final_value(&trial.genotype)));
        }
        let told = ledger.tell(trial.id, &Outcome::Completed(value.into()));
        told.unwrap();
    }
}

fn median(found: impl Iterator<Item = f64>) -> f64 {
    let mut found: Vec<f64> = found.collect();
    found.sort_by(f64::total_cmp);
    f64::midpoint(found[found.len() / 2 - 1], found[found.len() / 2])
}

#[test]
fn promotion_around_aging_evolution_finds_more_than_aging_evolution_at_equal_epochs() {
    let evolution = |seed| super::evolution(LENGTH, seed);
    let full = median((0..20).map(|seed| search(evolution(seed))));
    let promoted = median((0..20).map(|seed| search(promotion(evolution(seed)))));
    assert!(promoted > full + 0.1, "{promoted} and {full}");
}
